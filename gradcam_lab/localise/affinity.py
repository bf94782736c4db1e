"""Sharing the heat of a map among cells that look alike at an earlier, finer layer.

This is the propagation of SEAM (Wang et al., CVPR 2020), without anything learned.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.localise.test_time_augmentation import resized
from gradcam_lab.models.classifier import Classifier


def earlier_layer(classifier: Classifier) -> str:
    """Name the last block before the classifier's layer whose feature map has at least twice the resolution.

    A block is a child of the network, or a child of that: what lies deeper is a part of one.

    Raises:
        ValueError: there is none.
    """
    heights = block_heights(classifier.network, classifier.preprocessing.size, classifier.layer)
    before = list(heights)[: list(heights).index(classifier.layer)]  # an adaptive average may enlarge the map again
    fine = [name for name in before if heights[name] >= 2 * heights[classifier.layer]]
    if not fine:
        raise ValueError(f"no block before '{classifier.layer_name}' has a finer map")
    return fine[-1]


def block_heights(network: nn.Module, size: int, layer: str) -> dict[str, int]:
    """Return the height of every block's feature map, in the order in which the blocks end.

    What has its channels last, as Swin's blocks, is no feature map here, nor what is no square.

    Args:
        network: on the device where it is to run.
        size: height and width of its images in pixels.
        layer: the name of a layer that counts as a block however deep it lies.
    """
    heights: dict[str, int] = {}

    def note(name: str, module: nn.Module, given: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.dim() == 4 and output.shape[2] == output.shape[3]:
            heights[name] = output.shape[2]

    with ExitStack() as hooks, torch.no_grad():
        for name in dict.fromkeys([*_blocks(network), layer]):
            hooks.enter_context(network.get_submodule(name).register_forward_hook(partial(note, name)))
        network(torch.zeros(1, 3, size, size, device=next(network.parameters()).device))
    return heights


def _blocks(network: nn.Module) -> list[str]:
    """The names of a network's children and of theirs; of a network that only holds another one, the other's."""
    outer = ""
    while len(children := list(network.named_children())) == 1:
        outer, network = f"{outer}{children[0][0]}.", children[0][1]
    return [outer + name for name, _ in network.named_modules() if name and name.count(".") < 2]


def averaged_to_plain_size(features: Tensor, scale: float) -> Tensor:
    """Average a feature map to the grid of the unchanged view: more cells take long to compare."""
    return F.adaptive_avg_pool2d(features, round(features.shape[2] / scale))


def similarity(features: Tensor) -> Tensor:
    r"""How alike each two cells of a feature map look: $\max(0, \cos)^4$.

    The features' mean over the image is taken off first, so that what all cells share does not count.

    Args:
        features: shape (N, K, h, w).

    Returns:
        Shape (N, h w, h w).
    """
    own = F.normalize(features - features.mean(dim=(2, 3), keepdim=True), dim=1).flatten(2)
    return torch.bmm(own.transpose(1, 2), own).clamp_(min=0).square_().square_()  # much quicker than pow(4)


def share(maps: Tensor, alike: Tensor, size: Sequence[int]) -> Tensor:
    """Give each cell the mean heat of the cells that look like it: maps (N, H, W) to (N, *size)."""
    heat = resized(maps, size, "area").flatten(1)
    total, count = torch.bmm(alike, torch.stack([heat, torch.ones_like(heat)], dim=2)).unbind(dim=2)
    return (total / count.clamp(min=1e-12)).view(len(maps), *size)
