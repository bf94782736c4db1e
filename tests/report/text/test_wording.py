"""Comparisons and lists in words."""

import pytest

from gradcam_lab.evaluate.bootstrap import Estimate
from gradcam_lab.report.text.wording import compared, decimal, listed, signed


def test_a_difference_is_ahead_behind_or_level():
    low, high = Estimate(0.3, 0.2, 0.4), Estimate(0.51, 0.41, 0.6)
    assert compared(high, low) == {
        **{"ours": 0.51, "theirs": 0.3, "difference": pytest.approx(0.21), "ahead": True},
        **{"lead": "21.0 points ahead", "than": "21.0 points better than", "verdict": "ahead of", "apart": True},
    }
    assert compared(low, high)["lead"] == "21.0 points behind"
    assert compared(low, high)["than"] == "21.0 points worse than"
    assert compared(low, high)["apart"]
    assert compared(low, low)["lead"] == "level"
    assert compared(low, low)["verdict"] == compared(low, low)["than"] == "level with"
    assert compared(Estimate(0.31, 0.21, 0.41), low)["lead"] == "1.0 point ahead"


@pytest.mark.parametrize("other", [Estimate(0.5, 0.4, 0.6), Estimate(0.5, None, None), Estimate(None, None, None)])
def test_intervals_that_touch_or_are_missing_are_not_apart(other):
    mine = Estimate(0.3, 0.2, 0.4)
    assert not compared(mine, other)["apart"]
    assert not compared(other, mine)["apart"]


def test_numbers_have_a_true_minus():
    assert [signed(-0.0123), signed(0.5), signed(-0.0123, percent=False)] == ["−1.2", "+50.0", "−0.01"]
    assert decimal(-0.126) == "−0.13"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words, text):
    assert listed(words) == text
