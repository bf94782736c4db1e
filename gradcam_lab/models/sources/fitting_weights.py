"""Weights of the user's for an architecture that is named: the number of outputs is read off the head."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.weights.bare_state_dict import describe_content, state_dicts
from gradcam_lab.models.weights.missing_file import missing_file
from gradcam_lab.models.weights.state_dict import load_weights, mismatch, read_weights

Build = Callable[[int], nn.Module]
"""Builds an architecture with random weights, given the number of its outputs."""


@dataclass(frozen=True)
class Head:
    """Where in a state dict the number of outputs is to be read: the dimension `axis` of the tensor `name`."""

    name: str
    axis: int


def fit_weights(path: Path, name: str, build: Build | nn.Module) -> nn.Module:
    """Return a network of one architecture with the weights in a file.

    The state dict may stand alone or in any entry of a checkpoint, under any prefix of names, in any precision.

    Args:
        path: the file.
        name: of the architecture, for messages.
        build: builds it for a number of outputs; or the one network that there is.

    Raises:
        LabError: the file is missing or damaged, or holds no weights of this architecture.
    """
    if not path.is_file():
        raise missing_file(path, "--weights")
    content = read_weights(path)
    candidates = [state for _, state in state_dicts(content)]
    if not candidates:
        raise LabError(
            f"'{path}' holds no state dict, a dict of names and tensors, but {describe_content(content)}: save the "
            "model's state_dict() by torch.save."
        )
    fixed = build if isinstance(build, nn.Module) else None
    two = fixed or on_meta(build, 2)
    heads = [] if fixed else find_heads(two, on_meta(build, 3))
    best = max(candidates, key=lambda state: _likeness(two, state))
    network = fixed or build(_outputs(heads, best))
    wrong = mismatch(network, best)
    if wrong is None:
        load_weights(network, best)
    elif not _loads_by_itself(network, best):
        raise LabError(
            f"'{path}' does not hold the weights of {name}: {wrong}. Name the network that it was saved from by "
            "--model, or build it in a function of yours and give --model FILE.py:FUNCTION."
        )
    return network


def find_heads(two: nn.Module, three: nn.Module) -> list[Head]:
    """Find the tensors whose size is the number of outputs, given the same architecture with 2 and with 3."""
    other = three.state_dict()
    return [
        Head(name, axis)
        for name, tensor in two.state_dict().items()
        for axis, lengths in enumerate(zip(tensor.shape, other[name].shape, strict=True))
        if lengths == (2, 3)
    ]


def on_meta(build: Build, outputs: int) -> nn.Module:
    """Build a network without memory for its weights, where its constructor allows that."""
    try:
        with torch.device("meta"):
            return build(outputs)
    except (NotImplementedError, RuntimeError):  # it computes with tensors while it is built, as RegNet does
        return build(outputs)


def _outputs(heads: list[Head], state: Mapping[str, Tensor]) -> int:
    """Return how many outputs the network of a state dict has; ImageNet's number where it has no such head."""
    for head in heads:
        tensor = state.get(head.name)
        if tensor is not None and tensor.dim() > head.axis:
            return tensor.shape[head.axis]
    return 1000


def _likeness(network: nn.Module, state: Mapping[str, Tensor]) -> float:
    """Return the share of names in common, of all names of a network and a state dict."""
    own = network.state_dict().keys()
    return len(own & state.keys()) / max(len(own | state.keys()), 1)


def _loads_by_itself(network: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Try the network's own way, which may know the names of older versions of it, as torchvision's ViT does."""
    try:
        network.load_state_dict(dict(state))
    except (RuntimeError, ValueError, KeyError):
        return False
    return True
