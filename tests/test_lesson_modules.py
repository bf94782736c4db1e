"""Loading the lessons, or a student's files in their stead."""

import pickle
from hashlib import sha256
from pathlib import Path

import pytest

from gradcam_lab.lesson_modules import STEP_NAMES, StudentsFile, load_lessons, reference_text
from gradcam_lab.lessons import step3_boxes

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
