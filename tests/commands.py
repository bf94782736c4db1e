"""Running the command line inside the process of the tests, so that torch is imported once and not fifty times."""

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from gradcam_lab.cli import main
from gradcam_lab.files import sha256


@dataclass(frozen=True)
class Done:
    """What came of a command: its exit code and all that it printed."""

    code: int
    out: str
    err: str


def lab(*words: object) -> Done:
    """Run `gradcam-lab` with these words, just as the console script does."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with mock.patch.object(sys, "argv", ["gradcam-lab", *map(str, words)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Done(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


def run_all(data: Path, weights: Path, out: Path, *more: object) -> Done:
    """Run the pipeline as quickly as it can."""
    return lab("run-all", "--data", data, "--weights", weights, "--out", out, "--no-pdf", "--quick", *more)


def contents(folder: Path) -> dict[Path, tuple[str, int]]:
    """Every file of a folder with its hash and its time."""
    return {path: (sha256(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def refused(done: Done, *words: str) -> None:
    """Assert one clear sentence on stderr and exit code 2, and that the sentence says these words."""
    assert done.code == 2, done
    assert done.err.endswith("\n")
    assert len(done.err.splitlines()) == 1
    assert done.err.startswith("gradcam-lab: ")
    assert done.err.rstrip().endswith((".", "?"))
    assert "Traceback" not in done.out + done.err
    for word in words:
        assert word in done.err


def process(*words: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run Python with these words in a process of its own."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, encoding="utf-8", env=environment, cwd=cwd
    )


def torchrun(*words: object, logs: Path, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run Python with these words in two processes that share the work.

    Args:
        words: as of `process`.
        logs: a folder for torch, which would make one of its own and leave it behind.
        more: for `subprocess.run`.
    """
    # --standalone: a port of its own, for two test suites may run on one machine
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--log-dir", logs, *words]
    own = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **own},
        timeout=120,
        **more,
    )
