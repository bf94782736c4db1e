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


def with_logits(network: nn.Module, size: int, name: str) -> tuple[nn.Module, int]:
    """Return a network that returns logits (N, C), and C: the network itself where it does.

    Args:
        network: in eval mode.
        size: height and width of its input in pixels.
        name: for messages.

    Raises:
        LabError: it takes no image of this size, or returns nothing that could be logits.
    """
    parameter = next(network.parameters(), torch.zeros(()))
    images = torch.zeros(2, 3, size, size, device=parameter.device, dtype=parameter.dtype)
    try:
        with torch.no_grad():
            answer = network(images)
    except Exception as error:  # any network's code runs here
        if is_out_of_memory(error):
            raise
        first = (str(error).strip().splitlines() or [""])[0][:200]
        raise LabError(
            f"'{name}' takes no images of shape (2, 3, {size}, {size}), it raises {type(error).__name__}: {first}; "
            "give the size of its input by --size, or mend it."
        ) from error
    found = logits_in(answer)
    if found is None or found.dim() < 2 or len(found) != 2 or found[0].numel() != found.shape[1]:
        raise LabError(
            f"'{name}' returns {_kind(answer)}, and logits of shape (N, classes) are needed: let it return one number "
            "a class of each image."
        )
    return (network if found is answer and found.dim() == 2 else Logits(network)), found.shape[1]


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
