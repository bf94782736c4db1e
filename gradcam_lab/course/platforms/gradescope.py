"""`python -m gradcam_lab.course.platforms.gradescope ROOT`: grade the submission below Gradescope's /autograder.

It follows Gradescope's "Autograder Specifications": the submission is in `ROOT/submission`, who it is in
`ROOT/submission_metadata.json`, and the result goes to `ROOT/results/results.json`.
"""

import sys
import time
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring.course import bundled, following
from gradcam_lab.course.grading.exports import as_gradescope
from gradcam_lab.course.grading.grades import coded_tasks
from gradcam_lab.course.platforms import one_submission
from gradcam_lab.course.platforms.settings import FILE, Settings
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_json


def main(root: Path) -> None:
    """Grade the submission and write its result."""
    with following(bundled()):
        _main(root)


def _main(root: Path) -> None:
    start = time.monotonic()
    settings = Settings.read(root / "source" / FILE)
    grading = one_submission.grade(root / "submission", student(root), settings)
    result = as_gradescope(grading)
    for test, (_, task) in zip(result["tests"], coded_tasks(), strict=True):
        test["visibility"] = settings.visibility_of(task)
    more = {"stdout_visibility": "hidden", "execution_time": round(time.monotonic() - start, 1)}
    write_json(root / "results" / "results.json", {**result, **more})


def student(root: Path) -> str:
    """The name of who handed it in, of several where it is a group."""
    try:
        users: list[dict[str, Any]] = read_json(root / "submission_metadata.json")["users"]
        return " and ".join(str(user["name"]) for user in users) or "submission"
    except (LabError, LookupError, TypeError):
        return "submission"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
