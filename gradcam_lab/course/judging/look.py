"""Looking at one function: it runs in the worker process that judges, under the limits of a check."""

from pathlib import Path
from typing import Any

from gradcam_lab.console import warn
from gradcam_lab.course.authoring.manifest import Step, Task, package_steps
from gradcam_lab.course.judging.judge import Judge, of_step
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import StudentsFile

PREPARING = 120.0
"""Seconds to compute what a view needs by the reference: the maps of many images, on a slow machine."""


def can_be_drawn(step: Step, task: Task) -> bool:
    """Whether there are views of a task's functions: of those of this package's lessons."""
    known = {(lesson.name, unit) for lesson in package_steps() for part in lesson.tasks for unit in part.units}
    return all((step.name, unit) in known for unit in task.units)


def look(judge: Judge, step: Step, code: StudentsFile, unit: str, wish: dict[str, Any], path: Path) -> Verdict:
    """Draw what one function of a step file returns beside what the reference's returns.

    All else is the reference's code, so that it does not matter what the rest of the file does.

    Args:
        judge: whose worker runs it.
        step: which step it is.
        code: the student's text, and the own modules that it imports.
        unit: the function, such as "GradCAM.__call__".
        wish: on what, the fields of `views.scene.Wish`.
        path: the PNG to write.

    Returns:
        What came of it: passed where there is a picture, and then `got` says what it shows.

    Raises:
        LabError: there is no such image or class, or it does not suit the function.
    """
    case = {**of_step(step), "source": code.source, "file": str(code.file), "modules": dict(code.modules)}
    seen = judge.ask({**case, "seconds": PREPARING, "prepare": unit, "wish": wish})
    if problem := seen.get("problem"):
        raise LabError(problem)
    for line in seen.get("printed", "").splitlines():  # not the student's: nothing of it has run
        warn(line)
    if seen["status"] != Status.passed:
        raise LabError(f"The view of {unit} cannot be prepared ({seen['got']}): see doctor.")
    common = {**case, "seconds": judge.limits.seconds, "upstream": "reference", "own": [unit]}
    answer = judge.ask({**common, "check": None})
    if answer["status"] == Status.passed:
        answer = judge.ask({**common, "check": unit, "look": unit, "wish": wish, "path": str(path)})
    task = next(task.id for task in step.tasks if unit in task.units)
    return Verdict.from_json({"check": unit, "task": task, "points": 0, **answer})
