"""One image, one class and the embedded network, with all that the reference makes of them on the way to a view."""

import copy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.data.toyvoc import COUNTS, DrawnSample, draw_one
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.errors import LabError
from gradcam_lab.explain.photo import read_photo
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.lesson_protocols import Curve, GroundTruth, Matches
from gradcam_lab.localise.default_threshold import default_threshold
from gradcam_lab.localise.detector import Detections, Detector
from gradcam_lab.localise.experiment import MIN_AREA, Experiment, ground_truth
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier

LONGEST = 500
"""Pixels of the longer side of a photo: a larger one is shrunk, so that loops over its pixels end within the limits."""

THRESHOLD = default_threshold(GRADCAM)

IMAGES = 60
"""Number of images whose boxes make a curve: the one that is asked for, and those that follow it in the split."""

STEPS = 20
"""Steps of a deletion and of an insertion."""

IOU = 0.4
"""The IoU from which a box counts as right in a view of matches and of one curve."""

SURE = (0.7, 0.02)
"""The fractions of the sure foreground and of the sure background, as step 5 has them."""


class Wish(NamedTuple):
    """What a student wants to see: an image of ToyVOC's test split by its index, or a file, and a class.

    Attributes:
        number: the image's index in the test split, where no file is given.
        photo: the file.
        cls: the class; "" for the largest object's, or the most probable one of a photo.
    """

    number: int
    photo: str = ""
    cls: str = ""


@dataclass(frozen=True)
class Objects:
    """The objects of a class in an image: boxes (m, 4), and difficult (m,)."""

    boxes: np.ndarray
    difficult: np.ndarray


class Scene:
    """Everything that a view needs beside the student's function; computed by the reference when it is asked for.

    Args:
        wish: which image and class.

    Raises:
        LabError: there is no such image or class.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.lessons: Lessons = load_lessons()
        self.classifier: Classifier = zoo.load("embedded")
        self.network: nn.Module = self.classifier.network
        self.name = wish.cls or self._usual_class()
        self.index = self.classifier.outputs_of(self.name)[0]

    @cached_property
    def sample(self) -> DrawnSample:
        """The annotated image.

        Raises:
            LabError: it is a photo of the user's, of which nobody knows the boxes.
        """
        if self.wish.photo:
            raise LabError(
                f"This view needs the true boxes, and those of '{self.wish.photo}' are not known: give --image the "
                "number of an image of ToyVOC."
            )
        return draw_one("test", self.wish.number)

    @property
    def title(self) -> str:
        """Which class in which image, in words."""
        drawn = f"image {self.wish.number} of ToyVOC's test split"
        return f"{self.name}, in {repr(Path(self.wish.photo).name) if self.wish.photo else drawn}"

    def _usual_class(self) -> str:
        if self.wish.photo:
            return self.classifier.class_names[int(self.logits.argmax())]
        if not self.sample.objects:
            raise LabError(f"Image {self.wish.number} has no object: give --class, or another --image.")
        return max(self.sample.objects, key=lambda item: _area(item.box)).name

    # --- the image, and what the network says of it ---

    @cached_property
    def image(self) -> np.ndarray:
        """RGB, uint8, shape (H, W, 3)."""
        if not self.wish.photo:
            return self.sample.image
        image = read_photo(Path(self.wish.photo))
        scale = LONGEST / max(image.shape[:2])
        if scale >= 1:
            return image
        size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, in pixels."""
        return self.image.shape[0], self.image.shape[1]

    @cached_property
    def inputs(self) -> Tensor:
        """The image as a batch of one, shape (1, 3, 224, 224)."""
        return self.classifier.preprocessing(self.image)[None].contiguous()

    @cached_property
    def logits(self) -> Tensor:
        """Shape (C,)."""
        with torch.no_grad():
            return self.network(self.inputs)[0]

    @property
    def probability(self) -> float:
        """Of the class."""
        return float(self.classifier.probability(self.logits[None], self.name)[0])

    def class_probability(self, images: Tensor) -> Tensor:
        """Return the probability of the class in preprocessed images (N, 3, H, W), shape (N,)."""
        with torch.no_grad():
            return torch.cat([self.network(part)[:, self.index].sigmoid() for part in images.split(8)])

    # --- steps 1 and 2 ---

    def feature_map(self, layer: str) -> tuple[Tensor, Tensor]:
        """Return a layer's output and the gradient of the class's logit there, both of shape (1, K, h, w)."""
        with self.lessons.gradcam.watched(self.network, layer) as stored:
            score = self.network(self.inputs)[0, self.index]
            (gradients,) = torch.autograd.grad(score, stored[0])
        return stored[0].detach(), gradients

    @cached_property
    def features(self) -> Tensor:
        """The feature map before the average, shape (1, K, h, w)."""
        return self.feature_map(self.classifier.layer)[0]

    @cached_property
    def channels(self) -> list[int]:
        """The 16 channels that are strongest in this image: those that are drawn."""
        return self.features[0].mean(dim=(1, 2)).argsort(descending=True)[:16].tolist()

    @property
    def weight(self) -> Tensor:
        """The weight of the linear layer, shape (C, K)."""
        return self.lessons.cam.linear_layer(self.network).weight.detach()

    @cached_property
    def signed_cam(self) -> np.ndarray:
        """The class activation map, with its negative cells, shape (h, w)."""
        return self.lessons.cam.class_activation_map(self.network, self.inputs, self.index)[0].numpy()

    def gradcam_of(self, network: nn.Module, inputs: Tensor) -> np.ndarray:
        """Explain the class in a batch of one: the raw map, shape (h, w)."""
        return self.lessons.gradcam.GradCAM(network, self.classifier.layer)(inputs, self.index)[0].numpy()

    @cached_property
    def cam(self) -> np.ndarray:
        """Grad-CAM's raw map on the layer's grid, shape (h, w)."""
        return self.gradcam_of(self.network, self.inputs)

    # --- steps 3 and 5 ---

    @cached_property
    def heatmap(self) -> np.ndarray:
        """The raw map at the image's size, shape (H, W)."""
        return self.lessons.boxes.upsample(self.cam, self.size)

    @property
    def heat(self) -> np.ndarray:
        """The same from 0 to 1."""
        return self.lessons.cam.normalize_map(self.heatmap)

    @cached_property
    def detections(self) -> np.ndarray:
        """The boxes that step 3 finds, shape (n, 5)."""
        return self.detect(self.cam, self.size, self.probability)

    def detect(self, cam: np.ndarray, size: tuple[int, int], probability: float) -> np.ndarray:
        """Find boxes by the reference, shape (n, 5)."""
        return self.lessons.boxes.detect(cam, size, probability, threshold=THRESHOLD, iou=self.lessons.metrics.box_iou)

    @cached_property
    def candidates(self) -> np.ndarray:
        """The islands of several thresholds together, which overlap, shape (n, 5): something to choose from."""
        rows, lesson = [], self.lessons.boxes
        for place, fraction in enumerate((0.5, 0.15, 0.3, 0.7)):
            for box in lesson.mask_to_boxes(lesson.threshold_mask(self.heatmap, fraction), MIN_AREA):
                inside = self.heatmap[int(box[1]) - 1 : int(box[3]), int(box[0]) - 1 : int(box[2])]
                rows.append([*box, self.probability * float(inside.mean() / self.heatmap.max()) + 1e-6 * place])
        return np.array(rows, dtype=float).reshape(-1, 5)

    @cached_property
    def seeds(self) -> np.ndarray:
        """Step 5's, shape (H, W)."""
        return self.lessons.segmentation.seeds(self.heatmap, *SURE)

    @cached_property
    def mask(self) -> np.ndarray:
        """The mask that step 5 refines, bool, shape (H, W)."""
        return self.lessons.segmentation.refine(self.image, self.seeds, 1)

    # --- the truth: steps 4, 5 and 6 ---

    def objects(self, *, other: bool = False) -> Objects:
        """The objects of the class, or those of all others.

        Raises:
            LabError: there is none, or nobody knows.
        """
        found = [item for item in self.sample.objects if (item.name != self.name) == other]
        if not found:
            known = ", ".join(dict.fromkeys(item.name for item in self.sample.objects)) or "nothing"
            what = f"nothing beside {self.name}" if other else f"no {self.name}"
            raise LabError(
                f"Image {self.wish.number} shows {what}, and this view needs it: give another --image, or --class (it "
                f"shows {known})."
            )
        boxes = np.array([item.box for item in found], dtype=float)
        return Objects(boxes, np.array([item.difficult for item in found], dtype=bool))

    @cached_property
    def true_mask(self) -> np.ndarray:
        """Of the class 1, of all else 0, and VOID: uint8, shape (H, W)."""
        self.objects()
        mask = self.sample.classes
        return np.where(mask == VOID, VOID, mask == LABELS.index(self.name)).astype(np.uint8)

    @cached_property
    def confusion(self) -> np.ndarray:
        """Pixels by the true and the predicted class, background and the class, shape (2, 2)."""
        return self.lessons.segmentation.confusion(self.mask.astype(np.uint8), self.true_mask, 2)

    @cached_property
    def many(self) -> list[DrawnSample]:
        """The image and those that follow it in the split, from its end back to its beginning."""
        return [self.sample, *(draw_one("test", (self.wish.number + i) % COUNTS["test"]) for i in range(1, IMAGES))]

    @cached_property
    def many_boxes(self) -> Detections:
        """The boxes that step 3 finds in these images."""
        experiment = Experiment(replace(self.classifier, network=copy.deepcopy(self.network)), self.lessons, self.name)
        return Detector.of(experiment)(make_maps(experiment, {"test": self.many})[GRADCAM], THRESHOLD)

    @cached_property
    def many_objects(self) -> dict[str, GroundTruth]:
        """The objects of the class in these images."""
        return ground_truth(self.lessons, self.many, self.name)

    @cached_property
    def matches(self) -> Matches:
        """These boxes, judged."""
        return self.lessons.metrics.match_all(self.many_boxes, self.many_objects, IOU)

    @cached_property
    def curve(self) -> Curve:
        """Their precision and recall."""
        found, count = self.matches, int(self.matches.objects.sum())
        return self.lessons.metrics.summarise(found.scores, found.outcomes, count, "group", "area").curve

    # --- deletion and insertion: step 6 ---

    @property
    def input_heat(self) -> Tensor:
        """The map at the size of the network's input."""
        rows, columns = self.inputs.shape[2:]
        return torch.from_numpy(self.lessons.boxes.upsample(self.cam, (rows, columns)))

    @property
    def walks(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Deletion and insertion: the picture to begin with and the one to end with, of each."""
        image = self.inputs[0]
        return (image, torch.zeros_like(image)), (self.lessons.faithfulness.blurred(image), image)

    @cached_property
    def walked(self) -> Tensor:
        """The probabilities on both ways, shape (2, STEPS + 1)."""
        curve = self.lessons.faithfulness.replacement_curve
        both = [curve(self.class_probability, start, end, self.input_heat, STEPS) for start, end in self.walks]
        return torch.stack(both)


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
