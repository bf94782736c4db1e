"""Bringing a workspace up to date with a newer package: the lesson's new text comes in, the student's text stays.

What both have changed stays as the student wrote it; the place is named, and the new file lies in `.gradcam-lab/new/`.
Files that the newer package names otherwise are renamed. Interrupted anywhere, the same command does the rest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradcam_lab import __version__
from gradcam_lab.console import say
from gradcam_lab.course.authoring.course import copy_course, following
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace import backup, renamed
from gradcam_lab.course.workspace.course_around import COURSE
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.fresh_files import fresh_files
from gradcam_lab.course.workspace.merge import merge, renewed_answers, with_own_signatures
from gradcam_lab.course.workspace.workspace import STATE_FOLDER, STUBS, Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.excerpts import parse
from gradcam_lab.files import write_text

BASE = f"{STATE_FOLDER}/{STUBS}"
"""Where the files lie as they were first written: the base of every merge."""

NEW = f"{STATE_FOLDER}/new"
"""Where new files lie that could not be brought in."""


@dataclass(frozen=True)
class Change:
    """The change of one file.

    Attributes:
        name: the name of the file.
        text: what is to be written, or None where the student's file stays.
        new: the new file, to lie beside where something of it could not be brought in.
        says: a sentence for the student.
    """

    name: str
    text: str | None
    new: str | None
    says: str


def is_newer(workspace: Workspace) -> bool:
    """Whether the package has other files than the ones that this workspace began with, and is not an older package."""
    return not _is_older(workspace) and any(_base(workspace, name) != new for name, new in _fresh(workspace).items())


def upgrade(course: Path | None = None) -> None:
    """Bring the workspace around the current folder up to date with the installed package.

    Args:
        course: the folder of a teacher's course, which the workspace follows from now on; None for the one it follows.

    Raises:
        LabError: there is no workspace, it was made by a newer package, or a file cannot be written; or the course is
            not in order.
    """
    workspace = Workspace.require(old_names=True)
    if course is None:
        workspace.require_course()
        _upgrade(workspace)
        return
    with following(course) as followed:
        if followed:
            copy_course(followed, workspace.root / COURSE)
        _upgrade(workspace)


def _upgrade(workspace: Workspace) -> None:
    if _is_older(workspace):
        raise LabError(
            f"This workspace was made by gradcam-lab {_version(workspace)}, and {__version__} is installed: "
            "install the newer one again."
        )
    fresh = _fresh(workspace)
    renames = renamed.to_rename(workspace.root)
    changes = [change for name, new in fresh.items() if (change := _change(workspace, name, new))]
    if changes or renames:
        _carry_out(workspace, renames, changes)
    _record(workspace, fresh)
    if not changes and not renames:
        say(f"The workspace is up to date with gradcam-lab {__version__}: there is nothing to do.")
    say(f"Next: gradcam-lab{' check' if changes or renames else ''}")


def _fresh(workspace: Workspace) -> dict[str, str]:
    """The files that this workspace would begin with today."""
    return fresh_files(exam=workspace.exam)


def _change(workspace: Workspace, name: str, new: str) -> Change | None:
    base = _base(workspace, name)
    place = _place(workspace.root, name)
    if not place.exists():
        return Change(name, new, None, "was not there, and is written.")
    if base == new:
        return None
    mine, problem = workspace.read(place.name, "")
    if problem:
        return _stays(name, new, f"cannot be read, so it stays as it is ({problem})")
    if mine == new:
        return None
    if name == ANSWERS:
        return _answers_change(base, mine, new)
    if mine == base:
        return Change(name, new, None, "brought up to date.")
    if name in {step.file for step in all_steps()} and base is not None:
        return _merge_change(name, base, mine, new)
    return _names_change(name, base or "", mine, new)


def _names_change(name: str, base: str, mine: str, new: str) -> Change | None:
    """Leave a file that the student has changed as it is, but for names that are no longer there."""
    text = renamed.with_new_names(mine)
    only_names = renamed.with_new_names(base) == new
    if text == mine:
        return None if only_names else _stays(name, new, "you have changed it, so it stays as it is")
    if only_names:
        return Change(name, text, None, "brought up to date; your text is kept.")
    return _stays(name, new, "you have changed it, so it stays but for the new names of modules", text)


def _stays(name: str, new: str, reason: str, text: str | None = None) -> Change:
    return Change(name, text, new, f"{reason}; the new one to compare: {NEW}/{name}.")


def _merge_change(name: str, base: str, mine: str, new: str) -> Change | None:
    base, written = renamed.with_new_numbers(base), renamed.with_new_numbers(mine)
    text, lines = merge(base, written, new)
    if _parses(mine):
        if not _parses(text):
            return _stays(name, new, "your text and the new one do not fit together, so yours stays as it is")
        text = with_own_signatures(base, written, text)
    if not lines:
        return Change(name, text, None, "brought up to date; your text is kept.") if text != mine else None
    places = ", ".join(f"{name} line {line}" for line in lines)
    says = f"brought up to date; your text is kept, also where the new version has other words: {places}."
    return Change(name, text if text != mine else None, new, f"{says} The new one to compare: {NEW}/{name}.")


def _parses(text: str) -> bool:
    try:
        parse(text)
    except SyntaxError:
        return False
    return True


def _answers_change(base: str | None, mine: str, new: str) -> Change | None:
    text, edited = renewed_answers(renamed.with_new_headings(mine), renamed.with_new_headings(base or ""), new)
    written = text if text != mine else None
    if edited:
        reason = f"your answers stay word for word, and so does what you have changed at {', '.join(edited)}"
        return _stays(ANSWERS, new, reason, written)
    return Change(ANSWERS, written, None, "new questions; your answers stay word for word.") if written else None


def _carry_out(workspace: Workspace, renames: Mapping[str, str], changes: list[Change]) -> None:
    """Keep a backup, then rename, then write."""
    names = [*renames, *(change.name for change in changes if change.text is not None)]
    replaced = [name for name in names if (workspace.root / name).is_file()]
    bases = [path.relative_to(workspace.root).as_posix() for path in (workspace.root / BASE).glob("*")]
    kept = backup.back_up(workspace, [*replaced, *bases]) if replaced or is_newer(workspace) else None
    for old, new in renames.items():
        (workspace.root / old).rename(workspace.root / new)
        say(f"{old}: is called {new} now.")
    for change in changes:
        beside = workspace.root / NEW / change.name
        if change.new is None:
            beside.unlink(missing_ok=True)  # of an earlier upgrade
        else:
            write_text(beside, change.new)
        if change.text is not None:
            backup.write_like(workspace.root / change.name, change.text)
        say(f"{change.name}: {change.says}")
    if kept and replaced:
        say(f"Your files as they were: {kept.relative_to(workspace.root).as_posix()}")
        say(f"To bring them back: {backup.UNDO}")


def _record(workspace: Workspace, fresh: Mapping[str, str]) -> None:
    """Record that this is what the workspace began with; last, so that an interrupted upgrade can be done again."""
    base = workspace.root / BASE
    for name, text in fresh.items():
        if _text(base / name) != text:
            write_text(base / name, text)
    state = workspace.state()
    verdicts = {renamed.STEMS.get(step, step): verdict for step, verdict in state.get("verdicts", {}).items()}
    workspace.update_state(version=__version__, verdicts=verdicts, **renamed.with_new_records(state))
    for old in renamed.FILES:
        (base / old).unlink(missing_ok=True)  # the very last: as long as one is there, the workspace is an old one


def _place(folder: Path, name: str) -> Path:
    """Where a file lies: under its name, or under its old one if it has not been renamed yet."""
    old = folder / renamed.OLD_NAMES.get(name, name)
    return old if old.is_file() and not (folder / name).exists() else folder / name


def _base(workspace: Workspace, name: str) -> str | None:
    """A file as it was first written, or None where the workspace has no record of it."""
    return _text(_place(workspace.root / BASE, name))


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _version(workspace: Workspace) -> str:
    return str(workspace.state().get("version", "0"))


def _is_older(workspace: Workspace) -> bool:
    """Whether the package is older than the workspace."""
    return _numbers(__version__) < _numbers(_version(workspace))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]
