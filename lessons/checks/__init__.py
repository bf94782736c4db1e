"""The checks of the course: plain pytest functions, one file a step, beside the tasks' manifests and wrong answers."""
