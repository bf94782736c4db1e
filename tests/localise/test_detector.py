"""Scored boxes of all images of a split: step 3's islands, and boxes that are found otherwise."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam_lab.localise.box_finders import islands
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.methods import METHODS, Method


class TestAllImages:
    def test_boxes_lie_where_the_map_is_hot_in_pixels_of_the_image(self, lessons, maps):
        found = Detector(lessons, min_area=1)(maps, 0.5)
        assert list(found) == ["one", "two", "none"]
        assert found["none"].shape == (0, 5)
        (one,) = found["one"]
        assert one[0] > 40  # the last of four columns of an image 60 wide and 40 high
        assert one[1:4].tolist() == [1, 60, one[3]]
        assert one[3] < 20
        assert one[4] == pytest.approx(0.5)  # the probability, at the map's own peak
        low, high = found["two"]
        assert low[1] > 50
        assert high[3] < 25
        assert (low[4], high[4]) == pytest.approx((0.8, 0.4))

    def test_a_higher_threshold_leaves_less(self, lessons, maps):
        assert len(Detector(lessons, min_area=1)(maps, 0.6)["two"]) == 1

    def test_small_islands_are_dropped(self, lessons, maps):
        assert all(len(rows) == 0 for rows in Detector(lessons, min_area=2000)(maps, 0.5).values())


@pytest.mark.parametrize("method", ["gradcam", "watershed"])
def test_of_each_image_the_surest_boxes_are_kept(lessons, maps, method):
    every = Detector(lessons, METHODS[method], min_area=1)(maps, 0.2)
    first = Detector(lessons, METHODS[method], min_area=1, max_detections=1)(maps, 0.2)
    assert max(map(len, every.values())) > 1
    for name, boxes in every.items():
        assert first[name].tolist() == boxes[:1].tolist()
        assert all(boxes[:1, 4] >= box[4] for box in boxes)


def test_islands_go_through_the_students_detect(lessons, maps):
    asked = []

    def detect(cam, size, probability, **given):
        asked.append((size, given["threshold"], given["min_area"]))
        return np.array([[1.0, 1, 2, 2, probability]])

    theirs = replace(lessons, boxes=SimpleNamespace(detect=detect))
    boxes = Detector(theirs, min_area=7)(maps, 0.3)
    assert {len(rows) for rows in boxes.values()} == {1}
    assert asked == [((40, 60), 0.3, 7), ((80, 40), 0.3, 7), ((40, 40), 0.3, 7)]


def test_several_thresholds_are_those_one_by_one(lessons, maps):
    detector = Detector(lessons, METHODS["watershed"], min_area=1)
    for threshold, found in zip((0.2, 0.6), detector.at(maps, (0.2, 0.6)), strict=True):
        alone = detector(maps, threshold)
        assert list(found) == list(alone)
        assert all(np.array_equal(found[name], alone[name]) for name in alone)


def test_what_other_finders_leave_out_of_step_3_is_done_as_step_3_does_it(lessons):
    by_hand = Method("by hand", find=lambda *given: islands(*given))  # another function, so not the whole of step 3
    rng = np.random.default_rng(0)
    for _ in range(20):
        cam = rng.random((7, 7)).astype(np.float32)
        mine = Detector(lessons, by_hand).detect(cam, (90, 60), 0.7, 0.6)
        theirs = lessons.boxes.detect(cam, (60, 90), 0.7, threshold=0.6, iou=lessons.metrics.box_iou, min_area=30)
        assert np.array_equal(mine, theirs)
