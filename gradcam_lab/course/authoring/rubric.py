"""The rubric of a written task: two to four criteria, whose points are the task's together."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FEWEST, MOST = 2, 4
"""Number of criteria of a written task."""


@dataclass(frozen=True)
class Criterion:
    """One thing that a good answer does.

    Attributes:
        text: what it does, in one sentence.
        points: how many it is worth; halves will do.
    """

    text: str
    points: float


def read_rubric(rows: Iterable[Mapping[str, Any]]) -> tuple[Criterion, ...]:
    """The rubric of a manifest; what is missing or of another kind is left to `rubric_problems`."""
    return tuple(Criterion(str(row.get("text", "")), row.get("points", 0)) for row in rows)


def rubric_problems(task: str, points: int, written: bool, rubric: Sequence[Criterion]) -> Iterator[str]:
    """Say what is wrong with the rubric of a task.

    Args:
        task: its number.
        points: how many it is worth.
        written: whether it is answered in words.
        rubric: its criteria.

    Yields:
        A sentence without a full stop for each thing.

    Examples:
        >>> list(rubric_problems("1.5", 2, True, [Criterion("Names the image", 1), Criterion("Says why", 0.5)]))
        ['the rubric of task 1.5 is worth 1.5 points, and the task 2']
    """
    if not written:
        if rubric:
            yield f"task {task} is judged by checks and has a rubric, which is for written tasks"
        return
    if not FEWEST <= len(rubric) <= MOST:
        yield f"the rubric of task {task} has to have {FEWEST} to {MOST} criteria, and not {len(rubric)}"
    if len({criterion.text for criterion in rubric}) < len(rubric):
        yield f"the rubric of task {task} has the same criterion twice"
    for criterion in rubric:
        if not criterion.text.strip():
            yield f"a criterion of task {task} has no text"
    worth = [criterion.points for criterion in rubric]
    if not all(type(number) in (int, float) and math.isfinite(number) and number > 0 for number in worth):
        yield f"the points of each criterion of task {task} have to be a number above 0"
    elif rubric and not math.isclose(sum(worth), points):
        yield f"the rubric of task {task} is worth {sum(worth):g} points, and the task {points}"
