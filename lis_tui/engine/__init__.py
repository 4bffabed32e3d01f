"""The run: think, propose, decide, act, observe."""
