"""The networks by name: how each is built, where its last feature map is and where its head begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.models.networks.cam_net import CamNet
from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.vision import torchvision


@dataclass(frozen=True)
class Architecture:
    """A kind of network.

    Attributes:
        layer: the module whose output is the last feature map.
        head: the module that turns features into logits; all before it can be frozen.
        build: makes our own kinds, given the number of classes and their options; None for torchvision's.
    """

    layer: str
    head: str = "classifier"
    build: Callable[..., nn.Module] | None = None


RESNET = Architecture("layer4", "fc")
TORCHVISION = {
    **dict.fromkeys(("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"), RESNET),
    **dict.fromkeys(("vgg16", "vgg19", "mobilenet_v2", "squeezenet1_1"), Architecture("features")),
}
"""torchvision's own."""

ARCHITECTURES = {
    "toynet": Architecture("layer4", "fc", ToyNet),
    "cam_net": Architecture("features", "fc", CamNet),
    **TORCHVISION,
}
"""Every network that can be trained."""


def build(arch: str, classes: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """Return a network with random weights, ready to train.

    Args:
        arch: one of `ARCHITECTURES`.
        classes: the number of outputs.
        options: what else our own kinds take: `widths`, and `residual` of the CAM network.
    """
    make = ARCHITECTURES[arch].build
    if make:
        return make(classes, **(options or {}))
    return torchvision().models.get_model(arch, weights=None, num_classes=classes)


def blank(arch: str, classes: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """Build a network without memory for its weights and without drawing random ones."""
    with torch.device("meta"):
        return build(arch, classes, options)


class Head(nn.Module):
    """The part of a network that turns features into logits; it shares the network's weights."""

    def __init__(self, network: nn.Module, arch: str) -> None:
        super().__init__()
        self.head = network.get_submodule(ARCHITECTURES[arch].head)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes) for what `features` gave."""
        return self.head(x).flatten(1)


def features(network: nn.Module, arch: str, x: Tensor) -> Tensor:
    """Return what a network's head is given for these inputs."""
    seen: list[Tensor] = []
    head = network.get_submodule(ARCHITECTURES[arch].head)
    handle = head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone()))
    try:
        network(x)
    finally:
        handle.remove()
    return seen[0]
