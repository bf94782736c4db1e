"""Scores with 95% intervals: the percentile bootstrap over images (Efron, 1979).

The images are the sample, not the boxes: two boxes of one image stand or fall together. So images are drawn with
replacement, each with all its boxes and objects, and the whole of step 4 is run on every draw.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.lesson_protocols import MetricsLesson

DRAWS = 1000
"""Bootstrap samples of every interval."""


class Draws(NamedTuple):
    """AP, recall and CorLoc of every bootstrap sample, shape (draws,) each; NaN where nothing is defined."""

    ap: np.ndarray
    recall: np.ndarray
    corloc: np.ndarray


Resample = Callable[[Any, np.ndarray], Draws]
"""From step 4's `Matches` and the hits of CorLoc to the bootstrap samples' values."""


def image_draws(images: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Count how often each image occurs in each bootstrap sample: int, shape (draws, images)."""
    rng = np.random.default_rng(seed)
    counts = [np.bincount(rng.integers(images, size=images), minlength=images) for _ in range(draws)]
    return np.array(counts, dtype=int).reshape(draws, images)  # the shape also of no draws at all


def interval(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return the 2.5th and the 97.5th percentile, leaving out draws on which nothing was defined."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None, None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def score_detections(
    lessons: Lessons,
    detections: Mapping[str, np.ndarray],
    truth: Mapping[str, Any],
    thresholds: Sequence[float],
    counts: np.ndarray,
    *,
    ties: str = "group",
    method: str = "area",
    count_difficult: bool = False,
) -> dict[str, dict[str, float | None]]:
    """Score detections at each IoU threshold, with intervals and the range over the order of equal scores.

    Args:
        lessons: whose step 4 does it.
        detections: (n, 5) arrays by image.
        truth: step 4's `GroundTruth` by image.
        thresholds: IoU thresholds.
        counts: from `image_draws`, one column an image of `truth`; no rows for no intervals.
        ties: see step 4.
        method: see step 4.
        count_difficult: see step 4.

    Returns:
        By threshold (as text): `ap`, `ap_low`, `ap_high`, `ap_worst_order`, `ap_best_order`, `recall`, `recall_low`,
        `recall_high`, `corloc`, `corloc_low`, `corloc_high`; all fractions, None where nothing is defined.
    """
    resample = partial(resample_images, lessons.metrics, counts=counts, ties=ties, method=method)
    result = {}
    for threshold in thresholds:
        matches = lessons.metrics.match_all(detections, truth, threshold, count_difficult, ties)
        correct = lessons.metrics.correct_localisation(detections, truth, threshold)
        hits = np.array([correct.get(image, np.nan) for image in truth], dtype=float)  # NaN: no object, not asked
        result[f"{threshold:g}"] = score_matches(lessons.metrics, matches, hits, resample, ties, method)
    return result


def score_matches(
    metrics: MetricsLesson, matches: Any, hits: np.ndarray, resample: Resample, ties: str, method: str
) -> dict[str, float | None]:
    """Score what is matched at one threshold.

    Args:
        metrics: step 4.
        matches: its `Matches`.
        hits: whether the surest box of each image is right: 1, 0, or NaN where nothing is to be found.
        resample: gives the bootstrap samples' values for these matches and hits.
        ties: see step 4.
        method: see step 4.

    Returns:
        One row of `score_detections`.
    """
    total = int(matches.objects.sum())
    point = metrics.summarise(matches.scores, matches.outcomes, total, ties, method)
    worst, best = metrics.order_range(matches.scores, matches.outcomes, total, method)
    draws = resample(matches, hits)
    return {
        **_named("ap", point.ap, draws.ap),
        "ap_worst_order": _or_none(worst),
        "ap_best_order": _or_none(best),
        **_named("recall", point.recall, draws.recall),
        **_named("corloc", np.nan if np.isnan(hits).all() else float(np.nanmean(hits)), draws.corloc),
    }


def resample_images(
    metrics: MetricsLesson, matches: Any, hits: np.ndarray, *, counts: np.ndarray, ties: str, method: str
) -> Draws:
    """Run step 4 on every bootstrap sample of images; `counts` is from `image_draws`."""
    by_score = np.argsort(-matches.scores, kind="stable")  # sorted once: repeating elements keeps the order
    image, scores, outcomes = matches.image[by_score], matches.scores[by_score], matches.outcomes[by_score]
    ap, recall = np.empty(len(counts)), np.empty(len(counts))
    for draw, times in enumerate(counts):
        again = times[image]
        objects = int(times @ matches.objects)
        summary = metrics.summarise(np.repeat(scores, again), np.repeat(outcomes, again), objects, ties, method)
        ap[draw], recall[draw] = summary.ap, summary.recall
    return Draws(ap, recall, _weighted_means(hits, counts))


def ap_differences(
    lessons: Lessons,
    ours: Mapping[str, np.ndarray],
    others: Mapping[str, Mapping[str, np.ndarray]],
    truth: Mapping[str, Any],
    thresholds: Sequence[float],
    counts: np.ndarray,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Subtract the AP of other detections from that of ours, on the same bootstrap samples.

    Both are measured on the same images, and luck with these moves both: the interval of their difference may lie on
    one side of 0 where their own intervals overlap.

    Args:
        lessons: whose step 4 does it.
        ours: (n, 5) arrays by image.
        others: the same by name.
        truth: step 4's `GroundTruth` by image.
        thresholds: IoU thresholds.
        counts: from `image_draws`.

    Returns:
        By name and threshold (as text): `ap`, `ap_low`, `ap_high`; positive where ours is better.
    """

    def draws(detections: Mapping[str, np.ndarray], threshold: float) -> np.ndarray:
        matches = lessons.metrics.match_all(detections, truth, threshold)
        every = np.concatenate([np.ones((1, len(truth)), dtype=int), counts])  # first the images as they are
        unasked = np.full(len(truth), np.nan)
        return resample_images(lessons.metrics, matches, unasked, counts=every, ties="group", method="area").ap

    mine = {threshold: draws(ours, threshold) for threshold in thresholds}
    less = {
        name: {threshold: mine[threshold] - draws(boxes, threshold) for threshold in thresholds}
        for name, boxes in others.items()
    }
    return {
        name: {f"{threshold:g}": _named("ap", values[0], values[1:]) for threshold, values in row.items()}
        for name, row in less.items()
    }


def _weighted_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    asked = ~np.isnan(values)
    times = counts[:, asked].sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(times > 0, counts[:, asked] @ values[asked] / np.maximum(times, 1), np.nan)


def _named(name: str, point: float, draws: np.ndarray) -> dict[str, float | None]:
    low, high = interval(draws)
    return {name: _or_none(point), f"{name}_low": low, f"{name}_high": high}


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
