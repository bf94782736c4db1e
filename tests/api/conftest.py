"""A drawn photo with one dog, and the embedded network."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gradcam_lab as lab
from gradcam_lab.data.toyvoc.scene import scene


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    return scene(np.random.default_rng(33)).image


@pytest.fixture
def photo(pixels, tmp_path, monkeypatch) -> Path:
    """A file of it in the current folder, without loss."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(pixels).save("Zoë.png")
    return Path("Zoë.png")


@pytest.fixture(scope="session")
def net() -> lab.Classifier:
    return lab.load("embedded")
