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
        hidden_images: the share of images of which parts are painted over,
        hidden_cells: and the share of their cells that are. The network's favourite part is then missing now and then,
            so that it learns to recognise the rest of the object too (Singh and Lee, *Hide-and-Seek*, ICCV 2017).
        grids: the numbers of cells along a side, one of them for each batch.
        seed: of weights, order and augmentation.
    """

    epochs: tuple[tuple[int, int], ...] = ((112, 30), (224, 6))
    batch: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    zoom: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.1
    colour: float = 0.15
    hidden_images: float = 0.5
    hidden_cells: float = 0.3
    grids: tuple[int, ...] = (4, 6, 8)
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
    cells = recipe.grids[int(torch.randint(len(recipe.grids), (), generator=random))]
    hidden = uniform(0, 1, 1, cells, cells) < recipe.hidden_cells * (uniform(0, 1, 1, 1, 1) < recipe.hidden_images)
    mask = F.interpolate(hidden.float().to(images.device), size)  # the nearest cell: sharp borders
    # Painted in the image's own mean colour, so that what the first layers see keeps its statistics.
    return torch.lerp(batch, batch.mean(dim=(2, 3), keepdim=True), mask).clamp(0, 1)
