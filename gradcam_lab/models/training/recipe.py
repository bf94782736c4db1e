"""The hyperparameters of a training: one value, which is written into the network's file so that it can be repeated."""

from dataclasses import dataclass, replace
from typing import Literal

Optimizer = Literal["adam", "adamw", "sgd"]
Scheduler = Literal["onecycle", "step", "cosine", "plateau", "constant"]
TrainingPrecision = Literal["float32", "bf16", "fp16"]


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a training.

    Attributes:
        epochs: passes over the images, as pairs `(input size in pixels, number of passes)`. Small inputs come first:
            they are several times faster, and most of what a network has to learn can be seen in them.
        batch: images per step, over all processes together.
        learning_rate: the highest.
        weight_decay: of the optimiser.
        optimizer: `adam`, `adamw` or `sgd` (with a momentum of 0.9).
        scheduler: of the learning rate: `onecycle` (it rises for a tenth of the steps, then falls to 0 along a
            cosine), `step` (divided by 10 after each third of the steps), `cosine`, `plateau` (divided by 10 when val
            has not improved for 3 epochs) or `constant`.
        patience: stop when val has not improved for this many epochs; None never stops early.
        precision: `float32`, or `bf16` or `fp16` where the network's arithmetic allows it.
        freeze_features: train the head only, on features that are computed once for each image and its mirror image;
            no other augmentation is used then.
        zoom: the range of the random factor by which each image is scaled.
        shift: the largest random shift, as a share of the image's size.
        colour: each channel is multiplied by a factor within 1 +- this, and shifted by up to half of this.
        hidden_images: the share of images that are partly hidden,
        hidden_cells: and the share of their cells that are. With its most telling part hidden now and then, a network
            learns to recognise the rest of the object too (Singh and Lee, *Hide-and-Seek*, ICCV 2017).
        grids: possible numbers of cells along a side; one is drawn for each batch.
        seed: of initial weights, order and augmentation.
    """

    epochs: tuple[tuple[int, int], ...] = ((112, 30), (224, 6))
    batch: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    optimizer: Optimizer = "adamw"
    scheduler: Scheduler = "onecycle"
    patience: int | None = None
    precision: TrainingPrecision = "float32"
    freeze_features: bool = False
    zoom: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.1
    colour: float = 0.15
    hidden_images: float = 0.5
    hidden_cells: float = 0.3
    grids: tuple[int, ...] = (4, 6, 8)
    seed: int = 0

    @property
    def size(self) -> int:
        """Height and width in pixels of the last epoch's input, which is also that of inference."""
        return self.epochs[-1][0]

    @property
    def sizes(self) -> list[int]:
        """The input size of each epoch."""
        return [size for size, count in self.epochs for _ in range(count)]

    @property
    def passes(self) -> int:
        """The number of epochs."""
        return sum(count for _, count in self.epochs)

    def steps(self, images: int) -> int:
        """Return the number of steps in an epoch of so many images; the last batch may be smaller."""
        return -(-images // self.batch)

    def shortened(self, passes: int) -> "Recipe":
        """Return the recipe with another number of epochs, in the same proportion of input sizes.

        Examples:
            >>> Recipe(epochs=((64, 6), (128, 3))).shortened(3).epochs
            ((64, 2), (128, 1))
        """
        *small, (last, _) = self.epochs
        counts = [(size, passes * count // self.passes) for size, count in small]
        return replace(self, epochs=(*counts, (last, passes - sum(count for _, count in counts))))
