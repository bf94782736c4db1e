"""The picture of a failure."""

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.course.workspace import failure_picture


def drawn(tmp_path, yours, expected):
    path = tmp_path / "größer" / "2.2.png"
    failure_picture.draw([np.asarray(yours).tolist(), np.asarray(expected).tolist()], path)
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


def test_maps_share_one_scale_and_the_difference_is_white_where_there_is_none(tmp_path):
    expected = np.zeros((20, 20))
    expected[:, 10:] = 1
    yours = expected.copy()
    yours[:10] = expected[:10] - 1
    picture = drawn(tmp_path, yours, expected)
    colours = [set(map(tuple, part.reshape(-1, 3))) for part in np.array_split(picture, 3, axis=1)]
    low, middle, high = (68, 1, 84), (32, 144, 140), (253, 231, 36)
    near = [[min(abs(np.array(c) - want).max() for c in part) < 4 for want in (low, middle, high)] for part in colours]
    assert near[0] == [True, True, True], "yours holds -1, 0 and 1"
    assert near[1][1:] == [True, True], "so 0 and 1 have the same colours in what was expected"
    less, none = ((abs(picture[:, 800:1080] - c).max(axis=2) < 4) for c in ((5, 48, 97), (247, 247, 247)))
    above, below = np.nonzero(less.mean(axis=1) > 0.5)[0], np.nonzero(none.mean(axis=1) > 0.5)[0]
    assert len(above) > 50
    assert len(below) > 50
    assert above.max() < below.min(), "yours is less in the upper half, and the same in the lower"


def test_boxes_lie_where_they_are_with_y_downwards(tmp_path):
    picture = drawn(tmp_path, [[1, 1, 10, 10]], [[31, 41, 40, 50]])
    yours = np.array([0xD5, 0x5E, 0x00])
    expected = np.array([0x00, 0x72, 0xB2])
    mine, theirs = ((abs(picture - colour).max(axis=2) < 12) for colour in (yours, expected))
    thirds = [slice(0, 400), slice(400, 800), slice(800, 1200)]
    assert [bool(mine[:, third].any()) for third in thirds] == [True, False, True]
    assert [bool(theirs[:, third].any()) for third in thirds] == [False, True, True]
    both = thirds[2]
    assert np.nonzero(mine[:, both])[0].max() < np.nonzero(theirs[:, both])[0].min(), "yours is higher up"
    assert np.nonzero(mine[:, both])[1].max() < np.nonzero(theirs[:, both])[1].min(), "and further to the left"


def test_what_is_a_box():
    assert failure_picture.are_boxes(np.array([[1, 1, 3, 4], [5, 5, 5, 5]]))
    assert failure_picture.are_boxes(np.array([[1, 1, 3, 4, 0.25]]))
    assert failure_picture.are_boxes(np.zeros((0, 5)))
    assert not failure_picture.are_boxes(np.zeros((6, 4)))
    assert not failure_picture.are_boxes(np.ones((6, 7)))
    assert not failure_picture.are_boxes(np.array([[4, 1, 3, 4]]))


@pytest.mark.parametrize(("yours", "expected"), [([], [[1, 1, 4, 4, 0.5]]), ([], []), ([[0.0]], [[1e-9]])])
def test_next_to_nothing_can_be_drawn_too(tmp_path, yours, expected):
    assert drawn(tmp_path, yours, expected).shape == (440, 1200, 3)
