"""The names of `import gradcam_lab as lab`, and what importing them costs."""

import ast
import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.commands import process

lab: Any = import_module("gradcam_lab")
STUB = Path(lab.__file__).with_name("__init__.pyi")


def test_there_are_at_most_ten_names():
    assert lab.__all__ == list(lab.WHERE)
    assert len(lab.__all__) <= 10
    assert set(dir(lab)) == {"__version__", *lab.__all__}


def test_type_checkers_are_told_the_same_names():
    found = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            (alias,) = node.names
            assert alias.asname == alias.name  # without it a name of a stub is not exported
            found[alias.name] = node.module
    assert found == lab.WHERE


@pytest.mark.parametrize("name", lab.WHERE)
def test_a_name_is_documented_with_an_example_that_is_tested(name):
    value = getattr(lab, name)
    assert ">>> import gradcam_lab as lab" in (inspect.getdoc(value) or "")
    assert value.__module__ == lab.WHERE[name]  # where test_doctests finds it


def test_importing_the_package_imports_nothing_else():
    code = "import sys; before = set(sys.modules); import gradcam_lab; print(*sorted(set(sys.modules) - before))"
    assert process("-c", code).stdout == "gradcam_lab\n"


@pytest.mark.parametrize("name", ["LabError", "evaluate"])
def test_what_needs_no_network_imports_no_torch(name):
    code = f"import sys; from gradcam_lab import {name}; print(*sorted({{'torch', 'torchvision'}} & set(sys.modules)))"
    done = process("-c", code)
    assert (done.stdout, done.stderr) == ("\n", "")


def test_a_function_is_not_hidden_by_the_folder_of_its_name():
    code = """
import gradcam_lab as lab
import gradcam_lab.evaluate.matching, gradcam_lab.explain.photo
from gradcam_lab.evaluate import scores
print(lab.explain.__name__, lab.evaluate.__name__, scores.__name__)
"""
    assert process("-c", code).stdout == "explain evaluate gradcam_lab.evaluate.scores\n"


def test_a_misspelt_name_is_pythons_own_error():
    with pytest.raises(AttributeError, match="module 'gradcam_lab' has no attribute 'lokate'"):
        _ = lab.lokate
