"""Masks are drawn and counted against true masks: IoU by class, with intervals over images."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, cast

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.voc_classes import LABELS
from gradcam_lab.evaluate.bootstrap import interval, or_none, with_interval
from gradcam_lab.evaluate.mask_methods import Item, MaskMethod, ScaledItem, at_one_size
from gradcam_lab.evaluate.records import ClassIou, IouCurve, MaskRow
from gradcam_lab.lesson_modules import Lessons

THREADS = 2
"""OpenCV works while other threads run Python; each thread has a random generator of its own, which `refine` seeds."""


class Tables(NamedTuple):
    """What a method has drawn: a confusion matrix an image, shape (n, 21, 21), and seconds of computing an image."""

    confusions: np.ndarray
    seconds: float

    @property
    def total(self) -> np.ndarray:
        """The confusion matrix of all images."""
        return self.confusions.sum(axis=0)


def tables(
    lessons: Lessons,
    items: Sequence[Item],
    methods: Mapping[str, MaskMethod],
    title: str,
    side: int | None = None,
    threads: int = THREADS,
) -> dict[str, Tables]:
    """Draw and count every image by every method.

    Args:
        lessons: whose step 5 counts.
        items: the images.
        methods: by name.
        title: of the progress bar.
        side: the longer side to which the images are shrunk; None keeps their size.
        threads: how many work at a time.

    Returns:
        The tables of each method.
    """

    def work(item: Item) -> tuple[list[np.ndarray], list[float]]:
        scaled = at_one_size(lessons, item, side)
        timed = [_timed(method, scaled) for method in methods.values()]
        counted = [lessons.segmentation.confusion(drawn, scaled.truth, len(LABELS)) for drawn, _ in timed]
        return counted, [seconds for _, seconds in timed]

    with ThreadPoolExecutor(threads) as pool:
        confusions, seconds = zip(*tracked(pool.map(work, items), title, len(items)), strict=True)
    by_method = np.array(confusions).swapaxes(0, 1), np.mean(seconds, axis=0)  # (methods, n, 21, 21) and (methods,)
    return {name: Tables(found, float(took)) for name, found, took in zip(methods, *by_method, strict=True)}


def _timed(method: MaskMethod, scaled: ScaledItem) -> tuple[np.ndarray, float]:
    """Draw, and say how long this thread computed: by the clock it would also wait for the other one."""
    start = time.thread_time()
    return method(scaled), time.thread_time() - start


def occurring_in(found: Sequence[Tables]) -> list[int]:
    """The classes that occur in the truth or in a prediction of any method, as indices of `LABELS`."""
    total = np.sum([table.total for table in found], axis=0)
    return np.flatnonzero(total.sum(axis=0) + total.sum(axis=1)).tolist()


def mean_iou(lessons: Lessons, table: Tables) -> float:
    """The mean IoU over all images."""
    return float(lessons.segmentation.mean_iou(table.total))


def row_of(lessons: Lessons, name: str, table: Tables, counts: np.ndarray, occurring: Sequence[int]) -> MaskRow:
    """Score one method with 95% intervals.

    Args:
        lessons: whose step 5 does it.
        name: of the method.
        table: what the method has drawn.
        counts: from `image_draws`, shape (draws, n).
        occurring: the classes to name, as indices of `LABELS`.

    Returns:
        The row; None where nothing is defined.
    """
    images = table.confusions.reshape(len(table.confusions), -1).astype(float)  # of whole numbers the sums are exact
    draws = (counts.astype(float) @ images).reshape(-1, len(LABELS), len(LABELS))
    totals = [table.total, *draws]
    means = np.array([lessons.segmentation.mean_iou(total) for total in totals])
    classes = np.array([lessons.segmentation.class_iou(total) for total in totals])
    row = {
        "method": name,
        **with_interval("mean_iou", means[0], means[1:]),
        "classes": {LABELS[c]: _class_iou(classes[:, c]) for c in occurring},
        "milliseconds": 1000 * table.seconds,
    }
    return cast(MaskRow, row)


def _class_iou(values: np.ndarray) -> ClassIou:
    low, high = interval(values[1:])
    return {"iou": or_none(values[0]), "low": low, "high": high}


def curve_of(lessons: Lessons, cuts: Sequence[Tables], target: str) -> IouCurve:
    """The mean IoU and the target's along the thresholds; None for a target that occurs nowhere or is not of VOC."""
    ious = [lessons.segmentation.class_iou(table.total) for table in cuts]
    known = target in LABELS
    return {
        "mean_iou": [or_none(mean_iou(lessons, table)) for table in cuts],
        "target": [or_none(iou[LABELS.index(target)]) if known else None for iou in ious],
    }
