"""Where a submission's code may come from, found by reading it; nothing here runs any of it."""
