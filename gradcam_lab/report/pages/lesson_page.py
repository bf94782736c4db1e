"""A lesson as a page of two columns: what is said, and the code that it is about."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup
from pygments.lexers import PythonLexer

from gradcam_lab.report.pages.lesson_source import Piece, pieces
from gradcam_lab.report.pages.prose import Heading, References, render, split_title
from gradcam_lab.report.pages.records import Course, LessonText, TaskCard
from gradcam_lab.report.pages.shell import page_of, references
from gradcam_lab.report.text.docstring import Docstring, parse_docstring
from gradcam_lab.report.text.listing import highlighted

_PAPER = re.compile(r"(\w+) et al\., \*\[[^\]]*\]\(([^)\s]+)\)\*,[^.;()]*?(\d{4})")


@dataclass(frozen=True)
class Row:
    """What stands beside each other on the page.

    Attributes:
        prose: the text above.
        cards: the tasks that begin here.
        name: of the function, class or constant; "" where there is none.
        anchor: of the name.
        doc: its docstring.
        code: it, in colour.
        own: whether the student has written it.
    """

    prose: Markup
    cards: tuple[TaskCard, ...]
    name: str
    anchor: str
    doc: Docstring
    code: Markup
    own: bool


def to_html(lesson: LessonText, course: Course, there: Callable[[str], bool]) -> str:
    """Return the page.

    Args:
        lesson: what it shows.
        course: what it is a part of.
        there: whether a page of this name lies beside it.

    Raises:
        LabError: the lesson shows a figure that is not there.
    """
    place = f"lessons/{lesson.name}.py"
    found = references(place, Path(), course, there)
    headings: list[Heading] = []
    rows = list(_rows(lesson, found, headings))
    return page_of(
        "lesson.html.j2",
        lesson.file,
        course,
        there,
        title=lesson.title,
        lesson=lesson,
        rows=rows,
        contents=[heading for heading in headings if heading.level == 2],
    )


def _rows(lesson: LessonText, found: References, headings: list[Heading]) -> Iterator[Row]:
    """The rows of a lesson, whose headings are added to the list."""
    anchors = {f"task-{task.id}" for task in lesson.tasks}
    left, papers = list(lesson.tasks), _papers(lesson.source)
    for place, piece in enumerate(_parts(lesson)):
        prose = render(piece.prose, found, anchors)
        headings += prose.headings
        cards = tuple(task for task in left if _begins(task, piece, place))
        left = [task for task in left if task not in cards]
        anchors.add(piece.name)
        yield Row(
            prose.html,
            cards,
            piece.name,
            piece.name.replace(", ", "-"),
            parse_docstring(_linked(piece.doc, papers)),
            highlighted(piece.code, PythonLexer()) if piece.code else Markup(),
            piece.name in lesson.own,
        )


def _parts(lesson: LessonText) -> Iterator[Piece]:
    """The pieces, with the notation below the opening, and what has a name apart from the prose above it."""
    opening, *others = pieces(lesson.source)
    yield replace(opening, prose=split_title(opening.prose)[1])
    if lesson.notation:
        yield Piece(prose=_notation(lesson.notation))
    for piece in others:
        if piece.prose and piece.name:
            yield Piece(prose=piece.prose)
        yield replace(piece, prose="") if piece.name else piece


def _papers(source: str) -> dict[str, str]:
    """The address of each paper that a lesson links, by how its docstrings quote it, such as "Zhou et al. 2016"."""
    text = re.sub(r"\s+(# )?", " ", source)
    return {f"{name} et al. {year}": address for name, address, year in _PAPER.findall(text)}


def _linked(doc: str, papers: Mapping[str, str]) -> str:
    """Link the papers that a docstring quotes."""
    for name, address in papers.items():
        doc = doc.replace(name, f"[{name}]({address})")
    return doc


def _begins(task: TaskCard, piece: Piece, place: int) -> bool:
    """Whether a task's card stands in a piece: at the first of its functions, or below its question."""
    if task.units:
        return piece.name in task.units
    return place > 0 and piece.prose.startswith(f"## {task.id} ")


def _notation(symbols: Sequence[tuple[str, str, str]]) -> str:
    """The notation table."""
    rows = [f"| {here} | {paper} | {shape} |" for here, paper, shape in symbols]
    return "\n".join(["## Notation", "", "| here | in the paper | shape |", "| --- | --- | --- |", *rows])
