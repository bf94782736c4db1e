"""One image of ToyVOC, drawn in memory: the data set need not be there, and what is drawn is the same to the bit."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from gradcam_lab.data.sample import Sample
from gradcam_lab.data.toyvoc.scene import scene
from gradcam_lab.data.toyvoc.write import COUNTS, SEED, class_mask, jpeg


@dataclass(frozen=True, eq=False)
class DrawnSample(Sample):
    """An annotated image whose pixels and true mask are at hand; there is no file.

    Attributes:
        pixels: RGB, uint8, shape (height, width, 3).
        classes: the true mask, see `data.masks.read_mask`.
    """

    pixels: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3), np.uint8))
    classes: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint8))

    @property
    def image(self) -> np.ndarray:
        """The pixels."""
        return self.pixels


def draw_one(split: str, index: int) -> DrawnSample:
    """Draw one image as the data set has it, with what JPEG makes of it.

    Args:
        split: "train", "val" or "test".
        index: in the split, from 0.
    """
    place = list(COUNTS).index(split)
    name = f"{sum(list(COUNTS.values())[:place]) + index + 1:06d}"
    drawn = scene(np.random.default_rng((SEED, place, index)))
    pixels = np.array(Image.open(io.BytesIO(jpeg(drawn.image))))
    height, width = pixels.shape[:2]
    return DrawnSample(
        name, Path(f"{name}.jpg"), (width, height), drawn.objects, pixels=pixels, classes=class_mask(drawn)
    )
