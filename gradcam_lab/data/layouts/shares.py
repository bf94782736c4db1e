"""Train, val and test of a data set that does not have all three: what is missing is taken from what is there."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.errors import LabError

T = TypeVar("T")

SPLITS = ("train", "val", "test")

WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""What folders and files of a split are called, in small letters, and the split."""


def split_called(name: str) -> str:
    """Return the split that the name of a file or a folder tells of; "" for none.

    Examples:
        >>> split_called("instances_val2017"), split_called("valid"), split_called("labels")
        ('val', 'val', '')
    """
    return next((WORDS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in WORDS), "")


def arranged(lists: Mapping[str, Sequence[T]], split: str, root: Path, reading: Reading) -> tuple[list[T], str]:
    """Return the images of a split, and how the data set was split for it; "" where it has the split itself.

    One list alone gives val and test a share each, and train what is left. Without `test` half of val becomes test;
    without `val` it is held out of train. The same seed chooses the same images, so what `train` learns from is never
    in val or test.

    Args:
        lists: the images of each split that the data set has, by its name; one list may have any name.
        split: `train`, `val` or `test`.
        root: the data set, for messages.
        reading: has the share and the seed.

    Raises:
        LabError: there is no such split, or it would be empty.
    """
    given, how = _parts(lists, root, reading)
    if split not in given:
        raise LabError(f"There is no split '{split}' in '{root}': it has {', '.join(given)}.")
    if not given[split]:
        empty = f"Nothing is left for the split '{split}' of '{root}', whose images are"
        counts = ", ".join(f"{len(images)} of {name}" for name, images in given.items())
        raise LabError(f"{empty} {counts}: give another --val-size than {reading.size:g}, or more images.")
    return given[split], how


def _parts(lists: Mapping[str, Sequence[T]], root: Path, reading: Reading) -> tuple[dict[str, list[T]], str]:
    """Return the images of every split, and a sentence on what was split and how."""
    by = f"by the seed {reading.seed} (--val-size {reading.size:g}, --split-seed)"
    if len(lists) == 1:
        ((name, images),) = lists.items()
        val, test, train = _chosen(images, [_count(images, reading, of=2)] * 2, reading.seed)
        its = f"the {len(images)} images" + (f" of its only list, {name}," if name else "")
        how = f"'{root}' is not split: {its} become {len(train)} of train, {len(val)} of val and {len(test)} of test"
        return {"train": train, "val": val, "test": test}, f"{how}, {by}."
    parts = {name: list(lists[name]) for name in SPLITS if name in lists}
    if "test" not in parts:
        count = len(parts["val"])
        parts["val"], parts["test"] = _chosen(parts["val"], [count - count // 2], reading.seed)
        how = f"'{root}' has no test: of its val of {count} images {len(parts['test'])} become test"
        return parts, f"{how}, by the seed {reading.seed} (--split-seed)."
    if "val" not in parts:
        parts["val"], parts["train"] = _chosen(parts["train"], [_count(parts["train"], reading, of=1)], reading.seed)
        how = f"'{root}' has no val: {len(parts['val'])} images are kept from its train, {len(parts['train'])} are left"
        return {name: parts[name] for name in SPLITS}, f"{how}, {by}."
    return parts, ""


def _count(images: Sequence[T], reading: Reading, of: int) -> int:
    """Return how many images a part has, of which there are to be so many."""
    size, total = reading.size, len(images)
    if not size > 0 or (size >= 1 and size % 1):
        raise LabError(f"--val-size is {size:g}: give a share between 0 and 1, or a whole number of images.")
    count = max(round(size * total), 1) if size < 1 else int(size)
    if size < 1 and of == 2 and size <= 0.5:
        count = min(count, max(total // 2, 1))  # a half of an odd number is rounded down
    if of * count > total:
        wanted = f"{count} images of val{' and as many of test' if of == 2 else ''}"
        raise LabError(f"There are {total} images, too few for {wanted}: give a smaller --val-size than {size:g}.")
    return count


def _chosen(images: Sequence[T], counts: Sequence[int], seed: int) -> list[list[T]]:
    """Choose parts of so many images at random, and all others; each part keeps the order."""
    order = np.random.default_rng(seed).permutation(len(images))
    places = np.split(order, np.cumsum(counts))
    return [[images[place] for place in np.sort(part)] for part in places]
