"""Finds the layer that Grad-CAM explains: the last output of a network that has a place in it and a gradient.

It may be a feature map (N, K, h, w), as convolutions give it, the same with the channels last (N, h, w, K), as in Swin,
or tokens (N, T, K), as in a ViT: the cells of a grid row by row, behind a class token and others that have no place.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isqrt
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.layers.dry_run import IMAGES, DryRun, Output, dry_run

Form = Literal["map", "channels last", "tokens"]

MOST_PREFIX_TOKENS = 16
"""Tokens without a place that may stand before those of the grid: class, distillation and register tokens."""

NO_FEATURES = re.compile(r"Pool(ing)?(\dd)?$|Dropout|DropPath|^Identity$|^Flatten$|^Softmax")
"""Types of modules that compute no features: they repeat, average or weigh what others gave."""

INSIDE_ATTENTION = re.compile(r"(^|\.)(\w+_)?(attn|attention|mha)\d*\.")
"""Names of modules within an attention: their outputs are queries, keys and values, or only what a block adds."""


@dataclass(frozen=True)
class FoundLayer:
    """The layer that is explained.

    Attributes:
        name: as in `named_modules()`.
        form: `map` (N, K, h, w), `channels last` (N, h, w, K) or `tokens` (N, prefix + h w, K).
        grid: h and w.
        channels: K.
        prefix: the number of tokens before those of the grid.
        why: why this one, a clause for the user.
    """

    name: str
    form: Form
    grid: tuple[int, int]
    channels: int
    prefix: int
    why: str


class Places(NamedTuple):
    """How an output of some shape is read: see `FoundLayer`."""

    form: Form
    grid: tuple[int, int]
    channels: int
    prefix: int = 0

    def cells(self, values: Tensor) -> Tensor:
        """Return values of the output's shape as (N, h w, K), without those that have no place."""
        if self.form == "map":
            return values.flatten(2).transpose(1, 2)
        return values.flatten(1, 2) if self.form == "channels last" else values[:, self.prefix :]


def find_layer(network: nn.Module, size: int, layer: str | None = None) -> FoundLayer:
    """Find the last layer with a place in its output that the score depends on; the network is left as it is.

    Args:
        network: from images (N, 3, size, size) to logits (N, C).
        size: height and width of the images in pixels.
        layer: the name of the layer to take, as in `named_modules()`; it is only looked at.

    Raises:
        LabError: the network fails, or has no such layer.
    """
    if layer is not None and layer not in dict(network.named_modules()):
        near = get_close_matches(layer, dict(network.named_modules()), n=3, cutoff=0.3)
        proposed = f"did you mean {' or '.join(repr(name) for name in near)}?" if near else "see named_modules()."
        raise LabError(f"The network has no layer '{layer}': {proposed}")
    run = dry_run(network, size)
    return _given(run, layer) if layer is not None else _last(run)


def _last(run: DryRun) -> FoundLayer:
    """Choose among all outputs."""
    placed = list(_with_places(run))
    alive = [(output, places) for output, places in placed if _depends(output, places)]
    features = [(output, places) for output, places in alive if not _is_class_map(output, places, run)]
    # What lies inside an attention, and a linear layer, is a part of a block: only if there is nothing else.
    blocks = [(output, places) for output, places in features if not _is_part(output, places)]
    if not (blocks or features):
        if placed:
            raise LabError(
                "The score depends on no output of the network that has a place in it, so there is nothing that "
                "Grad-CAM could explain: check its weights, for a last layer that is all 0 has no gradient."
            )
        raise LabError(
            "No layer of the network has a place in its output, neither a feature map nor the tokens of a grid: "
            "Grad-CAM needs a network that still knows where."
        )
    output, places = (blocks or features)[-1]
    why = "the last output with a place in it that the score depends on"
    later = placed[[other for other, _ in placed].index(output) + 1 :]
    going_on = max((_tokens_that_go_on(*one) for one in later), default=0)
    if going_on and places.form == "tokens":
        whose = "the class token goes" if going_on == 1 else f"the {going_on} class tokens go"
        why += f"; the last block's patches have no gradient, because only {whose} on"
    return FoundLayer(output.name, *places, why=why)


def _with_places(run: DryRun) -> Iterator[tuple[Output, Places]]:
    """The outputs that can be a feature map, with how to read them, in the order in which they came."""
    shapes = [output.shape for output in run.outputs.values()]
    grids, counts = _grids(shapes), {shape[1] for shape in shapes if len(shape) == 3 and shape[0] == IMAGES}
    for output in run.outputs.values():
        places = _places(output.shape, grids)
        if places and output.runs == 1 and not _is_no_feature_map(output, places, counts):
            yield output, places


def _is_no_feature_map(output: Output, places: Places, token_counts: set[int]) -> bool:
    """Whether an output looks like a feature map and is none, or has been seen before."""
    if len(output.shape) == 4 and output.shape[1] < output.shape[2] in token_counts:
        return True  # an attention's (N, heads, T, T), or its (N, heads, T, K / heads)
    # A Sequential of blocks returns what its last block has returned. A map goes by the name of the whole, as people
    # know it (`layer4`); blocks with tokens by their own, because networks look into what holds them.
    if isinstance(output.module, nn.Sequential) and places.form != "map":
        return True
    return bool(NO_FEATURES.search(type(output.module).__name__))


def _grids(shapes: Sequence[tuple[int, ...]]) -> set[int]:
    """The heights of the feature maps, among which is that of the patches' embedding."""
    return {shape[2] for shape in shapes if len(shape) == 4 and shape[0] == IMAGES and shape[2] == shape[3] > 1}


def _places(shape: tuple[int, ...], grids: set[int]) -> Places | None:
    """Say how to read an output of some shape, if it has more than one place in it and is a square.

    Args:
        shape: the output's.
        grids: the heights of the network's feature maps: the grid of tokens is one of them, if that fits.
    """
    if len(shape) not in (3, 4) or shape[0] != IMAGES:
        return None
    if len(shape) == 4:
        _, a, b, c = shape
        if b == c > 1:
            return Places("map", (b, c), a)
        return Places("channels last", (a, b), c) if a == b > 1 else None
    _, count, channels = shape
    fitting = [side for side in range(isqrt(count), 1, -1) if count - side**2 <= MOST_PREFIX_TOKENS]
    if not fitting:
        return None
    side = next((side for side in fitting if side in grids), fitting[0])
    return Places("tokens", (side, side), channels, prefix=count - side**2)


def _depends(output: Output, places: Places) -> bool:
    """Whether the score depends on what stands in the cells."""
    return output.moves is not None and bool(places.cells(output.moves).any())


def _tokens_that_go_on(output: Output, places: Places) -> int:
    """The number of tokens before the grid on which the score depends, where it does not depend on the grid's."""
    if output.moves is None or not places.prefix or _depends(output, places):
        return 0
    return int(output.moves[:, : places.prefix].any(dim=2).any(dim=0).sum())


def _is_class_map(output: Output, places: Places, run: DryRun) -> bool:
    """Whether the channels are the classes: each logit depends on its own channel alone, as in SqueezeNet."""
    if output.moves is None or places.channels != run.classes:
        return False
    others = places.cells(output.moves).any(dim=1)  # (N, K)
    return not others.scatter(1, run.top[:, None], torch.zeros_like(others)).any()


def _is_part(output: Output, places: Places) -> bool:
    """Whether an output is one part of a block, such as the keys of an attention, or a mask rather than features."""
    inside = isinstance(output.module, nn.Linear) or INSIDE_ATTENTION.search(output.name)
    return bool(inside) or places.channels == 1


def _given(run: DryRun, layer: str) -> FoundLayer:
    """Look at the layer that the user names."""
    instead = "name another, or omit --layer"
    output = run.outputs.get(layer)
    if output is None:
        raise LabError(f"The layer '{layer}' does not run by itself in a forward pass: {instead}.")
    if output.runs > 1:
        raise LabError(f"The layer '{layer}' runs {output.runs} times in a forward pass: name the block around it.")
    places = _places(output.shape, _grids([output.shape for output in run.outputs.values()]))
    if places is None:
        shape = f"of shape {output.shape}" if output.shape else "no tensor"
        raise LabError(
            f"The output of the layer '{layer}' has no place in it (it is {shape}, and not a feature map or the tokens "
            f"of a square grid of several cells): {instead}."
        )
    if not _depends(output, places):
        if _tokens_that_go_on(output, places):
            patches = f"the patches of the layer '{layer}', only on its class token"
            raise LabError(f"The score does not depend on {patches}: {instead}.")
        raise LabError(f"The score does not depend on the layer '{layer}': {instead}.")
    return FoundLayer(layer, *places, why="the layer that was asked for")
