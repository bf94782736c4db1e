"""SmoothGrad: the gradient at the pixels, averaged over noisy copies of the image.

The gradient flickers from pixel to pixel, because the score's slope changes much faster than the score. Smilkov et al.
(*SmoothGrad: removing noise by adding noise*, 2017) average it over a small neighbourhood of the image:

    mean over n of the gradient at x + noise,   noise ~ N(0, sigma^2),   sigma = a fraction of (max x - min x)

The gradient itself is task 2.7 of the course.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gradcam_lab.console import progress

NOISE = 0.15
"""Sigma as a fraction of the image's range; the paper recommends 0.1 to 0.2."""

BATCH = 4

Gradient = Callable[[nn.Module, Tensor, Callable[[Tensor], Tensor]], Tensor]
"""Step 2's `input_gradient`."""


def smoothgrad(
    gradient: Gradient,
    model: nn.Module,
    image: Tensor,
    score: Callable[[Tensor], Tensor],
    copies: int,
    *,
    seed: int = 0,
) -> Tensor:
    """Average the gradient of a score over noisy copies of one image.

    Args:
        gradient: step 2's `input_gradient`.
        model: any network that returns logits (N, C).
        image: one preprocessed image, shape (1, 3, H, W).
        score: from logits (N, C) to one number an image, (N,).
        copies: how many, at least 1.
        seed: of the noise, which is the same on every device.

    Returns:
        The mean gradient, shape (1, 3, H, W). Its sign is kept; to draw it, take the largest absolute value of the
        three colours.

    Raises:
        ValueError: there are no copies to average.
    """
    if copies < 1:
        raise ValueError(f"SmoothGrad averages over at least 1 copy, not {copies}")
    generator = torch.Generator().manual_seed(seed)
    sigma = NOISE * (image.max() - image.min())
    total = torch.zeros_like(image)
    with progress("SmoothGrad", copies) as advance:
        for start in range(0, copies, BATCH):
            count = min(BATCH, copies - start)
            # Drawn copy by copy, so that the noise does not depend on how the copies are batched.
            draws = torch.cat([torch.randn(image.shape, generator=generator) for _ in range(count)]).to(image.device)
            total += gradient(model, image + sigma * draws, score).sum(dim=0, keepdim=True)
            advance(count)
    return total / copies
