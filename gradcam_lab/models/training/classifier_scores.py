"""How good a classifier is.

The measures are scikit-learn's average precision of each class and their mean, and where each image has one class also
the share of images for which that class is named.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score
from torch import Tensor

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Classifier


def probabilities(classifier: Classifier, logits: Tensor, classes: Sequence[str]) -> np.ndarray:
    """Return the probability of each class for n rows of logits, shape (n, C)."""
    return np.stack([classifier.probability(logits, name).numpy() for name in classes], axis=1)


def score(probabilities: np.ndarray, labels: Tensor, classes: Sequence[str]) -> dict[str, Any]:
    """Score n images.

    Args:
        probabilities: shape (n, C).
        labels: as in `losses`: shape (n, C), or (n,) where each image has one class.
        classes: C names.

    Returns:
        `map`, `classes` (name -> AP, of those that occur), and where each image has one class also `accuracy`.

    Raises:
        LabError: no class occurs.
    """
    if labels.is_floating_point():
        return _precisions(probabilities, labels.numpy(), classes)
    truth = labels.numpy()
    one_of = truth[:, None] == np.arange(len(classes))
    accuracy = float((probabilities.argmax(axis=1) == truth).mean())
    return {**_precisions(probabilities, one_of.astype(float), classes), "accuracy": accuracy}


def _precisions(probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    ap = {}
    for name, wanted, scores in zip(classes, labels.T, probabilities.T, strict=True):
        known = ~np.isnan(wanted)
        if (wanted == 1).any():
            ap[name] = float(average_precision_score(wanted[known], scores[known]))
    if not ap:
        raise LabError(f"None of the images shows one of the classes {', '.join(classes)}: give more or other images.")
    return {"map": float(np.mean(list(ap.values()))), "classes": ap}


def headline(scores: Mapping[str, Any]) -> tuple[str, float]:
    """Return the one number that says how good it is, with its name: `accuracy` where there is one, else `map`."""
    name = "accuracy" if "accuracy" in scores else "map"
    return name, scores[name]


def in_words(scores: Mapping[str, Any], split: str) -> str:
    """Say the scores on a split in a line."""
    accuracy = f", accuracy on {split}: {100 * scores['accuracy']:.1f}" if "accuracy" in scores else ""
    return f"mAP on {split}: {100 * scores['map']:.1f}{accuracy}"
