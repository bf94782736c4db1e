"""What a function returned, as something that can be drawn and compared: plain values, no matplotlib."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

RTOL, ATOL = 1e-4, 1e-5
"""Numbers that are nearer than this are equal, as in the checks."""


@dataclass(frozen=True)
class Grid:
    """Numbers on a grid: a map, or a table where its rows and columns have names.

    Attributes:
        values: float, shape (H, W); NaN is drawn grey.
        rows: the names of the rows of a table.
        columns: those of its columns.
        words: what whole numbers in a table mean, such as {1: "hit"}.
        titles: words in the picture, each as (column, row, text).
        gaps: whether NaN is the space between several maps, and no number.
    """

    values: np.ndarray
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    words: dict[int, str] = field(default_factory=dict)
    titles: tuple[tuple[float, float, str], ...] = ()
    gaps: bool = False

    def unlike(self, other: "Grid") -> str:
        """Say how far this is from another of the same shape; "" where they are equal."""
        equal = _equal(self.values, other.values)
        if equal.all():
            return ""
        if lost := _lost(self.values, other.values):
            return lost
        if self.words:
            return f"{int((~equal).sum())} of {self.values.size} differ"
        far = np.abs(self.values - other.values)
        return f"up to {far[np.isfinite(far)].max():.3g}"


@dataclass(frozen=True)
class Picture:
    """An RGB picture, and the values that it is painted of.

    Attributes:
        image: uint8, shape (H, W, 3).
        values: what is compared, shape (H, W) or (H, W, 3).
        tolerance: that two equal values may differ by.
    """

    image: np.ndarray
    values: np.ndarray
    tolerance: float = 0.0

    def differing(self, other: "Picture") -> np.ndarray:
        """Mark the pixels that differ from those of another of the same shape: bool, (H, W)."""
        far = ~(np.abs(self.values.astype(float) - other.values.astype(float)) <= self.tolerance)  # NaN is far
        return far.any(axis=2) if far.ndim == 3 else far

    def unlike(self, other: "Picture") -> str:
        """Say how many pixels differ; "" where none does."""
        count = int(self.differing(other).sum())
        return f"{count} of {other.image.shape[0] * other.image.shape[1]} pixels differ" if count else ""


@dataclass(frozen=True)
class Boxes:
    """Boxes on a photo.

    Attributes:
        image: RGB, uint8, shape (H, W, 3).
        boxes: float, shape (n, 4), VOC's pixels.
        labels: a word for each box; none at all where there is nothing to say.
        truth: boxes of objects, drawn under them, shape (m, 4).
        marks: crosses, each as (x, y) in pixels from 0 and a word.
    """

    image: np.ndarray
    boxes: np.ndarray
    labels: tuple[str, ...] = ()
    truth: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    marks: tuple[tuple[float, float, str], ...] = ()

    def unlike(self, other: "Boxes") -> str:
        """Say how these boxes differ from others; "" where they are the same, in the same order."""
        if len(self.boxes) != len(other.boxes):
            return f"{_count(len(self.boxes), 'box', 'boxes')} in place of {len(other.boxes)}"
        far = np.asarray(~_equal(self.boxes, other.boxes).all(axis=1))
        if self.labels or other.labels:
            far |= np.array([mine != theirs for mine, theirs in zip(self.labels, other.labels, strict=True)], bool)
        if not far.any():
            return ""
        if _in_order(self) == _in_order(other):
            return "the order differs"
        return f"{int(far.sum())} of {_count(len(far), 'box differs', 'boxes differ')}"


@dataclass(frozen=True)
class Bars:
    """A few numbers with names, or many without: one bar each.

    Attributes:
        values: shape (n,).
        names: n of them, or none.
        what: the numbers are, for the axis.
    """

    values: np.ndarray
    names: tuple[str, ...] = ()
    what: str = ""

    def unlike(self, other: "Bars") -> str:
        """Say how far these numbers are from others; "" where they are equal."""
        if self.names != other.names:
            return "the names, or their order, differ"
        equal = _equal(self.values, other.values)
        if equal.all():
            return ""
        if len(self.values) == 1:
            return f"{self.values[0]:.4g} in place of {other.values[0]:.4g}"
        if lost := _lost(self.values, other.values):
            return lost
        far = np.abs(self.values - other.values)[np.isfinite(self.values - other.values) & ~equal]
        return f"{int((~equal).sum())} of {len(equal)} numbers differ" + (
            f", by up to {far.max():.3g}" if far.size else ""
        )


@dataclass(frozen=True)
class Curve:
    """One line: its points, shape (k,) each, its name, and a number that is known of it, such as its area."""

    x: np.ndarray
    y: np.ndarray
    name: str = ""
    number: float | None = None

    @property
    def label(self) -> str:
        """The name, and the number where there is one."""
        return self.name if self.number is None else f"{self.name}: {self.number:.3f}"


@dataclass(frozen=True)
class Curves:
    """Lines in one plot, with the names of the two axes, and where there is room for the lines' names."""

    curves: tuple[Curve, ...]
    xlabel: str
    ylabel: str
    legend: Literal["lower left", "center right"] = "lower left"

    def unlike(self, other: "Curves") -> str:
        """Say which line differs from that of another plot with as many; "" where none does."""
        for mine, theirs in zip(self.curves, other.curves, strict=True):
            name = f"{mine.name}: " if len(self.curves) > 1 else ""
            if len(mine.x) != len(theirs.x):
                return f"{name}{len(mine.x)} points in place of {len(theirs.x)}"
            far = ~(_equal(mine.x, theirs.x) & _equal(mine.y, theirs.y))
            if far.any():
                return f"{name}{int(far.sum())} of {len(far)} points differ"
            if mine.number is not None and theirs.number is not None and not _equal(mine.number, theirs.number).all():
                return f"{name}{mine.number:.3f} in place of {theirs.number:.3f}"
        return ""


Drawing = Grid | Picture | Boxes | Bars | Curves


def mosaic(maps: np.ndarray, names: tuple[str, ...] = ()) -> Grid:
    """Put maps (n, h, w) beside and below each other, with a gap between them; each may have a name above it."""
    count, height, width = maps.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    gap = max(height // 7, 1) * (3 if names else 1)
    values = np.full((rows * (height + gap), columns * (width + 1) - 1), np.nan)
    titles = []
    for place, one in enumerate(maps):
        row, column = divmod(place, columns)
        top, left = row * (height + gap) + gap, column * (width + 1)
        values[top : top + height, left : left + width] = one
        titles += [(left - 0.5, top - 0.7, names[place])] if names else []
    return Grid(values, titles=tuple(titles), gaps=True)


def _in_order(drawing: Boxes) -> list[tuple[object, ...]]:
    labels = drawing.labels or ("",) * len(drawing.boxes)
    return sorted((*box, label) for box, label in zip(drawing.boxes.tolist(), labels, strict=True))


def _equal(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    return np.asarray(np.isclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True))


def _lost(values: np.ndarray, reference: np.ndarray) -> str:
    """Say how many numbers are none where the reference has one; "" where all are."""
    lost = int((~np.isfinite(values) & np.isfinite(reference)).sum())
    return f"{lost} of {values.size} numbers are NaN or infinite" if lost else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
