"""The maps that are examined, the two baseline maps beside them, and the comparison of their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.bootstrap import Estimate, mean_of
from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP, RANDOM_MAP
from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.localise.experiment import Experiment

FEWEST = 5
"""Of fewer images a test says nothing: a bootstrap of one or two gives no interval."""


@dataclass(frozen=True)
class ExaminedMaps:
    """The maps of one split, and the baseline maps of the same images.

    Attributes:
        experiment: its step 2 explains, step 3 stretches the maps, step 6 tests; its seed is that of the bootstrap, of
            the random maps and of the random networks.
        samples: the images of the split.
        cams: the target's raw map of each, shape (n, h, w).
    """

    experiment: Experiment
    samples: Sequence[Sample]
    cams: np.ndarray

    @cached_property
    def truth(self) -> list[Any]:
        """Step 4's `GroundTruth` of each image."""
        truth = self.experiment.ground_truth(self.samples)
        return [truth[sample.id] for sample in self.samples]

    @cached_property
    def holding(self) -> list[int]:
        """The indices of the images with an object of the target that is not difficult."""
        return [index for index, objects in enumerate(self.truth) if not objects.difficult.all()]

    def heatmaps(self, index: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The map of one image and its two baselines, all of them at a size `(height, width)`."""
        return {
            GRADCAM_MAP: self.experiment.lessons.boxes.upsample(self.cams[index], size),
            **self.baselines(index, size),
        }

    def baselines(self, index: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The two baseline maps of one image; every image has a random map of its own."""
        lesson, seed = self.experiment.lessons.faithfulness, 10_000 * self.experiment.seed + index
        return {CENTRE_MAP: lesson.centre_map(size), RANDOM_MAP: lesson.random_map(size, self.cams[index].shape, seed)}


class Comparison(NamedTuple):
    """The mean of each column, ours less each other (image by image), and the number of images."""

    means: dict[str, Estimate]
    gains: dict[str, Estimate]
    images: int

    @property
    def higher(self) -> bool:
        """Whether ours is demonstrably higher than every other column."""
        return all(gain.above(0) for gain in self.gains.values())

    @property
    def lower(self) -> bool:
        """Whether ours is demonstrably lower than every other column."""
        return all(gain.below(0) for gain in self.gains.values())


def compare(values: Mapping[str, Sequence[float]], seed: int) -> Comparison:
    """Compare the values of our maps with those of other columns.

    All means are over the same images, those in which every column is known; of fewer than `FEWEST` nothing is said.

    Args:
        values: one number an image, by column, ours among them; NaN where nothing was asked.
        seed: of the bootstrap.
    """
    table = np.array(list(values.values()), dtype=float)
    known = ~np.isnan(table).any(axis=0)
    count = int(known.sum())
    columns = dict(zip(values, table[:, known & (count >= FEWEST)], strict=True))
    means = {name: mean_of(column, seed) for name, column in columns.items()}
    gains = {
        name: mean_of(columns[GRADCAM_MAP] - column, seed) for name, column in columns.items() if name != GRADCAM_MAP
    }
    return Comparison(means, gains, count)


def as_records(estimates: Mapping[str, Estimate]) -> dict[str, MeanWithInterval]:
    """Return estimates as JSON takes them."""
    return {name: estimate.record() for name, estimate in estimates.items()}


def shape_of(sample: Sample) -> tuple[int, int]:
    """The image's `(height, width)`."""
    width, height = sample.size
    return height, width
