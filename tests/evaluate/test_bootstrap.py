"""Bootstrap samples of images, and the intervals that they give."""

import numpy as np
import pytest

from gradcam_lab.evaluate.bootstrap import Estimate, estimate, image_draws, interval, mean_of


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
        assert mean.value == 0.5
        assert mean.low is not None
        assert mean.high is not None
        assert 0 <= mean.low < 0.5 < mean.high <= 1

    def test_of_nothing_is_nothing(self):
        assert mean_of(np.array([np.nan]), 0) == (None, None, None)


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
        value = Estimate(0.0, low, high)
        assert (value.below(0), value.above(0)) == (below, above)

    def test_what_is_not_defined_lies_on_no_side(self):
        nothing = estimate(np.nan, np.array([]))
        assert not nothing.below(0)
        assert not nothing.above(0)
        assert nothing.record() == {"value": None, "low": None, "high": None}
