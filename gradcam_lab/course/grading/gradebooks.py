"""Grades as Canvas' gradebook and Moodle's assignment import them.

Canvas (`GradebookImporter`): the columns Student, ID, SIS User ID, SIS Login ID and Section, then the assignment, whose
possible points stand in a second line. Moodle (`assignfeedback_offline`, the grading worksheet): the columns Identifier
("Participant 12"), Full name, Email address, Grade, Maximum Grade, Last modified (grade) and Feedback comments; a row
without Last modified (grade) is not refused, but a table without that column is. A submission that
nobody could read has no points in either: that is for the teacher to say.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from gradcam_lab.course.grading.csv_cells import text_cell
from gradcam_lab.course.grading.grades import Grade, possible, totals
from gradcam_lab.course.grading.rosters import MAILS, SECTIONS, Roster, Row
from gradcam_lab.course.submissions.submission import Person

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
MOODLE = (
    *("Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed"),
    *("Last modified (submission)", "Last modified (grade)", "Feedback comments"),
)
ASSIGNMENT = "gradcam-lab"
"""The name of the assignment in Canvas, unless another is given."""

Students = Iterable[tuple[Grade, Row | None, Person]]
"""Each student with the grade, the row of the roster, and what the names of the files said."""


def as_canvas(students: Students, roster: Roster | None, assignment: str = ASSIGNMENT) -> str:
    """A gradebook for Canvas' import, of the students who have a number there.

    Args:
        students: with their grades.
        roster: the class; where it is an exported gradebook, the column of the assignment is named as there.
        assignment: its name in Canvas.
    """
    rows = [
        [*(_canvas_cell(column, row, person) for column in CANVAS), "" if grade.problem else f"{grade.counted:g}"]
        for grade, row, person in students
    ]
    maximum = ["    Points Possible", *[""] * (len(CANVAS) - 1), f"{possible():g}"]
    return _csv([[*CANVAS, _assignment(roster, assignment)], maximum, *rows])


def _assignment(roster: Roster | None, assignment: str) -> str:
    """The heading of the assignment: with Canvas' number, such as "Lab 1 (4711)", where the roster has it."""
    headings = roster.headings if roster else ()
    same = (heading for heading in headings if heading.rpartition(" (")[0] == assignment or heading == assignment)
    return next(same, assignment)


def _canvas_cell(column: str, row: Row | None, person: Person) -> str:
    if row is None:
        return {"Student": person.name, "ID": person.id}.get(column, "")
    if column == "Student":
        return row.name
    if column == "Section":
        return row.cell(*SECTIONS)
    if column == "SIS Login ID":
        return row.cell("sis login id", "login", "username")
    if column == "SIS User ID":
        return row.cell("sis user id", "student id", "sid", "id number")
    is_canvas = "SIS User ID" in row.cells or "SIS Login ID" in row.cells or "canvas id" in map(str.lower, row.cells)
    return row.cell("id", "canvas id") if is_canvas else person.id


def as_moodle(students: Students) -> str:
    """A grading worksheet for Moodle's import, of the students who have a number in this assignment."""
    return _csv([MOODLE, *([_moodle_cell(*student, column) for column in MOODLE] for student in students)])


def _moodle_cell(grade: Grade, row: Row | None, person: Person, column: str) -> str:
    given = row.cells.get(column, "").strip() if row else ""
    filled: Mapping[str, str] = {
        "Identifier": given or (f"Participant {person.id}" if person.id else ""),
        "Full name": given or (row.name if row else person.name),
        "Email address": given or (row.cell(*MAILS) if row else person.email),
        "Grade": "" if grade.problem else f"{grade.counted:.2f}",
        "Maximum Grade": given or f"{possible():.2f}",
        "Grade can be changed": given or "Yes",
        "Feedback comments": feedback(grade),
    }
    return filled.get(column, given)


def feedback(grade: Grade) -> str:
    """A grade in a few sentences for the student: the points, what was lost, and why."""
    if grade.problem:
        return grade.problem
    return " | ".join([f"{grade.counted:g} of {possible():g} points", totals(grade), *grade.said()])


def _csv(rows: Iterable[Sequence[str]]) -> str:
    """Rows of text as CSV, without a byte order mark, which is what the platforms themselves write."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([text_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()
