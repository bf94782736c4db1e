"""Settings of runs on the small ToyVOC, and finished runs, which the tests of this folder read."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.pipeline.settings import Settings
from tests.commands import Done, lab

LIMIT = 8
"""Images of each split."""

RunAll = Callable[..., Done]


@pytest.fixture(scope="session")
def run_all(toy, weights) -> RunAll:
    """Run the pipeline into a folder, by the command."""

    def run(out: Path, *more: object) -> Done:
        words = ("--data", toy, "--weights", weights, "--limit", LIMIT, "--out", out, "--no-pdf")
        done = lab("run-all", *words, *more)
        assert done.code == 0, done.err
        return done

    return run


@pytest.fixture(scope="session")
def settings(toy, weights) -> Callable[..., Settings]:
    """Make the settings of such a run."""

    def make(out: Path, **more: Any) -> Settings:
        return Settings(
            **{"data": str(toy), "model": ModelChoice(weights=str(weights)), "limit": LIMIT, "out": out, **more}
        )

    return make


@pytest.fixture(scope="session")
def whole(run_all, tmp_path_factory) -> Path:
    """The folder of a run with everything; to be read and not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    run_all(out)
    return Path(out)


@pytest.fixture(scope="session")
def flip(whole, run_all, tmp_path_factory) -> tuple[Path, str]:
    """The same with a method that was asked for afterwards, and what that said; to be read and not to be changed."""
    out = shutil.copytree(whole, tmp_path_factory.mktemp("runs") / "flip")
    return out, run_all(out, "--method", "flip").out
