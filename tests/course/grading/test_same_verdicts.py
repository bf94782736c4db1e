"""`check`, `pytest`, `grade` and `run-all` see the same files in the same way, whatever lies in the workspace."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.workspace import check, whose_code
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.own_modules import install
from tests.course.grading.submitted import graded
from tests.students import solved, step_of

RIGHT = "return gradients.mean(dim=(2, 3))"

PACKAGE = {
    "tools/__init__.py": "from .weights import by_hand\n",
    "tools/weights.py": "from .deep.inner import mean\nfrom step1_cam import class_activation_map\n\n"
    "def by_hand(x):\n    assert callable(class_activation_map)\n    return mean(x)\n",
    "tools/deep/inner.py": "import helpers\n\ndef mean(x):\n    return helpers.mean(x)\n",
    "helpers.py": "AXES = (2, 3)\n\ndef mean(x):\n    return x.mean(dim=AXES)\n",
}

WORKSPACES = {
    "own packages, relative imports, an earlier step and a module that is found by its name": (
        {
            "step1_cam.py": solved(1, "all"),
            "step2_gradcam.py": solved(
                2, "all", {"2.1": "import importlib\nreturn importlib.import_module('tools').by_hand(gradients)"}
            ),
            **PACKAGE,
        },
        {1, 2},
    ),
    "files of taken names, and settings at the top": (
        {
            "step2_gradcam.py": "import os, random\nimport numpy as np\n"
            "os.chdir('/')\nrandom.seed(0)\nnp.random.seed(0)\nnp.seterr(all='raise')\n" + solved(2, "all"),
            "step3_boxes.py": solved(3, "all").replace(
                "import torch\n", "import torch\ntorch.set_default_device('meta')\ntorch.manual_seed(0)\n", 1
            ),
            **dict.fromkeys(("code.py", "numpy.py", "conftest.py", "sitecustomize.py"), "raise SystemExit\n"),
            "torch/__init__.py": "raise SystemExit\n",
        },
        {2, 3},
    ),
    "a step that ends the process, one that changes its neighbours, and one that cannot be read": (
        {
            "step1_cam.py": "import torch\ntorch.set_default_device('meta')\nimport helpers\n"
            "helpers.AXES = 1\nraise SystemExit\n",
            "step2_gradcam.py": "import helpers, sys\nhelpers.AXES = 0\nsys.modules['step3_boxes'] = sys\n"
            "sys.modules['helpers'] = sys\n" + solved(2, "2.1"),
            "step3_boxes.py": "import helpers\nassert helpers.AXES == (2, 3)\n" + solved(3, "all"),
            "step4_metrics.py": solved(4, "4.1").encode("utf-16"),
            "helpers.py": PACKAGE["helpers.py"],
        },
        {3},
    ),
}
"""The files, and the numbers of the steps that are right."""


def outcomes(step):
    """Of each coded task and the chain, from a step's JSON: its status, and what came instead of a result."""
    rows = [task for task in step["tasks"] if not task["written"]] + [step["chain"]]
    return {row["id"]: (row["status"], (row["first_failure"] or {}).get("got")) for row in rows}


@pytest.fixture
def doors(root, judge, run_pytest, monkeypatch, tmp_path, capsys):
    """The verdicts of every door, on a copy of the workspace each; of the steps that are there."""

    @contextmanager
    def shared(*_, **__):
        yield judge

    monkeypatch.setattr(grading, "Judge", shared)
    monkeypatch.setattr(whose_code, "Judge", shared)

    def through(files):
        for step in all_steps():
            (root / step.file).unlink()
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        steps = [step for step in all_steps() if step.file in files]
        found = {}
        copies = {door: shutil.copytree(root, tmp_path / door / "lab") for door in ("check", "pytest", "run-all")}
        monkeypatch.chdir(copies["check"])
        check.check([str(step.number) for step in steps], judge=judge)
        monkeypatch.chdir(copies["pytest"])
        run_pytest(*(step.test_file for step in steps))
        monkeypatch.chdir(copies["run-all"])
        work = whose_code.students_work("auto")
        assert work
        for door, copy in copies.items():
            found[door] = {step.number: outcomes(Workspace(copy).result(step).as_json()) for step in steps}
        shutil.copytree(root, tmp_path / "grade" / "anna")
        graded_steps = {step["number"]: step for step in graded(tmp_path / "grade", capsys, seed=0)[1]["anna"]["steps"]}
        found["grade"] = {step.number: outcomes(graded_steps[step.number]) for step in steps}
        return found, work

    yield through
    install({})


@pytest.mark.parametrize("name", WORKSPACES)
def test_every_door_comes_to_the_same_verdicts(name, doors):
    files, right = WORKSPACES[name]
    found, work = doors(files)
    for door, verdicts in found.items():
        assert verdicts == found["check"], door
    passed = {
        number for number, rows in found["check"].items() if {status for status, _ in rows.values()} == {"passed"}
    }
    assert passed == right
    assert {step_of(code[4]).number for code in work.students} == right
    lessons = load_lessons(work.students)
    gradients = torch.rand(2, 3, 4, 5)
    assert gradients.device.type == "cpu"
    if 2 in right:
        assert torch.allclose(lessons.gradcam.channel_weights(gradients), gradients.mean((2, 3)))
    if 3 in right:
        assert len(lessons.boxes.mask_to_boxes(np.eye(4, dtype=np.uint8))) == 1
    assert Path.cwd().name == "lab"
