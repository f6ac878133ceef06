"""Trains networks of any kind, keeps their checkpoints and hands them over to ONNX."""
