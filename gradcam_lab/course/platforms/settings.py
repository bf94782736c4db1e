"""What a teacher decides when an autograder is made, and the autograder reads where it runs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring.manifest import Task
from gradcam_lab.course.grading.grades import coded_tasks
from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json

FILE = "settings.json"
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
"""When students see a test's result, in Gradescope's words; the first is meant where nothing is said."""


@dataclass(frozen=True)
class Settings:
    """How an autograder grades.

    Attributes:
        seed: of the checks' random cases, the same for everybody.
        seconds: limit of one check, in seconds of CPU time.
        visibility: whether students see a test's result, by task; "" is for all others.
    """

    seed: int
    seconds: float = Limits.seconds
    visibility: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Settings":
        """Read the settings of an autograder.

        Raises:
            LabError: the file is missing or is no such file.
        """
        try:
            return cls(**read_json(path))
        except TypeError as error:
            raise LabError(f"'{path}' holds no settings of an autograder: make it again.") from error

    def as_json(self) -> dict[str, Any]:
        """A dictionary that JSON can hold."""
        return asdict(self)

    def limits(self) -> Limits:
        """The limits of each check."""
        return Limits(seconds=self.seconds)

    def visibility_of(self, task: Task) -> str:
        """Whether students see the result of a task's test."""
        return self.visibility.get(task.id, self.visibility.get("", VISIBILITIES[0]))


def visibility(words: Sequence[str]) -> dict[str, str]:
    """Read what students may see: a word for all tests, or TASK=WORD for one.

    Raises:
        LabError: there is no such word or task.
    """
    tasks = [task.id for _, task in coded_tasks()]
    found: dict[str, str] = {}
    for text in words:
        task, equals, word = text.rpartition("=")
        if word not in VISIBILITIES:
            raise LabError(f"'{text}' is no visibility: write one of {', '.join(VISIBILITIES)}, or TASK=one of these.")
        if equals and task not in tasks:
            raise LabError(f"There is no coded task '{task}': they are {', '.join(tasks)}.")
        found[task] = word
    return found
