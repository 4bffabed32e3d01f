"""Screens: start, workbench, what was sent, and the dialogs."""
