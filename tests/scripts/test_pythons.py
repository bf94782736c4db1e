"""`make pythons` finds the Pythons of a machine, and says of each how both commands went."""

import os
import sys
from pathlib import Path

import pytest

from scripts import pythons

POSIX = pytest.mark.skipif(os.name != "posix", reason="the made-up Pythons are shell scripts")


def python(path: Path, said: str, code: int = 0) -> Path:
    """Write a program that answers as a Python does to `pythons.WHO`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {said}\nexit {code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@POSIX
def test_each_new_enough_python_is_found_once(tmp_path, capsys):
    first = python(tmp_path / "a" / "python3", "3.12.1 True True")
    python(tmp_path / "a" / "python3-config", "3.15.0 True True")
    python(tmp_path / "a" / "python3.9", "3.9.9 True True")
    python(tmp_path / "a" / "python3.13", "3.13.9 False True")  # an environment
    python(tmp_path / "b" / "python3", "nothing of that name", code=127)  # a shim
    bare = python(tmp_path / "b" / "python3.11", "3.11.2 True False")
    python(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python3", "3.12.1 True True")
    newest = python(tmp_path / "pyenv" / "versions" / "3.14.0rc1" / "bin" / "python3", "3.14.0rc1 True True")
    path = os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "none"), str(tmp_path / "b")])
    found = pythons.pythons(pythons.candidates(path, tmp_path / "pyenv"))
    assert list(found.items()) == [("3.12.1", first), ("3.14.0rc1", newest)]
    assert capsys.readouterr().out.startswith(f"{bare} is left out: it cannot make environments")


def test_the_python_of_the_tests_answers_the_question(tmp_path):
    (tmp_path / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    found = pythons.pythons(pythons.candidates(str(tmp_path), tmp_path))
    assert list(found) in ([sys.version.split()[0]], [])  # none where that one is itself an environment's


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("1 passed\n== 2 failed, 2361 passed in 60.00s ==\nmake: *** Error 1\n", "2 failed, 2361 passed in 60.00s"),
        ("python3 -m venv x\nERROR: No space left\nmake: *** [x] Error 1\n", "ERROR: No space left"),
        ("", ""),
    ],
)
def test_the_last_words_of_a_log(log, words):
    assert pythons.last_words(log) == words


class TestAllOfThem:
    @pytest.fixture(autouse=True)
    def _project(self, tmp_path, monkeypatch):
        python(tmp_path / "bin" / "python3", "3.12.1 True True")
        python(tmp_path / "bin" / "python3.13", "3.13.0 True True")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setattr(pythons, "candidates", lambda path, pyenv: sorted((tmp_path / "bin").glob("python3*")))
        monkeypatch.setattr(pythons, "ROOT", tmp_path)
        monkeypatch.setattr(pythons, "PLACE", tmp_path / ".pythons")

    @POSIX
    @pytest.mark.parametrize(("code", "word", "status"), [(0, "passed", 0), (2, "FAILED", 1)])
    def test_a_table_says_how_it_went(self, tmp_path, capsys, code, word, status):
        script = f'#!/bin/sh\necho "$@"\n[ "$1" = test ] && echo "== 7 passed in 1s ==" && case "$2" in *13) exit {code};; esac\nexit 0\n'  # noqa: E501
        (tmp_path / "bin" / "make").write_text(script, encoding="utf-8")
        (tmp_path / "bin" / "make").chmod(0o755)
        assert pythons.main() == status
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["3.12.1", "none", "make", "test", "passed", "0", "7", "passed", "in", "1s"] in lines
        assert ["3.13.0", "none", "make", "test", word, "0", "7", "passed", "in", "1s"] in lines
        log = (tmp_path / ".pythons" / "3.13.0-run.log").read_text(encoding="utf-8")
        assert log.split() == [
            "run",
            f"PYTHON={tmp_path / 'bin' / 'python3.13'}",
            "VENV=.pythons/3.13.0",
            "REPORT=.pythons/3.13.0-report",
        ]
