"""Which images the report shows: the choice of the hero, which must not be called a success when it is none."""

from pathlib import Path

import numpy as np
import pytest

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.evaluate.error_types import Failure
from gradcam_lab.localise.maps import Maps
from gradcam_lab.report.figures.select import Selection

DOG, CAT = Object("dog", (1, 1, 10, 10)), Object("cat", (1, 1, 10, 10))


def selection_of(scores, failed, objects=None, probabilities=None):
    """Images a, b, ... with one dog each, one box of the given score each; in the failed ones the dog was not found."""
    samples = [Sample(image, Path(image), (20, 20), (objects or {}).get(image, (DOG,))) for image in scores]
    boxes = {image: np.array([[1, 1, 10, 10, score]]) for image, score in scores.items()}
    failures = [Failure(image, 0, "context", 0.2) for image in failed]
    known = np.array([(probabilities or {}).get(image, (score, 0.1)) for image, score in scores.items()])
    maps = Maps(
        ids=np.array(list(scores)),
        maps=np.zeros((len(scores), 2, 2), np.float32),
        probabilities=known[:, 0],
        class_probabilities=known,
        classes=np.array(["dog", "cat"]),
        sizes=np.full((len(scores), 2), 20),
        splits=np.full(len(scores), "test"),
    )
    return Selection(samples, maps, boxes, failures, "dog")


@pytest.mark.parametrize(
    ("scores", "failed", "shown", "success"),
    [
        ({"a": 0.9, "b": 0.8, "c": 0.6}, ["a"], "b", True),
        ({"a": 0.9, "b": 0.4}, ["a"], "a", False),  # b is right, but hardly on purpose
        ({"a": 0.7, "b": 0.9}, ["a", "b"], "b", False),
    ],
)
def test_the_hero_is_the_surest_success_or_not_called_one(scores, failed, shown, success):
    sample, called = selection_of(scores, failed).hero()
    assert (sample.id, called) == (shown, success)


def test_two_classes_are_those_of_one_image_where_there_is_one():
    scores = {"a": 0.9, "b": 0.8, "c": 0.7}
    objects = {"b": (DOG, CAT), "c": (DOG, CAT)}
    known = {"a": (0.9, 0.9), "b": (0.9, 0.3), "c": (0.5, 0.6)}
    sample, other = selection_of(scores, [], objects, known).two_classes()
    assert (sample.id, other) == ("c", "cat")
    sample, other = selection_of(scores, [], {}, known).two_classes()
    assert (sample.id, other) == ("a", "cat")


def test_the_mistake_is_the_surest_false_alarm():
    scores = {"a": 0.9, "b": 0.8, "c": 0.7}
    assert selection_of(scores, []).mistake() is None
    found = selection_of(scores, [], {"b": (CAT,), "c": (CAT,)}).mistake()
    assert found is not None
    assert (found[0].id, found[1]) == ("b", "cat")


def test_images_drawn_by_lot_are_different_and_the_same_every_time():
    selection = selection_of({f"{number:02d}": 0.5 for number in range(20)}, [])
    chosen = [sample.id for sample in selection.random(0)]
    assert len(set(chosen)) == 10
    assert [sample.id for sample in selection.random(0)] == chosen
    assert [sample.id for sample in selection.random(1)] != chosen


def test_the_worst_of_a_kind_are_a_few_images_each_once():
    scores = {f"{number}": 0.5 for number in range(8)}
    selection = selection_of(scores, ["0", "0", *scores])
    assert [sample.id for sample in selection.worst("context")] == ["0", "1", "2", "3"]
    assert selection.worst("missed") == []
