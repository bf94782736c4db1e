"""The results of a grading: a grade for each submission, and the counts of the class for each task."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from gradcam_lab.course.authoring.manifest import Step, Task, all_steps
from gradcam_lab.course.integrity.look_at import Finding
from gradcam_lab.course.integrity.similarity import Pair
from gradcam_lab.course.integrity.work_record import WorkRecord
from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.course.judging.verdicts import Status, StepResult, TaskResult, Verdict, remarks
from gradcam_lab.files import text_sha256

GUARDS = {
    True: "Around each submission stood a wall (bubblewrap): no network, no file of yours or of another submission, no "
    "other process. About its own points a submission can still lie.",
    False: "No wall stood around the submissions, which ran with your rights. This guards against accidents, not "
    "against attackers.",
}
"""What a grading guards against, with the wall and without."""


@dataclass(frozen=True)
class Mark:
    """What a person gave for a written answer: the points for each criterion of the rubric, and a comment."""

    criteria: tuple[float, ...]
    comment: str = ""

    @property
    def points(self) -> float:
        """All points of the answer."""
        return sum(self.criteria)


@dataclass(frozen=True)
class Grade:
    """The result of one submission.

    Attributes:
        name: the student's name.
        problem: why nothing could be judged, or "".
        steps: the results, in the course's order; none where there is a problem.
        verdicts: those of every check that ran, by the name of the step.
        answers: the written answers, by task, also those that are too short to count as given.
        short_answers: what to say of those that are too short, by task.
        answers_problem: what is wrong with the file of the written answers, or "".
        remarks: sentences about files that are ignored, and about how it was handed in: more than once, late.
        unchanged: whether the verdicts are those of an earlier run, on the same text.
        marks: what a person gave for the written answers, by task; only those that somebody has read.
        code: the Python files, by name.
        record: how the student worked, if that was handed in.
        to_look_at: what is worth a look; no point depends on it.
        handed_in: the platform's time, or None.
        late: the days or hours that have begun after the deadline.
        deducted: the points that this costs.
    """

    name: str
    problem: str = ""
    steps: tuple[StepResult, ...] = ()
    verdicts: Mapping[str, Sequence[Verdict]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    short_answers: Mapping[str, str] = field(default_factory=dict)
    answers_problem: str = ""
    remarks: tuple[str, ...] = ()
    unchanged: bool = False
    marks: Mapping[str, Mark] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)
    record: WorkRecord | None = None
    to_look_at: tuple[Finding, ...] = ()
    handed_in: datetime | None = None
    late: int = 0
    deducted: float = 0

    @property
    def counted(self) -> float:
        """All points, less what lateness costs."""
        return round(self.total - self.deducted, 2)

    @property
    def points(self) -> int:
        """The points of the coded tasks."""
        return sum(step.coded_points for step in self.steps)

    @property
    def written_points(self) -> float:
        """The points of the written answers that somebody has read."""
        return sum(mark.points for mark in self.marks.values())

    @property
    def total(self) -> float:
        """All points so far."""
        return self.points + self.written_points

    @property
    def to_read(self) -> list[str]:
        """The written tasks that are answered, and whose answers nobody has read yet."""
        written = [task for step in self.steps for task in step.tasks if task.written]
        return [task.id for task in written if task.status is Status.passed and task.id not in self.marks]

    def outcome_of_answer(self, task_id: str) -> str:
        """A written answer in a word or two: "read", "answered", too short, or "" where there is none."""
        if task_id in self.marks:
            return "read"
        return "answered" if task_id in self.to_read else self.short_answers.get(task_id, "")

    def points_of_answer(self, task_id: str) -> float | str:
        """The points of a written answer, or in a word or two what there is instead."""
        return self.marks[task_id].points if task_id in self.marks else self.outcome_of_answer(task_id)

    def tasks(self) -> dict[str, TaskResult]:
        """The results by task; none where there is a problem."""
        return {task.id: task for step in self.steps for task in step.tasks}

    def notes(self) -> list[str]:
        """What is to be said of whole files: those that are missing, cannot be read, do not parse, or are ignored."""
        found = [*map(_note, self.verdicts.values()), self.answers_problem, *self.remarks]
        found += remarks({step.file: self.verdicts.get(step.name, ()) for step in all_steps()})
        return list(dict.fromkeys(filter(None, found)))

    def causes(self) -> list[str]:
        """Why points were lost, in a line for each cause, as "2.1, step 3 (-9): not started"."""
        lost: dict[str, list[TaskResult]] = {}
        for task in self.tasks().values():
            if not task.written and task.points < task.possible:
                lost.setdefault(_cause(task), []).append(task)
        points = {cause: sum(task.possible - task.points for task in tasks) for cause, tasks in lost.items()}
        return [f"{self._names(tasks)} (-{points[cause]}): {cause}" for cause, tasks in lost.items()]

    def _names(self, tasks: Sequence[TaskResult]) -> str:
        """Name tasks by their numbers, and whole steps by theirs."""
        names: dict[str, None] = {}
        for step in self.steps:
            here = [task.id for task in tasks if task in step.coded]
            names |= dict.fromkeys([f"step {step.number}"] if len(here) == len(step.coded) > 1 else here)
        return ", ".join(names)

    def said(self) -> list[str]:
        """What stands below the student's row: the notes that no cause repeats, and the causes of lost points."""
        causes = self.causes()
        return [note for note in self.notes() if not any(note in cause for cause in causes)] + [
            f"lost {cause}" for cause in causes
        ]

    def judged(self, step: Step) -> bool:
        """Whether the tasks of a step were judged one by one: not where one accident cost them all."""
        return step.name in self.verdicts and not _note(self.verdicts[step.name])

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return {
            "name": self.name,
            "problem": self.problem,
            "notes": self.notes(),
            "causes": self.causes(),
            "points": self.points,
            "possible": coded_possible(),
            "written_points": self.written_points,
            "written_possible": written_possible(),
            "total": self.total,
            "total_possible": possible(),
            "counted": self.counted,
            "handed_in": self.handed_in.isoformat() if self.handed_in else None,
            "late": self.late,
            "answers_to_read": self.to_read,
            "to_look_at": [finding.as_json() for finding in self.to_look_at],
            "record": self.record.as_json() if self.record else None,
            "unchanged": self.unchanged,
            "steps": [self._coded_only(step) for step in self.steps],
        }

    def _coded_only(self, step: StepResult) -> dict[str, Any]:
        """A step's dictionary; a written answer has points once a person has read it."""
        table = step.as_json()
        for task in table["tasks"]:
            if task["written"]:
                mark = self.marks.get(task["id"])
                task.update(points=mark.points if mark else None, comment=mark.comment if mark else "")
                task.update(status=self.outcome_of_answer(task["id"]) or "not answered")
        return {**table, "points": step.coded_points, "possible": step.coded_possible}


CAUSE = 160
"""Number of characters of a cause; the whole of it stands with the task."""


def _cause(task: TaskResult) -> str:
    """Why a task lost points, in one line."""
    failure = task.first_failure
    if failure is None or failure.status is Status.not_started:
        return "not started"
    got = failure.got.partition("\n")[0]
    said = f"{got}: {failure.reason}" if failure.status is not Status.failed else failure.why or got
    line = " ".join(said.split()).strip(": ") or str(failure.status)
    return line if len(line) <= CAUSE else f"{line[: CAUSE - 1].rstrip()}…"


def _note(verdicts: Sequence[Verdict]) -> str:
    """The one outcome of all checks of a step, if it is an accident."""
    kinds = {(verdict.status, verdict.got) for verdict in verdicts}
    if len(kinds) != 1 or len(verdicts) < 2:
        return ""
    ((status, got),) = kinds
    return got.partition("\n")[0] if status in (Status.error, Status.crashed, Status.timed_out) else ""


def file_name(student: str) -> str:
    """A name for a student's files: safe on every system, readable, and unique by the hash at its end."""
    letters = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:40]
    return "-".join(part for part in (readable, text_sha256(student)[:10]) if part)


def coded_tasks() -> Iterator[tuple[Step, Task]]:
    """The tasks that are judged by checks."""
    yield from ((step, task) for step in all_steps() for task in step.coded)


def written_tasks() -> list[Task]:
    """The tasks that a person judges."""
    return [task for step in all_steps() for task in step.tasks if task.written]


def coded_possible() -> int:
    """All points of the coded tasks."""
    return sum(task.points for _, task in coded_tasks())


def written_possible() -> int:
    """All points of the written tasks."""
    return sum(task.points for task in written_tasks())


def possible() -> int:
    """All points."""
    return coded_possible() + written_possible()


def totals(grade: Grade) -> str:
    """The points of a student for code, for the written answers and together, in one sentence."""
    unread = f" ({len(grade.to_read)} still to be read)" if grade.to_read else ""
    return (
        f"Code {grade.points} of {coded_possible()} points, written answers {grade.written_points:g} of "
        f"{written_possible()}{unread}, together {grade.total:g} of {possible()}."
    )


@dataclass(frozen=True)
class TaskCount:
    """The counts of the class for one task.

    Attributes:
        id: the task.
        title: of the task.
        passed: number of students who passed.
        failed: number of those who tried, and lost points.
        not_started: number of those who have not begun it, or wait for another task.
        reason: the most frequent likely reason of those who failed, without a full stop, or "".
        times: how often it was given.
    """

    id: str
    title: str
    passed: int
    failed: int
    not_started: int
    reason: str
    times: int

    @property
    def students(self) -> int:
        """All that were counted."""
        return self.passed + self.failed + self.not_started

    def why(self) -> str:
        """The most frequent likely reason, and how frequent it is."""
        if self.times == 1 < self.failed:
            return f"Each for another reason, such as this: {self.reason}."
        return f"The most frequent likely reason ({self.times} of {self.failed}): {self.reason}."


@dataclass(frozen=True)
class Grading:
    """One grading of a folder.

    Attributes:
        seed: the seed of the checks' random cases.
        limits: the limits of each check.
        grades: one for each submission, in the order of their names.
        pairs: the pairs of submissions that share code of their own, those worth a look first.
        walled: whether bubblewrap stood around each submission.
        late: the unit in which lateness is counted, "day" or "hour", or "" where there is no deadline.
    """

    seed: int
    limits: Limits
    grades: tuple[Grade, ...]
    pairs: tuple[Pair, ...] = ()
    walled: bool = False
    late: str = ""

    def guard(self) -> str:
        """What this grading guarded against."""
        return GUARDS[self.walled]

    def counts(self) -> list[TaskCount]:
        """The counts for each coded task, without the steps that one accident cost a student as a whole."""
        return [
            _count(task, [grade.tasks()[task.id] for grade in self.grades if grade.judged(step)])
            for step, task in coded_tasks()
        ]

    def took(self) -> dict[str, tuple[int, int]]:
        """The hints and the failed tries of all students together, by task; empty where nobody's record is there."""
        records = [grade.record for grade in self.grades if grade.record]
        ids = [task.id for step in all_steps() for task in step.tasks] if records else []
        return {
            task: (sum(r.hints.get(task, 0) for r in records), sum(r.tries.get(task, 0) for r in records))
            for task in ids
        }

    def hardest(self) -> TaskCount | None:
        """The task that most students tried and failed, the first of several; None where nobody failed."""
        count = max(self.counts(), key=lambda count: count.failed)
        return count if count.failed else None

    def conditions(self) -> str:
        """The seed and the limits, in one sentence each."""
        limits = self.limits
        return (
            f"Seed {self.seed}: 'gradcam-lab grade --seed {self.seed}' repeats this grading. Each check may take "
            f"{limits.seconds:g} s of CPU time, {limits.memory / 2**30:g} GiB of memory and {limits.output / 1e6:g} MB "
            "of output."
        )

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        hardest = self.hardest()
        return {
            "seed": self.seed,
            "limits": asdict(self.limits),
            "walled": self.walled,
            "possible": coded_possible(),
            "written_possible": written_possible(),
            "total_possible": possible(),
            "students": [grade.as_json() for grade in self.grades],
            "similar": [asdict(pair) for pair in self.pairs if pair.alike],
            "tasks": [asdict(count) for count in self.counts()],
            "fails_most": hardest.id if hardest else None,
        }


def _count(task: Task, results: Sequence[TaskResult]) -> TaskCount:
    waiting = (Status.not_started, Status.waiting)
    failed = [result for result in results if result.status not in (Status.passed, *waiting)]
    reasons = Counter(result.first_failure.why for result in failed if result.first_failure)
    reason, times = reasons.most_common(1)[0] if reasons else ("", 0)
    passed = sum(result.status is Status.passed for result in results)
    begun = passed + len(failed)
    return TaskCount(task.id, task.title, passed, len(failed), len(results) - begun, reason.rstrip("."), times)
