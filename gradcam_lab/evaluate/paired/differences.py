"""Scores of one method less those of another, on the same bootstrap samples of images.

Both are measured on the same images, and luck with these moves both: the interval of their difference may lie on one
side of 0 where their own intervals overlap.
"""

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np

from gradcam_lab.evaluate.bootstrap import estimate
from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.evaluate.scores import Scored

Measure = Literal["ap", "recall", "corloc"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


def score_differences(
    scored: Mapping[str, Scored], less: Mapping[str, Scored]
) -> dict[str, dict[Measure, MeanWithInterval]]:
    """Subtract the scores of one method from those of another.

    Args:
        scored: the scores by IoU threshold (as text), and the values of the bootstrap samples.
        less: what is subtracted: the same thresholds, and the same samples.

    Returns:
        By threshold and measure: positive where the first is higher, None where one of them is not defined.
    """
    return {iou: {name: _difference(scored[iou], less[iou], name) for name in MEASURES} for iou in scored}


def _difference(scored: Scored, less: Scored, name: Measure) -> MeanWithInterval:
    value, other = (np.array(each.row[name], dtype=float) for each in (scored, less))  # None becomes NaN
    return estimate(float(value - other), getattr(scored.draws, name) - getattr(less.draws, name))
