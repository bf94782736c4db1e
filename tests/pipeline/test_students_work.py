"""What a run knows of a student's work."""

from pathlib import Path

import pytest

from gradcam_lab.lesson_modules import STEP_NAMES, StudentsFile, reference_text
from gradcam_lab.pipeline.students_work import StepCode, StudentsWork

FILE = Path("My Übung") / "step1_cam.py"


def code(source: str | None = None, *, step: str = "step1_cam", stub: str | None = "stub", own: str | None = None):
    return StepCode(step, source, FILE, 8, 10, ("1.1",), stub, own)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (code("mine"), "step1_cam: your code (8/10 points)"),
        (code(), "step1_cam: the reference (8/10 points of yours)"),
        (StepCode("step1_cam", None, None, 0, 0, (), None), "step1_cam: the reference"),  # outside a workspace
        (StepCode("step1_cam", "", None, 0, 0, (), None), "step1_cam: your code"),
    ],
)
def test_a_line_says_whose_code_runs(step, line):
    assert str(step) == line


def test_the_results_say_what_passed():
    assert code().progress == {"points": 8, "possible": 10, "passed": ["1.1"], "stub": True}
    assert not code(stub=None).progress["stub"]


class TestTexts:
    """What the report needs of each step's code; the lab's answers are no part of it in a workspace."""

    def test_where_the_students_runs(self):
        assert dict(code("mine").texts()) == {"step1_cam.py": "mine", "stubs/step1_cam.py": "stub"}

    def test_where_the_reference_runs(self):
        assert dict(code(own="begun").texts()) == {"stubs/step1_cam.py": "stub", "yours/step1_cam.py": "begun"}

    def test_outside_a_workspace(self):
        assert dict(code(stub=None).texts()) == {"step1_cam.py": reference_text("step1_cam")}


def test_the_steps_come_in_order_and_only_files_that_run_are_loaded():
    chosen = {name: code("mine" if name == STEP_NAMES[1] else None, step=name) for name in reversed(STEP_NAMES[:3])}
    work = StudentsWork(chosen)
    assert [step.step for step in work.steps] == list(STEP_NAMES[:3])
    assert work.students == {STEP_NAMES[1]: StudentsFile("mine", FILE)}
    assert set(work.texts) == {f"stubs/{name}.py" for name in STEP_NAMES[:3]} | {f"{STEP_NAMES[1]}.py"}


def test_a_file_without_a_place_is_named_after_its_step():
    assert StepCode("step1_cam", "", None, 0, 0, (), None).shown == Path("step1_cam.py")
