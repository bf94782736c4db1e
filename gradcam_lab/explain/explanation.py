"""The maps of one class in one image, and what was asked for to get them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target

ExplanationMethod = Literal["cam", "gradcam", "input-gradient", "all"]

TITLES = {"cam": "CAM", "gradcam": "Grad-CAM", "input_gradient": "gradient at the pixels", "smoothgrad": "SmoothGrad"}
"""The kinds of map."""

AT_THE_PIXELS = ("input_gradient", "smoothgrad")
"""The kinds that have the shape (3, size, size) of the network's input; the others have cells, (h, w)."""


@dataclass(frozen=True)
class Request:
    """What is to be computed of each class.

    Attributes:
        method: "all" is CAM (where it is defined), Grad-CAM and the gradient at the pixels.
        layer: for Grad-CAM; None is the classifier's own.
        smooth: number of noisy copies for SmoothGrad, beside the method; 0 leaves it out.
        seed: of their noise.
    """

    method: ExplanationMethod
    layer: str | None
    smooth: int
    seed: int


@dataclass(frozen=True)
class Explanation:
    """A target in an image, and its raw maps by kind, in the order in which they are drawn."""

    photo: Photo
    request: Request
    target: Target
    maps: dict[str, np.ndarray]

    @property
    def grid(self) -> str | None:
        """The last kind of map that has cells; None where there are gradients at the pixels only."""
        return next((kind for kind in reversed(self.maps) if kind not in AT_THE_PIXELS), None)


def explain_target(photo: Photo, request: Request, target: Target) -> Explanation:
    """Compute every map of one target that is asked for.

    Raises:
        LabError: CAM is not defined, or there is no such layer.
    """
    compute = {
        "cam": lambda: photo.cam(target),
        "gradcam": lambda: photo.gradcam(target.score),
        "input_gradient": lambda: photo.input_gradient(target.score),
        "smoothgrad": lambda: photo.smoothgrad(target.score, request.smooth, request.seed),
    }
    kinds = [request.method.replace("-", "_")]
    if request.method == "all":
        kinds = ["gradcam", "input_gradient"] if photo.why_no_cam else ["cam", "gradcam", "input_gradient"]
    if request.smooth:
        kinds.append("smoothgrad")
    return Explanation(photo, request, target, {kind: compute[kind]() for kind in kinds})
