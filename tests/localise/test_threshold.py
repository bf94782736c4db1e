"""The rule that chooses a threshold, and the loop that tries them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.methods import GRID
from gradcam_lab.localise.threshold import choose, sweep


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


def test_the_sweep_scores_every_threshold_of_the_grid(lessons, maps):
    truth = {
        "one": lessons.metrics.GroundTruth(np.array([[46.0, 1, 60, 14]]), np.array([False])),
        "two": lessons.metrics.GroundTruth(np.array([[1.0, 1, 12, 20]]), np.array([False])),
        "none": lessons.metrics.GroundTruth(np.zeros((0, 4)), np.zeros(0, bool)),
    }
    curves = sweep(Detector(lessons, min_area=1), maps, truth, GRID, (0.3, 0.5), title="testing")
    assert GRID[0] == 0.05
    assert GRID[-1] == 0.95
    for index in (3, 9, 15):
        scores = lessons.metrics.evaluate(Detector(lessons, min_area=1)(maps, GRID[index]), truth, (0.3, 0.5))
        for threshold, score in scores.items():
            assert curves.ap[f"{threshold:g}"][index] == score.ap
            assert curves.recall[f"{threshold:g}"][index] == score.recall
        assert curves.mean_ap[index] == pytest.approx(np.mean([score.ap for score in scores.values()]))
    assert max(curves.mean_ap) > 0
    assert {len(values) for curve in (curves.ap, curves.recall) for values in curve.values()} == {len(GRID)}
    assert curves.boxes[9] == sum(map(len, Detector(lessons, min_area=1)(maps, GRID[9]).values()))
