"""`evaluate`: score boxes that anyone has saved."""

import json
from collections.abc import Sequence
from pathlib import Path

from gradcam_lab.data import boxes
from gradcam_lab.errors import LabError
from gradcam_lab.pipeline.scoring import image_draws, score_detections
from gradcam_lab.pipeline.steps import load_steps

Scores = dict[str, dict[str, float | None]]


def evaluate_files(
    detections: Path,
    ground_truth: Path,
    thresholds: Sequence[float],
    *,
    ties: str,
    method: str,
    count_difficult: bool,
    bootstrap: int,
    seed: int,
) -> Scores:
    """Score a file of detections against a file of ground truth.

    Raises:
        LabError: a file cannot be used, or the detections name an image that the ground truth does not.
    """
    steps = load_steps()
    found = boxes.read_detections(detections)
    truth = {
        image: steps.metrics.GroundTruth(*objects) for image, objects in boxes.read_ground_truth(ground_truth).items()
    }
    if not truth:
        raise LabError(f"'{ground_truth}' names no image: there is nothing to score against.")
    if strangers := [image for image in found if image not in truth]:
        raise LabError(
            f"'{detections}' has boxes for {len(strangers)} image(s) that '{ground_truth}' does not name, first "
            f"'{strangers[0]}': give the ground truth of all images."
        )
    counts = image_draws(len(truth), seed, bootstrap)
    return score_detections(
        steps, found, truth, thresholds, counts, ties=ties, method=method, count_difficult=count_difficult
    )


def as_json(scores: Scores) -> str:
    """Return the scores as JSON, all fractions."""
    return json.dumps(scores, indent=1, allow_nan=False)


def as_table(scores: Scores) -> str:
    """Return the scores as a plain table in percent; where scores tie, with the range over their orders."""
    lines = [f"{'IoU':<6}{'AP':>8}  {'95%':<14}{'recall':>8}  {'95%':<14}{'CorLoc':>8}  {'95%':<14}".rstrip()]
    for threshold, row in scores.items():
        cells = "".join(f"{_percent(row[name]):>8}  {_interval(row, name):<14}" for name in ("ap", "recall", "corloc"))
        lines.append(f"{threshold:<6}{cells}".rstrip())
    for threshold, row in scores.items():
        worst, best = row["ap_worst_order"], row["ap_best_order"]
        if worst is not None and best is not None and best - worst > 1e-9:
            lines.append(
                f"At IoU {threshold} scores tie: their order could move AP from {_percent(worst)} to {_percent(best)}."
            )
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


def _interval(row: dict[str, float | None], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None else f"{_percent(low)}..{_percent(high)}"
