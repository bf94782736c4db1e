"""Which images of test the report shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.error_types import Failure
from gradcam_lab.localise.maps import Maps

RANDOM_IMAGES = 10
FAILURES_OF_A_KIND = 4
SURE = 0.5
"""A box with a lower score may be right by luck."""


@dataclass
class Selection:
    """Chooses the images of the figures.

    Attributes:
        samples: the images of test.
        maps: their probabilities of all classes.
        detections: (n, 5) arrays by image.
        failures: from `find_failures`.
        target: the class; at least one image holds it.
    """

    samples: Sequence[Sample]
    maps: Maps
    detections: Mapping[str, np.ndarray]
    failures: Sequence[Failure]
    target: str

    @cached_property
    def with_target(self) -> list[Sample]:
        """The images that hold the target, in test's order."""
        return [sample for sample in self.samples if sample.boxes(self.target)]

    @cached_property
    def surest(self) -> Sample:
        """The image that holds the target and whose best box has the highest score of all."""
        return max(self.with_target, key=self.best_score)

    def hero(self) -> tuple[Sample, bool]:
        """The surest image of which no object was missed, a success; without any, the surest image, which is none."""
        failed = {failure.image for failure in self.failures}
        right = [s for s in self.with_target if s.id not in failed and self.best_score(s) >= SURE]
        return (max(right, key=self.best_score), True) if right else (self.surest, False)

    def two_classes(self) -> tuple[Sample, str]:
        """The image in which the network is surest of both the target and another class that are really in it.

        Where no image holds two classes, the surest image and its most probable other class.
        """
        pairs = [
            (min(self.probability(sample, self.target), self.probability(sample, name)), sample, name)
            for sample in self.with_target
            for name in sorted({o.name for o in sample.objects} - {self.target})
        ]
        if pairs:
            return max(pairs, key=lambda pair: pair[0])[1:]
        others = [name for name in self.maps.classes.tolist() if name != self.target] or [self.target]
        return self.surest, max(others, key=lambda name: self.probability(self.surest, name))

    def mistake(self) -> tuple[Sample, str] | None:
        """The surest false alarm and the most probable class in it; None where every image holds the target."""
        without = [sample for sample in self.samples if sample.objects and not sample.boxes(self.target)]
        if not without:
            return None
        sample = max(without, key=lambda sample: self.probability(sample, self.target))
        return sample, max({o.name for o in sample.objects}, key=lambda name: (self.probability(sample, name), name))

    def random(self, seed: int) -> list[Sample]:
        """Images of test, drawn by lot."""
        count = min(RANDOM_IMAGES, len(self.samples))
        chosen = np.random.default_rng(seed).choice(len(self.samples), count, replace=False)
        return [self.samples[index] for index in chosen]

    def worst(self, kind: str) -> list[Sample]:
        """The images of the worst failures of a kind, each image once."""
        by_id = {sample.id: sample for sample in self.samples}
        images = dict.fromkeys(failure.image for failure in self.failures if failure.kind == kind)
        return [by_id[image] for image in list(images)[:FAILURES_OF_A_KIND]]

    def best_score(self, sample: Sample) -> float:
        """The score of an image's surest detection; 0 where there is none."""
        return float(self.detections[sample.id][:, 4].max(initial=0))

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each image in the heatmaps."""
        return {image: row for row, image in enumerate(self.maps.ids.tolist())}

    def probability(self, sample: Sample, name: str) -> float:
        """The probability of a class."""
        column = self.maps.classes.tolist().index(name)
        return float(self.maps.class_probabilities[self.rows[sample.id], column])
