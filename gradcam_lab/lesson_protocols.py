"""What each step of the course must offer: one `Protocol` a step.

What is written here, a student writes. The type checker sees every call into a lesson by these types, and
`gradcam-lab contract STEP` prints them.
"""

# ruff: noqa: N802 - some of the names are those of a lesson's classes and constants

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


class CamLesson(Protocol):
    """Step 1: an image to a prediction, features and a class activation map."""

    def predict(
        self, network: nn.Module, image: Tensor, class_names: Sequence[str], k: int = 5, activation: str = "softmax"
    ) -> list[tuple[str, int, float]]:
        """Name the k most probable classes of an image (3, H, W): (name, index, probability)."""

    def linear_layer(self, network: nn.Module) -> nn.Linear:
        """Return the one linear layer in which the network ends; ValueError where there is none."""

    def class_activation_map(self, network: nn.Module, images: Tensor, class_index: int) -> Tensor:
        """Return the maps (N, h, w) of a class for images (N, 3, H, W)."""

    def normalize_map(self, heatmap: np.ndarray) -> np.ndarray:
        """Scale a map (h, w) to 0..1."""

    def overlay(self, image: np.ndarray, heat: np.ndarray, alpha: float = 0.5) -> np.ndarray:
        """Lay a normalised map over an image (H, W, 3)."""


class GradCam(Protocol):
    """The explainer of step 2, made of a model and the name of a layer."""

    layer: str

    def __call__(self, images: Tensor, target: Any) -> Tensor:
        """Return the maps (N, h, w) of the target's score."""

    def all_classes(self, images: Tensor) -> Tensor:
        """Return the maps (N, C, h, w) of all classes."""

    def only(self, stored: list[Tensor]) -> Tensor:
        """Return the one feature map that was stored."""


class GradCamLesson(Protocol):
    """Step 2: a network and a target to Grad-CAM, and to the gradient at the pixels."""

    @property
    def GradCAM(self) -> Callable[[nn.Module, str], GradCam]:
        """The explainer of one layer of one model."""

    def channel_weights(self, gradients: Tensor) -> Tensor:
        """Average gradients (N, K, H, W) over space: (N, K)."""

    def weighted_map(self, features: Tensor, weights: Tensor) -> Tensor:
        """Sum features (N, K, H, W) by their weights (N, K) and keep what is positive: (N, H, W)."""

    def find_layer(self, model: nn.Module, name: str) -> nn.Module:
        """Look a layer up by its name; ValueError where there is none."""

    def watched(self, model: nn.Module, layer: str) -> AbstractContextManager[list[Tensor]]:
        """Within the block, a forward pass stores the layer's output, and builds a graph only from there on."""

    def input_gradient(self, model: nn.Module, images: Tensor, target: Any) -> Tensor:
        """Return the gradient (N, 3, H, W) of the score at the pixels."""

    def vgg_gradcam(self, vgg: nn.Module, images: Tensor, target: Any) -> Tensor:
        """Return the maps (N, h, w) at `features` of a VGG, whose forward pass is written out."""


class Iou(Protocol):
    """From boxes (n, 4) and boxes (m, 4) to their overlaps (n, m)."""

    def __call__(self, a: np.ndarray, b: np.ndarray, /) -> np.ndarray: ...


class BoxesLesson(Protocol):
    """Step 3: a heatmap to scored boxes."""

    def upsample(self, heatmap: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Stretch a map to a size (height, width)."""

    def threshold_mask(self, heatmap: np.ndarray, fraction: float) -> np.ndarray:
        """Mark what reaches a fraction of the map's maximum: bool (H, W)."""

    def mask_to_boxes(self, mask: np.ndarray, min_area: int = 1) -> np.ndarray:
        """Box each island of at least so many pixels: (n, 4)."""

    def nms(self, boxes: np.ndarray, scores: np.ndarray, max_overlap: float, iou: Iou) -> np.ndarray:
        """Return the indices of the boxes that no better one covers."""

    def detect(
        self,
        heatmap: np.ndarray,
        size: tuple[int, int],
        probability: float,
        *,
        threshold: float,
        iou: Iou,
        min_area: int = 30,
        max_overlap: float = 0.5,
    ) -> np.ndarray:
        """Turn a raw map into scored boxes (n, 5) of an image of a size (height, width)."""


class GroundTruth(Protocol):
    """The objects of one class in one image: boxes (m, 4), and difficult, bool (m,).

    A lesson makes them and takes back only its own, so that its functions are called here with `Any` in their place.
    """

    @property
    def boxes(self) -> np.ndarray: ...
    @property
    def difficult(self) -> np.ndarray: ...


class Curve(Protocol):
    """Precision and recall after each detection, or after each step of equal scores."""

    @property
    def precision(self) -> np.ndarray: ...
    @property
    def recall(self) -> np.ndarray: ...


class Score(Protocol):
    """AP, recall and curve at one IoU threshold."""

    @property
    def ap(self) -> float: ...
    @property
    def recall(self) -> float: ...
    @property
    def curve(self) -> Curve: ...


class Matches(Protocol):
    """All detections, judged at one threshold: image, scores, outcomes (n,), and objects, one entry an image."""

    @property
    def image(self) -> np.ndarray: ...
    @property
    def scores(self) -> np.ndarray: ...
    @property
    def outcomes(self) -> np.ndarray: ...
    @property
    def objects(self) -> np.ndarray: ...


class MetricsLesson(Protocol):
    """Step 4: boxes and ground truth to IoU, matches, precision, recall and AP."""

    @property
    def GroundTruth(self) -> Callable[[np.ndarray, np.ndarray], GroundTruth]:
        """The class of the objects of one image."""

    def box_iou(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Compute the IoU (n, m) of boxes (n, 4) and (m, 4)."""

    def match_all(
        self,
        detections: Mapping[str, np.ndarray],
        ground_truth: Mapping[str, Any],
        threshold: float,
        count_difficult: bool = False,
        ties: str = "group",
    ) -> Matches:
        """Match the detections (n, 5) of every image with its objects."""

    def evaluate(
        self,
        detections: Mapping[str, np.ndarray],
        ground_truth: Mapping[str, Any],
        thresholds: Sequence[float] = (0.3, 0.4, 0.5),
        ties: str = "group",
        method: str = "area",
        count_difficult: bool = False,
    ) -> Mapping[float, Score]:
        """Score detections at several IoU thresholds."""

    def average_precision(self, precision: np.ndarray, recall: np.ndarray, method: str = "area") -> float:
        """Measure the area below the curve."""

    def summarise(self, scores: np.ndarray, outcomes: np.ndarray, objects: int, ties: str, method: str) -> Score:
        """Score detections that are judged already."""

    def order_range(
        self, scores: np.ndarray, outcomes: np.ndarray, objects: int, method: str = "area"
    ) -> tuple[float, float]:
        """Return the lowest and the highest AP that any order of equal scores gives."""

    def correct_localisation(
        self, detections: Mapping[str, np.ndarray], ground_truth: Mapping[str, Any], threshold: float
    ) -> Mapping[str, bool]:
        """Say for each image with an object whether its surest box is right."""


class SegmentationLesson(Protocol):
    """Step 5: a heatmap and its image to a mask, and masks to IoU."""

    def seeds(self, heatmap: np.ndarray, sure_foreground: float, sure_background: float) -> np.ndarray:
        """Mark sure background 0, sure foreground 1 and the rest 255: uint8 (H, W)."""

    def refine(self, image: np.ndarray, known: np.ndarray, iterations: int) -> np.ndarray:
        """Refine seeds to a mask, bool (H, W), by GrabCut."""

    def segment(
        self,
        heatmap: np.ndarray,
        image: np.ndarray,
        *,
        sure_foreground: float,
        sure_background: float,
        iterations: int = 1,
    ) -> np.ndarray:
        """Make the mask, bool (H, W), of a map and its image."""

    def confusion(self, prediction: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
        """Count the pixels of each true and each predicted class: (classes, classes)."""

    def class_iou(self, counts: np.ndarray) -> np.ndarray:
        """Compute the IoU of each class, NaN where it occurs nowhere."""

    def mean_iou(self, counts: np.ndarray) -> float:
        """Average the IoU over the classes that occur."""

    def mask_box(self, mask: np.ndarray, share: float = 0.25) -> np.ndarray:
        """Box the large parts of a mask: (n, 4)."""


class Share(Protocol):
    """The share of a map's heat, and that of the area, that lies in a region."""

    @property
    def heat(self) -> float: ...
    @property
    def area(self) -> float: ...


class FaithfulnessLesson(Protocol):
    """Step 6: does a heatmap tell the truth about its network?"""

    @property
    def HIT(self) -> int: ...
    @property
    def NOT_ASKED(self) -> int: ...

    def centre_map(self, size: tuple[int, int]) -> np.ndarray:
        """Return a map (height, width) that is hottest in the centre."""

    def random_map(self, size: tuple[int, int], cells: tuple[int, int], seed: int) -> np.ndarray:
        """Return a random map (height, width) with as many cells as a real one."""

    def pointing_game(
        self, heatmap: np.ndarray, boxes: np.ndarray, difficult: np.ndarray, tolerance: float = 15
    ) -> int:
        """Say whether the hottest pixel lies on an object: HIT, MISS or NOT_ASKED."""

    def replacement_curve(
        self, probability: Callable[[Tensor], Tensor], start: Tensor, end: Tensor, heatmap: Tensor, steps: int
    ) -> Tensor:
        """Replace pixels, the hottest first, and return the probability after each step: (steps + 1,)."""

    def area_under(self, curve: Tensor) -> float:
        """Measure the area under such a curve."""

    def blurred(self, image: Tensor) -> Tensor:
        """Blur an image (3, H, W) until nothing can be recognised."""

    def rank_correlation(self, a: np.ndarray, b: np.ndarray) -> float:
        """Compute Spearman's rank correlation of two maps."""

    def reinitialised(self, model: nn.Module, layers: Sequence[str], seed: int) -> nn.Module:
        """Return a copy of a network in which some layers have random weights."""

    def heat_on_other(self, heatmap: np.ndarray, own: np.ndarray, other: np.ndarray) -> Share:
        """Measure the heat of one class on the objects of another."""

    def mirror_shift(self, heatmap: np.ndarray, mirrored: np.ndarray) -> float:
        """Measure by how many cells a map (h, w) lies too far right, from that of the mirrored image."""

    def moved(self, heatmap: np.ndarray, right: float, down: float) -> np.ndarray:
        """Move a map (h, w) by cells; it comes back on a finer grid."""


PROTOCOLS: dict[str, tuple[type, ...]] = {
    "step1_cam": (CamLesson,),
    "step2_gradcam": (GradCam, GradCamLesson),
    "step3_boxes": (Iou, BoxesLesson),
    "step4_metrics": (GroundTruth, Curve, Score, Matches, MetricsLesson),
    "step5_segmentation": (SegmentationLesson,),
    "step6_faithfulness": (Share, FaithfulnessLesson),
}
"""What each step must offer: last the Protocol of its module, and before it those of the values it takes or returns."""
