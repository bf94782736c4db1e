"""The points of written answers, as a person gives them: a sheet a task to read, and a CSV to fill in.

The answers stand in random order and without names. Each is known by a word that is made of its text and of a secret of
this folder: the same answer of two students has the same points, and another text, handed in later, has none yet.
"""

import csv
import hmac
import io
import math
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradcam_lab.course.authoring.manifest import Task
from gradcam_lab.course.authoring.rubric import Criterion
from gradcam_lab.course.grading.csv_cells import BOM
from gradcam_lab.course.grading.grades import Mark, written_tasks
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, read_text, require_writable, write_json, write_text

SECRET = "secret.json"

LETTERS = "bcdfghjkmnpqrstv"
"""Sixteen that make no words, and that no spreadsheet takes for a number."""

ANSWER, COMMENT = "answer", "comment"


@dataclass(frozen=True)
class MarkedSheet:
    """The CSV of one task, as it was read.

    Attributes:
        columns: its columns, in their order.
        rows: its rows by the word of the answer; "" where a cell is empty.
        marks: the marks of the rows that are filled in.
        delimiter: what stands between the cells.
    """

    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    delimiter: str = ","


class Marking:
    """The folder of the sheets.

    Args:
        folder: made where it is missing.

    Raises:
        LabError: a sheet is not in order, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise LabError(f"'{folder}' is a file: name a folder for the sheets of the written answers.")
        require_writable(folder)
        self.folder = folder
        self.secret = self._secret()
        self.sheets = {task.id: read_sheet(self.file(task), task) for task in written_tasks()}

    def file(self, task: Task, suffix: str = ".csv") -> Path:
        """The sheet of a task."""
        return self.folder / f"task-{task.id}{suffix}"

    def _secret(self) -> str:
        path = self.folder / SECRET
        if not path.exists():
            if old := next((self.file(task) for task in written_tasks() if self.file(task).exists()), None):
                raise LabError(
                    f"'{old}' is there and '{path}' is not, without which no points can be matched with answers: "
                    "bring it back, or name a new folder."
                )
            write_json(path, {"secret": secrets.token_hex(16)})
        table = read_json(path)
        if not isinstance(table, dict) or not isinstance(table.get("secret"), str):
            raise LabError(f"'{path}' holds no secret: bring back the file that was written, or name a new folder.")
        return str(table["secret"])

    def word(self, task: str, text: str) -> str:
        """The word for an answer, of its text and the secret: sorted by it, the answers stand in random order."""
        same = f"{task} {' '.join(text.split())}".encode()
        code = hmac.new(self.secret.encode(), same, "sha256").hexdigest()[:8]
        return "".join(LETTERS[int(digit, 16)] for digit in code)

    def marks(self, answers: Mapping[str, str]) -> dict[str, Mark]:
        """The marks of a student's answers, by task; none of those that nobody has read."""
        known = {task: text for task, text in answers.items() if task in self.sheets}  # a heading may have any number
        found = {task: self.sheets[task].marks.get(self.word(task, text)) for task, text in known.items()}
        return {task: mark for task, mark in found.items() if mark}

    def write(self, answers: Iterable[Mapping[str, str]]) -> list[str]:
        """Write the CSV of each task anew where answers are missing in it; rows that are there stay.

        Args:
            answers: of each student, by task.

        Returns:
            A sentence for each sheet with rows of answers that nobody has handed in any more.
        """
        notes = []
        all_answers = list(answers)
        for task in written_tasks():
            words = sorted({self.word(task.id, given[task.id]) for given in all_answers if task.id in given})
            sheet = self.sheets[task.id]
            gone = [word for word in sheet.rows if word not in words]
            if gone:
                number = "one answer" if len(gone) == 1 else f"{len(gone)} answers"
                notes.append(
                    f"'{self.file(task)}' has {number} that nobody has handed in any more: the rows stay, at the end."
                )
            if not self.file(task).exists() or set(words) - set(sheet.rows):
                write_text(self.file(task), _as_csv(sheet, [*words, *gone]))
        return notes


def _as_csv(sheet: MarkedSheet, words: Iterable[str]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=sheet.delimiter, lineterminator="\n")
    writer.writerow(sheet.columns)
    for word in words:
        row = sheet.rows.get(word, {ANSWER: word})
        writer.writerow([row.get(column, "") for column in sheet.columns])
    return BOM + stream.getvalue()


def columns_of(task: Task) -> list[str]:
    """The columns of a criterion each, which say how many points it is worth."""
    return [f"{number}. {criterion.text} [0 to {criterion.points:g}]" for number, criterion in _numbered(task)]


def _numbered(task: Task) -> list[tuple[int, Criterion]]:
    return list(enumerate(task.rubric, start=1))


def read_sheet(path: Path, task: Task) -> MarkedSheet:
    """Read the CSV of a task, in which a person has filled in points.

    Raises:
        LabError: it is not in order; the sentence names the row and the value.
    """
    empty = MarkedSheet((ANSWER, *columns_of(task), COMMENT))
    if not path.exists():
        return empty
    text = read_text(path, "the sheet of a written task", latin=True)
    start = re.match(rf'"?{ANSWER}"?([,;\t])', text)
    delimiter = start[1] if start else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise LabError(f"'{path}' is no CSV that can be read ({error}): save it as CSV again.") from error
    columns = tuple(cell.strip() for cell in rows[0]) if rows else ()
    if missing := [column for column in (ANSWER, *columns_of(task)) if column not in columns]:
        raise LabError(
            f"'{path}' has no column '{missing[0]}': mend its first line, or take the file away to begin it anew."
        )
    found: dict[str, dict[str, str]] = {}
    marks: dict[str, Mark] = {}
    for cells in rows[1:]:
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
        word = row.get(ANSWER, "")
        if any(cell.strip() for cell in cells[len(columns) :]):
            raise LabError(
                f"'{path}', answer '{word}': the row has more cells than the first line; a decimal comma needs a point "
                "or quotes there."
            )
        if not word:
            raise LabError(f"'{path}' has a row with points and no answer: its first cell is the word of an answer.")
        if word in found:
            raise LabError(f"'{path}' has the answer '{word}' twice: keep one row.")
        found[word] = row
        if mark := _mark(path, task, word, row):
            marks[word] = mark
    return MarkedSheet(columns, found, marks, delimiter)


def _mark(path: Path, task: Task, word: str, row: Mapping[str, str]) -> Mark | None:
    """The mark of a row; None where nothing is filled in yet."""
    cells = [row.get(column, "") for column in columns_of(task)]
    if not any(cells):
        return None
    given = []
    for (number, criterion), cell in zip(_numbered(task), cells, strict=True):
        where = f"'{path}', answer '{word}', criterion {number}"
        if not cell:
            raise LabError(f"{where} is empty, and others of this answer are not: fill in all of them, or none.")
        points = _number(cell)
        if points is None or not 0 <= points <= criterion.points:
            raise LabError(f"{where}: '{cell[:40]}' is no number from 0 to {criterion.points:g}.")
        given.append(points)
    return Mark(tuple(given), row.get(COMMENT, ""))


def _number(cell: str) -> float | None:
    """A number as spreadsheets of any country write it."""
    try:
        number = float(cell.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in cell else None
