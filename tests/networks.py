"""The networks of the checks, and what only the tests need: torchvision's, with seeded random weights."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradcam_lab.lessons.checks.networks import (
    BatchNormNet as BatchNormNet,
)
from gradcam_lab.lessons.checks.networks import (
    GapNet as GapNet,
)
from gradcam_lab.lessons.checks.networks import (
    HandNet as HandNet,
)
from gradcam_lab.lessons.checks.networks import (
    OverwritingNet as OverwritingNet,
)
from gradcam_lab.lessons.checks.networks import (
    RaisingNet as RaisingNet,
)
from gradcam_lab.lessons.checks.networks import (
    ResidualNet as ResidualNet,
)
from gradcam_lab.lessons.checks.networks import (
    SideNet as SideNet,
)
from gradcam_lab.lessons.checks.networks import (
    TwiceNet as TwiceNet,
)
from gradcam_lab.lessons.checks.networks import (
    VggLike as VggLike,
)
from gradcam_lab.lessons.checks.networks import (
    images as images,
)
from gradcam_lab.lessons.checks.networks import (
    linear as linear,
)
from gradcam_lab.lessons.checks.networks import (
    picking as picking,
)
from gradcam_lab.lessons.checks.networks import (
    seeded as seeded,
)
from gradcam_lab.vision import torchvision


class DenseNetOutOfPlace(nn.Module):
    """The same DenseNet with the ReLU after `features` out of place.

    DenseNet's own one overwrites what grad-cam and torchcam have noted down, because they keep no copy.
    """

    def __init__(self, densenet: nn.Module) -> None:
        super().__init__()
        self.features = densenet.get_submodule("features")
        self.classifier = densenet.get_submodule("classifier")

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(F.relu(self.features(x)).mean(dim=(2, 3)))


@cache
def zoo(name: str, classes: int = 10) -> nn.Module:
    """Return torchvision's network with seeded random weights, in eval mode and frozen; one copy for the whole run.

    Frozen, because `backward` in one of the oracles would else fill half a gigabyte of `.grad` for VGG-16. Building on
    the meta device skips torchvision's own initialisation, which takes seconds. Where there is batch normalisation,
    its statistics are measured on noise, so that deep networks keep a sensible scale.
    """
    build: Callable[..., nn.Module] = getattr(torchvision().models, name)
    return measured(lambda: build(num_classes=classes))


def narrow_resnet(classes: int) -> nn.Module:
    """Return a ResNet-18 of a quarter of the channels, which is seven times as quick; a new one at each call."""
    resnet = torchvision().models.resnet

    class Narrow(resnet.ResNet):  # type: ignore[name-defined]
        def _make_layer(self, block: Any, planes: int, *more: Any, **options: Any) -> nn.Sequential:
            return super()._make_layer(block, planes // 4, *more, **options)

    def build() -> nn.Module:
        network = Narrow(resnet.BasicBlock, [2, 2, 2, 2])
        network.fc = nn.Linear(512 // 4, classes)
        return network

    return measured(build)


def measured(build: Callable[[], nn.Module]) -> nn.Module:
    """Build a network as `zoo` says."""
    with torch.device("meta"):
        network = build()
    network.to_empty(device="cpu")
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    seeded(network)
    for norm in norms:
        norm.reset_running_stats()
        nn.init.ones_(norm.weight)
        norm.momentum = None  # statistics of the one batch below, not a running mixture with 0 and 1
    if norms:
        network.train()
        with torch.no_grad():
            network(images(4, 96, 96, seed=2))
    return network.eval().requires_grad_(False)


def hooks_of(network: nn.Module) -> int:
    """Count all hooks anywhere in a network."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in network.modules() for kind in kinds)
