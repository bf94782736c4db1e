"""Bringing a workspace up to date with a newer package: the lesson's new text comes in, the student's text stays.

What both have changed stays as the student wrote it; the place is named, and the new file lies in `.gradcam-lab/new/`.
"""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import pairwise, takewhile
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.console import say
from gradcam_lab.course.authoring.manifest import course
from gradcam_lab.course.workspace import backup
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.start import STUBS, files
from gradcam_lab.course.workspace.workspace import MEMORY, Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text

BASE = f"{MEMORY}/{STUBS}"
"""Where the files lie as they were first written: the base of every merge."""

NEW = f"{MEMORY}/new"
"""Where new files lie that could not be brought in."""

_SECTION = re.compile(r"^(?=## +\d+\.\d+\b)", re.MULTILINE)
_NUMBER = re.compile(r"## +(\d+\.\d+)\b")


@dataclass(frozen=True)
class Change:
    """What becomes of one file.

    Attributes:
        name: of the file.
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
    return not _is_older(workspace) and any(_base(workspace, name) != new for name, new in files().items())


def upgrade() -> None:
    """Bring the workspace around the current folder up to date with the installed package.

    Raises:
        LabError: there is no workspace, it was made by a newer package, or a file cannot be written.
    """
    workspace = Workspace.require()
    if _is_older(workspace):
        raise LabError(
            f"This workspace was made by gradcam-lab {_version(workspace)}, and {__version__} is installed: "
            "install the newer one again."
        )
    fresh = files()
    changes = [change for name, new in fresh.items() if (change := _change(workspace, name, new))]
    if changes:
        _carry_out(workspace, changes)
    _remember(workspace, fresh)
    if not changes:
        say(f"The workspace is up to date with gradcam-lab {__version__}: there is nothing to do.")
    say(f"Next: gradcam-lab{' check' if changes else ''}")


def _change(workspace: Workspace, name: str, new: str) -> Change | None:
    base = _base(workspace, name)
    if base == new:
        return None
    try:
        mine = (workspace.root / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Change(name, new, None, "was not there, and is written.")
    except (OSError, UnicodeDecodeError):
        return _stays(name, new, "cannot be read as UTF-8 text, so it stays as it is")
    if mine == new:
        return None
    if name == ANSWERS:
        return _answers_change(base, mine, new)
    if mine == base:
        return Change(name, new, None, "brought up to date.")
    if name not in {step.file for step in course()} or base is None:
        return _stays(name, new, "you have changed it, so it stays as it is")
    return _merge_change(name, base, mine, new)


def _stays(name: str, new: str, reason: str) -> Change:
    return Change(name, None, new, f"{reason}; the new one to compare: {NEW}/{name}.")


def _merge_change(name: str, base: str, mine: str, new: str) -> Change | None:
    text, lines = merge(base, mine, new)
    if _parses(mine) and not _parses(text):
        return _stays(name, new, "your text and the new one do not fit together, so yours stays as it is")
    if not lines:
        return Change(name, text, None, "brought up to date; your text is kept.") if text != mine else None
    places = ", ".join(f"{name} line {line}" for line in lines)
    says = f"brought up to date; your text is kept, also where the new version has other words: {places}."
    return Change(name, text if text != mine else None, new, f"{says} The new one to compare: {NEW}/{name}.")


def merge(base: str, mine: str, new: str) -> tuple[str, list[int]]:
    """Bring the changes from base to new into a text that was changed otherwise.

    Args:
        base: the text that both come from.
        mine: wins wherever both have changed the same lines.
        new: the other text.

    Returns:
        The merged text, and its lines (from 1) where `mine` won.
    """
    from merge3 import Merge3

    a, b, c = (text.removesuffix("\n").split("\n") for text in (base, mine, new))
    matcher: Any = _Matcher
    merged: list[str] = []
    won = []
    for what, *lines in Merge3(a, b, c, sequence_matcher=matcher).merge_groups():
        if what == "conflict":
            won.append(len(merged) + 1)
        merged += lines[1 if what == "conflict" else 0]
    return "\n".join(merged) + "\n", won


class _Matcher(SequenceMatcher[str]):
    """Aligns two texts so that a new function begins below the blank lines, and not right below the body before it.

    That body is what the student writes; a change that touches it could not be brought in.
    """

    def __init__(self, isjunk: None, a: Sequence[str], b: Sequence[str]) -> None:
        super().__init__(isjunk, a, b, autojunk=False)  # junk would be every line that is frequent
        self.texts = a, b

    def get_matching_blocks(self) -> list[Match]:
        """The equal pieces of both texts: each as long as it can be, where only one text has more behind it."""
        blocks = [list(block) for block in super().get_matching_blocks()]
        for above, below in pairwise(blocks):
            while below[2] > 1 and self._can_slide(above, below):
                above[2] += 1
                below[:] = below[0] + 1, below[1] + 1, below[2] - 1
        return [Match(*block) for block in blocks]

    def _can_slide(self, above: list[int], below: list[int]) -> bool:
        i, j = above[0] + above[2], above[1] + above[2]  # the first lines that are not aligned
        one_sided = (i == below[0]) != (j == below[1])
        return one_sided and self.texts[0][i] == self.texts[1][j]


def _parses(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning about the student's text is not what was asked
        try:
            ast.parse(text)
        except SyntaxError:
            return False
        return True


def _answers_change(base: str | None, mine: str, new: str) -> Change | None:
    text, edited = renewed_answers(mine, base or "", new)
    written = text if text != mine else None
    if edited:
        reason = f"your answers stay word for word, and so does what you have changed at {', '.join(edited)}"
        return Change(ANSWERS, written, new, f"{reason}; the new one to compare: {NEW}/{ANSWERS}.")
    return Change(ANSWERS, written, None, "new questions; your answers stay word for word.") if written else None


def renewed_answers(mine: str, base: str, new: str) -> tuple[str, list[str]]:
    """Renew the headings and questions of `answers.md`, append new ones, and leave every answer as it is.

    Args:
        mine: the student's file.
        base: the file as the workspace began with it.
        new: the file as a new workspace has it.

    Returns:
        The text, and the tasks whose question was changed by the student and therefore stays.
    """
    head, *sections = _SECTION.split(mine)
    old, fresh = _sections(base), _sections(new)
    edited: list[str] = []
    for i, section in enumerate(sections):
        number = _number(section)
        sections[i], stays = _renewed(section, old.get(number, ""), fresh.get(number, ""))
        if stays:
            edited.append(number)
    added = [section.rstrip("\n") + "\n" for number, section in fresh.items() if number not in map(_number, sections)]
    text = head + "".join(sections)
    return "\n".join([text if text.endswith("\n") or not added else f"{text}\n", *added]), edited


def _renewed(section: str, old: str, fresh: str) -> tuple[str, bool]:
    """A section with its new heading and question, and whether one of them was changed by the student and stays."""
    stays = False
    for part in (_heading, _question):
        before, after = part(old), part(fresh)
        if part(section) == before:
            section = section.replace(before, after, 1)
        elif before != after and part(section) != after:
            stays = True
    return section, stays


def _sections(text: str) -> dict[str, str]:
    """The sections of `answers.md`, by task."""
    return {_number(section): section for section in _SECTION.split(text)[1:]}


def _number(section: str) -> str:
    match = _NUMBER.match(section)
    return match[1] if match else ""


def _heading(section: str) -> str:
    return section.partition("\n")[0]


def _question(section: str) -> str:
    """The quoted lines below the heading."""
    body = section.partition("\n")[2].lstrip("\n")
    return "\n".join(takewhile(lambda line: line.startswith(">"), body.split("\n")))


def _carry_out(workspace: Workspace, changes: list[Change]) -> None:
    """Keep a backup, then write; interrupted anywhere, the same command does the rest."""
    names = [change.name for change in changes if change.text is not None]
    bases = [path.relative_to(workspace.root).as_posix() for path in (workspace.root / BASE).glob("*")]
    kept = backup.keep(workspace, [*names, *bases])
    for change in changes:
        beside = workspace.root / NEW / change.name
        if change.new is None:
            beside.unlink(missing_ok=True)  # of an earlier upgrade
        else:
            write_text(beside, change.new)
        if change.text is not None:
            backup.write_like(workspace.root / change.name, change.text)
        say(f"{change.name}: {change.says}")
    if kept and names:
        say(f"Your files as they were: {kept.relative_to(workspace.root).as_posix()}")
        say(f"To bring them back: {backup.UNDO}")


def _remember(workspace: Workspace, fresh: dict[str, str]) -> None:
    """From now on this is what the workspace began with; last, so that an interrupted upgrade can be done again."""
    for name, text in fresh.items():
        if _base(workspace, name) != text:
            write_text(workspace.root / BASE / name, text)
    workspace.remember(version=__version__)


def _base(workspace: Workspace, name: str) -> str | None:
    """A file as it was first written, or None where the workspace has forgotten it."""
    path = workspace.root / BASE / name
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
