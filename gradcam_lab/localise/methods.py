"""Methods as recipes: whose weights, seen in which views, whether the heat is shared, and how boxes are found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import box_finders, threshold
from gradcam_lab.localise.cam_variants import Weights, cam, grad_cam, grad_cam_plus_plus, hires_cam, layer_cam
from gradcam_lab.models.classifier import Classifier


class View(NamedTuple):
    """One look at an image: its size relative to the network's input, and whether it is mirrored."""

    scale: float = 1.0
    mirrored: bool = False


PLAIN = View()
MIRRORED = View(mirrored=True)
PAIR = (PLAIN, View(0.75, True))
"""The cheapest way to have both another size and a mirrored image: 1.6 times one view."""

SCALES = (PLAIN, View(0.75, True), View(1.5), View(2.0, True))
"""The four sizes, mirrored where that needs no view of its own."""


class Sight(NamedTuple):
    """What a method makes its maps of; methods that differ only in how they find boxes have the same.

    `weights` are of the template in `methods`; the maps of the `views` are averaged; `shared` says whether the heat is
    then shared among cells that look alike at an earlier layer, in the first of the views.
    """

    weights: Weights = grad_cam
    views: tuple[View, ...] = (PLAIN,)
    shared: bool = False


ONCE = Sight()
"""Plain Grad-CAM's."""


@dataclass(frozen=True)
class Method:
    """A recipe.

    Attributes:
        title: its name in the table.
        sight: what its maps are made of.
        find: from the full-size map to boxes.
        grid: the thresholds among which val chooses; none where each image has its own.
        needs_image: whether `find` looks at the image.
    """

    title: str
    sight: Sight = ONCE
    find: box_finders.Finder = box_finders.islands
    grid: tuple[float, ...] = threshold.GRID
    needs_image: bool = False

    @property
    def described(self) -> dict[str, Any]:
        """What a report must know to speak of it."""
        return {
            "title": self.title,
            "find": self.find.__name__,
            "views": len(self.sight.views),
            "shared": self.sight.shared,
        }

    @property
    def cut(self) -> bool:
        """Whether a map is cut at the threshold itself."""
        return self.find in (box_finders.islands, box_finders.watershed)


METHODS: dict[str, Method] = {
    "cam": Method("CAM", Sight(cam)),
    "gradcam": Method("Grad-CAM"),
    "gradcam++": Method("Grad-CAM++", Sight(grad_cam_plus_plus)),
    "layercam": Method("LayerCAM", Sight(layer_cam)),
    "hirescam": Method("HiResCAM", Sight(hires_cam)),
    "otsu": Method("Grad-CAM, Otsu's threshold", find=box_finders.otsu, grid=()),
    "watershed": Method("Grad-CAM, split by watershed", find=box_finders.watershed),
    "refined": Method(
        "Grad-CAM, refined mask", find=box_finders.refined, grid=box_finders.SURE_BACKGROUND, needs_image=True
    ),
    "flip": Method("Grad-CAM, flip", Sight(views=(PLAIN, MIRRORED))),
    "scales": Method("Grad-CAM, 4 scales, half of them flipped", Sight(views=SCALES)),
    "shared": Method("Grad-CAM, earlier layer", Sight(shared=True)),
    "1.25x": Method("Grad-CAM, 1.25x", Sight(views=(View(1.25),))),
    "1.5x": Method("Grad-CAM, 1.5x", Sight(views=(View(1.5),))),
    "1.5x+shared": Method("Grad-CAM, 1.5x, earlier layer", Sight(views=(View(1.5),), shared=True)),
    "pair": Method("Grad-CAM, 0.75x flipped", Sight(views=PAIR)),
    "pair+shared": Method("Grad-CAM, 0.75x flipped, earlier layer", Sight(views=PAIR, shared=True)),
    "pair+shared+watershed": Method(
        "Grad-CAM, 0.75x flipped, earlier layer, watershed", Sight(views=PAIR, shared=True), box_finders.watershed
    ),
}
"""Every method by its name on the command line."""


def applicable(classifier: Classifier, lessons: Lessons) -> dict[str, Method]:
    """Return the methods that suit a network: CAM needs its one linear layer, sharing a finer layer."""
    return {name: method for name, method in METHODS.items() if defined(classifier, lessons, method)}


def defined(classifier: Classifier, lessons: Lessons, method: Method) -> bool:
    """Say whether a method suits the network."""
    try:
        if method.sight.weights is cam:
            lessons.cam.linear_layer(classifier.network)
        if method.sight.shared:
            earlier_layer(classifier)
    except ValueError:
        return False
    return True


def earlier_layer(classifier: Classifier) -> str:
    """Name the last block whose feature map has at least twice the resolution of the classifier's layer.

    A block is a child of the network, or a child of that: what lies deeper is a part of one.

    Raises:
        ValueError: there is none.
    """
    heights = block_heights(classifier.network, classifier.preprocessing.size)
    before = list(heights)[: list(heights).index(classifier.layer)]  # an adaptive average may enlarge the map again
    fine = [name for name in before if heights[name] >= 2 * heights[classifier.layer]]
    if not fine:
        raise ValueError(f"no block before '{classifier.layer}' has a finer map: choose a method without sharing")
    return fine[-1]


def block_heights(network: nn.Module, size: int) -> dict[str, int]:
    """Return the height of every block's feature map, in the order in which the blocks end."""
    heights: dict[str, int] = {}

    def noting(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.dim() == 4:
                heights[name] = output.shape[2]

        return hook

    blocks = [(name, module) for name, module in network.named_modules() if name and name.count(".") < 2]
    handles = [module.register_forward_hook(noting(name)) for name, module in blocks]
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, size, size, device=next(network.parameters()).device))
    finally:
        for handle in handles:
            handle.remove()
    return heights
