"""Judging step files: each check runs in a worker process under limits, and a worker that dies is replaced."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import Any

import psutil

from gradcam_lab.course.authoring.manifest import Check, Step
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.own_modules import OwnModules

START = 120.0
"""Seconds that a worker may take to import torch: from a slow disk the first time takes long."""

POLL = 0.05

PACKAGE = Path(__file__).parents[3]


@dataclass(frozen=True)
class Limits:
    """Limits of one check: seconds, bytes of memory beyond the libraries', bytes of output."""

    seconds: float = 10.0
    memory: int = 2 * 2**30
    output: int = 1_000_000


TELLING = 1.0
"""Seconds in which the worker can say on which line it hangs, before it is ended without a word."""

AFTER_A_TIMEOUT = 0.2
"""Share of the time limit that is left to a task's other checks once one of them has used it up."""

OWN_CODE = "own code"
"""Stands among the slow tasks where the student's own code around a task has used up the time."""

LEAST = 1.0
"""Seconds that such a check has at least: all together take less."""

SAVED = 20_000_000
"""Number of bytes that are kept of the files that a check has saved."""


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


def _hung(seconds: float, place: dict[str, Any], loop: int | None) -> Died:
    """What to say of a check whose time was over at this place; it is empty where none of the student's lines ran."""
    got = f"no result after {seconds:g} s"
    if not place:
        return Died(Status.timed_out, got, ENDLESS)
    where = f"after {seconds:g} s it was at {place['file']}, line {place['line']}"
    around = f", in the loop that begins at line {loop}" if loop and loop != place["line"] else ""
    return Died(Status.timed_out, got, f"{where}{around}: {ENDLESS}", **place)


ENDLESS = "an endless loop? Look at what ends your loops"


class Worker:
    """One child process.

    Args:
        limits: limits of each check.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.start_memory = 0  # known when the libraries are loaded
        self.scratch = tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True)
        self.printed = Path(self.scratch.name) / "printed"
        self.place = Path(self.scratch.name) / "here"
        self.place.mkdir()
        code = (
            f"import sys; sys.path[:] = {_search_path()!r}; "
            f"from gradcam_lab.course.judging.worker import serve; serve({limits.output})"
        )
        with self.printed.open("w+b") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                cwd=self.place,
                env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # Ctrl-C in the terminal is for the parent to deal with
            )
        self.lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        try:
            self._next(START)
        except Died as death:
            printed = self.printed.read_text(encoding="utf-8", errors="replace")
            text = printed.strip().split("\n")[-1] or death.verdict["got"]
            self.close()
            raise LabError(f"The process that runs the checks does not start ({text}): see doctor.") from None
        self.start_memory = self._memory()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            Died: the process ended, or went beyond a limit: close it.
        """
        token = token_hex()
        assert self.process.stdin
        with suppress(OSError):  # it has died since: no answer will come
            self.process.stdin.write(json.dumps({**request, "token": token}) + "\n")
            self.process.stdin.flush()
        end = time.monotonic() + request["seconds"] + TELLING
        while True:
            answer: dict[str, Any] = json.loads(self._next(end - time.monotonic()))
            if answer.pop("token", None) == token:
                if "hung" in answer:
                    raise _hung(request["seconds"], answer["hung"], answer["loop"])
                return answer

    def _next(self, seconds: float) -> str:
        """The next line of the worker, watching the clock, its memory and its output meanwhile."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=POLL)
            except queue.Empty:
                self._watch(end)
            else:
                if line is None:
                    raise self._death()
                return line

    def _watch(self, end: float) -> None:
        if time.monotonic() > end:
            raise _hung(self.limits.seconds, {}, None)
        if self.lines.empty() and (size := self.printed.stat().st_size) > self.limits.output:
            raise Died(Status.crashed, f"your code printed {size / 1e6:.0f} MB", "print less: a few lines are enough")
        if self.start_memory and self._memory() - self.start_memory > self.limits.memory:
            got = f"more than {self.limits.memory / 2**30:.1f} GiB of memory"
            raise Died(Status.crashed, got, "look at the shapes and lists that it builds")

    def _memory(self) -> int:
        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def _death(self) -> Died:
        """What ended the process, by its exit code."""
        code = self.process.wait()
        if 0 <= code < 256:
            got = f"your code ended the whole program (exit code {code})"
            return Died(Status.crashed, got, "os._exit, or a library that gave up: take the call out")
        name = signal.Signals(-code).name if -code in set(signal.Signals) else hex(code % 2**32)
        what = "segmentation fault" if name == "SIGSEGV" else "killed"
        got = f"the program crashed ({what}, {name})"
        return Died(Status.crashed, got, "memory was touched that is not its own: ctypes?")

    def take_saved(self, folder: Path | None) -> list[str]:
        """Move the files that were saved in the worker's own folder into another, and return their paths there.

        They are only taken away where there is no folder, and from where they are too large together.
        """
        kept: list[str] = []
        size = 0
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

    def close(self) -> None:
        """End the process and whatever it started."""
        family: list[psutil.Process] = []
        with suppress(psutil.Error):
            family = psutil.Process(self.process.pid).children(recursive=True)
        with suppress(OSError), self.process:  # which closes the pipes and waits for its end
            self.process.kill()
            for child in family:
                with suppress(psutil.Error):
                    child.kill()
        self.scratch.cleanup()


def _search_path() -> list[str]:
    """Where the worker looks for modules: where we do, except in the folder we were started from."""
    here = Path.cwd().resolve()
    kept = [entry for entry in sys.path if entry and Path(entry).resolve() != here]
    return [*kept, *([] if str(PACKAGE) in kept else [str(PACKAGE)])]


class Judge(AbstractContextManager["Judge"]):
    """Judges step files; keeps its worker from check to check, and replaces it when it dies.

    Args:
        limits: for each check.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.worker: Worker | None = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self.worker:
            self.worker.close()
            self.worker = None

    def judge(
        self,
        step: Step,
        source: str,
        file: Path,
        *,
        modules: OwnModules = MappingProxyType({}),
        seed: int = 0,
        checks: Sequence[Check] | None = None,
        saved: Path | None = None,
    ) -> Iterator[Verdict]:
        """Judge the text of a step file, check by check.

        A task is judged with the reference's code around it. If that fails, it is judged once more with the student's
        own code around it: if the package's reference is broken, this must not cost anyone a point. The chain runs on
        the student's code alone, and only where all tasks have passed. Once a check has used up its time, the other
        checks of its task have little, and nothing is judged a second time: one loop is not waited for again and again.

        Args:
            step: which step it is.
            source: the text; the file itself is not read again.
            file: its path, for line numbers.
            modules: the student's own modules that it imports.
            seed: of the random cases.
            checks: only these.
            saved: a folder in which to keep, by task, the files that the student's code saves; None to keep none.

        Raises:
            LabError: there is no check at all.
        """
        wanted = list(step.checks if checks is None else checks)
        if not wanted:
            raise LabError(f"There are no checks for {step.name}: install gradcam-lab again.")
        case = {"step": step.name, "source": source, "file": str(file), "modules": dict(modules), "seed": seed}
        common = {**case, "seconds": self.limits.seconds}
        loaded = self.ask({**common, "check": None, "upstream": "mine", "own": []})
        slow: set[str] = set()
        all_passed = True
        for check in wanted:
            common["seconds"] = self._seconds(check.task in slow)
            place = saved / check.task if saved else None
            if loaded["status"] != Status.passed:
                answer = loaded
            elif check == step.chain:
                if not all_passed:
                    continue  # the chain needs every task
                answer = self.ask({**common, "check": check.name, "upstream": "mine", "own": []}, place)
            else:
                own = sorted(step.task(check.task).units)
                request = {**common, "check": check.name, "own": own}
                answer = self.ask({**request, "upstream": "reference"}, place)
                if answer["status"] in (Status.failed, Status.error) and not slow:
                    again = self.ask({**request, "upstream": "mine"})
                    answer = again if again["status"] == Status.passed else answer
                    slow |= {OWN_CODE} if again["status"] == Status.timed_out else set()
            if answer["status"] == Status.timed_out:
                slow.add(check.task)
            verdict = Verdict.from_json({"check": check.name, "task": check.task, "points": check.points, **answer})
            all_passed = all_passed and verdict.status is Status.passed
            yield verdict

    def _seconds(self, slow: bool) -> float:
        """The time limit of a check, a short one for those of a task that has used up one already."""
        whole = self.limits.seconds
        return min(max(whole * AFTER_A_TIMEOUT, LEAST), whole) if slow else whole

    def ask(self, request: dict[str, Any], saved: Path | None = None) -> dict[str, Any]:
        """Ask the worker; keep what the student's code has saved meanwhile in a folder, if there is one."""
        self.worker = self.worker or Worker(self.limits)
        try:
            answer = self.worker.ask(request)
        except Died as death:
            answer = death.verdict
            answer["saved"] = self.worker.take_saved(saved)
            self.worker.close()
            self.worker = None
        else:
            answer["saved"] = self.worker.take_saved(saved)
        return answer
