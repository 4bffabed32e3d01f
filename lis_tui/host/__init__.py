"""The process that owns live runs."""
