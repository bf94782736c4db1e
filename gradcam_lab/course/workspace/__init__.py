"""A student's workspace: start, check, status, hints, diff, reset, upgrade, pytest; and whose code runs in run-all."""
