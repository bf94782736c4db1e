"""How well the classifier says whether a class is in an image: AP of each class, and mAP, with intervals."""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.evaluate.bootstrap import image_draws, with_interval
from gradcam_lab.evaluate.records import ClassifierAp
from gradcam_lab.models.training.classifier_scores import average_precision_per_class

CLASS_DRAWS = 300
"""Fewer bootstrap samples than for boxes: mAP is the mean of several classes."""


def evaluate_classifier(
    samples: Sequence[Sample], probabilities: np.ndarray, classes: Sequence[str], seed: int, draws: int = CLASS_DRAWS
) -> ClassifierAp:
    """Score the classifier on every class that the images hold.

    AP is the area under the curve that is not interpolated, as scikit-learn has it.

    Args:
        samples: n images.
        probabilities: shape (n, C).
        classes: C names.
        seed: of the bootstrap.
        draws: how many bootstrap samples.

    Returns:
        The AP of each class with its positives, and their mean with its interval.
    """
    answers = np.stack([labels(samples, name) for name in classes], axis=1)
    positives = dict(zip(classes, (answers == 1).sum(axis=0).tolist(), strict=True))
    ap = average_precision_per_class(probabilities, answers, classes)
    means = [
        _mean(average_precision_per_class(probabilities, answers, classes, times))
        for times in image_draws(len(samples), seed, draws)
    ]
    scores = {
        "classes": {name: {"ap": value, "positives": positives[name]} for name, value in ap.items()},
        **with_interval("map", _mean(ap), np.array(means)),
        "images": len(samples),
        "bootstrap": draws,
    }
    return cast(ClassifierAp, scores)


def _mean(ap: Mapping[str, float]) -> float:
    return float(np.mean(list(ap.values()))) if ap else float("nan")  # a draw may hold no image of any class
