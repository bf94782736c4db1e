"""Otsu's threshold, on maps made by hand."""

import numpy as np

from gradcam_lab.localise.box_finders import otsu


def test_otsu_finds_the_gap(lessons):
    heatmap = np.full((40, 60), 0.1, np.float32)
    heatmap[10:20, 30:50] = 0.9
    assert otsu(lessons, heatmap, None, 30)(0.0).tolist() == [[31, 11, 50, 20]]
    assert otsu(lessons, np.zeros((4, 4), np.float32), None, 1)(0.0).shape == (0, 4)


def test_otsu_cuts_an_even_ramp_in_the_middle(lessons):
    ramp = np.tile(np.arange(256, dtype=np.float32), (20, 1))
    for ignored in (0.1, 0.9):
        ((xmin, ymin, xmax, ymax),) = otsu(lessons, ramp, None, 1)(ignored)
        assert 127 <= xmin <= 130
        assert (ymin, xmax, ymax) == (1, 256, 20)
    assert otsu(lessons, -ramp, None, 1)(0.1).shape == (0, 4)
