"""The sentences with which a run ends because of a student's code."""

import re
import signal
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gradcam_lab.errors import LabError, is_out_of_memory, memory_advice
from gradcam_lab.files import write_text

MESSAGE = 1000
"""Number of characters of an error's message."""

StudentsFiles = Mapping[str, Path]
"""The student's files that run, by step."""


class Doing(NamedTuple):
    """What the child is at: a stage, and the steps of the student's whose code may run in it."""

    stage: str
    steps: tuple[str, ...]


def explain(error: BaseException, doing: Doing, files: StudentsFiles, log: Path) -> str:
    """Say in one sentence what ended the work; the traceback goes into a file.

    Args:
        error: what was raised.
        doing: where.
        files: the student's files that run.
        log: where the traceback is written, unless the sentence says it all.
    """
    if isinstance(error, LabError):
        return str(error)
    if is_out_of_memory(error):
        return memory_advice(error)
    kind, text = type(error).__name__, _text(error)
    frame = _innermost(error, files)
    task = re.match(r"task ((\d+)\.\d+)", text) if isinstance(error, NotImplementedError) else None
    if task:
        step = frame[0] if frame else next((s for s in files if s.startswith(f"step{task[2]}_")), "")
        names = _names([step], files)
        return f"Your {names} stops at task {task[1]}, which is not written yet: write it, or use --impl auto."
    with suppress(LabError):
        write_text(log, traceback_of(error, files))
    what = f"{kind}: {text}".rstrip(".: ")
    if frame:
        step, place = frame
        return f"Your {_names([step], files)}, {place}: {what}; run 'gradcam-lab check {_number(step)}'."
    stage = f"Stage '{doing.stage}' failed with your {_names(doing.steps, files)}"
    return f"{stage}: {what}; the traceback is in '{log}'. {_remedy(doing, files)}"


def _text(error: BaseException) -> str:
    """An error's message in one line, with the remedy at its end; it may be the student's own class."""
    try:
        return " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())[:MESSAGE]
    except Exception:
        return ""


def _innermost(error: BaseException, files: StudentsFiles) -> tuple[str, str] | None:
    """The step and the place of the innermost frame in a student's file."""
    steps = {str(path): step for step, path in files.items()}
    if isinstance(error, SyntaxError) and error.filename in steps:
        return steps[error.filename], f"line {error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in steps]
    if not frames:
        return None
    where = "" if frames[-1].name == "<module>" else f", in {frames[-1].name}"
    return steps[frames[-1].filename], f"line {frames[-1].lineno}{where}"


def traceback_of(error: BaseException, files: StudentsFiles) -> str:
    """A traceback that quotes the student's files alone: a line of the reference may be an answer."""
    mine = {str(path) for path in files.values()}
    frames = traceback.extract_tb(error.__traceback__)
    rows = [(f.filename, f.lineno or 0, f.name, f.line if f.filename in mine else "") for f in frames]
    return "".join([*traceback.StackSummary.from_list(rows).format(), *traceback.format_exception_only(error)])


def stalled(doing: Doing, files: StudentsFiles, stall: float, running: str) -> str:
    """Say that a stage made no progress, and which line of the student's ran ("" where this is not known)."""
    ran = f"{_names(doing.steps, files)} ran{f' ({running})' if running else ''}"
    return (
        f"Stage '{doing.stage}' made no progress for {stall:g} s while your {ran}: an endless loop? "
        f"{_remedy(doing, files)}"
    )


def died(process: Any, doing: Doing | None, files: StudentsFiles) -> str:
    """Say what the exit code of a child means that ended without a word."""
    process.join()
    code = process.exitcode
    if doing is None:
        return f"The process that runs your code ended at its start (exit code {code}): see doctor."
    names, remedy = _names(doing.steps, files), _remedy(doing, files)
    if 0 <= code < 256:
        what = f"ended the whole program in stage '{doing.stage}' (exit code {code})"
        return f"Your {names} {what}: os._exit, or a library that gave up? {remedy}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else hex(code % 2**32)
    what = "too much memory, or ended from outside?" if name == "SIGKILL" else "memory that is not its own: ctypes?"
    return f"The program crashed in stage '{doing.stage}' while your {names} ran ({name}): {what} {remedy}"


def _blamed(steps: Sequence[str], files: StudentsFiles) -> list[str]:
    """The named steps, or all where none is named: what came before a stage may be its trouble."""
    return [step for step in files if step in steps] or list(files)


def _names(steps: Sequence[str], files: StudentsFiles) -> str:
    return " or ".join(files[step].name for step in _blamed(steps, files))


def _remedy(doing: Doing, files: StudentsFiles) -> str:
    numbers = " ".join(map(_number, _blamed(doing.steps, files)))
    return f"Run 'gradcam-lab check {numbers}', or use --impl reference."


def _number(step: str) -> str:
    return step.removeprefix("step").partition("_")[0]
