"""AP, recall and CorLoc of detections, with 95% intervals."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from gradcam_lab.evaluate.bootstrap import Resample, estimate, or_none, resample_images
from gradcam_lab.evaluate.records import ApDifference, ScoreRow
from gradcam_lab.lesson_protocols import Matches, MetricsLesson
from gradcam_lab.localise.experiment import Experiment


def score_detections(
    experiment: Experiment,
    detections: Mapping[str, np.ndarray],
    truth: Mapping[str, Any],
    counts: np.ndarray,
    *,
    ties: str = "group",
    method: str = "area",
    count_difficult: bool = False,
) -> dict[str, ScoreRow]:
    """Score detections at each of the experiment's IoU thresholds.

    Args:
        experiment: whose step 4 does it.
        detections: (n, 5) arrays by image.
        truth: step 4's `GroundTruth` by image.
        counts: from `image_draws`, one column an image of `truth`; no rows for no intervals.
        ties: see step 4.
        method: see step 4.
        count_difficult: see step 4.

    Returns:
        By IoU threshold (as text); all numbers are fractions.
    """
    metrics = experiment.lessons.metrics
    resample = partial(resample_images, metrics, counts=counts, ties=ties, method=method)
    rows = {}
    for iou in experiment.ious:
        matches = metrics.match_all(detections, truth, iou, count_difficult, ties)
        rows[f"{iou:g}"] = score_matches(
            metrics, matches, corloc_hits(metrics, detections, truth, iou), resample, ties, method
        )
    return rows


def corloc_hits(
    metrics: MetricsLesson, detections: Mapping[str, np.ndarray], truth: Mapping[str, Any], iou: float
) -> np.ndarray:
    """Say for each image whether its surest box is right: 1, 0, or NaN where nothing is to be found; shape (n,)."""
    correct = metrics.correct_localisation(detections, truth, iou)
    return np.array([correct.get(image, np.nan) for image in truth], dtype=float)


def score_matches(
    metrics: MetricsLesson, matches: Matches, hits: np.ndarray, resample: Resample, ties: str, method: str
) -> ScoreRow:
    """Score what is matched at one IoU threshold.

    Args:
        metrics: step 4.
        matches: its `Matches`.
        hits: see `corloc_hits`.
        resample: gives the bootstrap samples' values for these matches and hits.
        ties: see step 4.
        method: see step 4.
    """
    total = int(matches.objects.sum())
    point = metrics.summarise(matches.scores, matches.outcomes, total, ties, method)
    worst, best = metrics.order_range(matches.scores, matches.outcomes, total, method)
    draws = resample(matches, hits)
    ap, recall = estimate(point.ap, draws.ap), estimate(point.recall, draws.recall)
    corloc = estimate(np.nan if np.isnan(hits).all() else float(np.nanmean(hits)), draws.corloc)
    return {
        "ap": ap.value,
        "ap_low": ap.low,
        "ap_high": ap.high,
        "ap_worst_order": or_none(worst),
        "ap_best_order": or_none(best),
        "recall": recall.value,
        "recall_low": recall.low,
        "recall_high": recall.high,
        "corloc": corloc.value,
        "corloc_low": corloc.low,
        "corloc_high": corloc.high,
    }


def ap_differences(
    experiment: Experiment,
    ours: Mapping[str, np.ndarray],
    others: Mapping[str, Mapping[str, np.ndarray]],
    truth: Mapping[str, Any],
    counts: np.ndarray,
) -> dict[str, dict[str, ApDifference]]:
    """Subtract the AP of other detections from that of ours, on the same bootstrap samples.

    Both are measured on the same images, and luck with these moves both: the interval of their difference may lie on
    one side of 0 where their own intervals overlap.

    Args:
        experiment: whose step 4 does it, at its IoU thresholds.
        ours: (n, 5) arrays by image.
        others: the same by name.
        truth: step 4's `GroundTruth` by image.
        counts: from `image_draws`.

    Returns:
        By name and IoU threshold (as text); positive where ours is better.
    """
    metrics = experiment.lessons.metrics
    every = np.concatenate([np.ones((1, len(truth)), dtype=int), counts])  # first the images as they are
    unasked = np.full(len(truth), np.nan)

    def draws(detections: Mapping[str, np.ndarray], iou: float) -> np.ndarray:
        matches = metrics.match_all(detections, truth, iou)
        return resample_images(metrics, matches, unasked, counts=every, ties="group", method="area").ap

    mine = {iou: draws(ours, iou) for iou in experiment.ious}
    return {
        name: {f"{iou:g}": _difference(ap - draws(boxes, iou)) for iou, ap in mine.items()}
        for name, boxes in others.items()
    }


def _difference(values: np.ndarray) -> ApDifference:
    ap = estimate(values[0], values[1:])
    return {"ap": ap.value, "ap_low": ap.low, "ap_high": ap.high}
