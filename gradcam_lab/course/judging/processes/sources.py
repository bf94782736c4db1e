"""Where the processes come from in which students' code runs: from one that is warm and forks.

Where the system cannot fork, each is an interpreter of its own.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from gradcam_lab.course.judging.processes.client import REPLY, Watch, Worker, family_of, kill, memory_of
from gradcam_lab.course.judging.processes.limits import Died, Limits
from gradcam_lab.course.judging.processes.sandbox import OPEN, Sandbox, search_path
from gradcam_lab.errors import LabError

OVER = LabError("This was interrupted.")

START = 120.0
"""Seconds that a process may take to import torch: from a slow disk the first time takes long."""

LEAVING = 0.3
"""Seconds in which a warm process ends by itself, before it is killed."""


class Source(ABC):
    """Where workers come from; it lives longer than they do. One worker runs at a time.

    Attributes:
        warm: whether a fresh process costs next to nothing.
    """

    warm: bool

    @abstractmethod
    def worker(self) -> Worker:
        """Start a worker; the one before it ends.

        Raises:
            LabError: it does not start.
        """

    @abstractmethod
    def close(self) -> None:
        """End everything that was started, and start no more."""


def new_source(limits: Limits, sandbox: Sandbox = OPEN) -> Source:
    """The best source of workers that this system has."""
    return ForkServer(limits, sandbox) if hasattr(os, "fork") else Interpreters(limits)


def _does_not_start(log: BinaryIO, why: str) -> LabError:
    log.seek(0)
    text = log.read().decode("utf-8", errors="replace").strip().split("\n")[-1] or why
    return LabError(f"The process that runs the checks does not start ({text}): see doctor.")


def _environment(sandbox: Sandbox, scratch: str) -> dict[str, str]:
    kept = sandbox.environment(os.environ)
    forking = {
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"
    }  # macOS ends forks of a process that has loaded its libraries
    return {**kept, **forking, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1", "TMPDIR": scratch}


class Interpreters(Source):
    """A new interpreter for each worker, where the system cannot fork."""

    warm = False

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.latest: _Interpreter | None = None
        self.closed = False

    def worker(self) -> Worker:
        """Start an interpreter."""
        if self.closed:
            raise OVER
        self.latest = _Interpreter(self.limits)
        return self.latest

    def close(self) -> None:
        """End the latest interpreter, from any thread; the one that waits for its answer hears of its end."""
        self.closed = True
        if self.latest:
            kill(self.latest.process)


class _Interpreter(Worker):
    def __init__(self, limits: Limits) -> None:
        self.scratch = tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True)
        place = Path(self.scratch.name) / "here"
        place.mkdir()
        printed = (Path(self.scratch.name) / "printed").open("w+b")
        code = (
            f"import sys; sys.path[:] = {search_path()!r}; "
            f"from gradcam_lab.course.judging.processes.serve import serve_alone; serve_alone({limits.output})"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            cwd=place,
            env=_environment(OPEN, str(place)),
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C in the terminal is for the parent to deal with
        )
        assert self.process.stdin
        assert self.process.stdout
        self.memory_at_start = 2**60
        super().__init__(limits, self.process.stdin, self.process.stdout, printed, place)
        try:
            self.next(Watch(self, START, START))
        except Died as death:
            problem = _does_not_start(printed, death.verdict["got"])
            self.close()
            raise problem from None
        self.memory_at_start = memory_of([psutil.Process(self.process.pid)])

    def exit_code(self) -> int | None:
        return self.process.poll()

    def family(self) -> list[psutil.Process]:
        return family_of(self.process.pid)

    def start_memory(self) -> int:
        return self.memory_at_start

    def end(self) -> None:
        kill(self.process)

    def close(self) -> None:
        super().close()
        self.scratch.cleanup()


class ForkServer(Source):
    """A warm process that forks the workers.

    Args:
        limits: limits of each check.
        sandbox: the wall around it.
    """

    warm = True

    def __init__(self, limits: Limits, sandbox: Sandbox = OPEN) -> None:
        self.limits, self.sandbox = limits, sandbox
        self.closed, self.ending = threading.Event(), threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False

    def launch(self) -> None:
        """Begin to start the process, and do not wait for it."""
        self.scratch = tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True)
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        self.channel, end = socket.socketpair()
        scratch, mounted = self.sandbox.scratch(self.scratch.name)
        limits = {name: value for name, value in asdict(self.limits).items() if isinstance(value, int)}
        code = (
            f"import sys; sys.path[:] = {search_path()!r}; "
            "from gradcam_lab.course.judging.processes.fork_server import serve_forks; "
            f"serve_forks({limits!r}, {scratch!r}, {mounted!r}, walled={self.sandbox.walled})"
        )
        with end, self.sandbox.command([sys.executable, "-P", "-c", code]) as (command, descriptors):
            self.process = subprocess.Popen(
                command,
                stdin=end.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self.log,
                pass_fds=descriptors,
                cwd=self.scratch.name,
                env=_environment(self.sandbox, scratch[0]),
                start_new_session=True,  # Ctrl-C in the terminal is for the parent to deal with
            )
        self.place = None if self.sandbox.walled else Path(self.scratch.name) / "here"
        self.ready = False

    def worker(self) -> Worker:
        """Have a worker forked; the warm process is started where there is none, and replaced where it is broken."""
        for _ in range(2):
            self._warm_up()
            with suppress(OSError):
                return _Forked(self)
            self.end()
        raise LabError("The process that runs the checks ends again and again: see doctor.")

    def _warm_up(self) -> None:
        if self.closed.is_set():
            raise OVER
        if not self.process:
            self.launch()
        if not self.ready:
            try:
                self.say(None, START)
            except OSError as error:
                problem = _does_not_start(self.log, str(error))
                self.end()
                raise problem from None
            self.ready = True
            self.own = {member.pid for member in self.members()}
            self.memory = max((_own_memory(member) for member in self.members()), default=0)

    def members(self) -> list[psutil.Process]:
        """The warm process, the wall around it, and all that they have started."""
        return family_of(self.process.pid) if self.process else []

    def say(self, word: str | None, seconds: float = REPLY, descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Tell the warm process something, and return its reply.

        Raises:
            OSError: it does not reply, or is no more.
        """
        self.channel.settimeout(seconds)
        if word:
            socket.send_fds(self.channel, [json.dumps(word).encode()], descriptors)
        text = b""
        while not text.endswith(b"\n"):
            part = self.channel.recv(1000)
            if not part:
                raise ConnectionError("it has ended")
            text += part
        reply: dict[str, Any] = json.loads(text)
        return reply

    def end(self) -> None:
        """End the warm process, so that the next worker comes from a new one."""
        with self.ending:  # Ctrl-C arrives in another thread than the one that judges
            if not self.process:
                return
            with suppress(OSError):
                self.channel.shutdown(socket.SHUT_RDWR)  # it then ends, and who waits for a reply gets an error
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(LEAVING)
            kill(self.process)
            self.process = None
            self.channel.close()
            self.log.close()
            with suppress(RecursionError):  # a student's code can nest folders too deep for that
                self.scratch.cleanup()

    def close(self) -> None:
        """End everything, and start no more."""
        self.closed.set()
        self.end()


def _own_memory(process: psutil.Process) -> int:
    """The bytes that a process shares with no file: those of a forked one begin there."""
    try:
        info = process.memory_info()
    except psutil.Error:
        return 0
    return int(info.rss - getattr(info, "shared", 0))


class _Forked(Worker):
    def __init__(self, server: ForkServer) -> None:
        self.server = server
        printed = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the worker
        (ours_in, requests), (answers, ours_out) = os.pipe(), os.pipe()
        try:
            server.say("fork", descriptors=(ours_in, ours_out, printed.fileno()))
        except OSError:
            os.close(requests)
            os.close(answers)
            raise
        finally:
            os.close(ours_in)
            os.close(ours_out)
        super().__init__(
            server.limits,
            os.fdopen(requests, "w", encoding="utf-8"),
            os.fdopen(answers, encoding="utf-8", errors="replace"),
            printed,
            server.place,
        )

    def _tell(self, word: str) -> int | None:
        """Have the warm process look after this one; where it is gone, so is this one."""
        try:
            code: int | None = self.server.say(word)["code"]
        except OSError:
            self.server.end()
            return -9
        return code

    def exit_code(self) -> int | None:
        return self._tell("look")

    def family(self) -> list[psutil.Process]:
        return [member for member in self.server.members() if member.pid not in self.server.own]

    def start_memory(self) -> int:
        return self.server.memory

    def end(self) -> None:
        self._tell("end")
