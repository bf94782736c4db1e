"""The maps that are examined, the two baseline maps beside them, and the comparison of their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift, aligned
from gradcam_lab.evaluate.bootstrap import FEWEST, above_zero, below_zero, mean_of
from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP, RANDOM_MAP, FaithfulnessTest
from gradcam_lab.localise.experiment import Experiment


@dataclass(frozen=True)
class ExaminedMaps:
    """The maps of one split, and the baseline maps of the same images.

    Attributes:
        experiment: its step 2 explains, step 3 upsamples the maps, step 6 tests; its seed is that of the bootstrap, of
            the random maps and of the random networks.
        samples: the images of the split.
        cams: the target's raw map of each, shape (n, h, w).
        shift: of these maps, which is taken out of the heatmaps.
    """

    experiment: Experiment
    samples: Sequence[Sample]
    cams: np.ndarray
    shift: Shift = NO_SHIFT

    @cached_property
    def truth(self) -> list[Any]:
        """Step 4's `GroundTruth` of each image."""
        truth = self.experiment.ground_truth(self.samples)
        return [truth[sample.id] for sample in self.samples]

    @cached_property
    def holding(self) -> list[int]:
        """The indices of the images with an object of the target that is not difficult."""
        return [index for index, objects in enumerate(self.truth) if not objects.difficult.all()]

    def heatmaps(
        self, index: int, size: tuple[int, int] | None = None, cam: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """The map of one image and its two baselines.

        Args:
            index: of the image.
            size: `(height, width)` of all three; None for the image's own.
            cam: another raw map of the image than the target's.
        """
        size = size or self.samples[index].size[::-1]
        lessons = self.experiment.lessons
        own = aligned(lessons.faithfulness, self.cams[index] if cam is None else cam, self.shift)
        return {GRADCAM_MAP: lessons.boxes.upsample(own, size), **self.baselines(index, size)}

    def baselines(self, index: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
        """The two baseline maps of one image; every image has a random map of its own."""
        lesson, seed = self.experiment.lessons.faithfulness, 10_000 * self.experiment.seed + index
        return {CENTRE_MAP: lesson.centre_map(size), RANDOM_MAP: lesson.random_map(size, self.cams[index].shape, seed)}


def compare(values: Mapping[str, Sequence[float]], seed: int, *, higher: bool) -> tuple[FaithfulnessTest, int]:
    """Compare the values of our maps with those of other columns.

    All means are over the same images, those in which every column is known; of fewer than `FEWEST` they are None.

    Args:
        values: one number an image, by column, ours among them; NaN where nothing was asked.
        seed: of the bootstrap.
        higher: whether ours passes by being demonstrably higher than every other column, or else by being lower.

    Returns:
        The test, and the number of images.
    """
    table = np.array(list(values.values()), dtype=float)
    known = ~np.isnan(table).any(axis=0)
    count = int(known.sum())
    columns = dict(zip(values, table[:, known & (count >= FEWEST)], strict=True))
    means = {name: mean_of(column, seed) for name, column in columns.items()}
    gains = {
        name: mean_of(columns[GRADCAM_MAP] - column, seed) for name, column in columns.items() if name != GRADCAM_MAP
    }
    passed = all(map(above_zero if higher else below_zero, gains.values()))
    return {"rows": means, "gains": gains, "passed": passed}, count
