"""Comparisons and lists in words."""

import pytest

from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.report.text.wording import compared, decimal, listed, signed, time_of


def mean(value: float | None, low: float | None, high: float | None) -> MeanWithInterval:
    """One of the results."""
    return {"value": value, "low": low, "high": high}


def test_a_difference_is_ahead_behind_or_level():
    low, high = mean(0.3, 0.2, 0.4), mean(0.51, 0.41, 0.6)
    assert compared(high, low) == {
        **{"ours": 0.51, "theirs": 0.3, "difference": pytest.approx(0.21), "ahead": True},
        **{"lead": "21.0 points ahead", "than": "21.0 points better than", "verdict": "ahead of", "apart": True},
    }
    assert compared(low, high)["lead"] == "21.0 points behind"
    assert compared(low, high)["than"] == "21.0 points worse than"
    assert compared(low, high)["apart"]
    assert compared(low, low)["lead"] == "level"
    assert compared(low, low)["verdict"] == compared(low, low)["than"] == "level with"
    assert compared(mean(0.31, 0.21, 0.41), low)["lead"] == "1.0 point ahead"


@pytest.mark.parametrize("other", [mean(0.5, 0.4, 0.6), mean(0.5, None, None), mean(None, None, None)])
def test_intervals_that_touch_or_are_missing_are_not_apart(other):
    mine = mean(0.3, 0.2, 0.4)
    assert not compared(mine, other)["apart"]
    assert not compared(other, mine)["apart"]


def test_numbers_have_a_true_minus():
    assert [signed(-0.0123), signed(0.5), signed(-0.0123, percent=False)] == ["−1.2", "+50.0", "−0.01"]
    assert decimal(-0.126) == "−0.13"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words, text):
    assert listed(words) == text


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (0.58, "0.58 of the time of one"),
        (0.949, "0.95 of the time of one"),
        (0.96, "about the same time as one"),
        (1.04, "about the same time as one"),
        (1.051, "1.05 times the time of one"),
        (16.66, "16.66 times the time of one"),
    ],
)
def test_a_time_is_a_share_or_a_multiple_of_another_or_the_same(cost, words):
    assert time_of(cost, "one") == words
