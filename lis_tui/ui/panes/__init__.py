"""The panes of the workbench: each draws one side of a run and reaches no other."""
