"""A finished run with small pictures, and a fixed date."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic_run import write_run

EPOCH = "1700000000"


@pytest.fixture(autouse=True)
def _fixed_date(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture(scope="session")
def original(tmp_path_factory) -> Path:
    """A finished run with small pictures."""
    random = np.random.default_rng(0)
    sizes = [(60, 90), (90, 60), (64, 64), (60, 80), (60, 90)]
    photos = [(random.integers(0, 255, (*size, 3), np.uint8), (10.0, 12.0, 50.0, 48.0)) for size in sizes]
    return write_run(tmp_path_factory.mktemp("run"), photos)


@pytest.fixture
def run(original, tmp_path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(original, tmp_path / "run"))
