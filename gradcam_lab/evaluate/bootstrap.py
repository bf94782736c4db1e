"""The percentile bootstrap over images (Efron, 1979): the 95% intervals of every score.

The images are the sample, not the boxes: two boxes of one image stand or fall together. So images are drawn with
replacement, each with all its boxes and objects, and the whole of step 4 is run on every draw.
"""

from typing import NamedTuple

import numpy as np

from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.lesson_protocols import Matches, MetricsLesson

DRAWS = 1000
"""Bootstrap samples of every interval."""

FEWEST = 5
"""The least number of images of a test: a bootstrap of one or two gives no interval."""


class Draws(NamedTuple):
    """AP, recall and CorLoc of every bootstrap sample, shape (draws,) each; NaN where nothing is defined."""

    ap: np.ndarray
    recall: np.ndarray
    corloc: np.ndarray


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
    """Return the 2.5th and the 97.5th percentile, leaving out draws on which nothing was defined.

    Examples:
        >>> interval(np.array([np.nan, *range(101)]))
        (2.5, 97.5)
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return None, None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def estimate(value: float, draws: np.ndarray) -> MeanWithInterval:
    """Put a value and the interval of its bootstrap samples together; NaN becomes None."""
    low, high = interval(draws)
    return {"value": or_none(value), "low": low, "high": high}


def with_interval(name: str, value: float, draws: np.ndarray) -> dict[str, float | None]:
    """Name a value `name` and the ends of its interval `name_low` and `name_high`: columns of a table."""
    low, high = interval(draws)
    return {name: or_none(value), f"{name}_low": low, f"{name}_high": high}


def above_zero(mean: MeanWithInterval) -> bool:
    """Whether the whole interval lies above 0."""
    return mean["low"] is not None and mean["low"] > 0


def below_zero(mean: MeanWithInterval) -> bool:
    """Whether the whole interval lies below 0."""
    return mean["high"] is not None and mean["high"] < 0


def or_none(value: float) -> float | None:
    """Turn NaN into None, which JSON can hold."""
    return None if np.isnan(value) else float(value)


def mean_of(values: np.ndarray, seed: int) -> MeanWithInterval:
    """Average values of images, shape (n,), leaving out NaN; the interval is over the images."""
    known = values[~np.isnan(values)]
    if not len(known):
        return estimate(np.nan, known)
    return estimate(known.mean(), image_draws(len(known), seed) @ known / len(known))


def resample_images(
    metrics: MetricsLesson,
    matches: Matches,
    hits: np.ndarray,
    *,
    counts: np.ndarray,
    ties: str = "group",
    method: str = "area",
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
    return Draws(ap, recall, corloc(np.nan_to_num(hits), ~np.isnan(hits), counts))


def corloc(right: np.ndarray, asked: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return CorLoc of every bootstrap sample, shape (draws,), NaN where no image holds an object.

    Args:
        right: in how many of the images that are drawn together the surest box is right, shape (n,).
        asked: how many of these hold an object, shape (n,).
        counts: how often they are drawn, shape (draws, n).
    """
    times = counts @ asked
    return np.where(times > 0, counts @ right / times.clip(min=1), np.nan)
