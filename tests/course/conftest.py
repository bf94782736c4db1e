"""pytest run inside this process, as a student runs it."""

import io
import re
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace import pytest_plugin


@pytest.fixture
def run_pytest(monkeypatch, judge):
    """Run pytest inside this process, which knows torch already, with a judge that is warm."""
    monkeypatch.setattr(pytest_plugin, "Judge", lambda: judge)
    monkeypatch.setattr(judge, "close", lambda: None)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(*words):
        modules = {name for name in sys.modules if re.fullmatch(r"(.*\.)?test_step\d_\w+", name)}
        kept = {name: sys.modules.pop(name) for name in modules if not name.startswith("gradcam_lab.")}
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = pytest.main([str(word) for word in words])
        for step in all_steps():
            sys.modules.pop(step.test_file.removesuffix(".py"), None)
        sys.modules.update(kept)
        return int(code), out.getvalue().rstrip("\n").splitlines()

    return run
