"""The process that is warm: it has imported torch and the checks, and forks a fresh process for each step file.

So no step sees what another left in the libraries, and none waits for an import. It runs no student's code itself, has
one thread, and does one thing at a time: what it is told on the socket that is its stdin, a line of JSON each.
"""

import ctypes
import gc
import json
import os
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Collection
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil

from gradcam_lab.course.judging import worker
from gradcam_lab.course.judging.processes.serve import load, point_streams_at, serve
from gradcam_lab.course.judging.student_module import Reference
from gradcam_lab.lesson_modules import STEP_NAMES

USED_LATER = ("numpy.ma", "numpy.random", "torch.fx.experimental.symbolic_shapes")
"""What torch and numpy import only when a check needs it, and would be imported again in each process."""

TIDYING = 2.0
"""Seconds in which all that a student's code has started and written has to be gone; else this process ends itself."""

HERE = "here"
"""The folder in which a student's code runs."""

SUBREAPER, DUMPABLE = 36, 4
"""Of Linux's prctl."""


def serve_forks(limits: dict[str, int], scratch: list[str], mounted: list[str], *, walled: bool) -> None:
    """Fork a process at each request for one, and end the one before it, until there are no more.

    Args:
        limits: the limits of each process: bytes of `output`, number of open `files` and of `processes`.
        scratch: the folders in which a student's code may write; the first is its own, and is its temporary folder.
        mounted: what stays in these folders because the system has put it there.
        walled: whether this process is in a namespace of its own.
    """
    gc.disable()
    channel = socket.socket(fileno=os.dup(0))
    load()
    for name in (*USED_LATER, *_lessons_and_checks()):
        with suppress(Exception):  # it will be said of the check that needs it
            import_module(name)
    for step in STEP_NAMES:
        with suppress(Exception):
            Reference.of(import_module(f"gradcam_lab.lessons.{step}"))
    worker.surroundings()  # which knows the libraries as they are before any of the student's code runs
    _prctl(SUBREAPER, 1)  # whoever loses its parent becomes our child: none can hide
    if walled:
        _prctl(DUMPABLE, 0)  # a student's code can neither read nor change the memory of this process
    gc.collect()
    gc.freeze()
    gc.enable()
    server = _ForkServer(limits, [Path(folder) for folder in scratch], {Path(path) for path in mounted}, walled)
    server.tidy()
    _say(channel, {"ready": os.getpid()})
    while True:
        text, descriptors, _, _ = socket.recv_fds(channel, 100, 3)
        if not text:
            break
        word = json.loads(text)
        if word == "fork":
            server.end()
            _say(channel, {"child": server.fork(descriptors, channel)})
        else:
            _say(channel, {"code": server.end() if word == "end" else server.code()})
        for descriptor in descriptors:
            os.close(descriptor)
    server.end()
    os._exit(0)


class _ForkServer:
    """The one child that runs at a time."""

    def __init__(self, limits: dict[str, int], scratch: list[Path], mounted: set[Path], walled: bool) -> None:
        self.limits, self.scratch, self.mounted, self.walled = limits, scratch, mounted, walled
        self.child = 0
        self.exit_code: int | None = None

    def fork(self, descriptors: list[int], channel: socket.socket) -> int:
        """Start a child that reads requests from the first descriptor, answers on the second, prints into the third."""
        self.exit_code = None
        parent = os.getpid()
        self.child = os.fork()
        if self.child == 0:
            try:
                channel.close()
                self._serve(descriptors, parent)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        return self.child

    def _serve(self, descriptors: list[int], parent: int) -> None:
        os.setsid()
        _prctl(DUMPABLE, 1)
        _limit(self.limits, walled=self.walled)
        requests, answers, printed = descriptors
        point_streams_at(printed)
        os.close(printed)
        os.chdir(self.scratch[0] / HERE)
        serve(
            os.fdopen(requests, "r", encoding="utf-8"),
            os.fdopen(answers, "w", encoding="utf-8", buffering=1),
            self.limits["output"],
            parent,
            walled=self.walled,
        )

    def code(self) -> int | None:
        """The exit code of the child, or None where it still runs."""
        if self.child and self.exit_code is None:
            pid, status = os.waitpid(self.child, os.WNOHANG)
            self.exit_code = os.waitstatus_to_exitcode(status) if pid else None
        return self.exit_code

    def end(self) -> int | None:
        """End the child and all that it has started, take away what they have written, and return its exit code.

        Where this does not succeed this process ends: another takes its place.
        """
        if not self.child:
            return None
        if self.exit_code is None:
            for kill in (os.kill, os.killpg):  # where orphans do not become our children, most are in its group
                with suppress(OSError):
                    kill(self.child, signal.SIGKILL)
        code = self.code()
        end = time.monotonic() + TIDYING
        while code is None and time.monotonic() < end:
            time.sleep(0.001)
            code = self.code()
        while _kill_strays():
            if time.monotonic() > end:
                os._exit(1)
        self.child = 0
        try:
            self.tidy()
        except (OSError, RecursionError):
            os._exit(1)
        return code

    def tidy(self) -> None:
        """Empty the folders in which a student's code may write."""
        for folder in self.scratch:
            _empty(folder, self.mounted)
        (self.scratch[0] / HERE).mkdir()


def _kill_strays() -> bool:
    """Kill every process that is below us and collect those that have ended; say whether there are any left."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        for stray in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                stray.kill()
        return True
    return False


def _empty(folder: Path, mounted: Collection[Path]) -> None:
    for path in folder.iterdir():
        if path in mounted:
            continue
        if any(mount.is_relative_to(path) for mount in mounted):
            _empty(path, mounted)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _limit(limits: dict[str, int], *, walled: bool) -> None:
    """Set the limits that the system itself keeps."""
    import resource

    wanted = {resource.RLIMIT_NOFILE: limits["files"], resource.RLIMIT_CORE: 0}
    if walled and sys.platform == "linux":  # elsewhere the user's other processes would count too
        wanted[resource.RLIMIT_NPROC] = limits["processes"] * 8  # threads count; the parent counts processes
    for kind, number in wanted.items():
        hard = resource.getrlimit(kind)[1]
        number = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(kind, (number, number))


def _lessons_and_checks() -> list[str]:
    return [f"gradcam_lab.lessons.{start}{step}" for step in STEP_NAMES for start in ("", "checks.test_")]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _say(channel: socket.socket, message: dict[str, Any]) -> None:
    channel.sendall(json.dumps(message).encode() + b"\n")
