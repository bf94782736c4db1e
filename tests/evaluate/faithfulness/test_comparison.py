"""Our map beside the two that know nothing: over which images they are compared."""

import pytest

from gradcam_lab.evaluate.faithfulness.comparison import compare
from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP, RANDOM_MAP


def test_all_maps_are_asked_about_the_same_images():
    """An image in which one map is not asked counts for none of them; of fewer than five nothing is said."""
    unknown = float("nan")
    values = {
        GRADCAM_MAP: [1.0] * 6,
        CENTRE_MAP: [0.0] * 5 + [unknown],
        RANDOM_MAP: [unknown] + [0.0] * 5,
    }
    test, count = compare(values, seed=0, higher=True)
    assert count == 4
    assert {mean["value"] for mean in (*test["rows"].values(), *test["gains"].values())} == {None}
    assert not test["passed"]
    values[RANDOM_MAP][0] = 0.5
    test, count = compare(values, seed=0, higher=True)
    assert count == 5
    assert [mean["value"] for mean in test["rows"].values()] == pytest.approx([1, 0, 0.1])
    assert [mean["value"] for mean in test["gains"].values()] == pytest.approx([1, 0.9])
    assert test["passed"]
    assert not compare(values, seed=0, higher=False)[0]["passed"]
