"""The four kinds of errors."""

import numpy as np
import pytest

from gradcam_lab.evaluate.error_types import find_failures


class TestFindFailures:
    def explain(self, experiment, objects, boxes, difficult=None):
        objects = np.array(objects, dtype=float)
        flags = np.zeros(len(objects), bool) if difficult is None else np.array(difficult)
        found = np.array([[*box, 0.9] for box in boxes], dtype=float).reshape(-1, 5)
        return find_failures(
            experiment, {"a": found}, {"a": experiment.lessons.metrics.GroundTruth(objects, flags)}, 0.5
        )

    DOG = (101, 101, 200, 200)

    @pytest.mark.parametrize(
        ("box", "kind", "iou"),
        [
            ((1, 1, 50, 50), "missed", 0),
            ((101, 101, 120, 120), "missed", 0.04),  # inside, but too small to be about the dog
            ((101, 101, 150, 150), "head only", 0.25),
            ((101, 101, 200, 125), "head only", 0.25),
            ((51, 101, 150, 200), "context", 1 / 3),  # half of the dog and as much beside it
            ((1, 1, 300, 300), "context", 1 / 9),  # all of the dog and far more
        ],
    )
    def test_one_dog(self, experiment, box, kind, iou):
        ((image, index, found, overlap),) = self.explain(experiment, [self.DOG], [box])
        assert (image, index, found) == ("a", 0, kind)
        assert overlap == pytest.approx(iou)

    def test_one_box_over_two_dogs_is_merged_for_both(self, experiment):
        failures = self.explain(experiment, [self.DOG, (211, 101, 310, 200)], [(91, 91, 320, 210)])
        assert [(f.object, f.kind) for f in failures] == [(0, "merged"), (1, "merged")]

    def test_no_box_at_all(self, experiment):
        assert [f.kind for f in self.explain(experiment, [self.DOG], [])] == ["missed"]

    def test_a_dog_that_was_found_or_is_difficult_is_no_failure(self, experiment):
        assert self.explain(experiment, [self.DOG], [self.DOG, (1, 1, 50, 50)]) == []
        assert self.explain(experiment, [self.DOG], [], [True]) == []
        assert self.explain(experiment, np.zeros((0, 4)), [(1, 1, 50, 50)]) == []

    def test_the_box_that_overlaps_most_decides(self, experiment):
        ((_, _, kind, iou),) = self.explain(experiment, [self.DOG], [(1, 1, 300, 300), (101, 101, 160, 160)])
        assert kind == "head only"
        assert iou == pytest.approx(0.36)

    def test_the_worst_come_first_within_each_kind(self, experiment):
        truth = {
            name: experiment.lessons.metrics.GroundTruth(np.array([self.DOG], dtype=float), np.array([False]))
            for name in "abcd"
        }
        boxes = {"a": (51, 101, 150, 200), "b": (101, 101, 160, 160), "c": (101, 101, 150, 150), "d": (1, 1, 9, 9)}
        found = {name: np.array([[*box, 1.0]]) for name, box in boxes.items()}
        failures = find_failures(experiment, found, truth, 0.5)
        assert [(f.kind, f.image) for f in failures] == [
            ("missed", "d"),
            ("head only", "c"),
            ("head only", "b"),
            ("context", "a"),
        ]
