"""What the lessons' figures are drawn from: pictures of ToyVOC, the embedded network, and the reference's lessons."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam_lab.report.figures.style import INK, MUTED, show_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor

    from gradcam_lab.data.toyvoc.scene import Scene
    from gradcam_lab.models.classifier import Classifier

WIDTH = 6.7
"""Of a figure, in inches: the text width of the report."""

TITLE = 7.2
"""Of a picture's title, in points."""

DOG_AND_BOAT, TWO_DOGS, DOG_AND_CAT = 86, 115, 159
"""Seeds of pictures: each holds what its name says."""


@cache
def lessons() -> Any:
    """The reference's lessons: a figure shows what is right, also by functions that the lab itself does not call."""
    from gradcam_lab.lesson_modules import load_lessons

    return load_lessons()


@cache
def classifier() -> "Classifier":
    """The embedded network."""
    from gradcam_lab.models.zoo import EMBEDDED, load

    return load(EMBEDDED)


@dataclass(frozen=True)
class Example:
    """One picture with what the network says of it.

    Attributes:
        seed: of the picture.
    """

    seed: int

    @cached_property
    def scene(self) -> "Scene":
        """The picture and its ground truth."""
        from gradcam_lab.data.toyvoc.scene import scene

        return scene(np.random.default_rng(self.seed))

    @property
    def image(self) -> np.ndarray:
        """RGB, uint8, shape (H, W, 3)."""
        return self.scene.image

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)`."""
        height, width = self.image.shape[:2]
        return height, width

    @cached_property
    def inputs(self) -> "Tensor":
        """The picture as the network takes it, shape (1, 3, h, w)."""
        return classifier().preprocessing(self.image)[None]

    def boxes(self, name: str) -> np.ndarray:
        """The annotated boxes of a class, shape (m, 4)."""
        return np.array([o.box for o in self.scene.objects if o.name == name], dtype=float).reshape(-1, 4)

    def probability(self, name: str) -> float:
        """The network's probability that a class is in the picture."""
        return float(classifier().probability(classifier().network(self.inputs), name)[0])

    def cam(self, name: str) -> np.ndarray:
        """Step 1's class activation map, on the grid."""
        network, place = classifier().network, classifier().class_names.index(name)
        cam: np.ndarray = lessons().cam.class_activation_map(network, self.inputs, place)[0].numpy()
        return cam

    def gradcam(self, name: str, network: Any = None) -> np.ndarray:
        """Step 2's map on the grid, of the embedded network or of another one of its kind."""
        explain = lessons().gradcam.GradCAM(network or classifier().network, classifier().layer)
        return explain(self.inputs, lambda outputs: classifier().score(outputs, name))[0].numpy()

    def heatmap(self, name: str) -> np.ndarray:
        """The same at the picture's size."""
        return lessons().boxes.upsample(self.gradcam(name), self.size)

    def overlaid(self, grid: np.ndarray) -> np.ndarray:
        """A map of the grid, normalised and laid over the picture."""
        full = lessons().boxes.upsample(grid, self.size)
        return lessons().cam.overlay(self.image, lessons().cam.normalize_map(full))


@cache
def example(seed: int) -> Example:
    """The picture of a seed; what the network says of it is computed once."""
    return Example(seed)


def picture(axes: "Axes", image: np.ndarray, title: str) -> None:
    """Show an image under its title."""
    show_image(axes, image)
    axes.set_aspect("equal")
    axes.set_title(title, loc="left", color=INK, size=TITLE)


def cells(axes: "Axes", values: np.ndarray, title: str, limit: float | None = None, digits: int | None = None) -> None:
    """Show a map cell by cell, red above 0 and blue below; with so many digits in each cell, or with none."""
    most = limit or max(float(np.abs(values).max()), 1e-9)
    axes.imshow(values, cmap="RdBu_r", vmin=-1.5 * most, vmax=1.5 * most)
    axes.set_title(title, loc="left", color=INK, size=TITLE)
    axes.grid(visible=False)
    axes.set(xticks=[], yticks=[])
    if digits is not None:
        for (row, column), value in np.ndenumerate(values):
            axes.text(column, row, signed(f"{value:.{digits}f}"), ha="center", va="center", size=9, color=INK)


def signed(text: str) -> str:
    """Numbers with a minus that is as long as a plus."""
    return text.replace("-", "−")


def arrow(
    axes: "Axes", start: tuple[float, float], end: tuple[float, float], colour: str = MUTED, **style: Any
) -> None:
    """Draw an arrow."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, **{"linewidth": 1, **style}})
