"""A part of a list, at equal distances."""

import pytest

from gradcam_lab.data.spread import spread


@pytest.mark.parametrize(
    ("count", "expected"), [(3, [0, 3, 6]), (4, [0, 2, 5, 7]), (10, list(range(10))), (20, list(range(10)))]
)
def test_images_are_chosen_at_equal_distances(count, expected):
    assert spread(range(10), count) == expected
