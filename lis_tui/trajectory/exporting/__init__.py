"""Runs written down for people, for training, for other programs; secrets are masked before that."""
