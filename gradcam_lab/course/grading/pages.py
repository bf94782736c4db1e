"""A grading as pages for a browser: the class, each student, and each pair of students who share code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import (
    Grade,
    Grading,
    coded_possible,
    file_name,
    possible,
    totals,
    written_possible,
    written_tasks,
)
from gradcam_lab.course.integrity.similarity import ALIKE, Pair, own_sequences
from gradcam_lab.course.workspace.diff import DiffRow, of_unit, side_by_side
from gradcam_lab.files import text_sha256, write_text

MOST_PAIRS = 20
"""Number of pairs in the table, if fewer are worth a look."""


def write_pages(grading: Grading, folder: Path) -> None:
    """Write a page for each student and each pair that is worth a look, and last `index.html`, which leads to them."""
    from gradcam_lab.report.templating import html_environment

    environment = html_environment("grades", trim_blocks=True)
    common = {
        "grading": grading,
        "steps": all_steps(),
        "coded": coded_possible(),
        "written_possible": written_possible(),
        "possible": possible(),
        "written": written_tasks(),
        "guard": grading.guard(),
        "totals": totals,
        "page_of": page_of,
        "page_of_pair": page_of_pair,
        "alike": ALIKE,
    }
    for grade in grading.grades:
        pairs = [pair for pair in grading.pairs if pair.alike and grade.name in pair.names]
        page = environment.get_template("student.html.j2").render(**common, grade=grade, pairs=pairs)
        write_text(folder / page_of(grade), page)
    by_name = {grade.name: grade for grade in grading.grades}
    for pair in grading.pairs:
        if pair.alike:
            both = [by_name[name] for name in pair.names]
            functions = list(shared_functions(both[0].code, both[1].code))
            page = environment.get_template("pair.html.j2").render(**common, pair=pair, both=both, functions=functions)
            write_text(folder / page_of_pair(pair), page)
    shown = grading.pairs[: max(sum(pair.alike for pair in grading.pairs), MOST_PAIRS)]
    index = environment.get_template("class.html.j2").render(**common, pairs=shown, took=grading.took())
    write_text(folder / "index.html", index)


def page_of(grade: Grade) -> str:
    """The name of a student's page."""
    return f"{file_name(grade.name)}.html"


def page_of_pair(pair: Pair) -> str:
    """The name of the page of two students."""
    return f"pair-{text_sha256(chr(0).join(pair.names))[:16]}.html"


@dataclass(frozen=True)
class SharedFunction:
    """A function that two students have, and in which they share code of their own.

    Attributes:
        file: the name of both files.
        name: of the function or method.
        lines: at which it begins, in each.
        rows: both texts side by side.
    """

    file: str
    name: str
    lines: tuple[int, int]
    rows: list[DiffRow]


def shared_functions(mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[SharedFunction]:
    """Show the functions in which two students share code of their own, file by file.

    Args:
        mine: the files of the one, by name.
        theirs: those of the other.
    """
    for file in sorted(mine.keys() & theirs.keys()):
        first, second = own_sequences(mine[file]), own_sequences(theirs[file])
        shared = {first[sequence] for sequence in first.keys() & second.keys()}
        if not shared:  # also where one of them does not parse
            continue
        places, others = cut.unit_lines(mine[file]), cut.unit_lines(theirs[file])
        for name, (begin, end) in places.items():
            is_inner = name.rpartition(".")[0] in places
            if name in others and not is_inner and any(begin <= line <= end for line in shared):
                rows = side_by_side(of_unit(mine[file], name) or [], of_unit(theirs[file], name) or [])
                yield SharedFunction(file, name, (begin, others[name][0]), rows)
