"""`python -m gradcam_lab.course.platforms.checkout FOLDER SETTINGS OUT`: grade a folder, a row for each check.

For Classroom 50 and MarkUs, which give points test by test. OUT becomes a JSON file: `problem` (why nothing could be
judged, or ""), `notes`, `points`, `possible`, and `checks`, a list of `task`, `title`, `check`, `points`, `passed` and
`output`.
"""

import sys
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring.course import bundled, following
from gradcam_lab.course.authoring.manifest import Check, Task
from gradcam_lab.course.grading.exports import three_lines
from gradcam_lab.course.grading.grades import Grade, coded_possible, coded_tasks
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.platforms import one_submission
from gradcam_lab.course.platforms.settings import Settings
from gradcam_lab.files import write_json


def main(folder: Path, settings: Path, out: Path) -> None:
    """Grade the folder and write the rows."""
    with following(bundled()):
        (grade,) = one_submission.grade(folder, folder.name, Settings.read(settings)).grades
        write_json(out, rows(grade))


def rows(grade: Grade) -> dict[str, Any]:
    """The rows of a grade, which JSON can hold."""
    verdicts = {verdict.check: verdict for found in grade.verdicts.values() for verdict in found}
    checks = [
        _row(task, check, verdicts.get(check.name), grade.problem)
        for step, task in coded_tasks()
        for check in step.checks_of(task.id)
    ]
    return {
        "problem": grade.problem,
        "notes": grade.notes(),
        "points": grade.points,
        "possible": coded_possible(),
        "checks": checks,
    }


def _row(task: Task, check: Check, verdict: Verdict | None, problem: str) -> dict[str, Any]:
    passed = verdict is not None and verdict.status is Status.passed
    output = "" if passed else three_lines(verdict) if verdict else problem
    return {
        "task": task.id,
        "title": task.title,
        "check": check.name,
        "points": check.points,
        "passed": passed,
        "output": output,
    }


def all_rows() -> list[dict[str, Any]]:
    """The rows of a submission that passes nothing, to know their names and points."""
    rows_of_nothing: list[dict[str, Any]] = rows(Grade(""))["checks"]
    return rows_of_nothing


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
