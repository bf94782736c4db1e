"""Judging a student's file: worker processes, verdicts, points."""
