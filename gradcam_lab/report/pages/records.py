"""What the pages are made of: lessons with their tasks, texts in Markdown, and all of them as a course."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class TaskCard:
    """What a page says of a task beside its function.

    Attributes:
        id: its number, such as "2.1".
        title: a few words.
        points: how many it is worth.
        minutes: how long it takes, about.
        units: the functions that it is about; none where it is answered in words.
        status: what came of it in the workspace, such as "passed"; "" outside of one.
        hints: those that the page may show.
        all_hints: their number.
        drawn: whether `gradcam-lab look` has a picture of it.
    """

    id: str
    title: str
    points: int
    minutes: int
    units: tuple[str, ...] = ()
    status: str = ""
    hints: tuple[str, ...] = ()
    all_hints: int = 0
    drawn: bool = False

    @property
    def command(self) -> str:
        """The command that checks it."""
        return f"gradcam-lab check {self.id}"


@dataclass(frozen=True)
class LessonText:
    """A lesson as its page shows it.

    Attributes:
        number: of the step.
        name: of its file, without the suffix.
        title: the first line of its docstring.
        source: the Python text that may be shown: outside a workspace the lesson itself, in one the student's functions
            where they have passed, and otherwise the stub.
        tasks: in order.
        notation: the rows of its notation table: what it is called here, the paper's symbol,
            and its shape or range, in Markdown.
        own: the functions of the source that the student has written.
        earned: the student's points; None outside a workspace.
    """

    number: int
    name: str
    title: str
    source: str
    tasks: tuple[TaskCard, ...]
    notation: tuple[tuple[str, str, str], ...] = ()
    own: frozenset[str] = frozenset()
    earned: int | None = None

    @property
    def points(self) -> int:
        """The points of all its tasks."""
        return sum(task.points for task in self.tasks)

    @property
    def file(self) -> str:
        """The name of its page."""
        return f"{self.name}.html"

    @property
    def command(self) -> str:
        """The command that makes its page."""
        return f"gradcam-lab read {self.number}"


@dataclass(frozen=True)
class MarkdownText:
    """A text in Markdown.

    Attributes:
        name: by which `gradcam-lab read` finds it, and of its page.
        path: its file.
        place: where it lies in the repository, as links of other texts lead to it.
        title: the heading at its beginning.
        text: what comes after it.
    """

    name: str
    path: Path
    place: str
    title: str
    text: str

    @property
    def file(self) -> str:
        """The name of its page."""
        return f"{self.name}.html"

    @property
    def command(self) -> str:
        """The command that makes its page."""
        return f"gradcam-lab read {self.name}"


@dataclass(frozen=True)
class Course:
    """All lessons, and all pages in Markdown.

    Attributes:
        lessons: in order.
        pages: in order.
        others: the files of further pages by the place in the repository of what they show.
        workspace: whether the lessons are shown as a student's workspace has them.
    """

    lessons: tuple[LessonText, ...]
    pages: tuple[MarkdownText, ...]
    others: Mapping[str, str] = field(default_factory=dict)
    workspace: bool = False

    def addresses(self) -> dict[str, str]:
        """The name of each page by the place in the repository of what it shows."""
        lessons = {f"lessons/{lesson.name}.py": lesson.file for lesson in self.lessons}
        return {**lessons, **{page.place: page.file for page in self.pages}, **self.others}
