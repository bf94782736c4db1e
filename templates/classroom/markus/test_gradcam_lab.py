"""Grades a submission of gradcam-lab for MarkUs, as tests of pytest: one for each task, with its marks.

MarkUs runs this in a folder with the student's files and all of ours. It takes the marks of a test from the markers
`markus_marks_total` and `markus_marks_earned`, as the pytest tester of MarkUs' autotester reads them.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
OURS = [Path(__file__).name, "conftest.py", "pytest.ini", "requirements.txt", "settings.json", "tasks.json"]
TASKS = json.loads((HERE / "tasks.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def checks(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """The result of each check."""
    place = tmp_path_factory.mktemp("gradcam-lab")
    wheel = next(HERE.glob("gradcam_lab-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "lab")
    skipped = shutil.ignore_patterns(*OURS, wheel.name, ".*", "__pycache__")
    shutil.copytree(HERE, place / "submission", ignore=skipped, symlinks=True)
    command = [sys.executable, "-P", "-m", "gradcam_lab.course.platforms.checkout"]
    files = [place / "submission", HERE / "settings.json", place / "graded.json"]
    environment = {**os.environ, "PYTHONPATH": str(place / "lab")}
    subprocess.run([*command, *map(str, files)], check=True, cwd=place, env=environment)
    return json.loads(files[2].read_text(encoding="utf-8"))["checks"]


@pytest.mark.parametrize("task", TASKS, ids=[f"{task['task']} {task['title']}" for task in TASKS])
def test_task(task: dict, checks: list[dict], request: pytest.FixtureRequest) -> None:  # noqa: D103 - MarkUs would show it
    own = [check for check in checks if check["task"] == task["task"]]
    earned = sum(check["points"] for check in own if check["passed"])
    request.node.add_marker(pytest.mark.markus_marks_total(task["points"]))
    request.node.add_marker(pytest.mark.markus_marks_earned(earned))
    outputs = [check["output"] for check in own if not check["passed"]]
    if outputs:
        pytest.fail(outputs[0] or "not passed", pytrace=False)
