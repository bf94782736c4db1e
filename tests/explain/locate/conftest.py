"""Photos of noise in a folder whose name is not easy, and what was invented to be found in some."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.explain.locate.found import Found, FoundClass
from tests.explain.pictures import noise, save

NAMES = ("img2.jpg", "img10.png", "sub/img2.jpg", "sub/größer.JPG")


@pytest.fixture(scope="session")
def album(tmp_path_factory) -> Path:
    """Four photos, each of its own size and brightness; to be read and not to be changed."""
    folder = tmp_path_factory.mktemp("bilder") / "Käse & Hündchen"
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        save(path, np.roll(noise(40 + 10 * number, 70), 9 * number, axis=1))
    return folder


@pytest.fixture
def photos(album, tmp_path, monkeypatch) -> Path:
    """A copy, to be changed; the current folder is the one around it."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(album, tmp_path / "photos")).relative_to(tmp_path)


def invented(path="a.jpg", size=(40, 20), name="dog", outputs=(3,), boxes=((1, 1, 10, 20, 0.75),), threshold=0.2):
    """One photo with one class; the box fills the left quarter."""
    cam = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = FoundClass(name, outputs, 0.75, cam, np.array(boxes, dtype=float).reshape(-1, 5))
    return Found(Path(path), size, (found,), threshold)
