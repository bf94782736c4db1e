"""Scores of a classifier: average precision of each class, their mean, and accuracy where each image has one class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Classifier


def class_probabilities(classifier: Classifier, logits: Tensor, classes: Sequence[str]) -> np.ndarray:
    """Return the probability of each class, shape (n, C), for the logits of n images."""
    return np.stack([classifier.probability(logits, name).numpy() for name in classes], axis=1)


def classifier_scores(probabilities: np.ndarray, labels: Tensor, classes: Sequence[str]) -> dict[str, Any]:
    """Score the probabilities of n images.

    Args:
        probabilities: shape (n, C).
        labels: as in `losses`: shape (n, C), or (n,) where each image has one class.
        classes: C names.

    Returns:
        `map`, `classes` (name -> AP, of those that occur), and where each image has one class also `accuracy`.

    Raises:
        LabError: no class occurs.
    """
    answers = labels.numpy()
    multi_label = labels.is_floating_point()
    present = answers if multi_label else (answers[:, None] == np.arange(len(classes))).astype(float)
    ap = average_precision_per_class(probabilities, present, classes)
    if not ap:
        raise LabError(f"None of the images shows one of the classes {', '.join(classes)}: give more or other images.")
    scores = {"map": float(np.mean(list(ap.values()))), "classes": ap}
    return scores if multi_label else {**scores, "accuracy": float((probabilities.argmax(axis=1) == answers).mean())}


def average_precision_per_class(
    probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str], weights: np.ndarray | None = None
) -> dict[str, float]:
    """Return the average precision of each class that at least one image shows.

    Args:
        probabilities: of n images, shape (n, C).
        labels: 1 where the class is in the image, 0 where not, NaN where the image does not count, shape (n, C).
        classes: C names.
        weights: how often each image counts, shape (n,); None counts each once.

    Examples:
        >>> labels = np.array([[1, 0], [0, 0], [1, 0]])
        >>> average_precision_per_class(np.array([[0.9, 0.1], [0.5, 0.2], [0.6, 0.3]]), labels, ("dog", "cat"))
        {'dog': 1.0}
    """
    ap = {}
    for name, answers, scores in zip(classes, labels.T, probabilities.T, strict=True):
        counted = ~np.isnan(answers) if weights is None else ~np.isnan(answers) & (weights > 0)
        if (answers[counted] == 1).any():
            times = np.ones(counted.sum()) if weights is None else weights[counted]
            ap[name] = _average_precision(answers[counted], scores[counted], times)
    return ap


def _average_precision(answers: np.ndarray, scores: np.ndarray, times: np.ndarray) -> float:
    """The area under the precision-recall curve, not interpolated; images of equal score are one step of it.

    These are scikit-learn's numbers to the last bit, twenty times as fast: it looks at its arguments for longer than it
    computes, which a bootstrap has done a thousand times. Hence the sum from the end of the curve.
    """
    order = np.argsort(-scores, kind="stable")
    steps = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum((answers * times)[order])[steps]
    precision = hits / np.cumsum(times[order])[steps]
    recall = np.append((hits / hits[-1])[::-1], 0)
    return float(-np.sum(np.diff(recall) * precision[::-1]))


def main_score(scores: Mapping[str, Any]) -> tuple[str, float]:
    """Return the score that epochs are compared by, with its name: `accuracy` where there is one, else `map`.

    Examples:
        >>> main_score({"map": 0.8, "accuracy": 0.9})
        ('accuracy', 0.9)
    """
    name = "accuracy" if "accuracy" in scores else "map"
    return name, scores[name]


def summary(scores: Mapping[str, Any], split: str) -> str:
    """Summarise the scores on a split in one line."""
    accuracy = f", accuracy on {split}: {100 * scores['accuracy']:.1f}" if "accuracy" in scores else ""
    return f"mAP on {split}: {100 * scores['map']:.1f}{accuracy}"
