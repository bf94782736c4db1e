"""Images to raw maps and class probabilities: in batches, by one method or by several at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import affinity
from gradcam_lab.localise.cam_variants import (
    Evidence,
    bag_cams,
    find_both_evidence,
    find_evidence,
    joined,
    weighted_cam,
)
from gradcam_lab.localise.experiment import ALL, Experiment
from gradcam_lab.localise.fusion import fuse
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.localise.test_time_augmentation import View, augmented, averaged
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.device import find_device

ENLARGED_BATCH = 4
"""Images at once in an enlarged view: a larger batch no longer fits the processor's cache, and is slower."""


class Explained(NamedTuple):
    """The maps (n, h, w) of some images, the target's probabilities (n,), and those of every class (n, C), float32.

    Of all classes at once the maps are of shape (n, C, h, w), and the target's probabilities are every class's.
    """

    maps: np.ndarray
    probabilities: np.ndarray
    class_probabilities: np.ndarray


def place(classifier: Classifier) -> torch.device:
    """Move a network to its device, in channels-last order, in which its convolutions are fastest.

    A run does this before its first stage, so that the same bits come out whichever stages are skipped.
    """
    device = find_device(classifier.device)
    classifier.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return device


def inputs_of(classifier: Classifier, samples: Sequence[Sample]) -> Tensor:
    """Return the images as one batch on the network's device, shape (N, 3, size, size)."""
    device = next(classifier.network.parameters()).device
    return torch.stack([classifier.preprocessing(sample.image) for sample in samples]).to(device)


def explain_score(
    classifier: Classifier, lessons: Lessons, inputs: Tensor, target: object, layer: str | None = None
) -> Tensor:
    """Explain a score by the whole of step 2, which may be a student's: raw maps (N, h, w).

    Args:
        classifier: whose network is explained.
        lessons: whose step 2 does it.
        inputs: preprocessed images, shape (N, 3, H, W).
        target: an output, one an image, or a function from the logits (N, C) to one number an image (N,).
        layer: another layer than the classifier's own.

    Raises:
        ValueError, RuntimeError: the layer cannot be explained; see step 2.
    """
    return lessons.gradcam.GradCAM(classifier.network, classifier.layer if layer is None else layer)(inputs, target)


class Scores(nn.Module):
    """A network whose outputs are scores to explain, a column each: (N, scores).

    Args:
        network: keeps its name, `network`; its last outputs are kept in `logits`.
        columns: from the logits (N, C) to the scores (N, scores).
    """

    def __init__(self, network: nn.Module, columns: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.columns = network, columns
        self.logits = torch.zeros(0)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores of a batch."""
        logits = self.network(images).float()
        self.logits = logits.detach()
        return self.columns(logits)


class Explainer:
    """Explains batches of images; forward passes are shared between recipes.

    Args:
        experiment: whose target is explained, or every class; see `place` for where its network runs.
        recipes: the maps to make. Plain Grad-CAM alone is the whole of step 2; several recipes share its parts.
    """

    def __init__(self, experiment: Experiment, recipes: Sequence[MapRecipe] = (PLAIN_RECIPE,)) -> None:
        self.experiment = experiment
        self.device = place(experiment.classifier)
        self.classifier, self.lessons = experiment.classifier.folded, experiment.lessons
        self.recipes = tuple(dict.fromkeys(recipes))
        self.views = sorted({view for recipe in self.recipes for view in recipe.views})
        self.sharing = {recipe.views[0] for recipe in self.recipes if recipe.shared}
        self.fusing = {recipe.views[0] for recipe in self.recipes if recipe.fused}
        self.earlier = affinity.earlier_layer(self.classifier) if self.sharing | self.fusing else ""

    def inputs(self, samples: Sequence[Sample]) -> Tensor:
        """Read and preprocess a batch, shape (N, 3, size, size)."""
        return inputs_of(self.classifier, samples).contiguous(memory_format=torch.channels_last)

    def __call__(self, inputs: Tensor) -> dict[MapRecipe, Explained]:
        """Explain a batch by every recipe."""
        if self.experiment.target == ALL or self.recipes == (PLAIN_RECIPE,):
            return {PLAIN_RECIPE: self._plain(inputs)}
        early: dict[View, Tensor] = {}
        earlier_maps: dict[View, Tensor] = {}
        evidence = {view: self._evidence(inputs, view, early, earlier_maps) for view in self.views}
        alike = {view: affinity.similarity(features) for view, features in early.items()}
        return {recipe: self._combined(recipe, evidence, early, alike, earlier_maps) for recipe in self.recipes}

    def _plain(self, inputs: Tensor) -> Explained:
        """Explain the target, or every class, by the whole of step 2."""
        known, target = self.classifier.class_names, self.experiment.target
        names = known if target == ALL else [target]
        scores = Scores(
            self.classifier.network,
            lambda logits: torch.stack([self.classifier.score(logits, name) for name in names], dim=1),
        )
        gradcam = self.lessons.gradcam.GradCAM(scores, f"network.{self.classifier.layer}")
        with self._precision():
            maps = gradcam.all_classes(inputs) if target == ALL else gradcam(inputs, lambda columns: columns[:, 0])
        every = self._class_probabilities(scores.logits)
        return Explained(maps.float().cpu().numpy(), every if target == ALL else every[:, known.index(target)], every)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.experiment.precision == "bf16")

    def _class_probabilities(self, logits: Tensor) -> np.ndarray:
        columns = [self.classifier.probability(logits, name) for name in self.classifier.class_names]
        return torch.stack(columns, dim=1).cpu().numpy()

    def _evidence(
        self, inputs: Tensor, view: View, early: dict[View, Tensor], earlier_maps: dict[View, Tensor]
    ) -> Evidence:
        """Run a batch in one view; note the output of the earlier layer and its map, where a recipe needs them."""
        noted: list[Tensor] = []
        images, network = augmented(inputs, view), self.classifier.network
        noting = self.lessons.gradcam.find_layer(network, self.earlier) if view in self.sharing else nn.Identity()
        hook = noting.register_forward_hook(lambda layer, given, output: noted.append(output.detach().clone()))
        with hook, self._precision():
            parts = images.split(ENLARGED_BATCH if view.scale > 1 else len(images))
            what = self.classifier, self.lessons
            target = self.experiment.target
            if view in self.fusing:
                both = [find_both_evidence(*what, part, target, self.earlier) for part in parts]
                found = [last for last, _ in both]
                earlier_maps[view] = weighted_cam(joined([first for _, first in both]), bag_cams, self.lessons)
            else:
                found = [find_evidence(*what, part, target) for part in parts]
        if noted:
            scale = images.shape[2] / inputs.shape[2]
            early[view] = affinity.averaged_to_plain_size(torch.cat(noted).float(), scale)
        return joined(found)

    def _combined(
        self,
        recipe: MapRecipe,
        evidence: Mapping[View, Evidence],
        early: Mapping[View, Tensor],
        alike: Mapping[View, Tensor],
        earlier_maps: Mapping[View, Tensor],
    ) -> Explained:
        """Put the maps of one recipe together; the target's probability is the mean over its views."""
        first = recipe.views[0]
        target = [self.classifier.probability(evidence[view].outputs, self.experiment.target) for view in recipe.views]
        maps = {view: weighted_cam(evidence[view], recipe.weights, self.lessons) for view in recipe.views}
        fused = averaged(maps) if len(maps) > 1 or first.mirrored else maps[first]
        if recipe.shared:
            fused = affinity.share(fused, alike[first], early[first].shape[2:])
        if recipe.fused:
            fused = fuse(fused, earlier_maps[first], recipe.fused)
        probabilities = torch.stack(target).mean(dim=0).float().cpu().numpy()
        return Explained(fused.cpu().numpy(), probabilities, self._class_probabilities(evidence[first].outputs))
