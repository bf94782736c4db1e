"""Grading the one submission that a platform hands to its autograder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradcam_lab.course.grading.grade import Grader
from gradcam_lab.course.grading.grades import Grading
from gradcam_lab.course.grading.verdict_store import VARIABLE, VerdictStore
from gradcam_lab.course.judging.processes.sandbox import Sandbox
from gradcam_lab.course.platforms.settings import Settings
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.submission import Submission


def grade(folder: Path, name: str, settings: Settings) -> Grading:
    """Grade what lies in a folder, as the work of one student; what is wrong with it is the grade's problem.

    Args:
        folder: step files, a folder with them, or an archive; it may be empty.
        name: of the student.
        settings: of the autograder.
    """
    with _nothing_remembered():
        wall = Sandbox(walled=True, hidden=(folder,))
        sandbox = Sandbox() if wall.problem() else wall
        grader = Grader(VerdictStore(folder, settings.seed), settings.limits(), Bounds(), sandbox, None)
        grades = grader.grade_all([Submission(name, folder)], 1)
        return Grading(settings.seed, settings.limits(), tuple(grades), walled=sandbox.walled)


@contextmanager
def _nothing_remembered() -> Iterator[None]:
    """Let the state folder be one that vanishes: a platform's machine may serve somebody else next."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True) as place:
        os.environ[VARIABLE] = place
        try:
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before
