"""Test-time augmentation: several views of one image, whose maps are averaged."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.errors import is_out_of_memory
from gradcam_lab.models.classifier import Classifier

FINER = 4
"""Maps of several views are averaged on a grid finer than the layer's by this factor."""


class View(NamedTuple):
    """One version of an image: its size relative to the network's input, and whether it is mirrored."""

    scale: float = 1.0
    mirrored: bool = False


UNCHANGED = View()
MIRRORED = View(mirrored=True)
PAIR = (UNCHANGED, View(0.75, True))
"""The cheapest way to have both another size and a mirrored image: 1.6 times one view."""

SCALES = (UNCHANGED, View(0.75, True), View(1.5), View(2.0, True))
"""The four sizes, mirrored where that needs no view of its own."""


def side_of(size: int, view: View) -> int:
    """The side of an input in one view, a multiple of 32; that of an input of its plain size where it is not scaled."""
    return size if view.scale == 1 else max(1, round(size * view.scale / 32)) * 32


def augmented(inputs: Tensor, view: View) -> Tensor:
    """Return a batch (N, 3, S, S) in one view; its side is a multiple of 32."""
    if view.scale != 1:
        side = side_of(inputs.shape[2], view)
        smooth = view.scale < 1
        inputs = F.interpolate(inputs, size=(side, side), mode="bilinear", align_corners=False, antialias=smooth)
    return inputs.flip(-1) if view.mirrored else inputs  # the last axis: the one before it is the height


_accepted: WeakKeyDictionary[nn.Module, dict[tuple[int, float], bool]] = WeakKeyDictionary()


def accepts(classifier: Classifier, scale: float) -> bool:
    """Say whether a network takes images of another size: one with positions for a fixed grid, as most ViTs, does not.

    It is tried, once for each network and size.
    """
    network, size = classifier.network, classifier.preprocessing.size
    known = _accepted.setdefault(network, {})
    if scale != 1 and (size, scale) not in known:
        weight = next((weight for weight in network.parameters()), torch.zeros(0))
        image = augmented(weight.new_zeros(1, 3, size, size), View(scale))
        try:
            with torch.no_grad():
                network(image)
            known[size, scale] = True
        except Exception as error:
            # A network says in its own way that it cannot: an assertion, a shape that does not fit, or anything else.
            if is_out_of_memory(error):
                raise
            known[size, scale] = False
    return scale == 1 or known[size, scale]


def require_views(classifier: Classifier, views: Sequence[View]) -> None:
    """Check that a network takes inputs of the sizes of all views; a ViT does not.

    Raises:
        ValueError: it does not; the text is a clause.
    """
    plain = classifier.preprocessing.size
    for view in views:
        if not accepts(classifier, view.scale):
            side = side_of(plain, view)
            raise ValueError(f"its input has to be {plain} x {plain}, and this method gives it {side} x {side}")


def averaged(maps: Mapping[View, Tensor]) -> Tensor:
    """Average maps, each as a share of its own maximum, on a grid `FINER` times as fine as the coarsest of them."""
    side = FINER * min(found.shape[1] for found in maps.values())
    total = torch.zeros(())
    for view, found in maps.items():
        normalised = found / found.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        upright = normalised.flip(-1) if view.mirrored else normalised
        total = total.to(found.device) + resized(upright, (side, side), "bilinear")
    return total / len(maps)


def resized(maps: Tensor, size: Sequence[int], mode: str) -> Tensor:
    """Resize maps (N, h, w)."""
    return F.interpolate(maps[:, None], size=tuple(size), mode=mode)[:, 0]
