"""Stages that run a student's code, in a process of their own: a loop or a crash ends with a sentence.

The child tells its parent over a pipe what it is at, and gives a sign of life wherever a bar moves or a line is said.
This guards against accidents, not against attackers.
"""

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from gradcam_lab import console
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.students_errors import Doing, StudentsFiles, died, explain, stalled
from gradcam_lab.pipeline.students_prints import cap_prints
from gradcam_lab.processes import SPAWN

STALL = 60.0
"""Seconds without a sign of life while a student's code runs."""

START = 120.0
"""Seconds to the first sign of life: importing torch from a slow disk takes a while."""

SAVING = 20.0
"""Seconds that the child has after Ctrl-C to save what is done."""

TICK = 0.25

TELLING = 0.8
"""Share of the time without a sign of life after which the child says where it is."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, and not a `KeyboardInterrupt` that the student's code raised."""


# The child's side.


class _Link:
    """The child's end of the pipe."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self.pipe = pipe
        self.doing = Doing("start", ())
        self.printed = cap_prints()
        self.ticks = 0

    def send(self, kind: str, *words: Any) -> None:
        """Tell the parent something; if it is gone, nobody waits for us any more."""
        self.ticks = 0
        try:
            self.pipe.send((kind, *words))
        except OSError:
            os._exit(1)

    def enter(self, doing: Doing) -> None:
        """Begin a stage."""
        self.printed.end_stage(self.doing.stage)
        self.doing = doing
        self.send("doing", *doing)


_link: _Link | None = None


def enter(stage: str, steps: Sequence[str] = ()) -> None:
    """Say which stage begins, and which of the student's steps it runs; nothing happens where nobody listens.

    While it runs none of the student's, there is no limit on its time.
    """
    if _link:
        _link.enter(Doing(stage, tuple(steps)))


def _serve(pipe: "Connection[Any, Any]", packed: bytes, files: StudentsFiles, log: Path, stall: float) -> None:
    """Do the work, and tell how it ended."""
    global _link
    signal.signal(signal.SIGINT, _interrupt_once)
    _link = link = _Link(pipe)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    telling = link, files, stall, threading.get_ident()
    threading.Thread(target=_tell_where_it_hangs, args=telling, daemon=True).start()
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
        link.printed.end_stage(link.doing.stage)
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


def _tell_where_it_hangs(link: _Link, files: StudentsFiles, stall: float, worker: int) -> None:
    """Tell the parent, shortly before its patience ends, which line of the student's runs."""
    steps = {str(path): step for step, path in files.items()}
    while True:
        time.sleep(TICK)
        link.ticks += 1
        if link.doing.steps and link.ticks == max(int(stall * TELLING / TICK), 1):
            frame = sys._current_frames().get(worker)
            while frame and frame.f_code.co_filename not in steps:
                frame = frame.f_back
            if frame:
                link.pipe.send(("running", f"line {frame.f_lineno}, in {frame.f_code.co_name}"))


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
    ours, theirs = SPAWN.Pipe(duplex=False)
    packed = pickle.dumps((work, argument))
    process = SPAWN.Process(target=_serve, args=(theirs, packed, dict(files), log, stall))
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


def _follow(pipe: "Connection[Any, Any]", process: Any, files: StudentsFiles, stall: float) -> None:
    """Listen to the child until it is done."""
    doing: Doing | None = None
    running = ""
    quiet = 0.0  # counted in ticks and not by the clock: while we are suspended, the child is too
    while True:
        if pipe.poll(TICK):
            try:
                kind, *words = pipe.recv()
            except (EOFError, OSError):
                raise LabError(died(process, doing, files)) from None
            if kind == "running":
                running = words[0]
                continue
            quiet, running = 0.0, ""
            if kind == "doing":
                doing = Doing(*words)
            elif kind == "done":
                return
            elif kind == "interrupted":
                raise KeyboardInterrupt
            elif kind == "problem":
                raise LabError(words[0])
        elif not process.is_alive() and not pipe.poll(0):
            raise LabError(died(process, doing, files))
        else:
            quiet += TICK
            if doing is None and quiet > START:
                raise LabError(f"The process that runs your code did not start within {START:g} s: see doctor.")
            if doing and doing.steps and quiet > stall:
                raise LabError(stalled(doing, files, stall, running))


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
