"""Running the command line inside the process of the tests, so that torch is imported once and not fifty times."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest import mock

from gradcam_lab.cli import main


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
