"""Whether labels tell images apart: from a class that every image shows nothing can be learned, nor be scored by it."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from gradcam_lab.errors import LabError


def require_contrast(labels: Tensor, classes: Sequence[str], images: str) -> None:
    """Require that some images show a class and some do not.

    Args:
        labels: of n images, as in `losses`: shape (n, C), or (n,) where each image has one class.
        classes: C names.
        images: whose labels they are, for messages, such as "the split 'train' of 'pets'".

    Raises:
        LabError: there is no such class.
    """
    if not classes:
        raise LabError(f"No image of {images} shows an object: there is no class to learn, annotate some.")
    if len(classes) == 1 and not labels.is_floating_point():
        raise LabError(
            f"There is one class alone in {images}, '{classes[0]}', and a network of one class learns nothing: add "
            "a folder of other images beside it."
        )
    always, never = constant_classes(labels, classes)
    if len(always) + len(never) == len(classes):
        seen = f"shows the same ({', '.join(always)})" if always else "shows none of the classes"
        remedy = (
            "of other classes" if not labels.is_floating_point() else "without it, whose annotations have no object"
        )
        raise LabError(
            f"Every image of {images} {seen}, so that nothing can be learned or chosen by them: add images "
            f"{remedy if always else 'that do'}."
        )


def unlearnable(labels: Tensor, classes: Sequence[str], images: str) -> list[str]:
    """Say which classes cannot be learned from images, for every image shows them, or none; see `require_contrast`."""
    always, never = constant_classes(labels, classes)
    pairs = (("Every", always), ("No", never))
    return [
        f"{word} image of {images} shows {', '.join(names)}: that cannot be learned." for word, names in pairs if names
    ]


def unscorable(labels: Tensor, classes: Sequence[str], images: str) -> list[str]:
    """Say which classes cannot be scored on images, because every image shows them; see `require_contrast`."""
    always, _ = constant_classes(labels, classes)
    names = ", ".join(always)
    return [f"Every image of {images} shows {names}: the AP is 100 there whatever a network says."] if always else []


def constant_classes(labels: Tensor, classes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the classes that every image shows, and those that none shows; where a label does not count, both may be.

    Examples:
        >>> import torch
        >>> constant_classes(torch.tensor([0, 0, 1]), ("cat", "dog", "fish"))
        ([], ['fish'])
    """
    answers = labels.numpy()
    shown = answers if labels.is_floating_point() else (answers[:, None] == np.arange(len(classes))).astype(float)
    some, others = (shown == 1).any(axis=0), (shown == 0).any(axis=0)
    always = [name for name, here, there in zip(classes, some, others, strict=True) if here and not there]
    return always, [name for name, here in zip(classes, some, strict=True) if not here]
