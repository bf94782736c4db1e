"""The command line as a process of its own: exit codes, the version, and names that do not exist."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from gradcam_lab import __version__
from gradcam_lab.cli.app import app
from gradcam_lab.files import write_json
from tests.commands import lab, process, refused


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
        (("explain",), "Missing argument"),
    ],
)
def test_words_that_the_command_line_does_not_know_end_with_exit_code_2(monkeypatch, words, sentence):
    monkeypatch.setenv("COLUMNS", "120")
    done = lab(*words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert "Traceback" not in done.err


COMMANDS: Any = typer.main.get_command(app)

ONE_VALUE = [
    pytest.param(name, param, id=f"{name} {param.name}")
    for name, command in COMMANDS.commands.items()
    for param in command.params
    if param.param_type_name == "option" and not param.multiple and (param.secondary_opts or not param.is_flag)
]
"""Every option of every command, but those that may be repeated and the flags that can only be set."""


@pytest.mark.parametrize(("name", "param"), ONE_VALUE)
def test_an_option_with_one_value_is_refused_the_second_time(name, param):
    words = [param.opts[0], param.secondary_opts[0]] if param.is_flag else [param.opts[0], "1", f"{param.opts[0]}=2"]
    refused(lab(name, *words), " or ".join((*param.opts, *param.secondary_opts)), "is given twice", "give it once")


def test_an_option_that_may_be_repeated_is_taken_each_time(tmp_path):
    write_json(tmp_path / "G.json", {"a": [[1, 1, 5, 5]]})
    write_json(tmp_path / "D.json", {"a": [[1, 1, 5, 5, 0.5]]})
    files = ("--detections", tmp_path / "D.json", "--ground-truth", tmp_path / "G.json")
    done = lab("evaluate", *files, "--iou", 0.25, "--iou", 0.75, "--json", "--json")
    assert list(json.loads(done.out)) == ["0.25", "0.75"]  # and --json twice is still --json
