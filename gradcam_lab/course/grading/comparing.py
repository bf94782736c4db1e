"""What only the whole class tells: who shares code, a workspace or a written answer with whom."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gradcam_lab.course.grading.grades import Grade
from gradcam_lab.course.integrity.look_at import Finding
from gradcam_lab.course.integrity.similarity import Pair, similar_pairs
from gradcam_lab.course.integrity.work_record import RECORD_FILE
from gradcam_lab.course.workspace.folder import ANSWERS

SHOWN = 3
"""Number of others who are named."""


def compare(grades: Sequence[Grade]) -> tuple[tuple[Grade, ...], tuple[Pair, ...]]:
    """Compare all submissions with each other.

    Returns:
        The grades, each with this before the other things to look at, and the pairs that share code of their own.
    """
    pairs = similar_pairs({grade.name: grade.code for grade in grades if not grade.problem})
    found: dict[str, list[Finding]] = defaultdict(list)
    for pair in pairs:
        if pair.alike:
            for name in pair.names:
                found[name].append(Finding(pair.file, pair.line(name), pair.what(name)))
    for name, finding in (*_same_workspace(grades), *_same_answers(grades)):
        found[name].append(finding)
    return tuple(replace(grade, to_look_at=(*found[grade.name], *grade.to_look_at)) for grade in grades), tuple(pairs)


def _same_workspace(grades: Sequence[Grade]) -> Iterator[tuple[str, Finding]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for grade in grades:
        if grade.record and grade.record.workspace:
            groups[grade.record.workspace].append(grade.name)
    for names in groups.values():
        for name, others in _with_others(names):
            yield (
                name,
                Finding(RECORD_FILE, 0, f"the workspace is the same as that of {others}: one is a copy"),
            )


def _same_answers(grades: Sequence[Grade]) -> Iterator[tuple[str, Finding]]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for grade in grades:
        for task, text in grade.answers.items():
            if task not in grade.short_answers:
                groups[task, " ".join(text.casefold().split())].append(grade.name)
    for (task, _), names in groups.items():
        for name, others in _with_others(names):
            yield name, Finding(ANSWERS, 0, f"the answer to {task} is word for word that of {others}")


def _with_others(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each of some names with the others, of whom the first few are named; nothing where there is only one."""
    all_names = list(names)
    for name in all_names:
        others = [other for other in all_names if other != name]
        if others:
            more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
            yield name, f"{', '.join(others[:SHOWN])}{more}"
