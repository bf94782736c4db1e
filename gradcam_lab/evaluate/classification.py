"""How well the classifier says whether a class is in an image: AP of each class, and mAP, with intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score

from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.evaluate.bootstrap import image_draws, interval

DRAWS = 300
"""Fewer bootstrap samples than for boxes: scikit-learn is slower, and mAP is the mean of several classes anyway."""


def evaluate_classifier(
    samples: Sequence[Sample], probabilities: np.ndarray, classes: Sequence[str], seed: int, draws: int = DRAWS
) -> dict[str, Any]:
    """Score the classifier on every class that the images hold.

    AP is scikit-learn's, the area under the curve that is not interpolated.

    Args:
        samples: n images.
        probabilities: shape (n, C).
        classes: C names.
        seed: of the bootstrap.
        draws: how many bootstrap samples.

    Returns:
        `classes` (name -> `ap`, `positives`), `map`, `map_low`, `map_high` (95%), `images`, and `bootstrap`, its draws.
    """
    answers = {name: labels(samples, name) for name in classes}
    present = {
        name: (answer, probabilities[:, i]) for i, (name, answer) in enumerate(answers.items()) if (answer == 1).any()
    }
    # The arrays are made above; checking them 2000 times would take longer than the sums.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        ap = {name: _average_precision(answer, score) for name, (answer, score) in present.items()}
        means = [
            _mean_of_defined([_average_precision(answer, score, times) for answer, score in present.values()])
            for times in image_draws(len(samples), seed, draws)
        ]
    low, high = interval(np.array(means))
    return {
        "classes": {name: {"ap": value, "positives": int((answers[name] == 1).sum())} for name, value in ap.items()},
        "map": float(np.mean(list(ap.values()))),
        "map_low": low,
        "map_high": high,
        "images": len(samples),
        "bootstrap": draws,
    }


def _average_precision(answer: np.ndarray, score: np.ndarray, times: np.ndarray | None = None) -> float:
    counted = ~np.isnan(answer)
    if times is not None:
        counted &= times > 0
    if not (answer[counted] == 1).any():
        return float("nan")  # this draw holds no image of the class
    weights = None if times is None else times[counted]
    return float(average_precision_score(answer[counted], score[counted], sample_weight=weights))


def _mean_of_defined(values: Sequence[float]) -> float:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
