"""A fresh workspace, its step 2, a warm judge to check it with, and a newer package to upgrade to."""

import shutil

import pytest

from gradcam_lab.course.authoring import manifest
from gradcam_lab.course.authoring.manifest import package_steps
from gradcam_lab.course.workspace import check
from gradcam_lab.course.workspace.workspace import Workspace
from tests.course.workspace.helpers import FILE


@pytest.fixture
def workspace(root):
    return Workspace(root)


@pytest.fixture
def file(workspace):
    return workspace.root / FILE


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Install a newer package: the lessons of today with some words replaced."""
    folder = tmp_path / "newer lessons"
    shutil.copytree(manifest.lesson_folder(), folder)
    monkeypatch.setattr(manifest, "lesson_folder", lambda: folder)

    def install(old: str, new: str, name: str = FILE) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
        package_steps.cache_clear()

    yield install
    package_steps.cache_clear()


@pytest.fixture
def checked(root, judge, capsys):
    """Check with a judge that is warm; returns whether it passed, and the lines on the screen."""

    def checked(*words, json=False, show_test=False):
        passed = check.check(list(words), json=json, show_test=show_test, judge=judge)
        out = capsys.readouterr().out
        return passed, out.splitlines()

    return checked
