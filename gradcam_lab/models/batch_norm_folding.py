"""Fewer passes over the memory at inference: each batch normalisation is folded into the convolution before it.

In eval mode a batch normalisation multiplies a channel by one number and adds another, which the convolution's weights
and bias can do as well (Jacob et al., *Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference*, CVPR 2018, section 3.2).
"""

import copy
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TOLERANCE = 1e-4
"""By how much an output may differ, as a share of the largest one."""


def fold_batch_norms(network: nn.Module, layer: str, size: int) -> nn.Module:
    """Return a copy of a network that computes the same with fewer operations; the network itself where there is none.

    Args:
        network: maps images (N, 3, size, size) to logits (N, C); in eval mode. It stays as it is, and the copy shares
            with it all weights but those of the folded convolutions.
        layer: whose output is explained. It and the logits stay the same but for rounding: they are compared for one
            image of noise, and nothing is folded where they differ by more than `TOLERANCE`.
        size: height and width of the images in pixels.
    """
    image = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(next(network.parameters()))
    weights = [*network.parameters(), *network.buffers()]
    with torch.no_grad():
        pairs = [pair for pair in _pairs(network, image) if layer not in pair]
        if not pairs:
            return network
        try:
            quick = copy.deepcopy(network, {id(weight): weight for weight in weights})
        except Exception:  # a network may hold anything, a lock for example
            return network
        for before, after in pairs:
            convolution, norm = quick.get_submodule(before), quick.get_submodule(after)
            quick.set_submodule(before, fuse_conv_bn_eval(convolution, norm))  # type: ignore[type-var,arg-type]
            quick.set_submodule(after, nn.Identity())
        quick.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        expected, results = (_results(model, layer, image) for model in (network, quick))
    return quick if all(map(_alike, expected, results)) else network


@dataclass
class _Pairs:
    """Notes which convolution's output a batch normalisation gets, as the modules of a network run."""

    found: list[tuple[str, str]] = field(default_factory=list)
    runs: Counter[str] = field(default_factory=Counter)
    last: tuple[str, Any, int] = ("", None, 0)
    """The convolution that has just run, its output, and how often that has been overwritten."""

    def note(self, name: str, module: nn.Module, given: tuple, output: Any) -> None:
        """Note that a convolution or a batch normalisation has run."""
        self.runs[name] += 1
        if isinstance(module, nn.BatchNorm2d):
            before, tensor, changes = self.last
            if given and given[0] is tensor and tensor._version == changes and module.running_var is not None:
                self.found.append((before, name))
        elif isinstance(output, Tensor):
            self.last = name, output, output._version


def _pairs(network: nn.Module, image: Tensor) -> list[tuple[str, str]]:
    """The names of each convolution that a batch normalisation follows, and of this; each of them runs once."""
    pairs = _Pairs()
    with ExitStack() as hooks:
        for name, module in network.named_modules():
            if isinstance(module, nn.Conv2d) or type(module) is nn.BatchNorm2d:  # subclasses do more than to normalise
                hooks.enter_context(module.register_forward_hook(partial(pairs.note, name)))
        network(image)
    return [pair for pair in pairs.found if all(pairs.runs[name] == 1 for name in pair)]


def _results(network: nn.Module, layer: str, image: Tensor) -> list[Tensor]:
    """The layer's output and the logits; the first a copy, which may be overwritten afterwards."""
    outputs: list[Tensor] = []
    with network.get_submodule(layer).register_forward_hook(
        lambda module, given, output: outputs.append(output.clone())
    ):
        logits = network(image)
    return [*outputs, logits]


def _alike(expected: Tensor, result: Tensor) -> bool:
    return bool((result - expected).abs().max() <= TOLERANCE * expected.abs().max())
