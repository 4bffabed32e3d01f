"""Trajectories that other programs recorded: recognised by content and read into our events."""
