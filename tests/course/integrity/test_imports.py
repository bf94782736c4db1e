"""Which modules a text imports, and whether they are the reference."""

from pathlib import Path

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.integrity.imports import imports_of
from gradcam_lab.course.integrity.reference import reference_import
from gradcam_lab.own_modules import OwnModule

SPELLINGS = [
    "from gradcam_lab.lessons.step1_cam import *",
    "import gradcam_lab.lessons.step1_cam as mine",
    "from gradcam_lab import lessons",
    "def f():\n    from gradcam_lab.lessons import step1_cam",
    "import importlib\nimportlib.import_module('gradcam_lab.lessons.step1_cam')",
    "from importlib import import_module as load\nload('gradcam_lab' + '.lessons.step1_cam')",
    "__import__(f'gradcam_lab.lessons')",
    "import builtins\nbuiltins.__import__('gradcam_lab.lessons')",
    "import gradcam_lab as g\ng.lessons.step1_cam.predict",
    "import gradcam_lab\ntry:\n    gradcam_lab.lessons.step1_cam\nexcept AttributeError:\n    pass",
    "from gradcam_lab.lesson_modules import load_lessons",
]

INNOCENT = [
    "import torch",
    "import gradcam_lab",
    "from gradcam_lab.lesson_values import Converted",
    "from gradcam_lab.lesson_protocols import CamLesson",
    "x = 'gradcam_lab.lessons.step1_cam'  # gradcam_lab.lessons",
    "if __name__ == '__main__':\n    from gradcam_lab.lessons import step1_cam",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gradcam_lab.lessons import step1_cam",
    "from gradcam_lab.lessons import (",
]


def of(text, modules=None):
    return reference_import(text, Path("my lab") / "step1_cam.py", modules or {})


@pytest.mark.parametrize("text", SPELLINGS)
def test_the_reference_is_found_in_every_spelling(text):
    found = of(text)
    assert found
    assert found.file == "step1_cam.py"
    assert "gradcam_lab" in text.splitlines()[found.line - 1] or "lessons" in text.splitlines()[found.line - 1]


@pytest.mark.parametrize("text", INNOCENT)
def test_other_imports_are_none_of_the_reference(text):
    assert of(text) is None


def test_what_the_stubs_and_lessons_import_is_allowed():
    assert [of(text) for step in all_steps() for text in (step.source, cut.stub(step.source))] == [None] * 12


def test_an_own_module_between_is_named_and_one_that_is_not_reached_does_not_matter():
    modules = {
        "helpers": OwnModule("import deeper", "lab/helpers.py"),
        "deeper": OwnModule("import gradcam_lab.lessons", "lab/deeper.py"),
    }
    assert of("import math", modules) is None
    found = of("from helpers import *", modules)
    assert found
    assert found.what() == "deeper.py, line 1: this imports the reference (gradcam_lab.lessons)"


def test_names_are_written_out():
    found = imports_of("import torch.nn.functional as F\nfrom os import path as p\nF.relu(p.join())")
    assert {entry.name for entry in found} >= {"torch.nn.functional.relu", "os.path.join"}
