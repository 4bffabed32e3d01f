"""What a file looks like: told by content, decoded by a process of its own, and handed to the desktop."""
