"""COCO's matching of detections with objects, of all images and classes at once.

COCO's rules (Lin et al., ECCV 2014, and the evaluation that its authors publish) differ from VOC's, which step 4
teaches, and from each other by range of area:

- The 100 surest detections of a class in an image count; of equal scores the one that comes first in the file.
- A box covers `width * height`, without VOC's `+ 1`; an overlap equal to the threshold is enough.
- A detection takes, in its turn, the free object that it overlaps most (of equal ones the last); only where there is
  none, an object that is ignored: a crowd, or one whose area lies outside of the range. Then it is ignored too, and
  so is a detection without an object whose own area lies outside of the range.
- The overlap with a crowd is a share of the detection, and a crowd may be taken any number of times.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.matching import Pairs, by_falling_score, firsts, greedy

IOUS = np.linspace(0.5, 0.95, 10)
AREAS: Mapping[str, tuple[float, float]] = {
    "all": (0, 1e10),
    "small": (0, 32**2),
    "medium": (32**2, 96**2),
    "large": (96**2, 1e10),
}
"""Square pixels; both ends belong to a range."""

MOST = 100
"""Detections of a class in an image that count."""

PAIRS = 200_000
"""Pairs of a detection and an object that are looked at together."""

FALSE, TRUE, IGNORED = 0, 1, 2


class Matched(NamedTuple):
    """The detections that count, sorted by class, image and falling score, and what became of them.

    Attributes:
        category: the index of each one's class, rising, shape (n,).
        scores: shape (n,).
        rank: its place among the detections of its class in its image, from 0, shape (n,).
        outcomes: FALSE, TRUE or IGNORED by range of area and IoU threshold: uint8, shape (4, 10, n).
        objects: how many objects of each class are to be found by range of area, shape (4, classes).
    """

    category: np.ndarray
    scores: np.ndarray
    rank: np.ndarray
    outcomes: np.ndarray
    objects: np.ndarray


def match_coco(found: Detections, truth: Objects, *, images: int, classes: int, block: int = PAIRS) -> Matched:
    """Match detections with objects at every threshold and in every range of area.

    Args:
        found: the detections; of equal scores, the one of the image with the lower index comes first.
        truth: the objects.
        images: how many images there are.
        classes: how many classes there are.
        block: about how many pairs are looked at together; at least those of one class in one image are.
    """
    found, owner, rank = _surest(found, images)
    place = truth.category.astype(np.int64) * images + truth.image
    order = np.argsort(place, kind="stable")
    truth, place = Objects(*(column[order] for column in truth)), place[order]
    size = found.boxes[:, 2] * found.boxes[:, 3]
    outcomes = np.zeros((len(AREAS), len(IOUS), len(found.scores)), np.uint8)
    objects = np.zeros((len(AREAS), classes), int)
    neutral = np.empty((len(AREAS), len(place)), bool)
    for row, (low, high) in enumerate(AREAS.values()):
        neutral[row] = truth.crowd | truth.ignored | (truth.area < low) | (truth.area > high)
        objects[row] = np.bincount(truth.category[~neutral[row]], minlength=classes)
        outcomes[row, :, (size < low) | (size > high)] = IGNORED  # unless it takes an object
    for pairs in _overlapping(found.boxes, owner, truth, place, block):
        for row, ignored in enumerate(neutral):
            taken, threshold = _taken(pairs, ignored, truth.crowd)
            outcomes[row, threshold, taken.detection] = np.where(ignored[taken.object], IGNORED, TRUE)
    return Matched(found.category, found.scores, rank, outcomes, objects)


def _surest(found: Detections, images: int) -> tuple[Detections, np.ndarray, np.ndarray]:
    """Sort detections by class, image and falling score, and keep the surest; return also their place and rank.

    The place is one number for a class in an image.
    """
    place = found.category.astype(np.int64) * images + found.image
    order = by_falling_score(place, found.scores)
    place = place[order]
    begins = firsts(place)
    rank = np.arange(len(place)) - np.repeat(begins, np.diff(np.append(begins, len(place))))
    kept = rank < MOST
    order = order[kept]
    return Detections(*(column[order] for column in found)), place[kept], rank[kept].astype(np.int8)


def _overlapping(
    boxes: np.ndarray, owner: np.ndarray, truth: Objects, place: np.ndarray, block: int
) -> Iterator[Pairs]:
    """Yield the pairs of the same class and image that overlap enough for the lowest threshold, block by block.

    A block has all pairs of its classes in its images.

    Args:
        boxes: the detections' boxes, shape (n, 4).
        owner: their places, rising, shape (n,).
        truth: the objects, sorted by place.
        place: their places, rising, shape (m,).
        block: about how many pairs are looked at together.
    """
    begin, end = (np.searchsorted(place, owner, side) for side in ("left", "right"))
    some = np.flatnonzero(end > begin)
    counts = (end - begin)[some]
    starts = firsts(owner[some])
    before = np.cumsum(counts) - counts  # pairs before each detection
    cuts = np.append(starts[firsts(before[starts] // block)], len(some))
    for first, last in pairwise(cuts):
        part = slice(first, last)
        detection = np.repeat(some[part], counts[part])
        shift = np.repeat(before[part] - before[first] - begin[some[part]], counts[part])
        item = np.arange(len(detection)) - shift
        iou = _iou(boxes[detection], truth.boxes[item], truth.crowd[item])
        near = iou >= IOUS[0]
        if near.any():
            yield Pairs(detection[near], item[near], iou[near])


def _iou(ours: np.ndarray, theirs: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """Compute the IoU of each detection with the object of the same row; with a crowd, the share of the detection.

    The sums are in the order in which COCO's own code has them, for an overlap may lie on a threshold.

    Args:
        ours: `(x, y, width, height)`, shape (k, 4).
        theirs: the same of the objects, shape (k, 4).
        crowd: whether each object is a crowd, shape (k,).
    """
    (x, y, width, height), (left, top, across, down) = ours.T, theirs.T
    common = (np.minimum(width + x, across + left) - np.maximum(x, left)).clip(min=0)
    common = common * (np.minimum(height + y, down + top) - np.maximum(y, top)).clip(min=0)
    size = width * height
    union = np.where(crowd, size, size + across * down - common)
    return np.divide(common, union, out=np.zeros(len(common)), where=union > 0)


def _taken(pairs: Pairs, ignored: np.ndarray, crowd: np.ndarray) -> tuple[Pairs, np.ndarray]:
    """Let the detections choose in turn at every threshold; return the pairs that come of it, and each one's threshold.

    Args:
        pairs: of whole images.
        ignored: which objects are ignored in this range of area, shape (m,).
        crowd: which objects may be taken any number of times, shape (m,).

    Returns:
        The pairs, and the indices of their thresholds.
    """
    wishes = np.lexsort((-pairs.object, -pairs.iou, ignored[pairs.object], pairs.detection))
    pairs = Pairs(*(column[wishes] for column in pairs))
    threshold, chosen = np.nonzero(pairs.iou >= IOUS[:, None])
    first, items = pairs.object.min(), int(np.ptp(pairs.object)) + 1
    turns = int(pairs.detection[-1]) + 1
    apart = Pairs(  # each threshold has detections and objects of its own
        pairs.detection[chosen] + threshold * turns,
        pairs.object[chosen] - first + threshold * items,
        pairs.iou[chosen],
    )
    shared = np.tile(crowd[first : first + items], len(IOUS))
    taken = greedy(apart, len(shared), shared)
    return (
        Pairs(taken.detection % turns, taken.object % items + first, taken.iou),
        taken.detection // turns,
    )
