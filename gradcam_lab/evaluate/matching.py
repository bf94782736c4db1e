"""Step 4's matching, of all images at once.

The lesson goes through one image after the other and one detection after the other, which is how one understands it.
Here are the same matches, to the last tie, from whole arrays: for 100 000 images and a million boxes that is a
second instead of a minute. The tests hold the two against each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.lessons.step4_metrics import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches, area

PAIRS = 100_000
"""Pairs of a detection and an object that are looked at together: few enough to stay in the cache."""


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
    """The detections of all images, matched with the objects at several thresholds.

    Detections choose in turn: by image, and within it by falling score. So they are matched block by block, each block
    with the objects that those before it have left; no more than a block's pairs are ever kept.

    Args:
        detections: (n, 5) arrays by image.
        truth: boxes (m, 4) and difficult (m,) by image; step 4's `GroundTruth` is such a pair.
        thresholds: the IoU thresholds.
        count_difficult: see step 4's `match_all`.
        ties: see step 4's `match_all`.
        block: about how many pairs are looked at together.
    """

    def __init__(
        self,
        detections: Mapping[str, np.ndarray],
        truth: Mapping[str, Any],
        *,
        thresholds: Sequence[float],
        count_difficult: bool = False,
        ties: str = "group",
        block: int = PAIRS,
    ) -> None:
        none = np.zeros((0, 5))
        rows, image = flat([np.asarray(detections.get(name, none)) for name in truth], none)
        turns = by_falling_score(image, rows[:, 4])
        surest_first = _ties_by_coordinates(turns, rows, image)  # as the lesson does
        turns = surest_first if ties == "group" else turns
        boxes, owner = flat([objects[0] for objects in truth.values()], none[:, :4])
        difficult = flat([objects[1] for objects in truth.values()], none[:, 0] > 0)[0]
        objects = Boxes(boxes, owner)
        counted = ~difficult | count_difficult
        self.images = len(truth)
        self.image = image
        self.scores = rows[turns if ties == "group" else slice(None), 4]
        self.objects = np.bincount(owner[counted], minlength=self.images)
        outcomes = match(Boxes(rows[turns, :4], image), objects, counted, thresholds, block)
        if ties == "order":  # from their turns back to the order of the file
            places = np.argsort(turns)
            outcomes = {threshold: judged[places] for threshold, judged in outcomes.items()}
        self.outcomes = outcomes
        surest = surest_first[firsts(image)]
        self.surest = best_overlaps(Boxes(rows[surest, :4], image[surest]), objects, counted, self.images)

    def at(self, threshold: float) -> Matches:
        """Return the matches at one of the thresholds; they are those of step 4's `match_all`."""
        return Matches(self.image, self.scores, self.outcomes[threshold], self.objects)

    def correct(self, threshold: float) -> np.ndarray:
        """Say for each image whether its surest box is right: 1, 0, or NaN where nothing is to be found.

        The values are those of step 4's `correct_localisation`; where difficult objects count, of the same objects not
        marked so.
        """
        return np.where(np.isnan(self.surest), np.nan, self.surest > threshold)


def by_falling_score(group: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the order by group, and within it by falling score; of equal scores the earlier stays before.

    They are sorted as complex numbers, whose order is that of the real part and then of the imaginary one: in one pass,
    which is quick where those of a group are together already.

    Args:
        group: whole numbers, shape (n,).
        scores: shape (n,).

    Examples:
        >>> by_falling_score(np.array([1, 0, 0, 1]), np.array([0.5, 0.2, 0.9, 0.5])).tolist()
        [2, 1, 0, 3]
    """
    both = np.empty(len(group), complex)
    both.real, both.imag = group, -scores
    return np.argsort(both, kind="stable")


def _ties_by_coordinates(turns: np.ndarray, rows: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Sort boxes of equal scores in the same image by their coordinates, the highest first.

    Args:
        turns: the order by image and falling score, shape (n,).
        rows: `xmin, ymin, xmax, ymax, score`, shape (n, 5).
        image: the image of each, shape (n,).
    """
    owner, scores = image[turns], rows[turns, 4]
    same = (owner[1:] == owner[:-1]) & (scores[1:] == scores[:-1])
    tied = np.append(same, False) | np.append(False, same)
    equals = turns[tied[: len(turns)]]
    turns = turns.copy()
    turns[tied[: len(turns)]] = equals[np.lexsort((*-rows[equals].T, image[equals]))]
    return turns


def match(
    found: Boxes, objects: Boxes, counted: np.ndarray, thresholds: Sequence[float], block: int
) -> dict[float, np.ndarray]:
    """Judge the detections at each threshold.

    Args:
        found: the detections, in the order in which they choose.
        objects: the objects.
        counted: which of them are to be found, shape (m,); the others are difficult.
        thresholds: the IoU thresholds.
        block: about how many pairs are looked at together.

    Returns:
        The outcome of each detection, by threshold.
    """
    outcomes = {threshold: np.full(len(found.boxes), FALSE_POSITIVE, np.int8) for threshold in thresholds}
    free = {threshold: counted.copy() for threshold in outcomes}
    for pairs in overlapping(found, objects, min(thresholds), block):
        open_to_some = np.any(list(free.values()), axis=0)
        wishes = best_first(_chosen(pairs, open_to_some[pairs.object]))
        beside = _chosen(pairs, ~counted[pairs.object])
        for threshold, judged in outcomes.items():
            judged[beside.detection[beside.iou > threshold]] = IGNORED
            left = (wishes.iou > threshold) & free[threshold][wishes.object]
            taken = greedy(_chosen(wishes, left), len(counted))
            judged[taken.detection] = TRUE_POSITIVE
            free[threshold][taken.object] = False
    return outcomes


def best_overlaps(found: Boxes, objects: Boxes, counted: np.ndarray, images: int) -> np.ndarray:
    """Return the highest IoU that a detection of each image has with a counted object.

    Returns:
        shape (images,): 0 where no detection overlaps one, NaN where there is none to find.
    """
    best = np.full(images, np.nan)
    best[objects.image[counted]] = 0
    for pairs in overlapping(found, Boxes(objects.boxes[counted], objects.image[counted]), 0):
        np.maximum.at(best, found.image[pairs.detection], pairs.iou)
    return best


def flat(parts: Sequence[np.ndarray], empty: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put the arrays of all images behind each other; return them and the index of the image of each row."""
    lengths = np.fromiter(map(len, parts), int, len(parts))
    return np.concatenate([empty, *parts]), np.repeat(np.arange(len(parts)), lengths)


def firsts(values: np.ndarray) -> np.ndarray:
    """Return the index of the first of each run of equal values."""
    return np.flatnonzero(np.append(True, values[1:] != values[:-1])[: len(values)])


def overlapping(found: Boxes, objects: Boxes, lowest: float, block: int = PAIRS) -> Iterator[Pairs]:
    """Yield the pairs within the same image whose IoU is greater than `lowest`, block by block of the detections."""
    begin, end = (np.searchsorted(objects.image, found.image, side) for side in ("left", "right"))
    counts = end - begin
    ours, theirs = (np.ascontiguousarray(boxes.boxes.T) for boxes in (found, objects))
    for part in _parts(counts, block):
        detection = np.repeat(part, counts[part])
        first = np.repeat(np.cumsum(counts[part]) - counts[part] - begin[part], counts[part])
        item = np.arange(len(detection)) - first
        iou = paired_iou(ours[:, detection].T, theirs[:, item].T)
        yield _chosen(Pairs(detection, item, iou), iou > lowest)


def best_first(pairs: Pairs) -> Pairs:
    """Sort the pairs of each detection by their overlap; of equal overlaps the earlier object comes first."""
    return _chosen(pairs, np.lexsort((pairs.object, -pairs.iou, pairs.detection)))


def _parts(counts: np.ndarray, block: int) -> Iterable[np.ndarray]:
    """Cut the detections into parts that have about as many pairs."""
    part = np.cumsum(counts) // block
    return np.split(np.arange(len(counts)), firsts(part)[1:])


def paired_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the IoU of each box of `a` with the same row of `b`: the very arithmetic of step 4's `box_iou`.

    Examples:
        >>> paired_iou(np.array([[1.0, 1, 10, 10]]), np.array([[1.0, 6, 10, 15]])).round(4).tolist()
        [0.3333]
    """
    (xmin, ymin, xmax, ymax), (left, top, right, bottom) = a.T, b.T
    width = (np.minimum(xmax, right) - np.maximum(xmin, left) + 1).clip(min=0)
    height = (np.minimum(ymax, bottom) - np.maximum(ymin, top) + 1).clip(min=0)
    intersection = width * height
    return intersection / (area(a) + area(b) - intersection)


def _chosen(pairs: Pairs, which: np.ndarray) -> Pairs:
    return Pairs(*(column[which] for column in pairs))


def greedy(pairs: Pairs, objects: int, shared: np.ndarray | None = None) -> Pairs:
    """Let the detections choose in turn, in all images at once; return the pairs that come of it.

    It works by proposals (Gale and Shapley, 1962). Every detection asks for the object that it overlaps most; every
    object keeps the one whose turn is earliest; those sent away ask for their next. As all objects prefer the same
    order, the outcome is that of choosing in turn. How many rounds that takes depends on how objects overlap one
    another, not on how many detections there are: with one object an image, one.

    Args:
        pairs: the objects that each detection would take, the best first; detections are numbered in their turns.
        objects: how many there are.
        shared: which of them any number of detections may take, bool (objects,); None for none.
    """
    wanted, last = firsts(pairs.detection), np.append(firsts(pairs.detection)[1:], len(pairs.detection)) - 1
    earliest = np.full(objects, np.iinfo(int).max)
    while True:
        turn, item = pairs.detection[wanted], pairs.object[wanted]
        np.minimum.at(earliest, item, turn)
        sent_away = earliest[item] != turn
        if shared is not None:
            sent_away &= ~shared[item]
        if not sent_away.any():
            return _chosen(pairs, wanted)
        wanted = wanted + sent_away
        kept = wanted <= last
        wanted, last = wanted[kept], last[kept]
