"""The command line as a process of its own: exit codes, the version, and names that do not exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradcam_lab import __version__
from tests.commands import lab, process


def test_an_error_is_one_line_on_stderr_and_exit_code_2(tmp_path):
    done = process("-m", "gradcam_lab", "evaluate", "--detections", "D.json", "--ground-truth", "G.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "gradcam-lab: There is no file 'G.json': check the name.\n"


def test_the_console_script_knows_its_version():
    script = shutil.which("gradcam-lab", path=str(Path(sys.executable).parent))
    assert script is not None
    done = subprocess.run([script, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"gradcam-lab {__version__}\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run-al",), "No such command 'run-al'. Did you mean 'run-all'?"),
        (("run-all", "--impl", "yours"), "'yours' is not one of 'auto', 'reference', 'mine'"),
        (("train", "--optimizer", "lion"), "'lion' is not one of 'adam', 'adamw', 'sgd'"),
        (("run-all", "--limit", "0"), "Invalid value for '--limit'"),
        (("predict", "dog.jpg", "--top", "0"), "Invalid value for '--top'"),
        (("explain", "dog.jpg", "--smooth", "-1"), "Invalid value for '--smooth'"),
        (("explain", "dog.jpg", "--method", "lime"), "'lime' is not one of 'gradcam', 'cam', 'input-gradient', 'all'"),
        (("explain",), "Missing argument"),
    ],
)
def test_words_that_the_command_line_does_not_know_end_with_exit_code_2(monkeypatch, words, sentence):
    monkeypatch.setenv("COLUMNS", "120")
    done = lab(*words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert "Traceback" not in done.err
