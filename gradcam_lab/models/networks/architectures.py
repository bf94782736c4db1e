"""Architectures by name: how each is built, which module gives its last feature map, and which is its head."""

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
    """An architecture.

    Attributes:
        layer: the module whose output is the last feature map.
        head: the module that turns features into logits; all modules before it can be frozen.
        build: builds one of the lab's own, given the number of classes and its options; None for torchvision's.
        residual: whether its blocks add their input to their output; None where an option decides.
    """

    layer: str
    head: str = "classifier"
    build: Callable[..., nn.Module] | None = None
    residual: bool | None = False


RESNET = Architecture("layer4", "fc", residual=True)
TORCHVISION = {
    **dict.fromkeys(("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"), RESNET),
    **dict.fromkeys(("vgg16", "vgg19"), Architecture("features")),
    "mobilenet_v2": Architecture("features", residual=True),
    "squeezenet1_1": Architecture("features"),
}
"""The architectures of torchvision."""

ARCHITECTURES = {
    "toynet": Architecture("layer4", "fc", ToyNet, residual=True),
    "cam_net": Architecture("features", "fc", CamNet, residual=None),
    **TORCHVISION,
}
"""Every architecture that can be trained."""


def build(arch: str, classes: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """Return a network with random weights, ready to train.

    Args:
        arch: one of `ARCHITECTURES`.
        classes: the number of outputs.
        options: of the lab's own architectures: `widths`, and `residual` of the CAM network.

    Examples:
        >>> sum(weight.numel() for weight in build("toynet", 7).parameters())
        891239
    """
    make = ARCHITECTURES[arch].build
    if make:
        return make(classes, **(options or {}))
    return torchvision().models.get_model(arch, weights=None, num_classes=classes)


def blank(arch: str, classes: int, options: Mapping[str, Any] | None = None) -> nn.Module:
    """Build a network on the `meta` device: its weights have shapes, but no memory and no values."""
    with torch.device("meta"):
        return build(arch, classes, options)


class Head(nn.Module):
    """The part of a network that turns features into logits; it shares the network's weights."""

    def __init__(self, network: nn.Module, arch: str) -> None:
        super().__init__()
        self.head = network.get_submodule(ARCHITECTURES[arch].head)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, classes) for the output of `features`."""
        return self.head(x).flatten(1)


def features(network: nn.Module, arch: str, x: Tensor) -> Tensor:
    """Return the input of a network's head, shape (N, ...), for images x of shape (N, 3, S, S)."""
    captured: list[Tensor] = []
    head = network.get_submodule(ARCHITECTURES[arch].head)
    handle = head.register_forward_pre_hook(lambda module, inputs: captured.append(inputs[0].detach().clone()))
    try:
        network(x)
    finally:
        handle.remove()
    return captured[0]
