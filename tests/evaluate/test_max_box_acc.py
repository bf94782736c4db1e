"""MaxBoxAccV2, by hand."""

import numpy as np
import pytest

from gradcam_lab.evaluate.max_box_acc import best_overlap, max_box_acc, score_overlaps
from gradcam_lab.localise.methods import GRID
from tests.evaluate.drawn import inside


def test_max_box_acc_by_hand():
    """Three images, two thresholds: at 0.3 the second is best (3 of 3), at 0.5 the first (2 of 3), at 0.7 either."""
    overlaps = np.array([[0.5, 0.3], [0.6, 0.4], [0.1, 0.7]])
    assert max_box_acc(overlaps, np.ones((1, 3))).tolist() == [pytest.approx([1, 2 / 3, 1 / 3])]


def test_best_overlap_is_that_of_any_box_with_any_object(lessons):
    """The map has a small island of heat 1 on one object and a large one of 0.5 on another."""
    heatmap = inside((1, 1, 10, 10)) + 0.5 * inside((21, 11, 60, 40))
    objects = np.array([[1, 1, 10, 20], [21, 11, 60, 34]], dtype=float)
    best = best_overlap(lessons, heatmap, objects, (0.4, 0.6))
    assert best.tolist() == pytest.approx([24 / 30, 0.5])  # above 0.5 only the small island is left
    assert best_overlap(lessons, np.zeros((40, 60)), objects, (0.4,)).tolist() == [0]


def test_two_maps_are_scored(lessons):
    box = (11, 11, 30, 30)
    maps = [inside(box), inside((11, 11, 30, 22))]  # the second: 12 of 20 rows, IoU 0.6
    scores = score_overlaps(np.array([best_overlap(lessons, heat, np.array([box]), GRID) for heat in maps]), seed=0)
    assert scores["oracle"]
    assert scores["images"] == 2
    assert [row["value"] for row in scores["rows"].values()] == [1, 1, 0.5]
    assert scores["mean"]["value"] == pytest.approx(2.5 / 3)
    assert scores["rows"]["0.7"]["low"] == 0
    assert scores["rows"]["0.7"]["high"] == 1
    assert score_overlaps(np.zeros((0, len(GRID))), seed=0)["mean"]["value"] is None


def test_the_bootstrap_finds_the_best_threshold_of_each_draw_again():
    """Each image is right at its own threshold only: the full sample has 0.5, a draw of one image alone has 1."""
    draws = max_box_acc(np.array([[0.9, 0.0], [0.0, 0.9]]), np.array([[1, 1], [2, 0], [0, 2]]))
    assert draws.tolist() == [[0.5] * 3, [1.0] * 3, [1.0] * 3]
