"""A teacher's course: a folder whose `course.toml` says which steps and tasks there are, and what is changed in them.

Lessons of the teacher's own lie beside it: `step7_name.py`, `step7_name.toml` and `test_step7_name.py`.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from gradcam_lab.course.authoring import manifest
from gradcam_lab.course.authoring.consistent import require_consistent
from gradcam_lab.course.authoring.edits import Edits
from gradcam_lab.course.authoring.manifest import Step, lesson_folder, read_step
from gradcam_lab.course.authoring.step_files import read_toml, step_files
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, folder_moved_into_place, sha256
from gradcam_lab.lesson_protocols import PROTOCOLS
from gradcam_lab.lessons import own

COURSE_FILE = "course.toml"

KEYS: dict[str, type] = {"title": str, "steps": list, "drop": list, "task": dict, "step": dict}
"""What `course.toml` may say."""

STEP_KEYS: dict[str, type] = {"title": str, "text": str}
"""What it may say of a step."""

TASK_KEYS: dict[str, type] = {
    **{"title": str, "points": int, "minutes": int, "text": str},
    **{"needs": list, "hints": list, "first_hints": list, "rubric": list},
}
"""What it may say of a task."""

LISTS_OF_TEXTS = ("steps", "drop", "needs", "hints", "first_hints")

Value = TypeVar("Value")


@dataclass(frozen=True)
class Course:
    """A teacher's course.

    Attributes:
        folder: where its `course.toml` lies.
        title: its name.
        steps: in the order in which they come.
    """

    folder: Path
    title: str
    steps: tuple[Step, ...]


def read_course(folder: Path) -> Course:
    """Read a teacher's course.

    Raises:
        LabError: there is no `course.toml`, or something in it or beside it is not in order.
    """
    file = folder / COURSE_FILE
    if not file.is_file():
        raise LabError(f"There is no '{file}': 'gradcam-lab course {folder}' writes one to begin with.")
    return _read(folder.resolve(), digest([(path.name, sha256(path)) for path in course_files(folder)]))


def course_files(folder: Path) -> list[Path]:
    """The files that make a course: those that a workspace gets a copy of."""
    kept = [path for path in folder.iterdir() if path.suffix in (".py", ".toml") and path.is_file()]
    return sorted(kept)


@lru_cache(maxsize=16)
def _read(folder: Path, _contents: str) -> Course:
    """A course by its folder, and by what lies there: of another text it is another course."""
    file = folder / COURSE_FILE
    table = _checked(file, read_toml(file), KEYS, "a course")
    changes = {name: _checked(file, entry, STEP_KEYS, f"step {name}") for name, entry in table.get("step", {}).items()}
    tasks = {name: _checked(file, entry, TASK_KEYS, f"task {name}") for name, entry in table.get("task", {}).items()}
    _refuse_values(file, changes, tasks)
    places = {path.stem: path for path in (*step_files(lesson_folder()), *step_files(folder))}
    names = list(table.get("steps", places))
    _refuse_unknown(file, [*names, *changes], set(places), "step")
    if twice := [name for name in names if names.count(name) > 1]:
        raise LabError(f"'{file}' lists the step '{twice[0]}' twice: leave one out.")
    if not names:
        raise LabError(f"'{file}' lists no step: write which ones there are, such as {next(iter(places))}.")
    drop = frozenset(table.get("drop", ()))
    whole = {name: _step(places[name], folder, Edits()) for name in names}
    known = {task.id for step in whole.values() for task in step.tasks}
    _refuse_unknown(file, [*drop, *tasks], known, "task")
    if both := sorted(drop & set(tasks)):
        raise LabError(f"'{file}' drops task {both[0]} and changes it: do one of both.")
    _refuse_few(file, whole, tasks)
    edits = {
        name: Edits(drop & _ids(step), _only(tasks, _ids(step)), **changes.get(name, {}))
        for name, step in whole.items()
    }
    steps = tuple(_step(places[name], folder, edits[name]) for name in names)
    if empty := [step.name for step in steps if not step.tasks]:
        raise LabError(f"'{file}' drops every task of '{empty[0]}': take it out of 'steps' instead.")
    require_consistent(steps, file)
    return Course(folder, str(table.get("title", folder.name)), steps)


def _step(place: Path, folder: Path, changes: Edits) -> Step:
    mine = place.parent == folder
    step = read_step(place, folder if mine else lesson_folder() / "checks", changes, own=mine)
    names = list(vars(PROTOCOLS[step.name][-1])) if mine and step.name in PROTOCOLS else []
    for name in names:
        if not name.startswith("_") and not re.search(rf"^(?:def |class |){name}\b", step.source, re.MULTILINE):
            raise LabError(
                f"'{place}' stands for the lesson of this name and has no '{name}', which run-all needs: write it, or "
                "give the file another name."
            )
    return step


def _checked(file: Path, table: Any, keys: Mapping[str, type], what: str) -> dict[str, Any]:
    """A table whose keys are known and whose values are of the right types."""
    if not isinstance(table, dict):
        raise LabError(f"'{file}': {what} has to be a table of its own.")
    for key, value in table.items():
        if key not in keys:
            raise LabError(f"'{file}' says '{key}' of {what}: what it may say is {', '.join(keys)}.")
        if type(value) is not keys[key]:
            kind = {int: "a whole number", str: "a text", list: "a list", dict: "tables"}[keys[key]]
            raise LabError(f"'{file}': '{key}' of {what} has to be {kind}.")
        texts = value if isinstance(value, list) and key in LISTS_OF_TEXTS else []
        if not all(isinstance(entry, str) for entry in texts):
            raise LabError(f"'{file}': '{key}' of {what} has to be a list of texts, each in quotes.")
    return table


def _refuse_values(file: Path, steps: Mapping[str, Any], tasks: Mapping[str, Any]) -> None:
    for what, entries in (("step", steps), ("task", tasks)):
        for name, entry in entries.items():
            if '"""' in entry.get("text", "") or "\n" in entry.get("title", ""):
                raise LabError(
                    f"'{file}': the text of {what} {name} has three quotes, or its title two lines: mend it."
                )
    for name, entry in tasks.items():
        if entry.get("points", 1) < 1:
            raise LabError(f"'{file}': task {name} is worth {entry['points']} points: it has to be 1 or more.")
        if not all(
            isinstance(row, dict) and isinstance(row.get("points"), int | float) for row in entry.get("rubric", ())
        ):
            raise LabError(
                f"'{file}': the rubric of task {name} has to be rows such as {{ text = \"...\", points = 1 }}."
            )


def _refuse_unknown(file: Path, names: list[str], known: set[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise LabError(
                f"'{file}' names the {what} '{name}', which there is not: there are {', '.join(sorted(known))}."
            )


def _refuse_few(file: Path, steps: Mapping[str, Step], tasks: Mapping[str, Any]) -> None:
    """Refuse fewer points than checks: each check is worth one at least."""
    for step in steps.values():
        for task in step.coded:
            checks = [check for check in step.checks_of(task.id) if check.points]
            if tasks.get(task.id, {}).get("points", len(checks)) < len(checks):
                raise LabError(
                    f"'{file}': task {task.id} has {len(checks)} checks, each worth a point at least: give it "
                    f"{len(checks)} points or more."
                )


def _ids(step: Step) -> frozenset[str]:
    return frozenset(task.id for task in step.tasks)


def _only(entries: Mapping[str, Value], names: frozenset[str]) -> dict[str, Value]:
    return {name: entry for name, entry in entries.items() if name in names}


@contextmanager
def following(folder: Path | None) -> Iterator[Course | None]:
    """Within the block, all that asks for the steps gets those of a teacher's course.

    Args:
        folder: where its `course.toml` lies; None for the course of this package.

    Raises:
        LabError: something in it is not in order.
    """
    course = read_course(folder) if folder else None
    with _following(course.folder if course else None, lambda: course.steps if course else manifest.package_steps()):
        yield course


@contextmanager
def following_copy(folder: Path) -> Iterator[None]:
    """Within the block, all that asks for the steps gets those of a workspace's copy of a teacher's course.

    It is read when somebody asks: a damaged copy is in nobody's way who needs no steps, nor in that of its remedy.

    Args:
        folder: where the copy of `course.toml` lies.
    """

    @cache
    def steps() -> tuple[Step, ...]:
        try:
            return read_course(folder).steps
        except LabError as error:
            raise LabError(
                f"The workspace's copy of your teacher's course is damaged ({str(error).rstrip('.')}): "
                "'gradcam-lab upgrade --course DIR' with the teacher's folder brings it back."
            ) from error

    with _following(folder.resolve(), steps):
        yield


@contextmanager
def _following(folder: Path | None, steps: Callable[[], tuple[Step, ...]]) -> Iterator[None]:
    before = own.folder()
    own.follow(folder)
    try:
        with manifest.following(steps):
            yield
    finally:
        own.follow(before)


def followed() -> Path | None:
    """The folder of the course that is followed, if it is a teacher's."""
    return own.folder()


def bundled() -> Path | None:
    """The course that lies in this very package, as in the one that an autograder of a learning platform installs."""
    place = Path(str(own.__file__)).parent
    return place if (place / COURSE_FILE).is_file() else None


def copy_course(course: Course, to: Path) -> None:
    """Copy what makes a course to a new folder."""
    with folder_moved_into_place(to, replace=True) as temporary:
        for path in course_files(course.folder):
            shutil.copy(path, temporary / path.name)
