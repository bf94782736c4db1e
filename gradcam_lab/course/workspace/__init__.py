"""A student's folder: start, check, hints, diff, reset, upgrade."""
