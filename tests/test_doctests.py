"""The examples in the docstrings are true."""

import doctest
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data.toyvoc.scene import scene

ROOT = Path(__file__).parents[1]


def modules_with_examples():
    """Name every module whose source holds an example; the lessons by the name under which they are installed."""
    for folder, package in (("gradcam_lab", "gradcam_lab"), ("lessons", "gradcam_lab.lessons")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if ">>>" in path.read_text(encoding="utf-8"):
                yield ".".join([package, *path.relative_to(ROOT / folder).with_suffix("").parts])


@pytest.fixture(scope="module")
def folder(toy, tmp_path_factory) -> Path:
    """What the examples of the public functions find in the current folder: a photo, and a data set."""
    folder = tmp_path_factory.mktemp("examples")
    Image.fromarray(scene(np.random.default_rng(33)).image).save(folder / "photo.jpg", quality=95)
    shutil.copytree(toy, folder / "my-photos")
    return folder


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples(name, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder if name.startswith("gradcam_lab.api.") else tmp_path)
    found = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0
