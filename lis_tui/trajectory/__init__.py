"""Runs on disk: the journal, run folders and their locks."""
