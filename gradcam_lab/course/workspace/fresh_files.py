"""The files of a fresh workspace: the lessons cut into stubs, a test file for each, and room for written answers."""

import re
from pathlib import Path

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.course import followed
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace.folder import ANSWERS, blank_answers

README = "README.md"
SETTINGS = "pytest.ini"

PYTEST_INI = """\
[pytest]
# The plugin hands each check to gradcam-lab, which runs your code in a process of its own. No conftest.py is read.
addopts = -p gradcam_lab.course.workspace.pytest_plugin --noconftest --import-mode=importlib --no-header -rN
    --disable-warnings
cache_dir = .gradcam-lab/pytest
"""

EXAM_LINE = "# This workspace is one of an exam: 'gradcam-lab start --exam' made it."

EXAM_README = """\
## This is an exam

Hints end before the code, `gradcam-lab diff` is closed, and no answer is shown. How many hints and tries each task took
is recorded, and handed in with your work: leave the folder `.gradcam-lab` where it is.
"""

COURSE_LINE = "# This workspace follows a course of the teacher's, which lies in .gradcam-lab/course."

TEST_FILE = '''\
"""Step {step.number} for pytest and your editor's test panel: `pytest {step.test_file}`.

The checks come with gradcam-lab. Your points are counted from those, so nothing that is changed here changes them.
Tests of your own may stand below: the fixture `mine` is your {step.file}.
"""

from {step.test_module} import *  # noqa: F403
'''


def fresh_files(*, exam: bool = False) -> dict[str, str]:
    """The files of a fresh workspace: their names and texts.

    Args:
        exam: whether it is one of an exam.
    """
    return {
        **{step.file: cut.stub(step.source) for step in all_steps()},
        **{step.test_file: TEST_FILE.format(step=step) for step in all_steps()},
        ANSWERS: blank_answers(),
        README: _readme() + (f"\n{EXAM_README}" if exam else ""),
        SETTINGS: PYTEST_INI + (f"{EXAM_LINE}\n" if exam else "") + (f"{COURSE_LINE}\n" if followed() else ""),
    }


def _readme() -> str:
    rows = ["| step | what it is about | points |", "| --- | --- | --- |"]
    rows += [f"| `{step.file}` | {step.title.partition(': ')[2]} | {step.points} |" for step in all_steps()]
    text = Path(__file__).with_name("workspace_readme.md").read_text(encoding="utf-8")
    return _with_examples(text).replace("{{steps}}", "\n".join(rows))


def _with_examples(text: str) -> str:
    """The text with commands that name a step and a task of the course, where it has not those that stand there."""
    step = next((step for step in all_steps() if {"2.2", "2.3"} <= step.ids), None)
    if step and not step.own:
        return text
    step = min(all_steps(), key=lambda step: (not step.coded, step.own))
    task = next(iter(step.coded), step.tasks[0])
    unit = next(iter(task.units), "").removesuffix(".__call__")
    words = {"2.3": task.id, "2.2": task.id, " 2`": f" {step.number}`", "step 2": f"step {step.number}"}
    words |= {"test_step2_gradcam.py": step.test_file, "weighted_map": unit, "-k weights": f"-k {unit}"}
    for old, new in words.items():
        text = text.replace(old, new)
    return re.sub(r"(?m)^.*gradcam-lab look.*\n", "", text) if step.own else text  # of own tasks there is no picture
