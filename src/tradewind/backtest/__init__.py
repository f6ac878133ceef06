"""Rolling origins: how good each model was at cutoffs whose truth is known."""
