"""AP, recall and CorLoc of detections, with 95% intervals."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from gradcam_lab.evaluate.bootstrap import Draws, columns, or_none, resample_images
from gradcam_lab.evaluate.records import ApDifference, ScoreRow
from gradcam_lab.lesson_protocols import Matches, MetricsLesson
from gradcam_lab.localise.experiment import Experiment


def score_detections(
    experiment: Experiment,
    detections: Mapping[str, np.ndarray],
    truth: Mapping[str, Any],
    counts: np.ndarray,
) -> dict[str, ScoreRow]:
    """Score detections at each of the experiment's IoU thresholds.

    Args:
        experiment: whose step 4 does it.
        detections: (n, 5) arrays by image.
        truth: step 4's `GroundTruth` by image.
        counts: from `image_draws`, one column an image of `truth`; no rows for no intervals.

    Returns:
        By IoU threshold (as text); all numbers are fractions.
    """
    scored = scores_and_draws(experiment, detections, truth, counts)
    return {iou: row for iou, (row, _) in scored.items()}


def scores_and_draws(
    experiment: Experiment,
    detections: Mapping[str, np.ndarray],
    truth: Mapping[str, Any],
    counts: np.ndarray,
) -> dict[str, tuple[ScoreRow, Draws]]:
    """Return the same together with the values of every bootstrap sample; see `score_detections`."""
    metrics = experiment.lessons.metrics
    scored = {}
    for iou in experiment.ious:
        matches = metrics.match_all(detections, truth, iou)
        correct = metrics.correct_localisation(detections, truth, iou)
        hits = np.array([correct.get(image, np.nan) for image in truth], dtype=float)
        draws = resample_images(metrics, matches, hits, counts=counts)
        scored[f"{iou:g}"] = score_matches(metrics, matches, hits, draws), draws
    return scored


def score_matches(
    metrics: MetricsLesson,
    matches: Matches,
    hits: np.ndarray,
    draws: Draws,
    ties: str = "group",
    method: str = "area",
) -> ScoreRow:
    """Score what is matched at one IoU threshold.

    Args:
        metrics: step 4.
        matches: its `Matches`.
        hits: whether the surest box of each image is right: 1, 0, or NaN where nothing is to be found; shape (n,).
        draws: the bootstrap samples' values for these matches and hits.
        ties: see step 4.
        method: see step 4.
    """
    total = int(matches.objects.sum())
    point = metrics.summarise(matches.scores, matches.outcomes, total, ties, method)
    worst, best = metrics.order_range(matches.scores, matches.outcomes, total, method)
    row = {
        **columns("ap", point.ap, draws.ap),
        "ap_worst_order": or_none(worst),
        "ap_best_order": or_none(best),
        **columns("recall", point.recall, draws.recall),
        **columns("corloc", np.nan if np.isnan(hits).all() else float(np.nanmean(hits)), draws.corloc),
    }
    return cast(ScoreRow, row)


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
        return resample_images(metrics, matches, unasked, counts=every).ap

    mine = {iou: draws(ours, iou) for iou in experiment.ious}

    def difference(boxes: Mapping[str, np.ndarray], iou: float) -> ApDifference:
        values = mine[iou] - draws(boxes, iou)
        return cast(ApDifference, columns("ap", values[0], values[1:]))

    return {name: {f"{iou:g}": difference(boxes, iou) for iou in mine} for name, boxes in others.items()}
