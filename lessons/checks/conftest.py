"""`pytest lessons/checks/test_step2_gradcam.py` runs the checks on the lesson itself; a workspace has its own way."""

from importlib import import_module
from types import ModuleType

import pytest

from .checking import Case


@pytest.fixture
def mine(request: pytest.FixtureRequest) -> ModuleType:
    """The lesson that the checks of this file belong to."""
    package, _, name = request.module.__name__.rpartition(".checks.test_")
    return import_module(f"{package}.{name}")


@pytest.fixture
def case() -> Case:
    """Random inputs, always the same."""
    return Case(0)
