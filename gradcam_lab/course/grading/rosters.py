"""A roster: the class as a platform knows it, and which submission is whose.

Any CSV with a line of headings will do: Canvas' exported gradebook, Moodle's grading worksheet, Gradescope's roster, or
a table of one's own.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gradcam_lab.course.submissions.gradescope_export import moment
from gradcam_lab.course.submissions.submission import Person, Submission
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

NAMES = ("student", "name", "full name", "student name", "display name", "participant")
FIRST = ("first name", "firstname", "given name")
LAST = ("last name", "lastname", "surname", "family name")
IDS = (
    *("id", "sid", "student id", "id number", "user id", "sis user id", "sis login id", "identifier", "username"),
    *("login", "user name", "canvas id", "org defined id", "github username"),
)
MAILS = ("email", "email address", "e-mail", "mail")
SECTIONS = ("section", "sections", "group")
TIMES = ("submitted", "submitted at", "submission time", "handed in", "last modified (submission)")
"""Headings by what stands below them, in small letters."""

SHORTEST = 3
"""Letters of a part of a folder's name that may be a student's number or login, such as `3001` in `ada_3001`."""

MOODLE_TIME = "%A, %d %B %Y, %I:%M %p"
"""Moodle's way to write a time in English, such as "Tuesday, 1 December 2026, 11:59 PM"."""


@dataclass(frozen=True)
class Row:
    """One student of a roster.

    Attributes:
        cells: all cells by their heading.
        name: the student's name.
        keys: what this student can be recognised by, the surest first: numbers, addresses, names.
        handed_in: when, where the roster says it.
    """

    cells: Mapping[str, str]
    name: str
    keys: tuple[frozenset[str], ...]
    handed_in: datetime | None

    def cell(self, *headings: str) -> str:
        """The first cell that is not empty below one of some headings, in small letters."""
        found = (cell for heading, cell in self.cells.items() if heading.strip().lower() in headings)
        return next((cell.strip() for cell in found if cell.strip()), "")


@dataclass(frozen=True)
class Roster:
    """The class: a row for each student, below headings."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Matches:
    """Whose the submissions are.

    Attributes:
        rows: who has handed in each submission that was matched, by the submission's name; a group are several.
        submissions: names of the submissions, or of people of a group, that are nobody's on the roster.
        students: names on the roster without a submission.
    """

    rows: Mapping[str, tuple[tuple[Person, Row], ...]]
    submissions: tuple[str, ...]
    students: tuple[str, ...]

    def lines(self) -> list[str]:
        """What did not match, in a line for each direction."""
        return [
            *([f"Not on the roster: {'; '.join(self.submissions)}."] if self.submissions else []),
            *([f"On the roster without a submission: {'; '.join(self.students)}."] if self.students else []),
        ]


def read(path: Path) -> Roster:
    """Read a roster.

    Raises:
        LabError: it cannot be read, has no headings by which a student could be recognised, or no students.
    """
    text = read_text(path, "a roster, a table in CSV", latin=True)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(map(str.strip, line))]
    except csv.Error as error:
        raise LabError(f"'{path}' is not a table in CSV ({error}): export the roster again.") from error
    headings = tuple(heading.strip() for heading in lines[0]) if lines else ()
    if not {heading.lower() for heading in headings} & {*NAMES, *LAST, *IDS, *MAILS}:
        raise LabError(f"'{path}' has no column of names, IDs or addresses: its first line has to name the columns.")
    once = dict.fromkeys(tuple(line) for line in lines[1:] if not _is_no_student(line))
    rows = [_row(dict(zip(headings, line, strict=False))) for line in once]
    rows = [row for row in rows if any(row.keys)]
    if not rows:
        raise LabError(f"'{path}' names no student: export the roster again.")
    return Roster(headings, tuple(rows))


def _is_no_student(line: Sequence[str]) -> bool:
    """Whether a line is Canvas' row of the possible points, or its test student."""
    return line[0].strip() in ("Points Possible", "Student, Test", "Test Student")


def _row(cells: Mapping[str, str]) -> Row:
    bare = Row(cells, "", (), None)
    first, last = bare.cell(*FIRST), bare.cell(*LAST)
    whole = bare.cell(*NAMES) or f"{first} {last}".strip()
    ids = {cells[heading].strip() for heading in cells if heading.lower() in IDS}
    ids |= {match[1] for one in ids if (match := re.fullmatch(r"\D+ (\d+)", one))}  # Moodle's "Participant 12"
    mail = bare.cell(*MAILS)
    names = {whole, f"{first} {last}", f"{last} {first}"}
    keys = (_keys(ids), _keys({mail, mail.partition("@")[0]}), frozenset(filter(None, map(name_key, names))))
    time = bare.cell(*TIMES)
    return Row(cells, whole or mail or next(iter(ids)), keys, _time(time))


def _keys(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.strip().casefold() for text in texts if text.strip())


def name_key(name: str) -> str:
    """What two ways to write one name have in common.

    Examples:
        >>> name_key("Lovelace, Ada") == name_key("Ada Lovelace") == name_key("ada-lovelace")
        True
    """
    letters = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"\w+", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return " ".join(sorted(word for part in words for word in part.split("_") if word))


def squashed(name: str) -> str:
    """A name as Canvas writes it into the names of files: small letters, the last name first, and nothing between."""
    return "".join(re.findall(r"\w", name.casefold()))


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOODLE_TIME).astimezone()
    except ValueError:
        return moment(text)


def match(roster: Roster, submissions: Iterable[Submission]) -> Matches:
    """Find out whose each submission is: by number, address or name, the surest first, and only where one fits."""
    rows: dict[str, tuple[tuple[Person, Row], ...]] = {}
    missing: list[str] = []
    taken: dict[int, str] = {}
    index = _index(roster)
    for submission in submissions:
        found = []
        for person in submission.people or (None,):
            row = _find(index, _keys_of(person, submission.name))
            named = f" ({person.name})" if person and len(submission.people) > 1 else ""
            if row is None:
                missing.append(submission.name + named)
            elif id(row) in taken:
                missing.append(f"{submission.name}{named} (the same student as {taken[id(row)]})")
            else:
                taken[id(row)] = submission.name
                found.append((person or Person(), row))
        if found:
            rows[submission.name] = tuple(found)
    return Matches(rows, tuple(missing), tuple(row.name for row in roster.rows if id(row) not in taken))


Index = tuple[dict[str, list[Row]], ...]


def _index(roster: Roster) -> Index:
    """The rows by their numbers, by their addresses, by their names, and by names without anything between."""
    index: Index = ({}, {}, {}, {})
    for row in roster.rows:
        name = row.name
        last_first = {squashed(name), squashed(" ".join(reversed(name.split())))}
        first, last = row.cell(*FIRST), row.cell(*LAST)
        last_first.add(squashed(last + first))
        for table, keys in zip(index, (*row.keys, frozenset(last_first) - {""}), strict=True):
            for key in keys:
                table.setdefault(key, []).append(row)
    return index


def _keys_of(person: Person | None, submission: str) -> tuple[frozenset[str], ...]:
    """What a student could be recognised by: the submission's name where no platform says who it is."""
    bare = submission.rpartition("/")[2]
    if person is None:
        words = [word for word in re.split(r"[\s_]+", bare) if len(word) >= SHORTEST]
        person = Person(bare, "", bare)
        numbers = _keys([bare, *words])
    else:
        numbers = _keys([person.id])
    names = (frozenset({key(person.name)}) - {""} for key in (name_key, squashed))
    return (numbers, _keys([person.email]), *names)


def _find(index: Index, keys: tuple[frozenset[str], ...]) -> Row | None:
    """The one row that fits, by the surest of the keys that fit any."""
    for table, own in zip(index, keys, strict=True):
        found = {id(row): row for key in own for row in table.get(key, ())}
        if len(found) == 1:
            return next(iter(found.values()))
    return None
