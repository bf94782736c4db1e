"""Gives Grad-CAM a feature map (N, K, h, w) where a network has tokens, or the channels last."""

from math import isqrt
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.models.layers.find_layer import Form, FoundLayer

FEATURES = "features"
"""The submodule of a probe whose output is the feature map."""


class Probe(nn.Module):
    """A module of a network, whose output is turned into a feature map and back.

    What it returns is what the module returns, to the last bit. In between the feature map (N, K, h, w) is the output
    of the submodule `features`: whoever watches it sees it, and the network goes on with what it is replaced by.

    Args:
        module: the network's own; attributes that the probe lacks are looked up in it.
        form: `channels last` (N, h, w, K) or `tokens` (N, prefix + h w, K).
        prefix: the number of tokens before those of the grid, which are carried along.
    """

    def __init__(self, module: nn.Module, form: Form, prefix: int = 0) -> None:
        super().__init__()
        self.module, self.form, self.prefix = module, form, prefix
        self.features = nn.Identity()
        self.features.training = self.training = module.training

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if name == "module":  # a copy that is still empty
                raise
            return getattr(self.module, name)

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """Run the module."""
        output: Tensor = self.module(*args, **kwargs)
        if self.form == "channels last":
            return self.features(output.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        cells = output[:, self.prefix :].transpose(1, 2)  # (N, K, h w)
        side = isqrt(cells.shape[2])
        if side**2 != cells.shape[2]:
            raise ValueError(f"{cells.shape[2]} tokens are no square: the layer needs a square image")
        cells = self.features(cells.unflatten(2, (side, side))).flatten(2).transpose(1, 2)
        return torch.cat([output[:, : self.prefix], cells], dim=1) if self.prefix else cells


def put_probe(network: nn.Module, found: FoundLayer) -> str:
    """Put a probe around a layer that gives no feature map (N, K, h, w); the weights stay where they are.

    Args:
        network: changed in place.
        found: what `find_layer` says of the layer.

    Returns:
        The name of the module whose output is the feature map: the layer itself, or a part of the probe.
    """
    if found.form == "map":
        return found.name
    layer = network.get_submodule(found.name)
    probe = Probe(layer, found.form, found.prefix)
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if child is layer and parent is not probe:  # at each place, if the network holds it under several names
                setattr(parent, name, probe)
    return f"{found.name}.{FEATURES}"
