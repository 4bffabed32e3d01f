"""Numbers from the records of a run; nothing here runs, writes or shows anything."""
