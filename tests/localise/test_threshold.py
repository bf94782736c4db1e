"""The threshold that validation chooses, and step 3 on every image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.localise.maps import Heatmaps
from gradcam_lab.localise.threshold import GRID, choose, detect_all, sweep


class TestChoose:
    @pytest.mark.parametrize(
        ("values", "index"),
        [
            ([1, 2, 9, 2, 1], 2),
            ([9, 8, 1, 1, 1], 0),  # the left end: it is its own left neighbour
            ([1, 1, 1, 8, 9], 4),  # the right end
            ([40, 45, 47, 45], 2),  # an end is not the best for having one neighbour only
            ([0, 0, 10, 0, 0, 6, 7, 6, 0], 6),  # a lucky point loses to a broad hill
            ([5, 5, 5], 0),
            ([3], 0),
            ([2, 1], 0),
            ([0, 0, 0, 0], 0),
        ],
    )
    def test_by_hand(self, values, index):
        assert choose(values) == index

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=19))
    def test_has_the_highest_mean_of_a_point_and_its_neighbours(self, values):
        longer = [values[0], *values, values[-1]]
        means = [np.mean(longer[i : i + 3]) for i in range(len(values))]
        assert means[choose(values)] == pytest.approx(max(means))


@pytest.fixture
def heatmaps():
    """Three images of different sizes: one hot cell, two hot cells, and no evidence at all."""
    maps = np.zeros((3, 4, 4), np.float32)
    maps[0, 0, 3] = 7
    maps[1, 3, 0], maps[1, 0, 0] = 2, 1
    return Heatmaps(
        ids=np.array(["one", "two", "none"]),
        splits=np.array(["val", "test", "test"]),
        maps=maps,
        probabilities=np.array([0.5, 0.8, 0.9], np.float32),
        class_probabilities=np.array([[0.5], [0.8], [0.9]], np.float32),
        classes=np.array(["dog"]),
        sizes=np.array([[60, 40], [40, 80], [40, 40]]),
    )


class TestDetectAll:
    def test_boxes_lie_where_the_map_is_hot_in_pixels_of_the_image(self, lessons, heatmaps):
        found = detect_all(lessons, heatmaps, 0.5, min_area=1)
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

    def test_a_higher_threshold_leaves_less(self, lessons, heatmaps):
        assert len(detect_all(lessons, heatmaps, 0.6, min_area=1)["two"]) == 1

    def test_small_islands_are_dropped(self, lessons, heatmaps):
        assert all(len(rows) == 0 for rows in detect_all(lessons, heatmaps, 0.5, min_area=2000).values())

    def test_of_one_split(self, heatmaps):
        test = heatmaps.of("test")
        assert test.ids.tolist() == ["two", "none"]
        assert test.sizes.tolist() == [[40, 80], [40, 40]]
        assert test.classes.tolist() == ["dog"]


def test_the_sweep_scores_every_threshold_of_the_grid(lessons, heatmaps):
    truth = {
        "one": lessons.metrics.GroundTruth(np.array([[46.0, 1, 60, 14]]), np.array([False])),
        "two": lessons.metrics.GroundTruth(np.array([[1.0, 1, 12, 20]]), np.array([False])),
        "none": lessons.metrics.GroundTruth(np.zeros((0, 4)), np.zeros(0, bool)),
    }
    curves = sweep(lessons, lambda fraction: detect_all(lessons, heatmaps, fraction, 1), truth, (0.3, 0.5), "testing")
    assert GRID[0] == 0.05
    assert GRID[-1] == 0.95
    for index in (3, 9, 15):
        scores = lessons.metrics.evaluate(detect_all(lessons, heatmaps, GRID[index], 1), truth, (0.3, 0.5))
        for threshold, score in scores.items():
            assert curves["ap"][f"{threshold:g}"][index] == score.ap
            assert curves["recall"][f"{threshold:g}"][index] == score.recall
        assert curves["mean_ap"][index] == pytest.approx(np.mean([score.ap for score in scores.values()]))
    assert max(curves["mean_ap"]) > 0
    assert {len(values) for name in ("ap", "recall") for values in curves[name].values()} == {len(GRID)}
