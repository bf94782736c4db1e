"""What one student handed in, and who that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Person:
    """A student as a learning platform knows them; what it does not say is empty.

    Attributes:
        name: as the platform writes it.
        id: the platform's number, or the one of the university.
        email: the address.
    """

    name: str = ""
    id: str = ""
    email: str = ""


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes:
        name: of the student, for people; unique in the class.
        path: a folder, an archive, or None where there are only loose files.
        loose: files that the platform has stored one by one, by the names that the student gave them; where there are
            step files among them they are all that counts, else they are added to what lies at `path`.
        people: the student, or all of a group.
        section: the folder of the section, or "".
        handed_in: the time that the platform says, or None.
        marked_late: whether the platform has put a mark of lateness into the name.
        older: names of earlier hand-ins, which do not count.
    """

    name: str
    path: Path | None
    loose: Mapping[str, Path] = field(default_factory=dict)
    people: tuple[Person, ...] = ()
    section: str = ""
    handed_in: datetime | None = None
    marked_late: bool = False
    older: tuple[str, ...] = ()

    def remarks(self) -> tuple[str, ...]:
        """What a teacher should know of how it was handed in."""
        if not self.older:
            return ()
        return (f"handed in more than once: the newest counts, not {' and '.join(map(repr, self.older))}",)
