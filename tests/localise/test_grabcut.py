"""The boxes of a refined mask, and the small image on which it is made."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam_lab.localise.grabcut import refined, shrunk


def test_boxes_of_the_refined_mask_are_scaled_to_the_image(lessons):
    asked = []

    def segment(heatmap, image, **fractions):
        asked.append((heatmap.shape, image.shape, fractions))
        mask = np.zeros(heatmap.shape, dtype=bool)
        mask[12:36, 24:72] = True
        return mask

    theirs = replace(lessons, segmentation=SimpleNamespace(segment=segment, mask_box=lessons.segmentation.mask_box))
    heatmap = np.ones((192, 384), np.float32)
    small = shrunk(np.zeros((192, 384, 3), np.uint8))
    assert refined(theirs, heatmap, small, 30)(0.05).tolist() == [[97, 49, 288, 144]]
    assert asked == [((48, 96), (48, 96, 3), {"sure_foreground": 0.3, "sure_background": 0.05})]
    with pytest.raises(ValueError, match="give the image"):
        refined(theirs, heatmap, None, 30)(0.05)


def test_small_images_are_not_shrunk():
    assert shrunk(np.zeros((60, 96, 3), np.uint8)).shape == (60, 96, 3)
