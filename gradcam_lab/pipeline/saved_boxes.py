"""`evaluate`: score boxes that anyone has saved."""

import json
from collections.abc import Sequence
from functools import partial

import numpy as np

from gradcam_lab.data.box_files.formats import Source, read_both
from gradcam_lab.evaluate.block_bootstrap import resample_blocks
from gradcam_lab.evaluate.bootstrap import image_draws, resample_images
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.records import ScoreRow
from gradcam_lab.evaluate.scores import score_matches
from gradcam_lab.lessons import step4_metrics as metrics

Scores = dict[str, ScoreRow]

LARGE = 20_000
"""Images, or boxes, above which step 4 on a thousand bootstrap samples would take longer than anybody waits."""


def evaluate_files(
    detections: Source,
    ground_truth: Source,
    thresholds: Sequence[float],
    *,
    ties: str,
    ap: str,
    count_difficult: bool,
    bootstrap: int,
    seed: int,
    target: str | None = None,
    split: str = "test",
) -> Scores:
    """Score saved detections against ground truth; the formats are recognised, see `data.box_files.formats`.

    The scores are those of step 4; only the matching of all images runs at once, see `matching`. With more than
    20 000 images or boxes the intervals come from blocks of images, see `block_bootstrap`.

    Args:
        detections: our JSON, COCO results, or a `comp4_det_test_dog.txt`.
        ground_truth: our JSON, COCO ground truth, or a folder in VOC layout; both may also be in the memory.
        thresholds: the IoU thresholds.
        ties: see step 4.
        ap: how average precision is taken, "area" or "11point".
        count_difficult: see step 4.
        bootstrap: the samples behind the intervals; 0 for none.
        seed: of the bootstrap.
        target: the class, where the files do not say it.
        split: the split of a folder in VOC layout.

    Returns:
        See `scores.score_detections`.

    Raises:
        LabError: a file cannot be used, the detections name an image that the ground truth does not, or there is no
            object to find.
    """
    found, truth = read_both(
        detections, ground_truth, target=target, split=split, required="any" if count_difficult else "not difficult"
    )
    large = max(len(truth), sum(map(len, found.values()))) > LARGE
    if large:
        resample = partial(resample_blocks, metrics, seed=seed, draws=bootstrap)
    else:
        resample = partial(resample_images, metrics, counts=image_draws(len(truth), seed, bootstrap))
    matching = Matching(found, truth, thresholds=thresholds, count_difficult=count_difficult, ties=ties)
    scores = {}
    for threshold in thresholds:
        matches = by_score(matching.at(threshold))
        hits = matching.correct(threshold)
        draws = resample(matches, hits, ties=ties, method=ap)
        scores[f"{threshold:g}"] = score_matches(metrics, matches, hits, draws, ties, ap)
    return scores


def by_score(matches: metrics.Matches) -> metrics.Matches:
    """Put the surest detection first, those of equal scores as they were: sorting them again is quick."""
    order = np.argsort(-matches.scores, kind="stable")
    return metrics.Matches(matches.image[order], matches.scores[order], matches.outcomes[order], matches.objects)


def as_json(scores: Scores) -> str:
    """Return the scores as JSON, all fractions."""
    return json.dumps(scores, indent=1, allow_nan=False)


def as_table(scores: Scores) -> str:
    """Return the scores as a plain table in percent; where scores tie, with the range over their orders."""
    lines = [f"{'IoU':<6}{'AP':>8}  {'95%':<14}{'recall':>8}  {'95%':<14}{'CorLoc':>8}  {'95%':<14}".rstrip()]
    for threshold, row in scores.items():
        cells = (
            _cell(row["ap"], row["ap_low"], row["ap_high"]),
            _cell(row["recall"], row["recall_low"], row["recall_high"]),
            _cell(row["corloc"], row["corloc_low"], row["corloc_high"]),
        )
        lines.append(f"{threshold:<6}{''.join(cells)}".rstrip())
    for threshold, row in scores.items():
        worst, best = row["ap_worst_order"], row["ap_best_order"]
        if worst is not None and best is not None and best - worst > 1e-9:
            lines.append(
                f"At IoU {threshold} scores tie: their order could move AP from {_percent(worst)} to {_percent(best)}."
            )
    return "\n".join(lines)


def _cell(value: float | None, low: float | None, high: float | None) -> str:
    interval = "" if low is None else f"{_percent(low)}..{_percent(high)}"
    return f"{_percent(value):>8}  {interval:<14}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"
