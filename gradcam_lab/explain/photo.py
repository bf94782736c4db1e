"""One image and one network: its outputs for the image, and every map that the course can make of them.

A score is any function from the logits (N, C) to one number an image (N,); a class's logit is only the usual one:

    photo = Photo(Path("dog.jpg"), zoo.load("mobilenet_v2", "imagenet"), load_lessons())
    samoyed, cat = photo.classifier.output_names.index("Samoyed"), photo.classifier.outputs_of("cat")
    why_not_cat = photo.gradcam(lambda logits: logits[:, samoyed] - logits[:, cat].logsumexp(dim=1))
"""

import copy
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gradcam_lab.console import warn
from gradcam_lab.data.bit_depth import as_8_bits, bits_of, common_bits
from gradcam_lab.data.image_decoding import ProblemError, on_white
from gradcam_lab.data.image_files import read_pixels
from gradcam_lab.data.picture import Picture, Source, path_of
from gradcam_lab.errors import LabError
from gradcam_lab.explain.targets import OneTarget, Outputs, Target, TargetScore, output_target
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.cam_definition import why_no_cam
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer, explain_score, place
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.smoothgrad import smoothgrad
from gradcam_lab.models.classifier import Classifier


class Photo:
    """An image and a network's outputs for it.

    Args:
        source: the image's file, or the image itself.
        classifier: the network; it is moved to the best device.
        lessons: whose steps 1 and 2 compute the maps.
        bits: see `read_photo`.

    Raises:
        LabError: the image cannot be read, or the network's answer is not finite.
    """

    def __init__(self, source: Source, classifier: Classifier, lessons: Lessons, bits: int | None = None) -> None:
        self.source, self.path = source, path_of(source)
        self.classifier = classifier
        self.lessons = lessons
        self.image = read_photo(source, bits)
        self.inputs = classifier.preprocessing(self.image)[None].to(place(classifier))  # (1, 3, size, size)
        with torch.no_grad():
            self.outputs: Tensor = classifier.network(self.inputs)  # (1, C)
        if not self.outputs.isfinite().all():
            raise LabError(f"The outputs of '{classifier.name}' for '{self.path}' are not finite: check the weights.")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        height, width = self.image.shape[:2]
        return width, height

    def score(self, target: Target) -> float:
        """The score that is explained."""
        return float(target.score(self.outputs))

    def probability(self, target: Target) -> float:
        """The probability of a class."""
        return float(target.probability(self.outputs))

    def predicted(self) -> Target:
        """The most probable output."""
        return output_target(self.classifier, int(self.outputs.argmax()))

    def member(self, outputs: Outputs) -> int:
        """The most probable output of a group."""
        return max(outputs, key=lambda index: float(self.outputs[0, index]))

    def before(self, twin: Classifier) -> "Photo":
        """The same image before the same network with other weights.

        What was found out before stays: the outputs, so that of a group the same member is explained, and whether CAM
        is defined.
        """
        other = copy.copy(self)
        other.classifier = twin
        return other

    # ------------------------------------------------------------------------------------------- the maps

    @cached_property
    def why_no_cam(self) -> str | None:
        """Say in a clause why CAM is not defined for this network; None where it is."""
        return why_no_cam(self.classifier.network, self.inputs)

    def cam(self, target: Target) -> np.ndarray:
        """The class activation map, signed, shape (h, w).

        A group has no row of weights: its most probable output stands for it. The map of a difference is the
        difference of the maps.

        Raises:
            LabError: CAM is not defined for this network.
        """
        if self.why_no_cam:
            raise LabError(
                f"CAM is not defined for '{self.classifier.name}' ({self.why_no_cam}): take --method gradcam, which "
                "needs no particular end."
            )
        heatmap = self._cam_of(target.outputs)
        return heatmap - self._cam_of(target.against.outputs) if target.against else heatmap

    def _cam_of(self, outputs: Outputs) -> np.ndarray:
        maps = self.lessons.cam.class_activation_map(self.classifier.network, self.inputs, self.member(outputs))
        return maps[0].float().cpu().numpy()

    def gradcam(self, score: TargetScore, layer: str | None = None) -> np.ndarray:
        """Grad-CAM of any score at any layer (the classifier's own by default), shape (h, w), not negative.

        Raises:
            LabError: there is no such layer, or it has no feature map that the score depends on.
        """
        try:
            return explain_score(self.classifier, self.lessons, self.inputs, score, layer)[0].float().cpu().numpy()
        except (ValueError, RuntimeError) as error:
            if layer is None:
                raise
            raise LabError(f"Grad-CAM cannot look at the layer '{layer}': {error}.") from error

    def by_recipe(self, target: Target, recipe: MapRecipe) -> np.ndarray:
        """The map of a target by any recipe of the comparison's methods, shape (h, w), not negative."""
        if recipe == PLAIN_RECIPE:
            return self.gradcam(target.score)
        experiment = Experiment(OneTarget.of(self.classifier, target), self.lessons, target.name)
        inputs = self.inputs.contiguous(memory_format=torch.channels_last)
        return Explainer(experiment, [recipe])(inputs)[recipe].maps[0]

    def input_gradient(self, score: TargetScore) -> np.ndarray:
        """The gradient of any score at the pixels of the network's input, shape (3, size, size)."""
        return self.lessons.gradcam.input_gradient(self.classifier.network, self.inputs, score)[0].cpu().numpy()

    def smoothgrad(self, score: TargetScore, copies: int, seed: int = 0) -> np.ndarray:
        """The same, averaged over noisy copies; see `smoothgrad`."""
        gradient = self.lessons.gradcam.input_gradient
        return smoothgrad(gradient, self.classifier.network, self.inputs, score, copies, seed=seed)[0].cpu().numpy()


def read_photo(source: Source, bits: int | None = None) -> np.ndarray:
    """Read the user's own image, RGB, uint8, shape (H, W, 3); a truncated one is refused.

    Args:
        source: the file, or the image itself.
        bits: that hold the data of a file of 16 bits, where its data set is known; else those that hold its own data,
            and a line says so.

    Raises:
        LabError: the file is missing, broken, too large or of a format that is not read.
    """
    if isinstance(source, Picture):
        return source.pixels
    try:
        pixels, opacity = read_pixels(source)
    except ProblemError as problem:
        raise LabError(f"{problem}: give another.") from problem
    if pixels.dtype == np.uint16 and not bits:
        bits, note = common_bits([bits_of(pixels)])
        if note:
            warn(note)
    return on_white(as_8_bits(pixels, bits), opacity)
