"""A map joined with that of an earlier layer."""

import pytest
import torch

from gradcam_lab.localise.fusion import fuse

COARSE = torch.tensor([[[4.0, 0.0], [1.0, 0.0]]])
FINE = torch.tensor([[[0.5, 0.25], [0.0, 0.5]]])


@pytest.mark.parametrize(("how", "expected"), [("maximum", [[1, 0.5], [0.25, 1]]), ("product", [[1, 0], [0, 0]])])
def test_both_count_as_shares_of_their_peaks(how, expected):
    assert fuse(COARSE, FINE, how).tolist() == [expected]


def test_the_finer_grid_is_kept_whichever_it_is():
    wide = torch.ones(1, 4, 4)
    assert fuse(COARSE, wide, "product").shape == fuse(wide, COARSE, "product").shape == (1, 4, 4)
    assert fuse(COARSE, wide, "product")[0, 0, 0] == 1


def test_without_heat_there_is_no_product_and_no_nan():
    assert fuse(COARSE * 0, FINE, "product").tolist() == [[[0, 0], [0, 0]]]
    assert fuse(COARSE * 0, FINE, "maximum").amax() == 1
