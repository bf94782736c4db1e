"""A network whose maps lie aside by a known number of cells, and pictures of one spot."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.models.classifier import Classifier, Preprocessing

CELLS, CELL = 8, 4
SIDE = CELLS * CELL


class Rolled(nn.Module):
    """Averages red over each cell, and moves the feature map by whole cells, as a wrong padding would.

    The average over all cells, and so the logit, does not notice it.
    """

    def __init__(self, right: int, down: int, largest: int = 99) -> None:
        super().__init__()
        self.pool, self.by, self.largest = nn.AvgPool2d(CELL), (down, right), largest
        self.scale = nn.Conv2d(3, 1, 1, bias=False)
        nn.init.zeros_(self.scale.weight)
        with torch.no_grad():
            self.scale.weight[0, 0] = 1

    def forward(self, images: Tensor) -> Tensor:
        """Return the feature map (N, 1, h, w); an image of an odd number of pixels is moved by no cell."""
        if images.shape[-1] > self.largest:
            raise ValueError(f"the input must not be wider than {self.largest} pixels")
        by = self.by if images.shape[-1] % 2 == 0 else (0, 0)
        return torch.roll(self.scale(self.pool(images)), by, (2, 3))


def rolled(right: int, down: int = 0, largest: int = 99) -> Classifier:
    """A classifier of one class, `dog`, at the rolled layer."""
    network = nn.Sequential(Rolled(right, down, largest), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    preprocessing = Preprocessing(SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Classifier(
        "rolled", network, ("dog",), {"dog": (0,)}, "sigmoid", "0", preprocessing, sha256=f"{right} {down} {largest}"
    )


class Picture(NamedTuple):
    """An image in the memory."""

    image: np.ndarray


def spot(row: int, column: int) -> Picture:
    """A picture whose cell at (row, column) is red."""
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL, 0] = 255
    return Picture(image)


SPOTS = [spot(row, column) for row, column in ((3, 3), (4, 2), (2, 4), (5, 4), (3, 5), (4, 4))]
"""Six of them, far from the border."""
