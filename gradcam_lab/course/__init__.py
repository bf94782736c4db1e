"""The course: cutting stubs, workspaces, judging a step file, points, hints, grading."""
