"""A network that returns its logits in something else, or in another shape, made to return them as (N, C)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError, is_out_of_memory

NAMES = ("logits", "output", "outputs", "pred", "predictions")
"""Names under which a network's answer may hold the logits; Hugging Face's is the first."""


class Logits(nn.Module):
    """A network whose answer is its logits alone, shape (N, C); the network itself is the child `network`."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of images (N, 3, H, W)."""
        found = logits_in(self.network(images))
        assert found is not None  # `with_logits` has tried it
        return found.flatten(1)


def prepared(network: nn.Module, name: str) -> nn.Module:
    """Put a network in eval mode, in float32 and without gradients of its weights.

    Args:
        network: changed in place.
        name: for messages.

    Raises:
        LabError: it has weights without values, or is of a kind that cannot be explained, such as a script.
    """
    if any(tensor.is_meta for tensor in (*network.parameters(), *network.buffers())):
        raise LabError(f"'{name}' has weights on the device meta, which have no values: load some into it.")
    try:
        return network.eval().float().requires_grad_(False)
    except Exception as error:  # scripts, lazy layers and quantised ones each refuse in their own way
        raise LabError(
            f"'{name}' is no network that can be explained, {_told(error)}: give a plain torch.nn.Module whose "
            "parameters are there and of a floating-point type."
        ) from error


def with_logits(network: nn.Module, size: int, name: str) -> tuple[nn.Module, int]:
    """Return a network that returns logits (N, C), and C: the network itself where it does.

    Args:
        network: in eval mode.
        size: height and width of its input in pixels.
        name: for messages.

    Raises:
        LabError: it takes no image of this size, or returns nothing that could be logits of each image.
    """
    parameter = next(network.parameters(), torch.zeros(()))
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)).to(parameter.device)
    answer = _answer(network, images, name)
    found = logits_in(answer)
    if found is None or found.dim() < 2 or len(found) != 2 or found[0].numel() != found.shape[1]:
        raise LabError(
            f"'{name}' returns {_kind(answer)}, and logits of shape (N, classes) are needed: let it return one number "
            "a class of each image."
        )
    if found.is_complex() or not found.is_floating_point():
        raise LabError(f"'{name}' returns numbers of {found.dtype}, and logits are real: let it return floats.")
    if not found.isfinite().all():
        raise LabError(f"'{name}' returns numbers that are not finite for a plain image: check its weights.")
    alone = logits_in(_answer(network, images[:1], name))
    if (
        alone is None
        or alone.shape != (1, *found.shape[1:])
        or not torch.allclose(alone, found[:1], rtol=0.01, atol=0.01)
    ):
        raise LabError(
            f"'{name}' does not say the same of an image alone and beside another: let each row of its answer, shape "
            "(N, classes), depend on its own image only."
        )
    return (network if found is answer and found.dim() == 2 else Logits(network)), found.shape[1]


def _answer(network: nn.Module, images: Tensor, name: str) -> Any:
    """Run a network.

    Raises:
        LabError: it fails, which any network's code may do in its own way.
    """
    try:
        with torch.no_grad():
            return network(images)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        count, _, size, _ = images.shape
        raise LabError(
            f"'{name}' takes no images of shape ({count}, 3, {size}, {size}), {_told(error)}; if it is their size, "
            "give it by --size, else mend the network."
        ) from error


def _told(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return f"it raises {type(error).__name__}{f': {first}' if first else ''}"


def logits_in(answer: Any) -> Tensor | None:
    """Return the logits in what a network returns: a tensor, the first of a tuple, or a known entry; None if none."""
    if isinstance(answer, Tensor):
        return answer
    for name in NAMES:
        value = answer.get(name) if isinstance(answer, Mapping) else getattr(answer, name, None)
        if isinstance(value, Tensor):
            return value
    if isinstance(answer, list | tuple) and answer and isinstance(answer[0], Tensor):
        return answer[0]
    return None


def _kind(answer: Any) -> str:
    if isinstance(answer, Tensor):
        return f"a tensor of shape {tuple(answer.shape)} for 2 images"
    return f"an object of type '{type(answer).__name__}'"
