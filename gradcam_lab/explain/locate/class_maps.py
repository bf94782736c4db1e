"""A batch of inputs to the maps of its classes: the most probable ones of each photo, or the ones that were named."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from gradcam_lab.errors import is_out_of_memory
from gradcam_lab.explain.targets import Outputs, find_target
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.lesson_protocols import GradCam
from gradcam_lab.localise.affinity import earlier_layer, share, similarity
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer, Scores, place
from gradcam_lab.localise.map_recipe import PLAIN_RECIPE, MapRecipe
from gradcam_lab.models.classifier import Classifier

ONE_PASS = (PLAIN_RECIPE, MapRecipe(shared=True))
"""The recipes whose maps are step 2's, in one forward pass for all classes."""


class ClassMap(NamedTuple):
    """One class in one photo: its raw map on the layer's grid, float32, shape (h, w)."""

    name: str
    outputs: Outputs
    probability: float
    cam: np.ndarray


class ClassMapper:
    """Makes the maps of batches by one recipe; those of `ONE_PASS` are the whole of step 2, in one forward pass.

    Args:
        classifier: the network; it is moved to the best device.
        lessons: whose step 2 does it.
        classes: names, groups or indices; none for the most probable ones.
        top: how many of these; no more than the network has are found.
        recipe: of the maps.

    Raises:
        LabError: the network has no such class.
    """

    def __init__(
        self,
        classifier: Classifier,
        lessons: Lessons,
        classes: Sequence[str] = (),
        top: int = 1,
        recipe: MapRecipe = PLAIN_RECIPE,
    ) -> None:
        self.device = place(classifier)
        self.classifier, self.lessons, self.recipe = classifier.folded, lessons, recipe
        named = [find_target(classifier, word) for word in classes]
        self.named = list({target.outputs: target for target in named}.values())
        self.top = min(top, len(classifier.output_names))
        self.earlier = earlier_layer(self.classifier) if recipe == MapRecipe(shared=True) else ""
        self.explainer = cache(self._explainer)

    @property
    def names(self) -> list[str]:
        """The name of every class that can be found, in the order in which `number_of` counts them."""
        return [target.name for target in self.named] or list(self.classifier.output_names)

    def number_of(self, outputs: Outputs) -> int:
        """Return the place of a class in `names`, from 0."""
        return [target.outputs for target in self.named].index(outputs) if self.named else outputs[0]

    def __call__(self, inputs: Tensor) -> list[list[ClassMap]]:
        """Explain a batch, shape (N, 3, size, size): the maps of each photo, the most probable or first named first.

        Raises:
            ValueError: a number of the network's or of a map's is not finite; the text is a clause.
        """
        inputs = inputs.to(self.device).contiguous(memory_format=torch.channels_last)
        found = self._by_step_2(inputs) if self.recipe in ONE_PASS else self._by_recipe(inputs)
        if not all(np.isfinite(one.cam).all() and np.isfinite(one.probability) for photo in found for one in photo):
            raise ValueError("are not finite")
        return found

    def _by_step_2(self, inputs: Tensor) -> list[list[ClassMap]]:
        network = Scores(self.classifier.network, self._columns)
        gradcam = self.lessons.gradcam.GradCAM(network, f"network.{self.classifier.layer}")
        with self._noted() as earlier:
            maps = self._of_columns(gradcam, inputs)
        if earlier:
            alike, size = similarity(earlier[0].float()), earlier[0].shape[2:]
            maps = torch.stack([share(cams, alike, size) for cams in maps.float().unbind(dim=1)], dim=1)
        chances, classes = self._chances(network.logits)
        return [
            [ClassMap(*which, p, cam) for which, p, cam in zip(*photo, strict=True)]
            for photo in zip(classes, chances.tolist(), maps.float().cpu().numpy(), strict=True)
        ]

    def _of_columns(self, gradcam: GradCam, inputs: Tensor) -> Tensor:
        """Explain every column of scores: maps (N, scores, h, w)."""
        count = len(self.named) or self.top
        if count == 1:
            return gradcam(inputs, 0)[:, None]
        try:
            return gradcam.all_classes(inputs)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
        # Not every operation can be differentiated for several scores at once: one pass for each of them.
        return torch.stack([gradcam(inputs, column) for column in range(count)], dim=1)

    @contextmanager
    def _noted(self) -> Iterator[list[Tensor]]:
        """Within the block, note what the earlier layer returns, where the recipe needs it."""
        outputs: list[Tensor] = []
        if not self.earlier:
            yield outputs
            return
        layer = self.classifier.network.get_submodule(self.earlier)
        # Copied, for what follows may work in place.
        with layer.register_forward_hook(lambda module, given, output: outputs.append(output.detach().clone())):
            yield outputs

    def _by_recipe(self, inputs: Tensor) -> list[list[ClassMap]]:
        """Explain class by class, each in the photos in which it was found."""
        with torch.no_grad():
            classes = self._chances(self.classifier.network(inputs).float())[1]
        found: dict[tuple[int, Outputs], ClassMap] = {}
        for which in dict.fromkeys(one for photo in classes for one in photo):
            rows = [row for row, photo in enumerate(classes) if which in photo]
            explained = self.explainer(*which)(inputs[rows])[self.recipe]
            for row, p, cam in zip(rows, explained.probabilities.tolist(), explained.maps, strict=True):
                found[row, which[1]] = ClassMap(*which, p, cam)
        return [[found[row, outputs] for _, outputs in photo] for row, photo in enumerate(classes)]

    def _explainer(self, name: str, outputs: Outputs) -> Explainer:
        one = replace(self.classifier, groups={name: outputs})
        return Explainer(Experiment(one, self.lessons, name), [self.recipe])

    def _columns(self, logits: Tensor) -> Tensor:
        """The scores to explain, a column each: the logits of the most probable outputs, or the named classes'."""
        if self.named:
            return torch.stack([target.score(logits) for target in self.named], dim=1)
        return logits.topk(self.top, dim=1).values

    def _chances(self, logits: Tensor) -> tuple[Tensor, list[list[tuple[str, Outputs]]]]:
        """The probabilities of the classes of each photo, shape (N, classes), and which classes these are."""
        if self.named:
            chances = torch.stack([target.probability(logits) for target in self.named], dim=1)
            return chances, [[(target.name, target.outputs) for target in self.named]] * len(logits)
        best = logits.topk(self.top, dim=1).indices
        every = logits.softmax(dim=1).clamp(max=1) if self.classifier.activation == "softmax" else logits.sigmoid()
        names = self.classifier.output_names
        return every.gather(1, best), [[(names[index], (index,)) for index in photo] for photo in best.tolist()]
