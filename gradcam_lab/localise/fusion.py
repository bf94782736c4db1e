"""Joining the map of the last layer with that of an earlier, finer one."""

from typing import Literal

import torch
from torch import Tensor

from gradcam_lab.localise.test_time_augmentation import resized, share_of_peak


def fuse(maps: Tensor, earlier: Tensor, how: Literal["maximum", "product"]) -> Tensor:
    """Join two maps, each as a share of its own maximum, on the finer grid.

    Args:
        maps: of the last layer, shape (N, h, w), not negative.
        earlier: of the earlier one, shape (N, H, W), not negative.
        how: the maximum keeps what either shows, the product what both show; of it the root is taken, which changes no
            order and leaves the thresholds where those of a single map are.

    Returns:
        Not negative, of the shape of the finer of the two.
    """
    size = max(maps.shape[1:], earlier.shape[1:])
    first, second = (resized(share_of_peak(part), size, "bilinear") for part in (maps, earlier))
    return torch.maximum(first, second) if how == "maximum" else (first * second).sqrt()
