"""The names of drawn boxes, and where they stand: inside the picture, and no one over another."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradcam_lab.data.sample import Box
from gradcam_lab.report.figures.style import OURS, TRUTH, text_width

LABEL_SIZE = 6.0  # points
PAD = 0.02  # inches on each side of the text
HIGH = 1.45 * LABEL_SIZE / 72  # inches

WIDEST = 0.45
"""Of the picture's width: a longer text is left out, if there is a shorter one."""

Place = tuple[float, float, float, float]
"""Left, top, right and bottom in the axes of `style.show_image`, whose unit is a pixel of the image."""


class Name(NamedTuple):
    """What may be written at a box: the first of the texts for which there is room.

    `needed` says whether the last one is written in any case.
    """

    box: Box
    texts: tuple[str, ...]
    colour: str
    needed: bool


class Label(NamedTuple):
    """A text, and the place of its ground."""

    text: str
    place: Place
    colour: str


def names_of(name: str, truth: Sequence[Box], detections: Sequence[tuple[Box, float]]) -> list[Name]:
    """Name detected boxes by falling score, `dog_1`, `dog_2`, with their scores, and annotated ones `GT_dog`.

    Examples:
        >>> [item.texts for item in names_of("dog", [(1, 1, 9, 9)], [((1, 1, 5, 5), 0.25), ((2, 2, 8, 8), 0.75)])]
        [('dog_1 0.75', '0.75'), ('dog_2 0.25', '0.25'), ('GT_dog',)]
        >>> [item.texts for item in names_of("", [(1, 1, 9, 9)], [((1, 1, 5, 5), 0.25)])]
        [('0.25',)]
    """
    ranked = sorted(detections, key=lambda item: -item[1])
    scored = [
        Name(box, ((f"{name}_{rank} {score:.2f}",) if name else ()) + (f"{score:.2f}",), OURS, True)
        for rank, (box, score) in enumerate(ranked, 1)
    ]
    return scored + [Name(box, (f"GT_{name}",), TRUTH, False) for box in truth if name]


def place(names: Sequence[Name], size: tuple[int, int], scale: float) -> list[Label]:
    """Find a place for each name, the first ones first.

    Args:
        names: what may be written.
        size: of the image, (width, height) in pixels.
        scale: inches a pixel.

    Returns:
        The labels: each inside the image, unless it is larger, and none over another, unless it is needed.
    """
    labels: list[Label] = []
    for name in names:
        free = (
            Label(text, spot, name.colour)
            for text in name.texts
            if _extent(text, scale)[0] <= WIDEST * size[0]
            for spot in _spots(name.box, _extent(text, scale))
            if _inside(spot, size) and not any(_overlap(spot, other.place) for other in labels)
        )
        if (label := next(free, None)) is not None:
            labels.append(label)
        elif name.needed:
            text = name.texts[-1]
            spots = [_moved_inside(spot, size) for spot in _spots(name.box, _extent(text, scale))]
            best = min(spots, key=lambda spot: sum(_overlap(spot, other.place) for other in labels))
            labels.append(Label(text, best, name.colour))
    return labels


def _extent(text: str, scale: float) -> tuple[float, float]:
    """The width and the height of a label, in pixels of the image."""
    return (text_width(text, LABEL_SIZE, "bold") + 2 * PAD) / scale, HIGH / scale


def _spots(box: Box, extent: tuple[float, float]) -> Iterator[Place]:
    """The corners of a box in which a label may stand, the best first: above it, below it, and inside."""
    (xmin, ymin, xmax, ymax), (width, height) = box, extent
    lefts = xmin - 1, xmax - width
    for top in (ymin - 1 - height, ymin - 1, ymax, ymax - height):
        for left in lefts:
            yield left, top, left + width, top + height


def _inside(spot: Place, size: tuple[int, int]) -> bool:
    left, top, right, bottom = spot
    return left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]


def _moved_inside(spot: Place, size: tuple[int, int]) -> Place:
    left, top, right, bottom = spot
    x = max(min(0.0, size[0] - right), -left)
    y = max(min(0.0, size[1] - bottom), -top)
    return left + x, top + y, right + x, bottom + y


def _overlap(one: Place, other: Place) -> float:
    """The area that two places share, in pixels."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)
