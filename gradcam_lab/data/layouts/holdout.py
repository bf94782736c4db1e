"""Holding out a part of the training images for validation."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from gradcam_lab.errors import LabError

T = TypeVar("T")


def train_or_val(split: str, items: Sequence[T], group: Callable[[T], str], size: float, seed: int) -> list[T]:
    """Return the part of `items` that `held_out` leaves for `train`, or the part that it chooses for `val`."""
    held = held_out([group(item) for item in items], size, seed)
    return [item for item, is_held in zip(items, held, strict=True) if is_held == (split == "val")]


def held_out(groups: Sequence[str], size: float, seed: int) -> list[bool]:
    """Choose the same share of every group, and the same images for the same seed.

    Args:
        groups: the group of each image, such as its class.
        size: below 1 the share of each group that is held out, else the number of images, of all groups together. By a
            share at least one image of a group is held out; at least one always stays, so a group of one image stays.
        seed: of the choice.

    Returns:
        whether each image is held out.

    Raises:
        LabError: the size is no share and no number of images, or so many images would leave a group without any.

    Examples:
        >>> held_out(["cat", "dog", "dog"], size=0.5, seed=0)
        [False, True, False]
        >>> sum(held_out(["cat", "dog", "dog", "dog", "dog"], size=2, seed=0))
        2
    """
    if not size > 0 or (size >= 1 and size % 1):
        raise LabError(f"The size of val is {size}: val_size must be a share between 0 and 1, or a number of images.")
    names, counts = np.unique(np.array(groups), return_counts=True)
    if size < 1:
        held = np.minimum(np.maximum(np.rint(size * counts).astype(int), 1), counts - 1)
    else:
        held = evenly(int(size), counts)
        if int(size) > len(groups) or (held >= counts).any():
            raise LabError(
                f"The size of val is {int(size)}, and there are {len(groups)} images of {len(names)} classes for train "
                "and val: give a smaller val_size, so that each class keeps some for train."
            )
    return _chosen(groups, names, held, seed)


def some_of(groups: Sequence[str], count: int, seed: int) -> list[bool]:
    """Choose so many images, of every group the same share, and the same images for the same seed.

    Raises:
        LabError: there are not so many.
    """
    if count > len(groups):
        raise LabError(
            f"The size of val is {count}, but there are {len(groups)} images: give val_size (--val-size) at most "
            f"{len(groups)}."
        )
    names, counts = np.unique(np.array(groups), return_counts=True)
    return _chosen(groups, names, evenly(count, counts), seed)


def evenly(total: int, counts: np.ndarray) -> np.ndarray:
    """Divide a total in the proportion of some counts, by the largest remainders.

    Examples:
        >>> evenly(5, np.array([40, 40, 20])).tolist()
        [2, 2, 1]
    """
    quotas = total * counts / counts.sum()
    whole = np.floor(quotas).astype(int)
    whole[np.argsort(whole - quotas, kind="stable")[: total - whole.sum()]] += 1
    return whole


def _chosen(groups: Sequence[str], names: np.ndarray, counts: np.ndarray, seed: int) -> list[bool]:
    """Choose at random so many images of each group."""
    chosen = np.zeros(len(groups), dtype=bool)
    for number, (name, count) in enumerate(zip(names, counts, strict=True)):
        members = np.flatnonzero(np.array(groups) == name)
        chosen[np.random.default_rng([seed, number]).permutation(members)[:count]] = True
    return chosen.tolist()
