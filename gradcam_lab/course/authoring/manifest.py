"""The steps of the course with their tasks, points, hints and checks, read from `lessons/`.

Nothing here imports torch: the checks are listed by reading their files, not by running them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from gradcam_lab.course.authoring import cut, edits
from gradcam_lab.course.authoring.checks import Check, read_checks, with_points
from gradcam_lab.course.authoring.edits import Edits
from gradcam_lab.course.authoring.rubric import Criterion, read_rubric
from gradcam_lab.course.authoring.step_files import number_of, read_text, read_toml, step_files, task_of
from gradcam_lab.errors import LabError


@dataclass(frozen=True)
class WrongAnswer:
    """A typical mistake, which the checks must recognise.

    Attributes:
        task: the task that it gets wrong.
        mark: the body that it replaces, such as "1.4a".
        name: the mistake in a few words.
        body: the wrong body.
        says: words that the verdict must contain.
    """

    task: str
    mark: str
    name: str
    body: str
    says: str


@dataclass(frozen=True)
class RightAnswer:
    """Another way to write a body, which the checks must accept, and with which the pipeline must run.

    Attributes:
        mark: the body that it replaces.
        name: how it differs from the lesson's, in a few words.
        body: the body.
    """

    mark: str
    name: str
    body: str


@dataclass(frozen=True)
class EqualMutants:
    """Mutants (`authoring.mutants`) that the checks cannot tell from the lesson, and need not.

    Attributes:
        mark: the body that they are of.
        reason: why they are right too.
        changes: the lines that differ, before and after.
    """

    mark: str
    reason: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """One task of a step.

    Attributes:
        id: its number, such as "2.1".
        title: a few words.
        points: how many it is worth.
        minutes: how long it takes, about.
        needs: the tasks to be done before it.
        hints: in the order in which they are shown, from a general one to nearly the answer.
        units: the functions that the student writes, such as `("watched", "GradCAM.__call__")`; none if it is written.
        rubric: what a good answer does, if it is written.
    """

    id: str
    title: str
    points: int
    minutes: int
    needs: tuple[str, ...]
    hints: tuple[str, ...]
    units: tuple[str, ...]
    rubric: tuple[Criterion, ...] = ()

    @property
    def written(self) -> bool:
        """Whether it is answered in words."""
        return not self.units


@dataclass(frozen=True)
class Step:
    """One step of the course.

    Attributes:
        number: from 1.
        name: the name of its file, without the suffix.
        title: the first line of its docstring.
        tasks: in order.
        checks: in the order in which they run; the last is the chain.
        wrong_answers: typical mistakes of its tasks.
        right_answers: other ways to write them.
        equal_mutants: mutants of its bodies that are right too.
        notation: the rows of its notation table: what it is called here, the paper's symbol,
            and its shape or range, in Markdown.
        source: the lesson file, with what a teacher's course changes in it.
        folder: where the lesson file lies.
        checks_folder: where its checks and its manifest lie.
        own: whether it is of a teacher's course and not of this package.
    """

    number: int
    name: str
    title: str
    tasks: tuple[Task, ...]
    checks: tuple[Check, ...]
    wrong_answers: tuple[WrongAnswer, ...]
    right_answers: tuple[RightAnswer, ...]
    equal_mutants: tuple[EqualMutants, ...]
    notation: tuple[tuple[str, str, str], ...]
    source: str
    folder: Path
    checks_folder: Path
    own: bool = False

    @property
    def file(self) -> str:
        """The name of the student's file."""
        return f"{self.name}.py"

    @property
    def package(self) -> str:
        """The package of its lesson."""
        return "gradcam_lab.lessons.own" if self.own else "gradcam_lab.lessons"

    @property
    def lesson_module(self) -> str:
        """The module of its lesson: the reference."""
        return f"{self.package}.{self.name}"

    @property
    def test_module(self) -> str:
        """The module of its checks."""
        return f"{self.package}{'' if self.own else '.checks'}.test_{self.name}"

    @property
    def test_path(self) -> Path:
        """The file of its checks."""
        return self.checks_folder / self.test_file

    @property
    def manifest_path(self) -> Path:
        """The file with its tasks, points and hints."""
        return self.checks_folder / f"{self.name}.toml"

    @property
    def answers_path(self) -> Path:
        """The file with the model answers to its written tasks."""
        return self.checks_folder / f"{self.name}.answers.md"

    @property
    def test_file(self) -> str:
        """The name of the file that pytest collects."""
        return f"test_{self.name}.py"

    @property
    def points(self) -> int:
        """The points of all its tasks."""
        return sum(task.points for task in self.tasks)

    @property
    def ids(self) -> set[str]:
        """The numbers of all its tasks, and its own, which stands for the chain."""
        return {str(self.number), *(task.id for task in self.tasks)}

    @property
    def coded(self) -> list[Task]:
        """The tasks that checks can judge."""
        return [task for task in self.tasks if not task.written]

    @property
    def chain(self) -> Check:
        """The check that runs the student's own code from end to end."""
        return next(check for check in self.checks if check.task == str(self.number))

    def task(self, task_id: str) -> Task:
        """The task of this number."""
        return next(task for task in self.tasks if task.id == task_id)

    def checks_of(self, task_id: str) -> list[Check]:
        """The checks of one task."""
        return [check for check in self.checks if check.task == task_id]


def lesson_folder() -> Path:
    """The folder of the lesson files."""
    return Path(str(resources.files("gradcam_lab.lessons")))


@cache
def package_steps() -> tuple[Step, ...]:
    """The steps that this package brings.

    Raises:
        LabError: a lesson, its manifest or its checks are not in order.
    """
    return tuple(read_step(file, lesson_folder() / "checks") for file in step_files(lesson_folder()))


_followed: list[Callable[[], tuple[Step, ...]]] = []


def all_steps() -> tuple[Step, ...]:
    """The steps of the course that is followed: a teacher's, or else this package's.

    Raises:
        LabError: a lesson, its manifest or its checks are not in order.
    """
    return _followed[-1]() if _followed else package_steps()


@contextmanager
def following(steps: Callable[[], tuple[Step, ...]]) -> Iterator[None]:
    """Within the block, what this returns are all steps; it is called each time when somebody asks for them."""
    _followed.append(steps)
    try:
        yield
    finally:
        _followed.pop()


def read_step(file: Path, checks: Path, changes: Edits = edits.NONE, *, own: bool = False) -> Step:
    """Read one step from its lesson file, `<step>.toml`, `<step>.mutants.toml` and `test_<step>.py`.

    Args:
        file: the lesson file.
        checks: the folder of the others.
        changes: what a teacher's course changes.
        own: whether it is of a teacher's course.

    Raises:
        LabError: one of the files is missing, cannot be read, or is not in order.
    """
    name = file.stem
    table = read_toml(checks / f"{name}.toml")
    mutants = read_toml(checks / f"{name}.mutants.toml") if (checks / f"{name}.mutants.toml").exists() else {}
    lesson, checking = read_text(file), read_text(checks / f"test_{name}.py")
    try:
        entries = changes.of_tasks(table["task"])
        source = changes.of_lesson(lesson, entries)
        found = with_points(read_checks(checking), changes.points(entries))
        found = [check for check in found if check.task not in changes.drop]
        regions = cut.regions(source)
        tasks = [
            Task(
                id=task_id,
                title=entry["title"],
                points=entry["points"],
                minutes=entry["minutes"],
                needs=tuple(entry.get("needs", ())),
                hints=tuple(hint.strip() for hint in entry.get("hints", ())),
                units=tuple(dict.fromkeys(region.unit for region in regions if region.task == task_id)),
                rubric=read_rubric(entry.get("rubric", ())),
            )
            for task_id, entry in entries.items()
        ]
        kept = {
            kind: [entry for entry in rows if task_of(entry["mark"]) not in changes.drop]
            for kind, rows in {**table, **mutants}.items()
            if kind in ("wrong", "right", "equal")
        }
        wrong = [WrongAnswer(task=task_of(entry["mark"]), **entry) for entry in kept.get("wrong", ())]
        right = [RightAnswer(**entry) for entry in kept.get("right", ())]
        equal = [EqualMutants(**{**entry, "changes": tuple(entry["changes"])}) for entry in kept.get("equal", ())]
    except LabError as error:
        raise LabError(f"'{file}': {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, SyntaxError) as error:
        raise LabError(
            f"The step '{checks / name}' is not in order ({error!r}): mend its .py and .toml files."
        ) from error
    title = re.search(r'"""# (.*)', source)
    return Step(
        number=number_of(name),
        name=name,
        title=title[1] if title else name,
        tasks=tuple(tasks),
        checks=tuple(found),
        wrong_answers=tuple(wrong),
        right_answers=tuple(right),
        equal_mutants=tuple(equal),
        notation=tuple(tuple(row) for row in table.get("notation", ())),
        source=source,
        folder=file.parent,
        checks_folder=checks,
        own=own,
    )


def find_step(word: str) -> Step | None:
    """Find a step by its number, or by the name of its file; None where there is none."""
    stem = Path(word).stem.removeprefix("test_")
    return next((step for step in all_steps() if word == str(step.number) or stem == step.name), None)


def find_task(task_id: str) -> tuple[Step, Task]:
    """Find a task by its number.

    Raises:
        LabError: there is no such task.
    """
    for step in all_steps():
        for task in step.tasks:
            if task.id == task_id:
                return step, task
    raise LabError(
        f"There is no task '{task_id}': the tasks are {', '.join(t.id for s in all_steps() for t in s.tasks)}."
    )
