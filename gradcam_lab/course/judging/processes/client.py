"""One process in which a student's code runs, as the judge sees it: asking it, and watching its limits meanwhile."""

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import IO, Any, BinaryIO

import psutil

from gradcam_lab.course.judging.processes.limits import PATIENCE, Died, Limits, death, hung, printed_too_much
from gradcam_lab.course.judging.verdicts import Status

REPLY = 10.0
"""Seconds in which a process ends that was killed, or does what it is told."""

POLL = 0.05
"""Seconds between two looks at a process that works."""

TELLING = 1.0
"""Seconds in which the worker can say on which line it hangs, before it is ended without a word."""

CLOSING = 0.5
"""Seconds that may pass between the end of a process's channel and its own."""

LINE = 10_000_000
"""Number of characters of an answer; a student's code could write there too."""

SAVED = 20_000_000
"""Number of bytes that are kept of the files that a check has saved."""


class Worker(ABC):
    """One process in which a student's code runs.

    Args:
        limits: limits of each check.
        requests: the channel to the process.
        answers: the channel from it; it is closed by whoever reads it, because others may hold its other end.
        printed: the file into which it prints.
        place: the folder in which it runs, or None where that is out of sight.
    """

    def __init__(
        self, limits: Limits, requests: IO[str], answers: IO[str], printed: BinaryIO, place: Path | None
    ) -> None:
        self.limits, self.requests, self.printed, self.place = limits, requests, printed, place
        self.lines: queue.Queue[str | None] = queue.Queue(maxsize=16)  # whoever floods the channel waits
        self.over = threading.Event()
        threading.Thread(target=self._listen, args=(answers,), daemon=True).start()

    def _listen(self, answers: IO[str]) -> None:
        with suppress(OSError, ValueError), answers:
            while (line := answers.readline(LINE)) and not self.over.is_set():
                self._hand_on(line)
        self._hand_on(None)

    def _hand_on(self, line: str | None) -> None:
        while not self.over.is_set():
            with suppress(queue.Full):
                self.lines.put(line, timeout=1)
                return

    @abstractmethod
    def exit_code(self) -> int | None:
        """The exit code of the process, or None where it still runs."""

    @abstractmethod
    def family(self) -> list[psutil.Process]:
        """The process and all that it has started."""

    @abstractmethod
    def end(self) -> None:
        """End the process and whatever it started."""

    def close(self) -> None:
        """End it, and close the channel to it."""
        self.over.set()
        self.end()
        with suppress(OSError):
            self.requests.close()
        self.printed.close()

    @abstractmethod
    def start_memory(self) -> int:
        """The bytes of memory that the libraries take."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            Died: the process ended, or went beyond a limit: close it.
        """
        token = token_hex()
        patience = request["seconds"] * PATIENCE
        text = json.dumps({**request, "patience": patience, "token": token}) + "\n"
        threading.Thread(target=self._send, args=(text,), daemon=True).start()  # a stopped process reads nothing
        watch = Watch(self, request["seconds"], patience)
        while True:
            answer = _parsed(self.next(watch))
            if answer.pop("token", None) == token:
                if "hung" in answer:
                    raise hung(request["seconds"], answer["computed"], answer["hung"], answer["loop"])
                return answer

    def _send(self, text: str) -> None:
        with suppress(OSError, ValueError):  # it has died since: no answer will come
            self.requests.write(text)
            self.requests.flush()

    def next(self, watch: "Watch") -> str:
        """The next line of the process, watching the clock, its memory and its output meanwhile."""
        while True:
            try:
                line = self.lines.get(timeout=POLL)
            except queue.Empty:
                watch.look()
            else:
                if line is None:
                    raise self._death()
                watch.look_at_the_clock()  # also of one that floods the channel
                return line

    def _death(self) -> Died:
        """What ended the process; its channel may be closed a moment before."""
        end = time.monotonic() + CLOSING
        while (code := self.exit_code()) is None and time.monotonic() < end:
            time.sleep(0.005)
        return death(-signal.SIGTERM if code is None else code)  # None: it closed the channel, and lives

    def take_saved(self, folder: Path | None) -> list[str]:
        """Move the files that were saved in the process's own folder into another, and return their paths there.

        They are only taken away where there is no folder, and from where they are too large together.
        """
        kept: list[str] = []
        size = 0
        if self.place is None:
            return kept
        for path in sorted(self.place.rglob("*")):
            if folder and path.is_file() and not path.is_symlink():
                size += path.stat().st_size
                target = folder / path.relative_to(self.place)
                with suppress(OSError):
                    if size <= SAVED:
                        target.parent.mkdir(parents=True, exist_ok=True)
                        shutil.copyfile(path, target)
                        kept.append(str(target))
        for path in self.place.iterdir():
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return kept


def _parsed(line: str) -> dict[str, Any]:
    """An answer; {} where somebody else has written on the channel."""
    with suppress(ValueError, RecursionError):
        answer = json.loads(line)
        if isinstance(answer, dict):
            return answer
    return {}


class Watch:
    """Looks after one request: what its processes take together, and how long.

    Args:
        worker: the process that was asked.
        seconds: of CPU time.
        patience: seconds of the wall clock.
    """

    def __init__(self, worker: Worker, seconds: float, patience: float) -> None:
        self.worker, self.seconds = worker, seconds
        self.end = time.monotonic() + patience + TELLING
        self.computed_before: float | None = None
        self.computed = 0.0

    def look_at_the_clock(self) -> None:
        """Notice that nobody can wait any longer.

        Raises:
            Died: this is so.
        """
        if time.monotonic() > self.end or self.computed > self.seconds + TELLING:
            raise hung(self.seconds, self.computed, {}, None)

    def look(self) -> None:
        """Look at everything.

        Raises:
            Died: the process has ended, or a limit is passed.
        """
        worker, limits = self.worker, self.worker.limits
        if (code := worker.exit_code()) is not None and worker.lines.empty():
            raise death(code)  # an orphan of its may hold the channel for ever
        size = os.fstat(worker.printed.fileno()).st_size
        if worker.lines.empty() and size > limits.output:
            raise printed_too_much(size)
        family = worker.family()
        if len(family) > limits.processes:
            got = f"your code started {len(family)} processes, more than {limits.processes}"
            raise Died(Status.crashed, got, "nothing here needs another process: take the call out")
        if memory_of(family) - worker.start_memory() > limits.memory:
            got = f"more than {limits.memory / 2**30:.1f} GiB of memory"
            raise Died(Status.crashed, got, "look at the shapes and lists that it builds")
        computed = sum(map(_computed, family))
        if self.computed_before is None:
            self.computed_before = computed  # of earlier requests, and of this one's first moment
        self.computed = computed - self.computed_before
        self.look_at_the_clock()


def memory_of(family: Sequence[psutil.Process]) -> int:
    """The bytes that some processes take together; what several share is counted once, where the system tells it."""
    total = 0
    for process in family:
        with suppress(psutil.Error):
            info = process.memory_info() if len(family) == 1 else process.memory_full_info()
            total += int(getattr(info, "pss", info.rss))
    return total


def _computed(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])  # its own, and that of its children who have ended, user and system
    except psutil.Error:
        return 0.0


def family_of(pid: int) -> list[psutil.Process]:
    """A process and all that it has started; none where it is no more."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def kill(process: "subprocess.Popen[Any]") -> None:
    """Kill a process and all that it has started, and wait for its end."""
    family = family_of(process.pid)
    process.kill()
    for member in family:
        with suppress(psutil.Error):
            member.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(REPLY)
