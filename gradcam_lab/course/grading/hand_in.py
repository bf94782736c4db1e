"""What was handed in, put beside the grades: whose it is, when it came, and the gradebooks of the platforms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcam_lab.course.grading import gradebooks, rosters
from gradcam_lab.course.grading.gradebooks import ASSIGNMENT
from gradcam_lab.course.grading.grades import Grade, possible
from gradcam_lab.course.grading.lateness import Deadline
from gradcam_lab.course.grading.rosters import Matches, Roster, Row
from gradcam_lab.course.submissions.submission import Person, Submission
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, write_text


@dataclass(frozen=True)
class Gradebooks:
    """The gradebooks that were asked for.

    Attributes:
        canvas: file for Canvas' import.
        moodle: file for Moodle's import.
        roster: the class, as a CSV.
        assignment: the name of the assignment in Canvas.
    """

    canvas: Path | None = None
    moodle: Path | None = None
    roster: Path | None = None
    assignment: str = ASSIGNMENT

    def paths(self) -> list[Path]:
        """The files that are no submissions."""
        return [*self.written(), *([self.roster] if self.roster else [])]

    def written(self) -> list[Path]:
        """The files that are written."""
        return [path for path in (self.canvas, self.moodle) if path]

    def require_places(self) -> None:
        """Find out before the grading whether they can be written.

        Raises:
            LabError: a folder cannot be made or written, or is in the place of a file.
        """
        for path in self.written():
            if path.is_dir():
                raise LabError(f"'{path}' is a folder: name a file to write.")
            require_writable(path.parent)


class HandIns:
    """The submissions of a class beside its roster.

    Args:
        submissions: those that were found.
        wanted: the gradebooks, and the roster.
        deadline: when they are due, or None.

    Raises:
        LabError: the roster cannot be read.
    """

    def __init__(self, submissions: Sequence[Submission], wanted: Gradebooks, deadline: Deadline | None) -> None:
        self.submissions = {submission.name: submission for submission in submissions}
        self.wanted, self.deadline = wanted, deadline
        self.roster: Roster | None = rosters.read(wanted.roster) if wanted.roster else None
        self.matches = rosters.match(self.roster, submissions) if self.roster else Matches({}, (), ())

    def with_remarks(self, grade: Grade) -> Grade:
        """A grade with what is to be said of how it was handed in, and with the points that lateness costs."""
        submission = self.submissions[grade.name]
        remarks = (*grade.remarks, *submission.remarks())
        times = [row.handed_in for _, row in self.matches.rows.get(grade.name, ()) if row.handed_in]
        handed_in = submission.handed_in or max(times, default=None)
        if self.deadline is None:
            return replace(grade, remarks=remarks, handed_in=handed_in)
        late = self.deadline.lateness(handed_in, submission.marked_late, grade.total, possible())
        remarks = (*remarks, *filter(None, [late.remark]))
        return replace(grade, remarks=remarks, handed_in=handed_in, late=late.units, deducted=late.deducted)

    def write(self, grades: Sequence[Grade]) -> list[str]:
        """Write the gradebooks; return lines about who is not in them.

        Raises:
            LabError: one cannot be written, or nobody is known by a number.
        """
        students = list(self._students(grades))
        if self.wanted.canvas:
            write_text(self.wanted.canvas, gradebooks.as_canvas(students, self.roster, self.wanted.assignment))
        if self.wanted.moodle:
            write_text(self.wanted.moodle, gradebooks.as_moodle(students))
        return [*self.matches.lines(), *self._unknown(grades)]

    def _students(self, grades: Sequence[Grade]) -> Iterator[tuple[Grade, Row | None, Person]]:
        """Each student of whom a platform will know whose grade it is."""
        for grade in grades:
            if self.roster:
                yield from ((grade, row, person) for person, row in self.matches.rows.get(grade.name, ()))
            else:
                yield from ((grade, None, one) for one in self.submissions[grade.name].people if one.id)

    def _unknown(self, grades: Sequence[Grade]) -> list[str]:
        """Without a roster: who has no number by which a platform would know them."""
        if self.roster or not (self.wanted.canvas or self.wanted.moodle):
            return []
        names = [grade.name for grade in grades if not any(one.id for one in self.submissions[grade.name].people)]
        return [f"Without a number, so in no gradebook: {', '.join(names)}. Give --roster."] if names else []
