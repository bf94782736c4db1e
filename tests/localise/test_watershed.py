"""Islands with several peaks, on maps made by hand."""

import numpy as np
import pytest

from gradcam_lab.localise.box_finders import islands
from gradcam_lab.localise.watershed import hills, merged, watershed


def two_hills(dip: float) -> np.ndarray:
    """Two round hills whose pass is about `dip` of the peaks."""
    y, x = np.mgrid[:96, :128]
    width = np.sqrt(30**2 / 2 / np.log(2 / dip))  # two Gaussians add up to `dip` half way
    return sum(np.exp(-((x - cx) ** 2 + (y - 48) ** 2) / (2 * width**2)) for cx in (34, 94)).astype(np.float32)


@pytest.mark.parametrize(("dip", "count"), [(0.3, 2), (0.95, 1)])
def test_watershed_splits_at_a_deep_pass_only(lessons, dip, count):
    boxes = watershed(lessons, two_hills(dip), None, 30)(0.1)
    assert len(islands(lessons, two_hills(dip), None, 30)(0.1)) == 1
    assert len(boxes) == count
    if count == 2:
        assert boxes[0, 2] == pytest.approx(64, abs=4)
        assert boxes[1, 0] == pytest.approx(65, abs=4)


@pytest.mark.parametrize(("apart", "count"), [(2, 1), (8, 2)])
def test_a_dent_is_no_valley(lessons, apart, count):
    """Two peaks with a deep dent between them are one hill where they are so near that one window holds both."""
    heat = np.full((32, 32), 0.1, np.float32)
    heat[14:18, 8 : 9 + apart] = 0.5
    heat[15, [8, 8 + apart]] = [1.0, 0.9]
    assert len(np.unique(merged(heat, hills(heat)))) == count
    assert len(watershed(lessons, heat, None, 1)(0.3)) == count


def test_a_hill_may_have_two_islands(lessons):
    heatmap = np.zeros((64, 96), np.float32)
    heatmap[10:14, 40:60] = 1
    heatmap[16:20, 40:50] = 0.9
    boxes = watershed(lessons, heatmap, None, 1)(0.3)
    assert sorted(boxes.tolist()) == sorted(islands(lessons, heatmap, None, 1)(0.3).tolist())
