"""Step 4's matching, of all images at once.

The lesson goes through one image after the other and one detection after the other, which is how one understands it.
Here are the same matches, to the last tie, from whole arrays: for 100 000 images and a million boxes that is a
second instead of a minute. The tests hold the two against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.lessons.step4_metrics import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches

PAIRS = 500_000
"""Pairs of a detection and an object whose overlap is computed at a time: few enough to stay in the cache."""


class Boxes(NamedTuple):
    """Boxes of all images in one array (n, 4), and the index of the image of each, rising, shape (n,)."""

    boxes: np.ndarray
    image: np.ndarray


class Pairs(NamedTuple):
    """Detections and objects of the same image that overlap: their indices and their IoU, shape (k,) each."""

    detection: np.ndarray
    object: np.ndarray
    iou: np.ndarray


class Matching:
    """The detections of all images beside the objects, ready to be matched at any threshold.

    Args:
        detections: (n, 5) arrays by image.
        truth: boxes (m, 4) and difficult (m,) by image; step 4's `GroundTruth` is such a pair.
        lowest: the lowest threshold that will be asked for.
        count_difficult: see step 4's `match_all`.
        ties: see step 4's `match_all`.
    """

    def __init__(
        self,
        detections: Mapping[str, np.ndarray],
        truth: Mapping[str, Any],
        *,
        lowest: float,
        count_difficult: bool = False,
        ties: str = "group",
    ) -> None:
        none = np.zeros((0, 5))
        rows, image = flat([np.asarray(detections.get(name, none)) for name in truth], none)
        order = np.lexsort((*-rows.T, image))  # as the lesson: by falling score, then by coordinates
        if ties == "group":
            rows, order = rows[order], np.arange(len(rows))
        self.images = len(truth)
        self.scores, self.image = rows[:, 4], image
        boxes, owner = flat([objects[0] for objects in truth.values()], none[:, :4])
        self.difficult = flat([objects[1] for objects in truth.values()], none[:, 0] > 0)[0]
        self.owner = owner
        self.ignored = self.difficult & (not count_difficult)
        self.pairs = overlapping(Boxes(rows[:, :4], image), Boxes(boxes, owner), lowest)
        self.surest = order[firsts(image)]
        # When each detection may choose: a number, smaller for those that choose earlier within their image.
        self.turns = np.argsort(np.lexsort((-self.scores, image)))

    def at(self, threshold: float) -> Matches:
        """Match at one threshold; the result is that of step 4's `match_all`."""
        counted = ~self.ignored
        good = self.pairs.iou > threshold
        to_find = _chosen(self.pairs, good & counted[self.pairs.object])
        outcomes = np.full(len(self.scores), FALSE_POSITIVE)
        outcomes[self.pairs.detection[good & self.ignored[self.pairs.object]]] = IGNORED
        outcomes[greedy(to_find, self.turns, len(self.owner))] = TRUE_POSITIVE
        objects = np.bincount(self.owner[counted], minlength=self.images)
        return Matches(self.image, self.scores, outcomes, objects)

    def correct(self, threshold: float) -> np.ndarray:
        """Say for each image whether its surest box is right: 1, 0, or NaN where nothing is to be found.

        The values are those of step 4's `correct_localisation`.
        """
        right = np.full(self.images, np.nan)
        right[self.owner[~self.difficult]] = 0
        good = (self.pairs.iou > threshold) & ~self.difficult[self.pairs.object]
        surest = self.surest[np.isin(self.surest, self.pairs.detection[good])]
        right[self.image[surest]] = 1
        return right


def flat(parts: Sequence[np.ndarray], empty: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the arrays of all images behind each other; return them and the index of the image of each row."""
    lengths = np.fromiter(map(len, parts), int, len(parts))
    return np.concatenate([empty, *parts]), np.repeat(np.arange(len(parts)), lengths)


def firsts(values: np.ndarray) -> np.ndarray:
    """Return the index of the first of each run of equal values."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def overlapping(found: Boxes, objects: Boxes, lowest: float) -> Pairs:
    """Find the pairs within the same image whose IoU is greater than `lowest`.

    They come by detection, and for each detection the object that it overlaps most first; of equal overlaps, the
    earlier object.
    """
    begin, end = (np.searchsorted(objects.image, found.image, side) for side in ("left", "right"))
    counts = end - begin
    pieces = [_pairs(found, objects, begin, counts, part, lowest) for part in _parts(counts)]
    pairs = Pairs(*(np.concatenate(column) for column in zip(*pieces, strict=True)))
    return _chosen(pairs, np.lexsort((pairs.object, -pairs.iou, pairs.detection)))


def _parts(counts: np.ndarray) -> Iterable[np.ndarray]:
    """Cut the detections into parts that have about as many pairs."""
    part = np.cumsum(counts) // PAIRS
    return np.split(np.arange(len(counts)), firsts(part)[1:])


def _pairs(
    found: Boxes, objects: Boxes, begin: np.ndarray, counts: np.ndarray, part: np.ndarray, lowest: float
) -> Pairs:
    detection = np.repeat(part, counts[part])
    first = np.repeat(np.cumsum(counts[part]) - counts[part], counts[part])
    item = np.repeat(begin[part], counts[part]) + np.arange(len(detection)) - first
    iou = paired_iou(found.boxes[detection], objects.boxes[item])
    return _chosen(Pairs(detection, item, iou), iou > lowest)


def paired_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the IoU of each box of `a` with the same row of `b`: the very arithmetic of step 4's `box_iou`.

    Examples:
        >>> paired_iou(np.array([[1.0, 1, 10, 10]]), np.array([[1.0, 6, 10, 15]])).round(4).tolist()
        [0.3333]
    """
    first = np.maximum(a[:, :2], b[:, :2])
    last = np.minimum(a[:, 2:], b[:, 2:])
    intersection = (last - first + 1).clip(min=0).prod(axis=1)
    return intersection / (_area(a) + _area(b) - intersection)


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)


def _chosen(pairs: Pairs, which: np.ndarray) -> Pairs:
    return Pairs(*(column[which] for column in pairs))


def greedy(pairs: Pairs, turns: np.ndarray, objects: int) -> np.ndarray:
    """Let the surest detection choose first, in all images at once; return the detections that get an object.

    It works by proposals (Gale and Shapley, 1962). Every detection asks for the object that it overlaps most; every
    object keeps the one whose turn is earliest; those sent away ask for their next. As all objects prefer the same
    order, the outcome is that of choosing in turn. How many rounds that takes depends on how objects overlap one
    another, not on how many detections there are: with one object an image, one.

    Args:
        pairs: the objects that each detection would take, the best first.
        turns: of each detection; those of one image differ.
        objects: how many there are.

    Returns:
        Indices of detections.
    """
    wanted, last = firsts(pairs.detection), np.append(firsts(pairs.detection)[1:], len(pairs.detection)) - 1
    earliest = np.full(objects, len(turns))
    while True:
        turn, item = turns[pairs.detection[wanted]], pairs.object[wanted]
        np.minimum.at(earliest, item, turn)
        sent_away = earliest[item] != turn
        if not sent_away.any():
            return pairs.detection[wanted]
        wanted = wanted + sent_away
        kept = wanted <= last
        wanted, last = wanted[kept], last[kept]
