"""Comparisons of two numbers, and lists, as words."""

from collections.abc import Sequence
from typing import Any

from gradcam_lab.evaluate.records import FailureKind, MeanWithInterval

NEGLIGIBLE = 0.0005
"""Fractions nearer than this are the same number in a table of percents."""

LEVEL = 0.05
"""Times whose ratio is nearer to 1 than this are the same: they are not measured more exactly."""

FAILURES: dict[FailureKind, str] = {
    "missed": "no box overlaps the object in any way worth mentioning",
    "head only": "the box lies inside the object and holds only a part of it",
    "merged": "the box covers several objects at once",
    "context": "the box spills over into the surroundings",
}
"""The kinds of failure, from the worst, and what each means."""


def compared(mine: MeanWithInterval, theirs: MeanWithInterval) -> dict[str, Any]:
    """Compare two measured fractions.

    Returns:
        `ours`, `theirs`, the `difference`, whether ours is `ahead`, the `lead` ("3.2 points ahead"), the same as `than`
        ("3.2 points better than"), the `verdict` ("ahead of"), and whether the intervals are `apart`; an unmeasured
        fraction is taken for 0, and its interval for no interval.
    """
    difference = (mine["value"] or 0.0) - (theirs["value"] or 0.0)
    size = points(abs(difference))
    return {
        "ours": mine["value"],
        "theirs": theirs["value"],
        "difference": difference,
        "ahead": difference > 0,
        "lead": f"{size} {'ahead' if difference > 0 else 'behind'}" if difference else "level",
        "than": f"{size} {'better' if difference > 0 else 'worse'} than" if difference else "level with",
        "verdict": ("ahead of" if difference > 0 else "behind") if difference else "level with",
        "apart": above(mine, theirs) or above(theirs, mine),
    }


def above(first: MeanWithInterval, second: MeanWithInterval) -> bool:
    """Whether the whole interval of the first lies above that of the second."""
    return first["low"] is not None and second["high"] is not None and first["low"] > second["high"]


def points(fraction: float) -> str:
    """A difference of two fractions, in words."""
    text = f"{100 * fraction:.1f}"
    return f"{text} point" if text == "1.0" else f"{text} points"


def signed(difference: float, percent: bool = True) -> str:
    """A difference with its sign: of two fractions in percent with one decimal, of other numbers with two."""
    return (f"{100 * difference:+.1f}" if percent else f"{difference:+.2f}").replace("-", "−")


def time_of(cost: float, other: str) -> str:
    """A time relative to that of something else, in words.

    Examples:
        >>> time_of(0.583, "one thread"), time_of(2.4, "one thread"), time_of(1.04, "one thread")
        ('0.58 of the time of one thread', '2.40 times the time of one thread', 'about the same time as one thread')
    """
    if abs(cost - 1) < LEVEL:
        return f"about the same time as {other}"
    return f"{cost:.2f} {'of' if cost < 1 else 'times'} the time of {other}"


def threshold(fraction: float) -> str:
    """A fraction of a map's maximum: with two decimals, or with as many as it has."""
    return f"{fraction:.2f}" if round(fraction, 2) == fraction else f"{fraction:g}"


def decimal(value: float) -> str:
    """A number with two decimals."""
    return f"{value:.2f}".replace("-", "−")


def listed(words: Sequence[str]) -> str:
    """Join at least one word as in "a, b and c"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
