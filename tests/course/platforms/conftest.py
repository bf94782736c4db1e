"""A submission of which one step is right but for one task, and all of whose other steps are missing."""

import shutil
import sys

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from tests.course.grading.submitted import Quick, answered


@pytest.fixture
def quick(monkeypatch) -> Quick:
    """A judge that reads its verdicts from the text."""
    quick = Quick()
    monkeypatch.setattr(grading, "Judge", lambda *_, **__: quick)
    return quick


@pytest.fixture(scope="session")
def one_step() -> dict[str, str]:
    """Step 1 with a wrong body of its first task, and the written answers."""
    step = all_steps()[0]
    wrong = step.wrong_answers[0]
    return {step.file: cut.graft(step.source, {wrong.mark: wrong.body}), **answered()}


@pytest.fixture(scope="session")
def expected(one_step) -> int:
    """The points of that submission."""
    step = all_steps()[0]
    return sum(task.points for task in step.coded if task.id != step.wrong_answers[0].task)


@pytest.fixture(scope="session")
def bash() -> str:
    """The path of bash."""
    path = shutil.which("bash")
    if not path or sys.platform == "win32":
        pytest.skip("there is no bash here")
    return path
