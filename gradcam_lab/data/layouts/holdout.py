"""Holding out a part of the training images for validation."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from gradcam_lab.errors import LabError

T = TypeVar("T")


def train_or_val(split: str, items: Sequence[T], group: Callable[[T], str], share: float, seed: int) -> list[T]:
    """Return the part of `items` that `held_out` leaves for `train`, or the part that it chooses for `val`."""
    held = held_out([group(item) for item in items], share, seed)
    return [item for item, is_held in zip(items, held, strict=True) if is_held == (split == "val")]


def held_out(groups: Sequence[str], share: float, seed: int) -> list[bool]:
    """Choose the same share of every group, and the same images for the same seed.

    Args:
        groups: the group of each image, such as its class.
        share: how much of each group is held out, between 0 and 1. At least one image of a group is held out and at
            least one stays; a group of one image stays.
        seed: of the choice.

    Returns:
        whether each image is held out.

    Raises:
        LabError: the share is not between 0 and 1.

    Examples:
        >>> held_out(["cat", "dog", "dog"], share=0.5, seed=0)
        [False, True, False]
    """
    if not 0 < share < 1:
        raise LabError(f"The share of images kept for validation is {share}: val_size must lie between 0 and 1.")
    names = np.array(groups)
    chosen = np.zeros(len(names), dtype=bool)
    for number, name in enumerate(np.unique(names)):
        members = np.flatnonzero(names == name)
        count = min(max(round(share * len(members)), 1), len(members) - 1)
        chosen[np.random.default_rng([seed, number]).permutation(members)[:count]] = True
    return chosen.tolist()
