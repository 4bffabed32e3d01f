"""The computer that the model works on."""
