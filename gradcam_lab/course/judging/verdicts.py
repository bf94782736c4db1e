"""Results: verdicts of checks, results of tasks and steps, and points."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from gradcam_lab.course.authoring.manifest import Step, Task


class Status(StrEnum):
    """The outcome of a check or a task."""

    passed = "passed"
    failed = "failed"
    not_started = "not started"
    waiting = "waiting"
    error = "error"
    timed_out = "timed out"
    crashed = "crashed"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one check.

    Attributes:
        check: the name of its function.
        task: the task that it judges, or the step if it is the chain.
        points: how many it is worth if it passes.
        status: its outcome.
        expected: what should have come, in a few words.
        got: what came.
        reason: the likely reason, and what to do.
        seconds: how long it took.
        printed: the beginning of what the student's code printed.
        printed_lines: the number of all lines that it printed.
        picture: two arrays or two lists of boxes, `[yours, expected]`, where they are worth drawing.
        function: the student's function that it is about, such as "GradCAM.__call__"; "" where this is not known.
        file: the name of the student's file in which an exception was raised, or that hung.
        line: its line there, or 0.
        code: the student's lines on the way there, each with its place above and a caret below it.
        variables: the local variables at that line, as `image: shape (3, 32, 48), float32, from -2 to 3`.
        inputs: the arguments of the call that went wrong, in the same form.
        saved: paths of the files that the student's code has saved.
        changed: what the code has changed around itself and was put back, as "changed numpy's global random seed".
    """

    check: str
    task: str
    points: int
    status: Status
    expected: str = ""
    got: str = ""
    reason: str = ""
    seconds: float = 0.0
    printed: str = ""
    picture: list[Any] | None = None
    printed_lines: int = 0
    function: str = ""
    file: str = ""
    line: int = 0
    code: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    saved: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def why(self) -> str:
        """The likely reason; of code that changed or replaced something also what, without which it says too little."""
        return f"{self.got}: {self.reason}" if self.reason and self.got.startswith("your code ") else self.reason

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> "Verdict":
        """A verdict from its JSON row, which may be of an older version or hold more than that."""
        known = {entry.name: row[entry.name] for entry in fields(cls) if entry.name in row}
        return cls(**{**known, "status": Status(row["status"])})


@dataclass(frozen=True)
class TaskResult:
    """The outcome of one task; `needs` names the tasks that it waits for."""

    id: str
    title: str
    status: Status
    points: int
    possible: int
    needs: tuple[str, ...] = ()
    first_failure: Verdict | None = None
    written: bool = False


@dataclass(frozen=True)
class StepResult:
    """The outcome of a step file: its tasks, in order, and the chain.

    Attributes:
        step: the name of its file, without the suffix.
        number: the number of the step.
        sha256: the hash of the text that was judged.
        tasks: coded and written ones.
        chain: the student's own code, end to end.
    """

    step: str
    number: int
    sha256: str
    tasks: tuple[TaskResult, ...]
    chain: TaskResult

    @property
    def points(self) -> int:
        """The points earned."""
        return sum(task.points for task in self.tasks)

    @property
    def possible(self) -> int:
        """All points."""
        return sum(task.possible for task in self.tasks)

    @property
    def coded(self) -> list[TaskResult]:
        """The results of the tasks that checks judge."""
        return [task for task in self.tasks if not task.written]

    @property
    def coded_points(self) -> int:
        """The points of the coded tasks."""
        return sum(task.points for task in self.coded)

    @property
    def coded_possible(self) -> int:
        """All points of the coded tasks."""
        return sum(task.possible for task in self.coded)

    @property
    def code_passed(self) -> bool:
        """Whether every coded task and the chain passed, so that this very text may stand in for the reference."""
        return bool(self.coded) and all(task.status is Status.passed for task in (*self.coded, self.chain))

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold, without the pictures of failures."""
        table = asdict(self, dict_factory=lambda items: {key: value for key, value in items if key != "picture"})
        return {**table, "points": self.points, "possible": self.possible}


def remarks(verdicts: Mapping[str, Iterable[Verdict]]) -> list[str]:
    """Sentences about what the code of step files has changed around itself: one for all that have changed the same.

    Args:
        verdicts: of the checks of each step file, by its name.
    """
    files: dict[str, list[str]] = {}
    for file, own in verdicts.items():
        changed = dict.fromkeys(what for verdict in own for what in verdict.changed)
        if changed:
            files.setdefault(", ".join(changed), []).append(file)
    rest = "every check begins without this, and it costs no points"
    return [f"{', '.join(names)} {said}: {rest}" for said, names in files.items()]


def summarise(step: Step, sha256: str, verdicts: Sequence[Verdict], answers: Mapping[str, str]) -> StepResult:
    """Summarise the verdicts of a step by task; a task without a verdict for each of its checks is not passed."""
    by_check = {verdict.check: verdict for verdict in verdicts}
    first: dict[str, TaskResult] = {}
    for task in step.tasks:
        first[task.id] = _written(task, answers) if task.written else _coded(step, task, by_check)
    begun = any(result.status is not Status.not_started for result in first.values() if not result.written)
    tasks = tuple(_waiting(task, first, begun) for task in step.tasks)
    return StepResult(step.name, step.number, sha256, tasks, _chain(step, tasks, by_check, begun))


def _coded(step: Step, task: Task, by_check: dict[str, Verdict]) -> TaskResult:
    checks = step.checks_of(task.id)
    found = [
        by_check.get(check.name, Verdict(check.name, task.id, check.points, Status.not_started, reason="not run"))
        for check in checks
    ]
    bad = [verdict for verdict in found if verdict.status is not Status.passed]
    if not bad and found:
        status = Status.passed
    elif all(verdict.status is Status.not_started for verdict in found):
        status = Status.not_started
    else:
        worst = [verdict for verdict in bad if verdict.status is not Status.not_started]
        status = worst[0].status if worst else Status.failed  # one function of two is still to be written
        bad = worst or bad
    points = sum(verdict.points for verdict in found if verdict.status is Status.passed)
    return TaskResult(task.id, task.title, status, points, task.points, first_failure=bad[0] if bad else None)


def _written(task: Task, answers: Mapping[str, str]) -> TaskResult:
    answered = task.id in answers
    status = Status.passed if answered else Status.not_started
    return TaskResult(task.id, task.title, status, task.points if answered else 0, task.points, written=True)


def _waiting(task: Task, results: dict[str, TaskResult], begun: bool) -> TaskResult:
    """A task that is not begun, in a step that is, waits for what it needs."""
    result = results[task.id]
    needs = tuple(need for need in task.needs if results[need].status is not Status.passed)
    if result.status is Status.not_started and begun and needs:
        return replace(result, status=Status.waiting, needs=needs)
    return result


def _chain(step: Step, tasks: Sequence[TaskResult], by_check: dict[str, Verdict], begun: bool) -> TaskResult:
    verdict = by_check.get(step.chain.name)
    title = "all together: your own code from end to end"
    needs = tuple(task.id for task in tasks if not task.written and task.status is not Status.passed)
    if needs or verdict is None:
        status = Status.waiting if begun else Status.not_started
        return TaskResult(str(step.number), title, status, 0, 0, needs=needs)
    failure = None if verdict.status is Status.passed else verdict
    return TaskResult(str(step.number), title, verdict.status, 0, 0, first_failure=failure)
