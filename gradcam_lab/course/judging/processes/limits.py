"""The limits of one check, and what is said of a process that went beyond one or ended."""

import signal
from dataclasses import dataclass
from typing import Any

from gradcam_lab.course.judging.verdicts import Status

PATIENCE = 4.0
"""Seconds of wall clock for each second of CPU time: who only waits is ended too, and a busy machine is no fault."""

ENDLESS = "an endless loop? Look at what ends your loops"


@dataclass(frozen=True)
class Limits:
    """Limits of one check, each of all its processes together.

    Attributes:
        seconds: of CPU time; the wall clock may take `PATIENCE` times as long.
        memory: bytes beyond the libraries'.
        output: bytes that it prints.
        processes: number of processes.
        files: number of open files of one process.
    """

    seconds: float = 10.0
    memory: int = 2 * 2**30
    output: int = 1_000_000
    processes: int = 32
    files: int = 256


class Died(Exception):
    """The worker ended, or has to be ended, before it answers; what the verdict says of it is its argument."""

    def __init__(self, status: Status, got: str, reason: str, **more: Any) -> None:
        super().__init__(status, got, reason)
        self.verdict: dict[str, Any] = {
            "status": status,
            "expected": "a result",
            "got": got,
            "reason": reason,
            **more,
        }


def hung(seconds: float, computed: float, place: dict[str, Any], loop: int | None) -> Died:
    """What to say of a check whose time was over at this place.

    Args:
        seconds: the limit of its CPU time.
        computed: the CPU time that it used; much less than the limit where it waited for something.
        place: a part of the verdict; empty where none of the student's lines ran.
        loop: the line at which the loop around the place begins.
    """
    got = f"no result after {seconds:g} s"
    likely = ENDLESS
    if computed < seconds / 2:
        got = f"no result after {seconds * PATIENCE:g} s, of which it computed for {computed:.1f} s"
        likely = "does it wait for something that never comes: sleep, input, a lock, another process?"
    if not place:
        return Died(Status.timed_out, got, likely)
    where = f"then it was at {place['file']}, line {place['line']}"
    around = f", in the loop that begins at line {loop}" if loop and loop != place["line"] else ""
    return Died(Status.timed_out, got, f"{where}{around}: {likely}", **place)


def printed_too_much(size: int) -> Died:
    """What to say of a check that printed so many bytes."""
    return Died(Status.crashed, f"your code printed {size / 1e6:.0f} MB", "print less: a few lines are enough")


def death(code: int) -> Died:
    """What ended a process, by its exit code, which is the negative number of a signal that ended it."""
    if 0 <= code < 256:
        got = f"your code ended the whole program (exit code {code})"
        return Died(Status.crashed, got, "os._exit, or a library that gave up: take the call out")
    name = signal.Signals(-code).name if -code in set(signal.Signals) else hex(code % 2**32)
    what = "segmentation fault" if name == "SIGSEGV" else "killed"
    reason = (
        "memory was touched that is not its own: ctypes?"
        if name == "SIGSEGV"
        else "a library gave up, or the code sends signals: take the call out"
    )
    return Died(Status.crashed, f"the program crashed ({what}, {name})", reason)
