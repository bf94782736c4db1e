"""Augmentation: random flips, zooms, shifts, colours and hidden parts, which keep the classes of an image."""

import torch
from torch import Tensor
from torch.nn import functional as F

from gradcam_lab.models.training.recipe import Recipe


def augment(
    images: Tensor, size: int, recipe: Recipe, random: torch.Generator, *, of: int | None = None, start: int = 0
) -> Tensor:
    """Flip, zoom, shift, recolour and partly hide the images of a batch at random.

    Args:
        images: uint8, shape (N, 3, H, H).
        size: height and width of the result in pixels.
        recipe: the amounts.
        random: every number is drawn from it, on the CPU, so that a seed gives the same numbers on every device.
        of: the size of the whole batch, where the images are one process's share of it; numbers are drawn for the whole
            batch, so that an image is changed in the same way in whichever process it is.
        start: the index of the first image in the whole batch.

    Returns:
        float32 from 0 to 1, shape (N, 3, size, size).
    """
    count = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(of or count, *shape).uniform_(low, high, generator=random)[start : start + count]

    # All numbers are drawn here, in this order, also where this process has no image.
    mirrored = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    zoom, shift = uniform(*recipe.zoom), uniform(-2 * recipe.shift, 2 * recipe.shift, 2)
    gain, bias = uniform(1 - recipe.colour, 1 + recipe.colour, 3, 1, 1), uniform(-0.5, 0.5, 1, 1, 1) * recipe.colour
    cells = recipe.grids[int(torch.randint(len(recipe.grids), (), generator=random))]
    hidden = uniform(0, 1, 1, cells, cells) < recipe.hidden_cells * (uniform(0, 1, 1, 1, 1) < recipe.hidden_images)
    if not count:
        return torch.empty(0, 3, size, size, device=images.device)

    # For each pixel of the result the grid holds the position in the image, from -1 to 1, that its colour comes from.
    grid = torch.zeros(count, 2, 3)
    grid[:, 0, 0] = mirrored / zoom
    grid[:, 1, 1] = 1 / zoom
    grid[:, :, 2] = shift
    where = F.affine_grid(grid.to(images.device), [count, 3, size, size], align_corners=False)
    pixels = F.interpolate(images.float() / 255, size, mode="area")  # grid_sample alone would skip pixels
    batch = F.grid_sample(pixels, where, padding_mode="reflection", align_corners=False)
    batch = batch * gain.to(images.device) + bias.to(images.device)
    mask = F.interpolate(hidden.float().to(images.device), size)  # the nearest cell: sharp borders
    # Hidden in the image's own mean colour, so that the statistics of the first layers' inputs stay.
    return torch.lerp(batch, batch.mean(dim=(2, 3), keepdim=True), mask).clamp(0, 1)
