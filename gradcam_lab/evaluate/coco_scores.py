"""COCO's twelve numbers of a detector: mAP and its parts, and average recall (AR), over all classes and of each.

AP is the mean of the interpolated precision at 101 recalls; "mAP 50:95" is its mean over ten IoU thresholds and over
the classes that have an object. See `coco_matching` for what counts as found. These are pycocotools' numbers; where
scores tie, also in the order in which it takes them: by image, then as in the file.
"""

from typing import NamedTuple

import numpy as np

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.coco_matching import (
    AREAS,
    IGNORED,
    IOUS,
    TRUE,
    Matched,
    match_coco,
)

RECALLS = np.linspace(0, 1, 101)
MOST_SURE = (1, 10, 100)
"""Detections an image behind the three average recalls."""

NAMES = (
    "map",
    "ap50",
    "ap75",
    "ap_small",
    "ap_medium",
    "ap_large",
    "ar1",
    "ar10",
    "ar100",
    "ar_small",
    "ar_medium",
    "ar_large",
)
"""The twelve numbers, in COCO's order."""


class CocoScores(NamedTuple):
    """COCO's numbers, as fractions; NaN where there is no object to find.

    Attributes:
        overall: the twelve of all classes, in the order of NAMES, shape (12,).
        classes: those of each class, shape (classes, 12).
        objects: how many objects of each class are to be found, shape (classes,).
    """

    overall: np.ndarray
    classes: np.ndarray
    objects: np.ndarray


def score_coco(found: Detections, truth: Objects, *, images: int, classes: int) -> CocoScores:
    """Score detections by COCO's protocol.

    Args:
        found: the detections.
        truth: the objects.
        images: how many images there are.
        classes: how many classes there are.
    """
    matched = match_coco(found, truth, images=images, classes=classes)
    ends = np.searchsorted(matched.category, np.arange(classes + 1))
    rows = [_of_class(matched, slice(*ends[k : k + 2]), matched.objects[:, k]) for k in range(classes)]
    table = np.array(rows).reshape(classes, len(NAMES))
    known = ~np.isnan(table)
    overall = np.divide(
        np.nansum(table, axis=0), known.sum(axis=0), out=np.full(len(NAMES), np.nan), where=known.any(axis=0)
    )
    return CocoScores(overall, table, matched.objects[0])


def _of_class(matched: Matched, ours: slice, objects: np.ndarray) -> list[float]:
    """Return the twelve numbers of one class.

    Args:
        matched: the detections of all classes.
        ours: those of the class.
        objects: how many are to be found by range of area, shape (4,).
    """
    order = np.argsort(-matched.scores[ours], kind="stable")
    rank = matched.rank[ours][order]
    ap, recall = np.full((len(AREAS), len(IOUS)), np.nan), np.full((len(AREAS), len(IOUS)), np.nan)
    early = np.full((len(MOST_SURE), len(IOUS)), np.nan)
    for area in np.flatnonzero(objects):
        for threshold in range(len(IOUS)):
            outcomes = matched.outcomes[area, threshold, ours][order]
            hits = np.flatnonzero(outcomes == TRUE)
            ap[area, threshold] = _average_precision(outcomes, hits, objects[area])
            recall[area, threshold] = len(hits) / objects[area]
            if area == 0:
                early[:, threshold] = [(rank[hits] < most).sum() / objects[0] for most in MOST_SURE]
    ap50, ap75 = ap[0, 0], ap[0, 5]
    return [ap[0].mean(), ap50, ap75, *ap[1:].mean(axis=1), *early.mean(axis=1), *recall[1:].mean(axis=1)]


def _average_precision(outcomes: np.ndarray, hits: np.ndarray, objects: int) -> float:
    """Average the interpolated precision at the 101 recalls.

    Args:
        outcomes: of the detections by falling score, shape (n,).
        hits: the places of the true positives among them, shape (k,).
        objects: how many are to be found.
    """
    number = np.arange(1, len(hits) + 1)
    claims = hits + 1 - np.cumsum(outcomes == IGNORED)[hits]
    precision = np.maximum.accumulate((number / claims)[::-1])[::-1]  # the best at this recall or a higher one
    reached = np.searchsorted(number / objects, RECALLS)  # the first detection at which recall is as high
    return float(np.append(precision, 0.0)[reached].mean())
