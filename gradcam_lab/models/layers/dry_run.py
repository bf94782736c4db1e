"""One forward and one backward pass on random images: what every module returns, and where the score depends on it.

Two images, so that a batch of windows, as Swin's attention makes, is told from a batch of images.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.errors import LabError, is_out_of_memory

IMAGES = 2


@dataclass
class Output:
    """What one module returned.

    Attributes:
        name: as in `named_modules()`.
        module: the module itself.
        shape: of its output, the images first; none where this is no tensor of numbers.
        runs: how often it ran in the one forward pass.
        moves: where the gradient of the score is not zero, of the output's shape; None where it did not arrive.
    """

    name: str
    module: nn.Module
    shape: tuple[int, ...] = ()
    runs: int = 0
    moves: Tensor | None = None


@dataclass
class DryRun:
    """What a forward and a backward pass have shown.

    Attributes:
        outputs: of the modules by name, in the order in which they ended for the first time.
        top: the output whose logit was differentiated, for each image, shape (N,).
        classes: the number of the network's outputs.
    """

    outputs: dict[str, Output] = field(default_factory=dict)
    top: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    classes: int = 0


def dry_run(network: nn.Module, size: int) -> DryRun:
    """Run a network once in eval mode, and go back once from each image's highest logit.

    The network, its hooks, flags and gradients, the caller's grad mode and torch's random numbers are left as they are.

    Args:
        network: from images (N, 3, size, size) to logits (N, C).
        size: height and width in pixels.

    Raises:
        LabError: the network raises, or returns something else.
    """
    found = DryRun()
    with ExitStack() as stack:
        for name, module in network.named_modules():
            if module is not network:
                hook = partial(_note, found.outputs, name)
                stack.enter_context(module.register_forward_hook(hook))
        stack.enter_context(_in_eval_mode_and_frozen(network))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        images = _random_images(network, size).requires_grad_()
        logits = _checked_logits(_run(network, images.clone(), size))  # a copy, which may be overwritten in place
        found.top, found.classes = logits.argmax(dim=1), logits.shape[1]
        torch.autograd.grad(logits.gather(1, found.top[:, None]).sum(), images, allow_unused=True)
    return found


def _note(outputs: dict[str, Output], name: str, module: nn.Module, given: Any, output: Any) -> None:
    """Note what a module returns, and have autograd note the gradient at it, as it is before anything overwrites it."""
    noted = outputs.setdefault(name, Output(name, module))
    noted.runs += 1
    if isinstance(output, Tensor) and output.is_floating_point():
        noted.shape = tuple(output.shape)
        if output.requires_grad:
            output.register_hook(partial(_note_gradient, noted))


def _note_gradient(noted: Output, gradient: Tensor) -> None:
    noted.moves = gradient != 0


@contextmanager
def _in_eval_mode_and_frozen(network: nn.Module) -> Iterator[None]:
    """Only the images require a gradient meanwhile: a network may keep what it computes from its weights for later."""
    modes = [(module, module.training) for module in network.modules()]
    frozen = [(weight, weight.requires_grad) for weight in network.parameters()]
    try:
        for module, _ in modes:
            module.training = False
        for weight, _ in frozen:
            weight.requires_grad_(False)
        yield
    finally:
        for module, training in modes:
            module.training = training
        for weight, requires_grad in frozen:
            weight.requires_grad_(requires_grad)


def _random_images(network: nn.Module, size: int) -> Tensor:
    weight = next((weight for weight in network.parameters() if weight.is_floating_point()), torch.zeros(0))
    images = torch.randn(IMAGES, 3, size, size, generator=torch.Generator().manual_seed(0))
    return images.to(weight)  # its device and precision


def _run(network: nn.Module, images: Tensor, size: int) -> Any:
    try:
        return network(images)
    except Exception as error:
        # The forward pass may be anybody's code, and fails in as many ways as there are to write one.
        if is_out_of_memory(error):
            raise
        said = (str(error).strip().splitlines() or ["without a message"])[0].rstrip(".")[:300]
        raise LabError(
            f"The network fails on images of {size} x {size} pixels in three colours ({type(error).__name__}: {said}): "
            "give the size that it is made for by --size."
        ) from error


def _checked_logits(logits: Any) -> Tensor:
    if not isinstance(logits, Tensor) or logits.dim() != 2 or len(logits) != IMAGES or not logits.shape[1]:
        what = f"a tensor of shape {tuple(logits.shape)}" if isinstance(logits, Tensor) else type(logits).__name__
        raise LabError(
            f"The network returns {what} for {IMAGES} images, and not logits of shape ({IMAGES}, classes): give a "
            "network that ends in one score for each class."
        )
    if not logits.requires_grad:
        raise LabError(
            "The network's outputs have no gradient with respect to its images: take `torch.no_grad`, `detach` or "
            "whatever else cuts it out of its forward pass."
        )
    return logits
