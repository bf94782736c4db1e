"""Loading the lessons, or a student's files in their stead."""

import pickle
import random
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch

from gradcam_lab.lesson_modules import STEP_NAMES, StudentsFile, load_lessons, reference_text
from gradcam_lab.lessons import step3_boxes
from gradcam_lab.own_modules import OwnModule

FILE = Path("My Übung") / "step3_boxes.py"


def loaded(source):
    return load_lessons({"step3_boxes": StudentsFile(source, FILE)})


def test_without_a_students_file_it_is_the_reference(lessons):
    assert lessons.implementation == dict.fromkeys(STEP_NAMES, "reference")
    assert lessons.boxes is step3_boxes
    assert lessons.sha256 == {name: sha256(reference_text(name).encode()).hexdigest() for name in STEP_NAMES}


def test_a_students_text_runs_in_place_of_its_step_alone():
    source = "def detect():\n    return 3\n"
    lessons = loaded(source)
    assert lessons.boxes.detect() == 3
    assert lessons.boxes.__file__ == str(FILE)
    assert {name for name, who in lessons.implementation.items() if who == "mine"} == {"step3_boxes"}
    assert lessons.sha256["step3_boxes"] == sha256(source.encode()).hexdigest()
    assert step3_boxes is not lessons.boxes


def test_each_step_begins_with_fresh_modules_and_the_settings_of_the_process():
    helpers = {"helpers": OwnModule("AXES = 1\n", "helpers.py")}
    first = StudentsFile(
        "import os, random, sys\nimport torch\nimport helpers\nhelpers.AXES = 2\n"
        "sys.modules['step3_boxes'] = sys\nos.chdir('/')\nrandom.seed(0)\ntorch.set_default_device('meta')\n",
        FILE.with_name("step2_gradcam.py"),
        helpers,
    )
    folder, state = Path.cwd(), random.getstate()
    two = StudentsFile("import torch\nfrom helpers import AXES\nHERE = torch.zeros(1).device.type\n", FILE, helpers)
    lessons = load_lessons({"step2_gradcam": first, "step3_boxes": two})
    module: Any = lessons.boxes
    assert (module.AXES, module.HERE) == (1, "cpu")
    assert (Path.cwd(), random.getstate()) == (folder, state)
    assert torch.get_default_device().type == "cpu"


def test_its_classes_can_be_pickled():
    lessons = loaded("from typing import NamedTuple\n\n\nclass Box(NamedTuple):\n    x: int\n")
    box = lessons.boxes.Box(4)
    assert pickle.loads(pickle.dumps(box)) == box


@pytest.mark.parametrize(
    ("source", "error"), [("def", SyntaxError), ("1 / 0", ZeroDivisionError), ("import step2_gradcam_no", ImportError)]
)
def test_what_it_raises_is_passed_on(source, error):
    with pytest.raises(error):
        loaded(source)
