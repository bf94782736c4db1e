"""Views of an image, and the mean of their maps."""

import torch

from gradcam_lab.localise.test_time_augmentation import MIRRORED, UNCHANGED, View, augmented, averaged, resized
from tests.networks import images


def test_a_mirrored_view_is_turned_back():
    maps = torch.zeros(1, 4, 4)
    maps[0, 1, 0] = 2
    upright = averaged({UNCHANGED: maps, MIRRORED: maps.flip(-1)})
    assert torch.allclose(upright, resized(maps / 2, (16, 16), "bilinear"))


def test_views_keep_colours_and_size():
    x = images(1, 64, 64)
    assert torch.equal(augmented(x, MIRRORED), x.flip(3))
    assert augmented(x, View(1.5)).shape == (1, 3, 96, 96)
    assert augmented(x, View(extra=1)).shape == (1, 3, 65, 65)
    assert augmented(x, View(1.5, True, 1)).shape == (1, 3, 97, 97)
