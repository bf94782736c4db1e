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
    """One version of an image: its size relative to the network's input, whether it is mirrored, and pixels more.

    Where each convolution with a stride pads by 1 on all sides, only an input of 32 k + 1 pixels uses this evenly
    (Alsallakh et al., *Mind the Pad*, ICLR 2021): in one of 32 k pixels the map may lie half a cell beside the image.
    """

    scale: float = 1.0
    mirrored: bool = False
    extra: int = 0


UNCHANGED = View()
MIRRORED = View(mirrored=True)
LARGER = View(1.15, extra=1)
"""A cell more, and a pixel: 257 where the network's input has 224."""

PAIR = (UNCHANGED, View(0.75, True))
"""The cheapest way to have both another size and a mirrored image: 1.6 times one view."""


def side_of(size: int, view: View) -> int:
    """The side of an input in one view: the plain size, or where it is scaled a multiple of 32, and the view's `extra`.

    Examples:
        >>> [side_of(224, view) for view in (UNCHANGED, LARGER, View(0.75))]
        [224, 257, 160]
    """
    return (size if view.scale == 1 else max(1, round(size * view.scale / 32)) * 32) + view.extra


def augmented(inputs: Tensor, view: View) -> Tensor:
    """Return a batch (N, 3, S, S) in one view."""
    side = side_of(inputs.shape[2], view)
    if side != inputs.shape[2]:
        smooth = view.scale < 1
        inputs = F.interpolate(inputs, size=(side, side), mode="bilinear", align_corners=False, antialias=smooth)
    return inputs.flip(-1) if view.mirrored else inputs  # the last axis: the one before it is the height


_accepted: WeakKeyDictionary[nn.Module, dict[tuple[int, int], bool]] = WeakKeyDictionary()


def accepts(classifier: Classifier, view: View) -> bool:
    """Say whether a network takes images of another size: one with positions for a fixed grid, as most ViTs, does not.

    It is tried, once for each network and size.
    """
    network, size = classifier.network, classifier.preprocessing.size
    side = side_of(size, view)
    known = _accepted.setdefault(network, {})
    if side != size and (size, side) not in known:
        weight = next(network.parameters(), torch.zeros(0))
        known[size, side] = runs_on(network, augmented(weight.new_zeros(1, 3, size, size), view))
    return side == size or known[size, side]


def runs_on(network: nn.Module, images: Tensor) -> bool:
    """Say whether a network runs on a batch of images; many with positions for a fixed grid take one size only."""
    try:
        with torch.no_grad():
            network(images)
    except Exception as error:
        # A network says in its own way that it cannot: an assertion, a shape that does not fit, or anything else.
        if is_out_of_memory(error):
            raise
        return False
    return True


def require_views(classifier: Classifier, views: Sequence[View]) -> None:
    """Check that a network takes inputs of the sizes of all views; a ViT does not.

    Raises:
        ValueError: it does not; the text is a clause.
    """
    plain = classifier.preprocessing.size
    for view in views:
        if not accepts(classifier, view):
            side = side_of(plain, view)
            raise ValueError(f"its input has to be {plain} x {plain}, and this method gives it {side} x {side}")


def averaged(maps: Mapping[View, Tensor]) -> Tensor:
    """Average maps, each as a share of its own maximum, on a grid `FINER` times as fine as the coarsest of them."""
    side = FINER * min(found.shape[1] for found in maps.values())
    total = torch.zeros(())
    for view, found in maps.items():
        normalised = share_of_peak(found)
        upright = normalised.flip(-1) if view.mirrored else normalised
        total = total.to(found.device) + resized(upright, (side, side), "bilinear")
    return total / len(maps)


def share_of_peak(maps: Tensor) -> Tensor:
    """Divide each map (N, h, w) by its own maximum; one without heat stays without."""
    return maps / maps.amax(dim=(1, 2), keepdim=True).clamp(min=1e-12)


def resized(maps: Tensor, size: Sequence[int], mode: str) -> Tensor:
    """Resize maps (N, h, w)."""
    return F.interpolate(maps[:, None], size=tuple(size), mode=mode)[:, 0]
