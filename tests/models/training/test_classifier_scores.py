"""Scores of a classifier: what counts, and which number epochs are compared by."""

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.classifier_scores import (
    average_precision_per_class,
    classifier_scores,
    main_score,
    summary,
)

CLASSES = ("cat", "dog", "unicorn")
LABELS = np.array([[1, 0, 0], [0, 1, 0], [np.nan, 1, 0], [1, 0, 0], [0, 0, np.nan]])
PROBABILITIES = np.random.default_rng(0).random((5, 3))


def test_average_precision_is_scikit_learns_of_the_images_that_count():
    found = average_precision_per_class(PROBABILITIES, LABELS, CLASSES)
    rows = [0, 1, 3, 4]
    assert found == {
        "cat": average_precision_score(LABELS[rows, 0], PROBABILITIES[rows, 0]),
        "dog": average_precision_score(LABELS[:, 1], PROBABILITIES[:, 1]),
    }


def test_a_weight_is_as_many_copies():
    times = np.array([2, 0, 1, 1, 3])
    copies = np.repeat(np.arange(5), times)
    weighted = average_precision_per_class(PROBABILITIES, LABELS, CLASSES, times)
    assert weighted == pytest.approx(average_precision_per_class(PROBABILITIES[copies], LABELS[copies], CLASSES))
    assert set(average_precision_per_class(PROBABILITIES, LABELS, CLASSES, np.array([0, 1, 1, 0, 1]))) == {"dog"}


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_it_is_scikit_learns_to_the_last_bit_whatever_ties_and_counts(precision):
    rng = np.random.default_rng(3)
    for digits in (1, 2, 7) * 20:
        size = rng.integers(1, 60)
        scores = rng.random((size, 1)).round(digits).astype(precision)
        labels, times = (rng.random((size, 1)) < 0.4).astype(float), rng.integers(0, 4, size)
        labels[0], times[0] = 1, 1
        kept = times > 0
        expected = average_precision_score(labels[kept, 0], scores[kept, 0], sample_weight=times[kept])
        assert average_precision_per_class(scores, labels, ("dog",), times) == {"dog": expected}
        assert average_precision_per_class(scores, labels, ("dog",)) == {
            "dog": average_precision_score(labels[:, 0], scores[:, 0])
        }


def test_the_mean_is_over_the_classes_that_occur():
    found = classifier_scores(PROBABILITIES, torch.tensor(LABELS), CLASSES)
    assert found["map"] == pytest.approx((found["classes"]["cat"] + found["classes"]["dog"]) / 2)
    assert main_score(found) == ("map", found["map"])
    assert summary({"map": 0.5}, "val") == "mAP on val: 50.0"


def test_where_each_image_has_one_class_there_is_an_accuracy():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]])
    found = classifier_scores(probabilities, torch.tensor([0, 1, 1, 0]), CLASSES)
    assert main_score(found) == ("accuracy", 0.75)
    assert set(found["classes"]) == {"cat", "dog"}
    assert summary(found, "val").endswith(", accuracy on val: 75.0")


def test_no_class_at_all_is_refused():
    with pytest.raises(LabError, match="None of the images shows one of the classes cat, dog, unicorn"):
        classifier_scores(PROBABILITIES, torch.zeros(5, 3), CLASSES)
