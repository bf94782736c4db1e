"""The column "to look at" of one submission: where to look, by file and line, and why.

Nothing of it is a verdict, and no point depends on it. A small body says nothing: with one or two statements, honest
answers coincide. How large is large was measured on the gallery's other right answers: with the reference's bodies of
fewer than 60 nodes of the syntax tree they share up to 97 % of their tokens, with larger ones never more than 77 %. The
limit is 80, because hints lead to the same lines.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gradcam_lab.course.authoring.manifest import Step, all_steps
from gradcam_lab.course.integrity.bodies import Body, bodies_of
from gradcam_lab.course.integrity.tricks import oddities
from gradcam_lab.course.integrity.work_record import RECORD_FILE, WorkRecord

LEAST = 80
"""Number of nodes from which a body that is equal to another says something."""

PART = 30
"""Number of nodes from which it says something together with others of its step; three or four statements."""


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    Attributes:
        file: the name of the student's file, or "" where it is about the whole.
        line: its line there, or 0.
        what: what is there, as the rest of a sentence.
    """

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.what}"

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return asdict(self)


def look_at(texts: Mapping[str, str], record: WorkRecord | None) -> tuple[Finding, ...]:
    """List what is worth a look in one submission.

    Args:
        texts: its Python files by their names.
        record: how the student worked, if it was handed in.

    Returns:
        First what is like the reference, then what is wrong with the record, then each odd line.
    """
    found: list[Finding] = []
    shown = set(record.answers) if record else set()
    for step in all_steps():
        if equal := equal_to_reference(texts.get(step.file, ""), step):
            names = ", ".join(body.unit for body in equal)
            why = f"{names}: as in the reference but for names and layout"
            if all(_task(step, body.unit) in shown for body in equal):
                why += " (which the lab showed after the tries)"
            found.append(Finding(step.file, equal[0].line, why))
    if record and record.flaw:
        found.append(Finding(RECORD_FILE, 0, f"the record of hints and tries: {record.flaw}"))
    found += [Finding(file, line, what) for file, text in texts.items() for line, what in oddities(text)]
    return tuple(found)


def equal_to_reference(source: str, step: Step) -> list[Body]:
    """The bodies of a step that are equal to the reference's, where they are large enough, alone or together."""
    reference = bodies_of(step.source, step)
    equal = [
        body
        for unit, body in bodies_of(source, step).items()
        if body.text == reference[unit].text and reference[unit].size >= PART
    ]
    return equal if sum(body.size for body in equal) >= LEAST else []


def _task(step: Step, unit: str) -> str:
    return next(task.id for task in step.coded if unit in task.units)
