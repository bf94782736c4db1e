"""Grading the one submission that a platform hands to its autograder."""

import tempfile
from pathlib import Path

from gradcam_lab.course.grading.grade import Grader, VerdictStore
from gradcam_lab.course.grading.grades import Grading
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
    with tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True) as place:
        grader = Grader(VerdictStore(Path(place), settings.seed), settings.limits(), Bounds())
        return Grading(settings.seed, settings.limits(), (grader.grade(Submission(name, folder)),))
