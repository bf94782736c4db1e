"""Bootstrap samples of images, and the intervals that they give."""

import numpy as np
import pytest

from gradcam_lab.evaluate.bootstrap import (
    above_zero,
    below_zero,
    estimate,
    image_draws,
    interval,
    mean_of,
    with_interval,
)
from gradcam_lab.evaluate.records import MeanWithInterval


class TestImageDraws:
    def test_each_draws_as_many_images_as_there_are(self):
        counts = image_draws(7, seed=0, draws=50)
        assert counts.shape == (50, 7)
        assert (counts.sum(axis=1) == 7).all()
        assert counts.min() == 0
        assert counts.max() > 1

    def test_are_decided_by_the_seed(self):
        assert np.array_equal(image_draws(9, 1), image_draws(9, 1))
        assert not np.array_equal(image_draws(9, 1), image_draws(9, 2))

    def test_none_are_possible(self):
        assert image_draws(4, 0, draws=0).shape == (0, 4)


class TestInterval:
    def test_leaves_out_draws_without_a_value(self):
        values = np.array([np.nan, *range(101)])
        assert interval(values) == (2.5, 97.5)

    def test_of_nothing_is_nothing(self):
        assert interval(np.array([np.nan, np.nan])) == (None, None)
        assert interval(np.array([])) == (None, None)


class TestMeanOf:
    def test_the_interval_lies_around_the_mean(self):
        mean = mean_of(np.array([0, 1, np.nan, 1, 0]), seed=0)
        assert mean["value"] == 0.5
        assert mean["low"] is not None
        assert mean["high"] is not None
        assert 0 <= mean["low"] < 0.5 < mean["high"] <= 1

    def test_of_nothing_is_nothing(self):
        assert mean_of(np.array([np.nan]), 0) == {"value": None, "low": None, "high": None}


class TestEstimate:
    @pytest.mark.parametrize(
        ("low", "high", "below", "above"),
        [
            (-2, -1, True, False),
            (1, 2, False, True),
            (-1, 1, False, False),
            (0, 1, False, False),
            (-1, 0, False, False),
        ],
    )
    def test_the_whole_interval_must_lie_on_one_side(self, low, high, below, above):
        mean: MeanWithInterval = {"value": 0.0, "low": low, "high": high}
        assert (below_zero(mean), above_zero(mean)) == (below, above)

    def test_what_is_not_defined_lies_on_no_side(self):
        nothing = estimate(np.nan, np.array([]))
        assert not below_zero(nothing)
        assert not above_zero(nothing)
        assert nothing == {"value": None, "low": None, "high": None}

    def test_its_record_may_bear_a_name(self):
        draws = np.array([np.nan, *range(101)])
        assert with_interval("ap", 0.5, draws) == {"ap": 0.5, "ap_low": 2.5, "ap_high": 97.5}
