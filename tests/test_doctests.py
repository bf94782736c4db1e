"""The examples in the docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def modules_with_examples():
    """Name every module whose source holds an example; the lessons by the name under which they are installed."""
    for folder, package in (("gradcam_lab", "gradcam_lab"), ("lessons", "gradcam_lab.lessons")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>>" in path.read_text(encoding="utf-8"):
                yield ".".join([package, *path.relative_to(ROOT / folder).with_suffix("").parts])


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no example depends on the current folder
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
