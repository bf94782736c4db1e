"""The maps of one class in one image, what was asked for to get them, and the boxes found in one of them."""

from dataclasses import dataclass

import numpy as np

from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.mirror import aligned
from gradcam_lab.explain.known_shift import UNKNOWN, KnownShift
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Align
from gradcam_lab.localise.grabcut import shrunk
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.methods import METHODS, Method

INPUT_GRADIENT, ALL_METHODS = "input-gradient", "all"
"""The methods beside those of the comparison: the gradient at the pixels, and several side by side."""

AT_THE_PIXELS = ("input_gradient", "smoothgrad")
"""The kinds of map that have the shape (3, size, size) of the network's input; the others have cells, (h, w)."""

TITLES = {
    **{name: method.title for name, method in METHODS.items()},
    "input_gradient": "gradient at the pixels",
    "smoothgrad": "SmoothGrad",
}
"""The kinds of map: the comparison's methods, and the two at the pixels."""


@dataclass(frozen=True)
class Request:
    """What is to be computed of each class.

    Attributes:
        method: one of `METHODS`, the gradient at the pixels, or "all": CAM (where it is defined), Grad-CAM and the
            gradient at the pixels.
        layer: that was asked for; None is the classifier's own.
        smooth: number of noisy copies for SmoothGrad, beside the method; 0 leaves it out.
        seed: of their noise, and of the random weights of `dependence`.
        threshold: at which boxes are found in the last map that has cells; None where no boxes are asked for.
        align: "off" leaves pictures as they are; None takes out a shift of the maps.
    """

    method: str
    layer: str | None
    smooth: int
    seed: int
    threshold: float | None = None
    align: Align | None = None

    @property
    def finder(self) -> Method:
        """The method whose box finder is taken: of several methods side by side Grad-CAM's."""
        return METHODS.get(self.method, METHODS[GRADCAM])

    @property
    def measured(self) -> str:
        """The kind of map in which boxes are found, and whose dependence is measured."""
        return {ALL_METHODS: GRADCAM, INPUT_GRADIENT: "input_gradient"}.get(self.method, self.method)


@dataclass(frozen=True)
class Dependence:
    """Whether a map depends on the class and on the weights; see `dependence.measure`.

    Attributes:
        kind: of the map.
        other: the most probable class that shares no output with the explained one; None where there is none.
        on_class: the rank correlation with the map of `other`, from -1 to 1; None where there is nothing to compare,
            because a map is the same everywhere.
        on_weights: the same with the map of the network with random weights in every layer; None also where none of its
            layers knows how to begin anew.
        seed: of the random weights.
    """

    kind: str
    other: Target | None
    on_class: float | None
    on_weights: float | None
    seed: int


@dataclass(frozen=True)
class Explanation:
    """A target in an image.

    Attributes:
        photo: the image.
        request: what was asked for.
        target: the class.
        maps: raw, by kind, in the order in which they are drawn.
        boxes: float64, (n, 5): `xmin, ymin, xmax, ymax, score` in VOC's pixels of the image as it is displayed, the
            best first; None where none were asked for.
        dependence: of the map that `Request.measured` names; None where it was not measured.
        known: the shift that is taken out of the maps in pictures; the maps themselves are raw.
    """

    photo: Photo
    request: Request
    target: Target
    maps: dict[str, np.ndarray]
    boxes: np.ndarray | None = None
    dependence: Dependence | None = None
    known: KnownShift = UNKNOWN

    def aligned(self, cam: np.ndarray) -> np.ndarray:
        """A raw map (h, w) as pictures show it, without the network's shift."""
        return aligned(self.photo.lessons.faithfulness, cam, self.known.shift)

    @property
    def grid(self) -> str | None:
        """The last kind of map that has cells; None where there are gradients at the pixels only."""
        return next((kind for kind in reversed(self.maps) if kind not in AT_THE_PIXELS), None)


def explain_target(photo: Photo, request: Request, target: Target) -> Explanation:
    """Compute every map of one target that is asked for, and its boxes.

    Raises:
        LabError: a method does not suit the network, or a map is not finite.
    """
    kinds = [request.measured]
    if request.method == ALL_METHODS:
        kinds = [GRADCAM, "input_gradient"] if photo.why_no_cam else ["cam", GRADCAM, "input_gradient"]
    if request.smooth:
        kinds.append("smoothgrad")
    maps = {kind: map_of(photo, request, target, kind) for kind in kinds}
    if not all(np.isfinite(values).all() for values in maps.values()):
        raise LabError(f"The heatmap of '{photo.path}' for {target.title} is not finite: check the weights.")
    return Explanation(photo, request, target, maps, _boxes(photo, request, target, maps[request.measured]))


def map_of(photo: Photo, request: Request, target: Target, kind: str) -> np.ndarray:
    """Compute one raw map of a target.

    Raises:
        LabError: CAM is not defined.
    """
    if kind == "cam":
        return photo.cam(target)
    if kind == "input_gradient":
        return photo.input_gradient(target.score)
    if kind == "smoothgrad":
        return photo.smoothgrad(target.score, request.smooth, request.seed)
    return photo.by_recipe(target, METHODS[kind].recipe)


def _boxes(photo: Photo, request: Request, target: Target, heatmap: np.ndarray) -> np.ndarray | None:
    if request.threshold is None:
        return None
    image = shrunk(photo.image) if request.finder.needs_image else None
    detector = Detector(photo.lessons, request.finder)
    return detector.detect(heatmap, photo.size, photo.probability(target), request.threshold, image)
