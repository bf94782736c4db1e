"""The names under which learning platforms store what was handed in.

Canvas: `lovelaceada_LATE_12345_67890_step1_cam-1.py`, the student in small letters, a mark where it is late, the number
of the student, that of the file, and the student's own name of it, to which a resubmission adds "-1" (Canvas'
`ContentZipper`; anonymous: `anon_Ab3x9_67890_step1_cam.py`). Moodle: `Ada Lovelace_12345_assignsubmission_file_`, the
name, the number of the participant in this assignment, and either a folder of this name, or files that go on with it.
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

File = TypeVar("File")

_CANVAS = re.compile(
    r"(?:(?P<student>.+?)(?P<late>_LATE)?_(?P<id>\d+)|(?P<early>LATE_)?anon_(?P<anonymous>[A-Za-z0-9]{5}))"
    r"_(?P<file>\d+)_(?P<name>.+)",
    re.DOTALL,
)
_MOODLE = re.compile(r"(?P<student>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<name>.*)", re.DOTALL)
_AGAIN = re.compile(r"(?P<stem>.+?)(?:-(?P<minus>\d{1,3})| \((?P<brackets>\d{1,3})\))(?P<end>(?:\.\w+)*)", re.DOTALL)


class Stored(NamedTuple):
    """What the name of a stored file or folder says.

    Attributes:
        platform: "canvas" or "moodle".
        student: the student's name.
        id: the platform's number of the student.
        name: the student's own name of the file; "" for a folder with all files.
        revision: a higher one is newer, among the files of one student.
        late: whether the platform says that it is late.
        typed: whether it is text that was typed into the platform, and no file.
    """

    platform: str
    student: str
    id: str
    name: str
    revision: tuple[int, int] = (0, 0)
    late: bool = False
    typed: bool = False


def parse(stored: str) -> Stored | None:
    """Take the name of a stored file or folder apart; None where no platform gives such names.

    Examples:
        >>> parse("lovelaceada_LATE_12345_67890_step1_cam-1.py")[1:6]
        ('lovelaceada', '12345', 'step1_cam.py', (67890, 1), True)
        >>> parse("Ada Lovelace_12345_assignsubmission_file_").student
        'Ada Lovelace'
        >>> parse("step1_cam.py")
    """
    if match := _MOODLE.fullmatch(stored):
        name, again = original(match["name"])
        return Stored("moodle", match["student"], match["id"], name, (0, again), typed=match["kind"] != "file")
    if match := _CANVAS.fullmatch(stored):
        name, again = original(match["name"])
        student, number = match["student"] or f"anon_{match['anonymous']}", match["id"] or match["anonymous"]
        late = bool(match["late"] or match["early"])
        return Stored("canvas", student, number, name, (int(match["file"]), again), late)
    return None


def original(name: str) -> tuple[str, int]:
    """A file's name without the number that a resubmission or a browser adds, and that number, or 0.

    Examples:
        >>> original("step1_cam-2.py"), original("lab (1).tar.gz"), original("step1_cam.py")
        (('step1_cam.py', 2), ('lab.tar.gz', 1), ('step1_cam.py', 0))
    """
    match = _AGAIN.fullmatch(name)
    if not match:
        return name, 0
    return f"{match['stem']}{match['end']}", int(match["minus"] or match["brackets"])


def newest(files: Iterable[File], key: Callable[[File], str]) -> tuple[list[File], list[File]]:
    """Keep of the files that differ only in the number of a resubmission the newest; return these, and the others.

    A number alone is no resubmission: `group-1.zip` is one only of `group.zip`.

    Examples:
        >>> newest(["lab.zip", "lab-1.zip", "group-2.zip"], key=str)
        (['lab-1.zip', 'group-2.zip'], ['lab.zip'])
    """
    names = {key(file): file for file in files}
    groups: dict[str, list[str]] = {}
    for name in names:
        base = original(name)[0]
        groups.setdefault(base if base in names else name, []).append(name)
    kept = {base: max(group, key=lambda name: original(name)[1]) for base, group in groups.items()}
    older = [names[name] for base, group in groups.items() for name in group if name != kept[base]]
    return [names[name] for name in kept.values()], older
