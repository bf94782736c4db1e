"""Judging a step file: worker processes, verdicts, points; and `verify`, which judges the course itself."""
