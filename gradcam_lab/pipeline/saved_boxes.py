"""`evaluate`: score boxes that anyone has saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.box_files.every_class import of_class
from gradcam_lab.data.box_files.formats import Source, read_both
from gradcam_lab.data.box_files.ground_truth import ClassGroundTruth, ObjectArrays, Required
from gradcam_lab.data.box_files.tables import Annotated, Detections
from gradcam_lab.evaluate.block_bootstrap import resample_blocks
from gradcam_lab.evaluate.bootstrap import image_draws, resample_images
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.records import ScoreRow
from gradcam_lab.evaluate.scores import Scored, rows_of, score_matches
from gradcam_lab.lessons import step4_metrics as metrics

Scores = dict[str, ScoreRow]

LARGE = 20_000
"""Images, or boxes, above which step 4 on a thousand bootstrap samples would take longer than anybody waits."""


@dataclass(frozen=True)
class Rules:
    """How detections are scored.

    Attributes:
        thresholds: the IoU thresholds.
        ties: see step 4.
        ap: how average precision is taken, "area" or "11point".
        count_difficult: see step 4.
        bootstrap: the samples behind the intervals; 0 for none.
        seed: of the bootstrap.
    """

    thresholds: Sequence[float]
    ties: str = "group"
    ap: str = "area"
    count_difficult: bool = False
    bootstrap: int = 1000
    seed: int = 0

    @property
    def required(self) -> Required:
        """The objects that the ground truth must have."""
        return "any" if self.count_difficult else "not difficult"

    def counted(self, truth: Annotated) -> np.ndarray:
        """Return which objects are to be found, bool (m,)."""
        return ~truth.objects.ignored | self.count_difficult


def evaluate_files(
    detections: Source,
    ground_truth: Source,
    rules: Rules,
    *,
    target: str | None = None,
    split: str = "test",
    boxes: Convention | None = None,
) -> Scores:
    """Score saved detections of one class; the formats are recognised, see `data.box_files.formats`.

    Args:
        detections: the file.
        ground_truth: the file, or a folder; both may also be in the memory.
        rules: how they are scored.
        target: the class, where the files do not say it.
        split: the split of a folder in VOC layout, or of a `data.yaml`.
        boxes: how they are stated in files that do not say it; None for VOC's pixels.

    Returns:
        By IoU threshold (as text); all numbers are fractions.

    Raises:
        LabError: a file cannot be used, the detections name an image that the ground truth does not, or there is no
            object to find.
    """
    found, truth = read_both(detections, ground_truth, target=target, split=split, required=rules.required, boxes=boxes)
    return rows_of(score(found, truth, rules))


def score(
    found: Mapping[str, np.ndarray], truth: Mapping[str, ObjectArrays], rules: Rules, *, large: bool | None = None
) -> dict[str, Scored]:
    """Score the detections of one class.

    The scores are those of step 4; only the matching of all images runs at once, see `matching`. With more than
    20 000 images or boxes the intervals come from blocks of images, see `block_bootstrap`.

    Args:
        found: the detections, (n, 5) arrays by image.
        truth: the objects by image.
        rules: how they are scored.
        large: whether the intervals come from blocks; None decides by the number of images and boxes.

    Returns:
        By IoU threshold (as text); all numbers are fractions.
    """
    ties, ap = rules.ties, rules.ap
    if large is None:
        large = max(len(truth), sum(map(len, found.values()))) > LARGE
    if large:
        resample = partial(resample_blocks, metrics, seed=rules.seed, draws=rules.bootstrap)
    else:
        resample = partial(resample_images, metrics, counts=image_draws(len(truth), rules.seed, rules.bootstrap))
    count = rules.count_difficult
    matching = Matching(found, truth, thresholds=rules.thresholds, count_difficult=count, ties=ties)
    surest_first = np.argsort(-matching.scores, kind="stable")  # sorting what is sorted, at each threshold, is quick
    scores = {}
    for threshold in rules.thresholds:
        matches = in_order(matching.at(threshold), surest_first)
        hits = matching.correct(threshold)
        draws = resample(matches, hits, ties=ties, method=ap)
        scores[f"{threshold:g}"] = Scored(score_matches(metrics, matches, hits, draws, ties, ap), draws)
    return scores


def of_one_class(
    found: Detections, truth: Annotated, rules: Rules, path: Path
) -> tuple[dict[str, np.ndarray], dict[str, ObjectArrays]]:
    """Return the detections and objects of the only class of two tables; `path` is the ground truth's, for messages.

    Raises:
        LabError: there is no object as the rules require.
    """
    boxes, objects = of_class(found, truth, 0)
    ClassGroundTruth(objects, {}).require(rules.required, path)
    return boxes, objects


def in_order(matches: metrics.Matches, order: np.ndarray) -> metrics.Matches:
    """Return the detections in another order, int (n,)."""
    return metrics.Matches(matches.image[order], matches.scores[order], matches.outcomes[order], matches.objects)


def as_table(scores: Scores) -> str:
    """Return the scores as a plain table in percent; where scores tie, with the range over their orders."""
    lines = [f"{'IoU':<6}{'AP':>8}  {'95%':<14}{'recall':>8}  {'95%':<14}{'CorLoc':>8}  {'95%':<14}".rstrip()]
    for threshold, row in scores.items():
        cells = (
            cell(row["ap"], row["ap_low"], row["ap_high"]),
            cell(row["recall"], row["recall_low"], row["recall_high"]),
            cell(row["corloc"], row["corloc_low"], row["corloc_high"]),
        )
        lines.append(f"{threshold:<6}{''.join(cells)}".rstrip())
    for threshold, row in scores.items():
        worst, best = row["ap_worst_order"], row["ap_best_order"]
        if worst is not None and best is not None and best - worst > 1e-9:
            lines.append(
                f"At IoU {threshold} scores tie: their order could move AP from {percent(worst)} to {percent(best)}."
            )
    return "\n".join(lines)


def cell(value: float | None, low: float | None, high: float | None) -> str:
    """Return a value and its interval in percent, padded."""
    interval = "" if low is None else f"{percent(low)}..{percent(high)}"
    return f"{percent(value):>8}  {interval:<14}"


def percent(value: float | None) -> str:
    """Return a fraction in percent; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.2f}"
