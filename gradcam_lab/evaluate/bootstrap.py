"""The percentile bootstrap over images (Efron, 1979): the 95% intervals of every score.

The images are the sample, not the boxes: two boxes of one image stand or fall together. So images are drawn with
replacement, each with all its boxes and objects, and the whole of step 4 is run on every draw.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.lesson_protocols import Matches, MetricsLesson

DRAWS = 1000
"""Bootstrap samples of every interval."""


class Estimate(NamedTuple):
    """A value with its 95% interval; None where nothing is defined."""

    value: float | None
    low: float | None
    high: float | None

    def below(self, limit: float) -> bool:
        """Whether the whole interval lies below."""
        return self.high is not None and self.high < limit

    def above(self, limit: float) -> bool:
        """Whether the whole interval lies above."""
        return self.low is not None and self.low > limit

    def record(self) -> MeanWithInterval:
        """Return it as JSON takes it."""
        return {"value": self.value, "low": self.low, "high": self.high}


class Draws(NamedTuple):
    """AP, recall and CorLoc of every bootstrap sample, shape (draws,) each; NaN where nothing is defined."""

    ap: np.ndarray
    recall: np.ndarray
    corloc: np.ndarray


Resample = Callable[[Matches, np.ndarray], Draws]
"""From step 4's `Matches` and the hits of CorLoc to the bootstrap samples' values."""


def image_draws(images: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Count how often each image occurs in each bootstrap sample: int, shape (draws, images).

    Examples:
        >>> image_draws(4, seed=0, draws=3).sum(axis=1).tolist()
        [4, 4, 4]
    """
    rng = np.random.default_rng(seed)
    counts = [np.bincount(rng.integers(images, size=images), minlength=images) for _ in range(draws)]
    return np.array(counts, dtype=int).reshape(draws, images)  # the shape also of no draws at all


def interval(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return the 2.5th and the 97.5th percentile, leaving out draws on which nothing was defined."""
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None, None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def estimate(value: float, draws: np.ndarray) -> Estimate:
    """Put a value and the interval of its bootstrap samples together; NaN becomes None."""
    return Estimate(or_none(value), *interval(draws))


def or_none(value: float) -> float | None:
    """Turn NaN into None, which JSON can hold."""
    return None if np.isnan(value) else float(value)


def mean_of(values: np.ndarray, seed: int) -> Estimate:
    """Average values of images, shape (n,), leaving out NaN; the interval is over the images."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Estimate(None, None, None)
    return estimate(known.mean(), image_draws(len(known), seed) @ known / len(known))


def resample_images(
    metrics: MetricsLesson, matches: Matches, hits: np.ndarray, *, counts: np.ndarray, ties: str, method: str
) -> Draws:
    """Run step 4 on every bootstrap sample of images.

    Args:
        metrics: step 4.
        matches: all detections, judged at one IoU threshold.
        hits: whether the surest box of each image is right: 1, 0, or NaN where nothing is to be found.
        counts: from `image_draws`, shape (draws, images).
        ties: see step 4.
        method: see step 4.
    """
    by_score = np.argsort(-matches.scores, kind="stable")  # sorted once: repeating elements keeps the order
    image, scores, outcomes = matches.image[by_score], matches.scores[by_score], matches.outcomes[by_score]
    ap, recall = np.empty(len(counts)), np.empty(len(counts))
    for draw, times in enumerate(counts):
        again = times[image]
        objects = int(times @ matches.objects)
        summary = metrics.summarise(np.repeat(scores, again), np.repeat(outcomes, again), objects, ties, method)
        ap[draw], recall[draw] = summary.ap, summary.recall
    return Draws(ap, recall, _weighted_means(hits, counts))


def _weighted_means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    asked = ~np.isnan(values)
    times = counts[:, asked].sum(axis=1)
    return np.where(times > 0, counts[:, asked] @ values[asked] / np.maximum(times, 1), np.nan)
