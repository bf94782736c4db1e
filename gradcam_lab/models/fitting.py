"""The training loop of the embedded classifier: images and labels in memory in, a trained network out.

Everything random comes from one generator, so that a seed makes two runs on one machine equal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the images, as pairs `(input size in pixels, number of passes)`. Small inputs first: they
            are several times faster, and most of what a network has to learn can be seen in them.
        batch: images a step.
        learning_rate: the highest, reached after a tenth of the steps, then falling to 0 along a cosine.
        weight_decay: of AdamW.
        zoom: each image is scaled by a random factor between these two.
        shift: and moved by up to this share of its size.
        colour: each channel is multiplied by 1 +- this, and shifted by half of it.
        erase: the probability that a rectangle of the image is painted over. What the network likes to look at is then
            missing now and then, so that it learns to recognise the rest of the object too (Singh and Lee,
            *Hide-and-Seek*, ICCV 2017).
        seed: of weights, order and augmentation.
    """

    epochs: tuple[tuple[int, int], ...] = ((128, 20), (224, 8))
    batch: int = 32
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    zoom: tuple[float, float] = (0.75, 1.3)
    shift: float = 0.15
    colour: float = 0.25
    erase: float = 0.5
    seed: int = 0

    @property
    def passes(self) -> int:
        """All passes over the images."""
        return sum(count for _, count in self.epochs)

    def shortened(self, passes: int) -> "Recipe":
        """Share another number of passes between the input sizes, in the same proportion."""
        *small, (last, _) = self.epochs
        counts = [(size, passes * count // self.passes) for size, count in small]
        return replace(self, epochs=(*counts, (last, passes - sum(count for _, count in counts))))


def fit(
    network: nn.Module,
    images: Tensor,
    labels: Tensor,
    recipe: Recipe,
    mean: Tensor,
    std: Tensor,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
) -> None:
    """Train a multi-label classifier in place.

    Args:
        network: (N, 3, S, S) to logits (N, C); trained on the device it is on.
        images: uint8, shape (n, 3, H, H).
        labels: 1 where the class is there, 0 where not, NaN where it should not count; shape (n, C).
        recipe: how.
        mean: of the network's preprocessing, shape (3, 1, 1).
        std: likewise.
        on_epoch: called after each pass with its number, from 1, and its mean loss.
    """
    device = next(network.parameters()).device
    random = torch.Generator().manual_seed(recipe.seed)
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = recipe.passes * -(-len(images) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        recipe.learning_rate,
        total_steps=steps + (steps == 10),  # a rise of one step, a tenth of 10, would make torch divide by 0
        pct_start=0.1,
    )
    sizes = [size for size, count in recipe.epochs for _ in range(count)]
    for epoch, size in enumerate(sizes, start=1):
        total = 0.0
        for chosen in torch.randperm(len(images), generator=random).split(recipe.batch):
            batch = augment(images[chosen].to(device), size, recipe, random)
            logits = network(((batch - mean.to(device)) / std.to(device)).to(memory_format=torch.channels_last))
            loss = multi_label_loss(logits, labels[chosen].to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(chosen)
        on_epoch(epoch, total / len(images))
    network.eval()


def multi_label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy, averaged over the labels that count (those that are not NaN)."""
    counted = ~labels.isnan()
    return F.binary_cross_entropy_with_logits(logits[counted], labels[counted])


def augment(images: Tensor, size: int, recipe: Recipe, random: torch.Generator) -> Tensor:
    """Flip, zoom, shift, tint and partly hide a batch.

    Args:
        images: uint8, shape (N, 3, H, H).
        size: height and width of the result.
        recipe: how much.
        random: every number is drawn from it, on the CPU, so that a seed means the same on every device.

    Returns:
        float32 from 0 to 1, shape (N, 3, size, size).
    """
    count = len(images)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.empty(count, *shape).uniform_(low, high, generator=random)

    # The grid says for each pixel of the result where in the image, from -1 to 1, to look for its colour.
    flip = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    zoom = uniform(*recipe.zoom)
    grid = torch.zeros(count, 2, 3)
    grid[:, 0, 0] = flip / zoom
    grid[:, 1, 1] = 1 / zoom
    grid[:, :, 2] = uniform(-2 * recipe.shift, 2 * recipe.shift, 2)
    where = F.affine_grid(grid.to(images.device), [count, 3, size, size], align_corners=False)
    pixels = F.interpolate(images.float() / 255, size, mode="area")  # grid_sample alone would skip pixels
    batch = F.grid_sample(pixels, where, padding_mode="reflection", align_corners=False)
    gain, bias = uniform(1 - recipe.colour, 1 + recipe.colour, 3, 1, 1), uniform(-0.5, 0.5, 1, 1, 1) * recipe.colour
    batch = batch * gain.to(images.device) + bias.to(images.device)
    hidden = rectangles(size, uniform(0.2, 0.5, 2), uniform(0, 1, 2)) & (uniform(0, 1) < recipe.erase)[:, None, None]
    return batch.masked_fill(hidden[:, None].to(images.device), 0.5).clamp(0, 1)


def rectangles(size: int, extent: Tensor, place: Tensor) -> Tensor:
    """Mark one rectangle an image: bool, shape (N, size, size).

    Args:
        size: height and width in pixels.
        extent: height and width as a share of the image's, shape (N, 2).
        place: how far down and right, from 0 to 1 of what is possible, shape (N, 2).
    """
    axis = (torch.arange(size) + 0.5) / size  # the pixels' centres
    start = place * (1 - extent)
    inside = (axis >= start[:, :, None]) & (axis < (start + extent)[:, :, None])  # (N, 2, size)
    return inside[:, 0, :, None] & inside[:, 1, None, :]
