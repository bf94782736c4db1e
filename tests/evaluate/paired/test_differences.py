"""Paired differences of scores."""

from typing import Any

import numpy as np
import pytest

from gradcam_lab.evaluate.bootstrap import Draws
from gradcam_lab.evaluate.paired.differences import MEASURES, score_differences
from gradcam_lab.evaluate.scores import Scored


def scored(ap, recall, corloc, spread):
    """Scores whose bootstrap samples lie evenly around 0.5, all three alike."""
    row: Any = dict(zip(MEASURES, (ap, recall, corloc), strict=True))
    draws = 0.5 + spread * np.linspace(-1, 1, 101)
    return {"0.5": Scored(row, Draws(draws, draws, draws))}


def test_the_interval_is_that_of_the_differences():
    ours, theirs = scored(0.7, 0.8, 0.9, 0.3), scored(0.6, 0.9, 0.9, 0.2)
    rows = score_differences(ours, theirs)["0.5"]
    assert [rows[name]["value"] for name in MEASURES] == pytest.approx([0.1, -0.1, 0])
    # The samples move together: each interval is 0.57 or 0.38 wide, that of the difference 0.19.
    for name in MEASURES:
        assert (rows[name]["low"], rows[name]["high"]) == (pytest.approx(-0.095), pytest.approx(0.095))


def test_what_is_not_defined_has_no_difference():
    rows = score_differences(scored(None, 0.8, 0.9, 0.1), scored(0.6, 0.9, 0.9, 0.1))["0.5"]
    assert rows["ap"]["value"] is None
    assert rows["recall"]["value"] == pytest.approx(-0.1)
