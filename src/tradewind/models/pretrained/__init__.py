"""The house's own pretrained network, and the synthetic world on which it is trained."""
