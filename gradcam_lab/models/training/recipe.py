"""How a network is trained: one value that stands in its file and from which the same training can be done again."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: passes over the images, as pairs `(input size in pixels, number of passes)`. Small inputs first: they
            are several times faster, and most of what a network has to learn can be seen in them.
        batch: images a step, over all processes together.
        learning_rate: the highest.
        weight_decay: of the optimiser.
        optimizer: `adam`, `adamw` or `sgd` (with a momentum of 0.9).
        scheduler: what becomes of the learning rate: `onecycle` (it rises for a tenth of the steps, then falls to 0
            along a cosine), `step` (a tenth of it after each third), `cosine`, `plateau` (a tenth of it when val has
            not improved for 3 epochs) or `constant`.
        patience: stop when val has not improved for so many epochs; None never does.
        precision: `float32`, or `bf16` or `fp16` where the network's arithmetic allows it.
        freeze_features: train the head alone, on features that are computed once, of each image and of its mirror
            image; the rest of the augmentation is then not used.
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
    optimizer: str = "adamw"
    scheduler: str = "onecycle"
    patience: int | None = None
    precision: str = "float32"
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
        """Height and width of the input at the end, and when the network is used."""
        return self.epochs[-1][0]

    @property
    def sizes(self) -> list[int]:
        """The input size of each pass."""
        return [size for size, count in self.epochs for _ in range(count)]

    @property
    def passes(self) -> int:
        """All passes over the images."""
        return sum(count for _, count in self.epochs)

    def shortened(self, passes: int) -> "Recipe":
        """Share another number of passes between the input sizes, in the same proportion."""
        *small, (last, _) = self.epochs
        counts = [(size, passes * count // self.passes) for size, count in small]
        return replace(self, epochs=(*counts, (last, passes - sum(count for _, count in counts))))
