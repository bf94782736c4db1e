"""How well the classifier answers its own question, *whether*: per-class AP and mAP with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.pipeline.scoring import image_draws, interval

DRAWS = 300
"""Fewer bootstrap samples than for boxes: mAP is the mean of several classes."""


def evaluate_classifier(
    samples: Sequence[Sample], probabilities: np.ndarray, classes: Sequence[str], seed: int
) -> dict[str, Any]:
    """Score the classifier on every class that the images hold.

    AP is the area under the curve that is not interpolated, as scikit-learn defines it.

    Args:
        samples: n images.
        probabilities: shape (n, C).
        classes: C names.
        seed: of the bootstrap.

    Returns:
        `classes` (name -> `ap`, `positives`), `map`, `map_low`, `map_high` (95%), `images`.
    """
    answers = {name: labels(samples, name) for name in classes}
    present = {
        name: (answer, probabilities[:, i]) for i, (name, answer) in enumerate(answers.items()) if (answer == 1).any()
    }
    once, draws = np.ones((1, len(samples)), dtype=int), image_draws(len(samples), seed, DRAWS)
    ap = {name: float(average_precisions(answer, score, once)[0]) for name, (answer, score) in present.items()}
    low, high = interval(_means_of_defined([average_precisions(*pair, draws) for pair in present.values()]))
    return {
        "classes": {name: {"ap": value, "positives": int((answers[name] == 1).sum())} for name, value in ap.items()},
        "map": float(np.mean(list(ap.values()))),
        "map_low": low,
        "map_high": high,
        "images": len(samples),
    }


def average_precisions(answer: np.ndarray, score: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Score one class on all bootstrap samples at once, for scikit-learn looks at one of them at a time.

    Args:
        answer: 1, 0, or NaN for an image that does not count, shape (n,).
        score: shape (n,); equal scores are one step of the curve.
        times: how often each image occurs in each sample, shape (draws, n).

    Returns:
        Shape (draws,); NaN where a sample holds no image of the class.
    """
    counted = np.flatnonzero(~np.isnan(answer))
    order = counted[np.argsort(-score[counted])]
    answer, score, times = answer[order], score[order], times[:, order]
    ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    right, listed = (times * answer).cumsum(axis=1)[:, ends], times.cumsum(axis=1)[:, ends]
    precision = right / np.maximum(listed, 1)
    found = right[:, -1]
    area = (np.diff(right, axis=1, prepend=0) * precision).sum(axis=1)
    return np.where(found > 0, area / np.maximum(found, 1), np.nan)


def _means_of_defined(values: Sequence[np.ndarray]) -> np.ndarray:
    """The mean over the classes, in each draw over those that it holds; NaN where it holds none."""
    table = np.array(values)
    defined = ~np.isnan(table)
    return np.where(defined.any(axis=0), np.nansum(table, axis=0) / np.maximum(defined.sum(axis=0), 1), np.nan)
