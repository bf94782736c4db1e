"""Where a workspace keeps the teacher's course that it follows; it costs next to nothing to ask."""

from pathlib import Path

COURSE = Path(".gradcam-lab", "course")
"""In a workspace: a copy of the course, so that a student needs nothing else."""


def course_around(start: Path | None = None) -> Path | None:
    """The folder of the course that the workspace around a folder follows; None where it is this package's, or none.

    Args:
        start: the folder; by default the current one.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / COURSE.parent).is_dir():
            return folder / COURSE if (folder / COURSE).is_dir() else None
    return None
