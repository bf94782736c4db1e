"""AP, recall and CorLoc of detections, with 95% intervals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from gradcam_lab.evaluate.bootstrap import Draws, or_none, resample_images, with_interval
from gradcam_lab.evaluate.records import ApDifference, MeanAp, ScoreRow
from gradcam_lab.lesson_protocols import Matches, MetricsLesson

if TYPE_CHECKING:
    from gradcam_lab.localise.experiment import Experiment  # it imports torch, which scoring saved boxes does not need


class Scored(NamedTuple):
    """The scores at one IoU threshold, and the values of every bootstrap sample behind their intervals."""

    row: ScoreRow
    draws: Draws


def score_detections(
    experiment: "Experiment",
    detections: Mapping[str, np.ndarray],
    truth: Mapping[str, Any],
    counts: np.ndarray,
) -> dict[str, Scored]:
    """Score detections at each of the experiment's IoU thresholds.

    Args:
        experiment: whose step 4 does it.
        detections: (n, 5) arrays by image.
        truth: step 4's `GroundTruth` by image.
        counts: from `image_draws`, one column an image of `truth`; no rows for no intervals.

    Returns:
        By IoU threshold (as text); all numbers are fractions.
    """
    metrics = experiment.lessons.metrics
    scored = {}
    for iou in experiment.ious:
        matches = metrics.match_all(detections, truth, iou)
        correct = metrics.correct_localisation(detections, truth, iou)
        hits = np.array([correct.get(image, np.nan) for image in truth], dtype=float)
        draws = resample_images(metrics, matches, hits, counts=counts, method=experiment.ap)
        scored[f"{iou:g}"] = Scored(score_matches(metrics, matches, hits, draws, method=experiment.ap), draws)
    return scored


def rows_of(scored: Mapping[str, Scored]) -> dict[str, ScoreRow]:
    """Keep the scores, and leave the bootstrap samples out."""
    return {iou: found.row for iou, found in scored.items()}


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
        **with_interval("ap", point.ap, draws.ap),
        "ap_worst_order": or_none(worst),
        "ap_best_order": or_none(best),
        **with_interval("recall", point.recall, draws.recall),
        **with_interval("corloc", np.nan if np.isnan(hits).all() else float(np.nanmean(hits)), draws.corloc),
    }
    return cast(ScoreRow, row)


def mean_ap(classes: Sequence[Scored]) -> MeanAp:
    """Average AP over classes at one IoU; its interval averages the classes within each bootstrap sample of images."""
    value = float(np.mean([scored.row["ap"] for scored in classes]))
    draws = np.array([scored.draws.ap for scored in classes])
    known = ~np.isnan(draws)  # a sample of images may lack every object of a class, or even of all of them
    means = np.divide(
        np.nansum(draws, axis=0), known.sum(axis=0), out=np.full(draws.shape[1:], np.nan), where=known.any(axis=0)
    )
    return cast(MeanAp, with_interval("ap", value, means))


def ap_differences(
    ours: Mapping[str, Scored], others: Mapping[str, Mapping[str, Scored]]
) -> dict[str, dict[str, ApDifference]]:
    """Subtract the AP of other detections from that of ours, on the same bootstrap samples.

    Both are measured on the same images, and luck with these moves both: the interval of their difference may lie on
    one side of 0 where their own intervals overlap.

    Args:
        ours: from `score_detections`.
        others: the same by name, with the same draws.

    Returns:
        By name and IoU threshold (as text); positive where ours is better.
    """
    return {
        name: {iou: _difference(ours[iou], other) for iou, other in scored.items()} for name, scored in others.items()
    }


def _difference(ours: Scored, other: Scored) -> ApDifference:
    ap, their_ap = (np.array(scored.row["ap"], dtype=float) for scored in (ours, other))  # None becomes NaN
    return cast(ApDifference, with_interval("ap", float(ap - their_ap), ours.draws.ap - other.draws.ap))
