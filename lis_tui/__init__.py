"""See, stop and change what an LLM agent does in its sandbox."""

__version__ = "0.1.0"
