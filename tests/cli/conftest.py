"""One finished run, which all tests of the commands read."""

from pathlib import Path

import pytest

from tests.commands import Done, run_all


@pytest.fixture(scope="session")
def first(tmp_path_factory, toy, weights) -> tuple[Path, Done]:
    """A finished run and what the command printed; to be read and not to be changed."""
    out = tmp_path_factory.mktemp("runs") / "Übung 1" / "report of mine"
    return out, run_all(toy, weights, out)


@pytest.fixture(scope="session")
def finished(first) -> Path:
    """The folder of a finished run; to be read and not to be changed."""
    return first[0]
