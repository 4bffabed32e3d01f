"""Settings: their shape, their defaults, and where each value came from."""
