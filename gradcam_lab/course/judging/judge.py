"""Judging step files: each check runs in a worker process under limits, and a worker that dies is replaced."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gradcam_lab.course.authoring.manifest import Check, Step
from gradcam_lab.course.integrity.reference import REMEDY, reference_import
from gradcam_lab.course.judging.processes.client import Worker
from gradcam_lab.course.judging.processes.limits import Died, Limits
from gradcam_lab.course.judging.processes.sources import Source, new_source
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.own_modules import OwnModules

AFTER_A_TIMEOUT = 0.2
"""Share of the time limit that is left to a task's other checks once one of them has used it up."""

OWN_CODE = "own code"
"""Stands among the slow tasks where the student's own code around a task has used up the time."""

LEAST = 1.0
"""Seconds that such a check has at least: all together take less."""


def of_step(step: Step) -> dict[str, Any]:
    """What a worker has to know of a step: its name, its modules, and the folder of those that are a teacher's."""
    own = str(step.folder) if step.own else None
    return {"step": step.name, "lesson": step.lesson_module, "checks": step.test_module, "own_folder": own}


class Judge(AbstractContextManager["Judge"]):
    """Judges step files, each in a process of its own where that is cheap; replaces a process that dies.

    Args:
        limits: for each check.
        source: where the processes come from; by default one that ends with the judge.
        tries: how often a check is run that uses up its time, before this counts.
    """

    def __init__(self, limits: Limits | None = None, source: Source | None = None, *, tries: int = 1) -> None:
        self.limits, self.tries = limits or Limits(), tries
        self.source = source or new_source(self.limits)
        self.own_source = source is None
        self.worker: Worker | None = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and the source of processes where it is the judge's own."""
        self.end_worker()
        if self.own_source:
            self.source.close()

    def end_worker(self) -> None:
        """End the process: the next check runs in a fresh one."""
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
        Code that imports the reference is not run at all, and every check says where it does.

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
        if found := reference_import(source, file, modules):
            for check in wanted:
                outcome = Status.error, "code of your own", found.what(), REMEDY
                yield Verdict(check.name, check.task, check.points, *outcome, file=found.file, line=found.line)
            return
        case = {**of_step(step), "source": source, "file": str(file), "modules": dict(modules), "seed": seed}
        common = {**case, "seconds": self.limits.seconds}
        if self.source.warm:
            self.end_worker()  # no step sees what another has left in the libraries
        loaded = self._ask({**common, "check": None, "upstream": "mine", "own": []})
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
                answer = self._ask({**common, "check": check.name, "upstream": "mine", "own": []}, place)
            else:
                own = sorted(step.task(check.task).units)
                request = {**common, "check": check.name, "own": own}
                answer = self._ask({**request, "upstream": "reference"}, place)
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

    def _ask(self, request: dict[str, Any], saved: Path | None = None) -> dict[str, Any]:
        """Ask, and ask again where the time was used up: the machine may have been busy with something else."""
        answer = self.ask(request, saved)
        for _ in range(self.tries - 1):
            if answer["status"] != Status.timed_out or request["seconds"] < self.limits.seconds:
                break
            answer = self.ask(request, saved)
        return answer

    def ask(self, request: dict[str, Any], saved: Path | None = None) -> dict[str, Any]:
        """Ask the worker; keep what the student's code has saved meanwhile in a folder, if there is one.

        A worker that asks for it is replaced: its code has changed what cannot be put back.
        """
        self.worker = self.worker or self.source.worker()
        try:
            answer = self.worker.ask(request)
        except Died as death:
            answer = {**death.verdict, "replace": True}
        answer["saved"] = self.worker.take_saved(saved)
        if answer.pop("replace", False):
            self.end_worker()
        return answer
