"""Stages that run a student's code, in a process of their own: a loop or a crash ends with a sentence.

The child tells its parent over a pipe what it is at, and gives a sign of life wherever a bar moves or a line is said.
This guards against accidents, not against attackers.
"""

import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import psutil

from gradcam_lab import console
from gradcam_lab.errors import LabError, is_out_of_memory, memory_advice
from gradcam_lab.files import write_text

STALL = 60.0
"""Seconds without a sign of life while a student's code runs."""

START = 120.0
"""Seconds to the first sign of life: importing torch from a slow disk takes a while."""

SAVING = 20.0
"""Seconds that the child has after Ctrl-C to save what is done."""

TICK = 0.25

StudentsFiles = Mapping[str, Path]
"""The student's files that run, by step."""


class Doing(NamedTuple):
    """What the child is at: a stage, and the steps of the student's whose code may run in it."""

    stage: str
    steps: tuple[str, ...]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and not a `KeyboardInterrupt` that the student's code raised."""


# The child's side.


class _Link:
    """The child's end of the pipe."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self.pipe = pipe
        self.doing = Doing("start", ())

    def send(self, kind: str, *words: Any) -> None:
        """Tell the parent something; if it is gone, nobody waits for us any more."""
        try:
            self.pipe.send((kind, *words))
        except OSError:
            os._exit(1)

    def enter(self, doing: Doing) -> None:
        """Begin a stage."""
        self.doing = doing
        self.send("doing", *doing)


_link: _Link | None = None


def enter(stage: str, steps: Sequence[str] = ()) -> None:
    """Say which stage begins, and which of the student's steps it runs; nothing happens where nobody listens.

    While it runs none of the student's, there is no limit on its time.
    """
    if _link:
        _link.enter(Doing(stage, tuple(steps)))


def _serve(pipe: "Connection[Any, Any]", packed: bytes, files: StudentsFiles, log: Path) -> None:
    """Do the work, and tell how it ended."""
    global _link
    signal.signal(signal.SIGINT, _interrupt_once)
    _link = link = _Link(pipe)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    console.on_heartbeat(lambda: link.send("alive"))
    try:
        work, argument = pickle.loads(packed)  # here, because it imports torch: not before Ctrl-C can be dealt with
        work(argument)
        end: tuple[str, ...] = ("done",)
    except Interrupted:
        end = ("interrupted",)
    except BaseException as error:
        end = ("problem", explain(error, link.doing, files, log))
    with suppress(Exception):  # the student's code may have closed them
        sys.stdout.flush()
        sys.stderr.flush()
    link.send(*end)
    os._exit(0)  # threads that the student's code left behind must not keep us


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Stop at the first Ctrl-C and ignore the next: they would interrupt the saving."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Interrupted


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


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
    """The first line of an error's message; it may be the student's own class."""
    try:
        return str(error.msg if isinstance(error, SyntaxError) else error).strip().split("\n")[0][:300]
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


# The parent's side.


def supervise(work: Callable[[Any], None], argument: Any, *, files: StudentsFiles, stall: float, log: Path) -> None:
    """Call `work(argument)` in a process of its own, and wait for it.

    Args:
        work: a function that can be imported.
        argument: can be pickled.
        files: the student's files that run in it, by step.
        stall: seconds without a sign of life, while the student's code runs, after which it is ended.
        log: where a traceback goes.

    Raises:
        LabError: the work ended with an error, ended the whole process, or made no progress.
        KeyboardInterrupt: Ctrl-C; the child was given the time to save what is done.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    packed = pickle.dumps((work, argument))
    process = context.Process(target=_serve, args=(theirs, packed, dict(files), log))
    with _current_folder_hidden():
        process.start()
    theirs.close()
    try:
        _follow(ours, process, files, stall)
    except KeyboardInterrupt:
        _let_it_save(process)
        raise
    finally:
        _end(process)
        ours.close()


@contextmanager
def _current_folder_hidden() -> Iterator[None]:
    """A new interpreter would import a student's `random.py` from the current folder before we could prevent it."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _follow(pipe: "Connection[Any, Any]", process: Any, files: StudentsFiles, stall: float) -> None:
    """Listen to the child until it is done."""
    doing: Doing | None = None
    quiet = 0.0  # counted in ticks and not by the clock: while we are suspended, the child is too
    while True:
        if pipe.poll(TICK):
            quiet = 0.0
            try:
                kind, *words = pipe.recv()
            except (EOFError, OSError):
                raise LabError(_died(process, doing, files)) from None
            if kind == "doing":
                doing = Doing(*words)
            elif kind == "done":
                return
            elif kind == "interrupted":
                raise KeyboardInterrupt
            elif kind == "problem":
                raise LabError(words[0])
        elif not process.is_alive() and not pipe.poll(0):
            raise LabError(_died(process, doing, files))
        else:
            quiet += TICK
            if doing is None and quiet > START:
                raise LabError(f"The process that runs your code did not start within {START:g} s: see doctor.")
            if doing and doing.steps and quiet > stall:
                raise LabError(_stalled(doing, files, stall))


def _stalled(doing: Doing, files: StudentsFiles, stall: float) -> str:
    return (
        f"Stage '{doing.stage}' made no progress for {stall:g} s while your {_names(doing.steps, files)} ran: an "
        f"endless loop? {_remedy(doing, files)}"
    )


def _died(process: Any, doing: Doing | None, files: StudentsFiles) -> str:
    """What the exit code of a child says that ended without a word."""
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


def _let_it_save(process: Any) -> None:
    """Ctrl-C at a terminal has reached the child as well; from elsewhere it has not."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGINT)
    process.join(SAVING)


def _end(process: Any) -> None:
    """End the child, if it has not ended, with whatever it started."""
    if process.is_alive():
        process.join(1)  # it has said its last word, or it has to be killed
    if process.is_alive():
        with suppress(psutil.Error):
            for descendant in psutil.Process(process.pid).children(recursive=True):
                descendant.kill()
        process.kill()
        _show_cursor()
    process.join()
    process.close()


def _show_cursor() -> None:
    """A progress bar hides it, and can no longer bring it back."""
    if sys.stderr.isatty():
        from rich.console import Console

        Console(stderr=True).show_cursor(True)
