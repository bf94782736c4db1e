"""Arrays as RGB pictures."""

import numpy as np

from gradcam_lab.report.figures.rgb import dimmed, gradient_picture, gradient_strength, painted_seeds
from gradcam_lab.report.figures.style import BLUE, OURS


def test_dimmed_keeps_the_inside():
    image = np.full((2, 2, 3), 100, np.uint8)
    result = dimmed(image, np.array([[True, False], [False, True]]))
    assert result[0, 0].tolist() == [100, 100, 100]
    assert result[0, 1].tolist() == [210, 210, 210]


def test_seeds_are_orange_blue_and_grey():
    image = np.full((1, 3, 3), [90, 120, 150], np.uint8)
    foreground, background, unknown = painted_seeds(image, np.array([[1, 0, 255]]))[0].astype(int).tolist()
    assert unknown == [120, 120, 120]
    for painted, colour in ((foreground, OURS), (background, BLUE)):
        tint = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        assert np.abs(np.array(painted) - (0.4 * 120 + 0.6 * tint)).max() <= 0.5
    assert image[0, 0].tolist() == [90, 120, 150]


def test_the_strongest_gradient_is_white_and_none_is_black():
    gradient = np.zeros((3, 20, 20), np.float32)
    gradient[1, :2] = -4
    gradient[2, 2] = 1
    assert gradient_strength(gradient)[:, 0].tolist() == [4.0, 4.0, 1.0, *[0.0] * 17]
    picture = gradient_picture(gradient, (20, 20))
    assert picture[:, 0].tolist() == [[255] * 3] * 2 + [[64] * 3] + [[0] * 3] * 17
    assert gradient_picture(gradient, (40, 10)).shape == (10, 40, 3)
    assert not gradient_picture(np.zeros((3, 4, 4), np.float32), (4, 4)).any()
