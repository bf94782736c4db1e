"""Fetching public data sets: transfer, archives, one process at a time."""
