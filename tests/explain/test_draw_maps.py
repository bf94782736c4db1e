"""Maps as pictures."""

import numpy as np
import pytest

from gradcam_lab.explain import draw_maps


def test_the_hottest_cell_is_marked_where_it_is(photo):
    heatmap = np.zeros((3, 3), np.float32)
    heatmap[2, 0] = 4
    tile = draw_maps.cells(photo, heatmap)
    assert tile.mark == pytest.approx((1 / 6, 5 / 6))
    height, width = tile.image.shape[:2]
    bright, dark = tile.image[height * 5 // 6, width // 6], tile.image[height // 6, width * 5 // 6]
    assert bright.astype(int).sum() > 3 * dark.astype(int).sum()
    assert bright[0] > bright[2]  # yellow, and not its mirror image in BGR
    assert tile.title == "3 x 3 cells, dark 0 to bright 4"
