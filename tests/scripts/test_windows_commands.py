"""The commands that stand for `make run` and `make test` on Windows are the Makefile's, wherever they are written."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from tests.commands import lab
from tests.documents import ROOT, blocks, page, read

WINDOWS = re.compile(r"^ *(\.venv\\Scripts\\.*|python -m venv .*)$", re.MULTILINE)
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"


def typed(text: str) -> list[str]:
    """The commands of a text that are meant for Windows."""
    return [command.strip() for command in WINDOWS.findall(text)]


SHOWN = typed("".join(blocks(read(ROOT / "README.md"))))


def as_made(command: str) -> list[str]:
    """The words of a command without what only Windows, only make or only a quiet console says."""
    words = shlex.split(re.sub(r"^\.venv\\Scripts\\", ".venv/bin/", command), comments=True)
    words = [word for word in words if word not in ("--disable-pip-version-check", "--quiet", "OMP_NUM_THREADS=1")]
    return ["python", *words[1:]] if words[:1] == ["python3"] else words[: words.index("||") if "||" in words else None]


def test_there_are_three_for_each_of_the_two():
    assert len(SHOWN) == 6
    assert typed("".join(blocks(page("install")))) == SHOWN
    steps = yaml.safe_load(read(WORKFLOW))["jobs"]["windows"]["steps"]
    assert [command for step in steps for command in typed(step.get("run", ""))] == SHOWN


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not there")
def test_each_is_what_make_runs():
    words = ["make", "--dry-run", "--always-make", "run", "test", "PYTHON=python3", "INDEX="]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = [as_made(line) for line in done.stdout.splitlines() if line.startswith((".venv", "python3 -m", "OMP_"))]
    assert [command for command in map(as_made, SHOWN) if command not in made] == []


def test_their_python_part_runs_here(toy, tmp_path, monkeypatch):
    """What is cheap: the environment without its packages, and what `run-all` would do."""
    monkeypatch.chdir(tmp_path)
    environment, *_ = [as_made(command) for command in SHOWN]
    subprocess.run([sys.executable, *environment[1:], "--without-pip"], check=True)
    assert (tmp_path / ".venv" / "pyvenv.cfg").is_file()
    runs = [as_made(command)[1:] for command in SHOWN if "gradcam-lab run-all" in command]
    done = lab(*runs[0], "--data", toy, "--plan")
    assert len(runs) == 1
    assert (done.code, done.err) == (0, "")
    assert "report.html" in done.out
