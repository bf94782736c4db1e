"""The import closure of a module: whatever its code can reach is part of the key of its stage."""

import pytest

from gradcam_lab.pipeline.import_closure import closure, closure_hash

SOURCES = {
    "__init__.py": "",
    "files.py": "import json\n",
    "a/__init__.py": "",
    "a/top.py": (
        "from typing import TYPE_CHECKING\n"
        "import numpy as np\n"
        "from gradcam_lab.a.below import something\n"
        "if TYPE_CHECKING:\n    from gradcam_lab.a.for_types import Type\n"
        "def late():\n    from gradcam_lab.a import in_a_function\n"
        "class Later:\n    def method(self):\n        import gradcam_lab.a.in_a_method\n"
    ),
    "a/below.py": "from gradcam_lab import files\nfrom gradcam_lab.a import top\nsomething = 1\n",
    "a/for_types.py": "",
    "a/alone.py": "",
    "a/in_a_function.py": "from gradcam_lab.lessons import step2_gradcam\nimport gradcam_lab.lessons.step1_cam\n",
    "a/in_a_method.py": "",
    "a/nobody.py": "from gradcam_lab.a import top\n",
    "lessons/__init__.py": "",
    "lessons/step1_cam.py": "",
    "lessons/step2_gradcam.py": "",
}
"""A small package; its name is the lab's own, for imports of others are not followed."""

TOP = "gradcam_lab.a.top"


@pytest.fixture
def write(tmp_path):
    """Write the package into a new folder, some files with another text."""

    def make(name="package", **changed):
        root = tmp_path / name
        for file, text in {**SOURCES, **{f"a/{stem}.py": text for stem, text in changed.items()}}.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, encoding="utf-8")
        return root

    return make


def stems(found):
    return {name.removeprefix("gradcam_lab.").removeprefix("a.") for name in found}


def test_it_follows_imports_in_functions_and_around_a_circle(write):
    assert stems(closure(TOP, write())) == {"top", "below", "files", "in_a_function", "in_a_method"}


def test_it_follows_what_is_imported_where_the_type_checker_is_not(write):
    text = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from gradcam_lab.a.for_types import Type\n"
        "else:\n    from gradcam_lab.a.alone import Type\n"
    )
    assert stems(closure(TOP, write(top=text))) == {"top", "alone"}


def test_it_follows_no_lesson_and_no_other_package(write):
    found = closure(TOP, write())
    assert not any("lessons." in name or "json" in name or "numpy" in name for name in found)


def test_a_module_that_imports_nothing_is_its_own_closure(write):
    assert closure("gradcam_lab.a.alone", write()) == {"gradcam_lab.a.alone"}


@pytest.mark.parametrize("stem", ["top", "below", "in_a_function", "in_a_method"])
def test_any_text_of_the_closure_changes_the_hash(write, stem):
    text = SOURCES[f"a/{stem}.py"] + "# changed\n"
    assert closure_hash(TOP, write("one")) != closure_hash(TOP, write("two", **{stem: text}))


@pytest.mark.parametrize("stem", ["for_types", "nobody", "alone"])
def test_a_text_beyond_it_does_not(write, stem):
    assert closure_hash(TOP, write("one")) == closure_hash(TOP, write("two", **{stem: "changed = 1\n"}))


def test_the_labs_own_package_is_where_it_looks():
    assert {"gradcam_lab.localise.detector", "gradcam_lab.files"} <= closure("gradcam_lab.pipeline.stages.boxes")
