"""Masks from heatmaps, measured class by class on true masks, beside a box in the centre.

Each image gets one label map: 0 for the background, or one of VOC's twenty classes. The classes that the classifier
says are there (a probability of at least 0.5) are drawn, each by its own mask; a pixel that several masks claim goes to
the class whose map is highest there, as a share of the map's own maximum. All images with a true mask count, also those
in which nothing is predicted: what is missed there lowers the IoU of the classes that they hold.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.masks import read_mask, with_masks
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.evaluate.faithfulness import spread
from gradcam_lab.evaluate.scores import image_draws, interval
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.baselines import FRACTIONS, centre_box
from gradcam_lab.localise.maps import ALL, BATCH, Explainer
from gradcam_lab.localise.threshold import GRID, choose
from gradcam_lab.models.classifier import Classifier

PRESENT = 0.5
"""The probability from which on the classifier says that the class is there."""

SURE_FOREGROUND = (0.5, 0.7, 0.9)
SURE_BACKGROUND = (0.01, 0.05)
"""The fractions of the map's maximum that are tried on val."""

CHOOSING = 80
"""Images of val on which the threshold and the seeds are chosen, at equal distances in its list."""

SMALL = 128
"""The longer side of the images on which the seeds are chosen: GrabCut's time grows with the pixels."""

ITERATIONS = 1

THREADS = 2
"""OpenCV works while other threads run Python; each thread has a random generator of its own, which `refine` seeds."""


@dataclass(frozen=True)
class Choices:
    """What was chosen on val: the threshold of the map, and the two fractions of the seeds."""

    threshold: float
    sure_foreground: float
    sure_background: float


class Item(NamedTuple):
    """One image with a true mask, and what the classifier says of it.

    `truth` is uint8, shape (height, width); `labels` are the classes predicted present, as indices of `LABELS`, shape
    (k,), with their `probabilities`, shape (k,), and raw `maps`, shape (k, h, w).
    """

    sample: Sample
    truth: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    maps: np.ndarray


class Scene(NamedTuple):
    """An `Item` with everything at one size (height, width): `heat` is its maps, shape (k, height, width)."""

    image: np.ndarray
    truth: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    heat: np.ndarray


Method = Callable[[Scene], np.ndarray]
"""From a scene to its label map: uint8, shape (height, width)."""


class Tables(NamedTuple):
    """What a method has drawn: a confusion matrix an image, shape (n, 21, 21), and seconds of computing an image."""

    confusions: np.ndarray
    seconds: float


def segment_data(
    classifier: Classifier,
    lessons: Lessons,
    val: Sequence[Sample],
    test: Sequence[Sample],
    target: str,
    seed: int,
    precision: str = "float32",
) -> dict[str, Any] | None:
    """Choose on val, and score on test every image that has a true mask, also those in which nothing is predicted.

    Args:
        classifier: whose maps become masks; of its classes those of VOC are drawn.
        lessons: whose steps 2, 3 and 5 do it.
        val: chooses the threshold and the seeds, on at most `CHOOSING` of its images.
        test: is measured once.
        target: the run's class, whose IoU is shown along the threshold.
        seed: of the bootstrap over images.
        precision: see `heatmaps.Explainer`.

    Returns:
        JSON-able: `images` (by split), `classes` (those that occur in truth or in a prediction), `choices`, `grid` (the
        seeds tried on val), `rows` (each method's `mean_iou` with `_low` and `_high`, the same by class in `classes`,
        and the `milliseconds` that one thread computes for an image, the network's not among them) and `curve` (along
        `fractions`, for both splits, the mean IoU of the thresholded map and the target's). None where a split has no
        masks, or none with a pixel that is not void.

    Raises:
        LabError: a mask cannot be read.
    """
    masked = {"val": spread(with_masks(val), CHOOSING), "test": with_masks(test)}
    if not all(masked.values()):
        return None
    truths = {split: [read_mask(sample) for sample in samples] for split, samples in masked.items()}
    if not all(any((mask != VOID).any() for mask in masks) for masks in truths.values()):
        return None
    explain = Explainer(classifier, lessons, ALL, precision)
    items = {split: items_of(explain, samples, truths[split]) for split, samples in masked.items()}
    cuts = {f"cut at {fraction:g}": thresholded(lessons, fraction) for fraction in GRID}
    tried = tables(lessons, items["val"], cuts, "threshold on val")
    grid = try_seeds(lessons, items["val"])
    choices = chosen([mean_of(lessons, table) for table in tried.values()], grid)
    methods = {
        **{f"centre box, s = {fraction}": centred(fraction) for fraction in FRACTIONS},
        "thresholded map": thresholded(lessons, choices.threshold),
        "refined mask": refined(lessons, choices),
    }
    tested = tables(lessons, items["test"], methods | cuts, "masks on test")
    occurring = occurring_in([table.confusions for table in tested.values()])
    counts = image_draws(len(items["test"]), seed)
    curves = {split: [found[name] for name in cuts] for split, found in (("val", tried), ("test", tested))}
    return {
        "images": {split: len(found) for split, found in items.items()},
        "classes": [LABELS[index] for index in occurring],
        "choices": asdict(choices),
        "grid": grid,
        "rows": [{"method": name, **row_of(lessons, tested[name], counts, occurring)} for name in methods],
        "curve": {
            "fractions": list(GRID),
            **{split: curve_of(lessons, cut, target) for split, cut in curves.items()},
        },
    }


def items_of(explain: Explainer, samples: Sequence[Sample], truths: Sequence[np.ndarray]) -> list[Item]:
    """Explain every class in every image, and keep the maps of those that VOC has and the classifier says are there."""
    names = explain.classifier.class_names
    index = np.array([LABELS.index(name) if name in LABELS else -1 for name in names])
    items = []
    for start in tracked(range(0, len(samples), BATCH), "maps of all classes", -(-len(samples) // BATCH)):
        part = slice(start, start + BATCH)
        for sample, truth, maps, p in zip(samples[part], truths[part], *explain(samples[part]), strict=True):
            present = (p >= PRESENT) & (index > 0)
            items.append(Item(sample, truth, index[present], p[present], maps[present]))
    return items


def try_seeds(lessons: Lessons, items: Sequence[Item]) -> list[dict[str, float]]:
    """Score every pair of seeds by its mean IoU on small images."""
    pairs = [(upper, lower) for upper in SURE_FOREGROUND for lower in SURE_BACKGROUND]
    methods = {f"{pair}": refined(lessons, Choices(0, *pair)) for pair in pairs}
    found = tables(lessons, items, methods, "seeds on val", SMALL)
    means = [mean_of(lessons, table) for table in found.values()]
    return [
        {"sure_foreground": upper, "sure_background": lower, "mean_iou": mean}
        for (upper, lower), mean in zip(pairs, means, strict=True)
    ]


def chosen(curve: Sequence[float], grid: Sequence[Mapping[str, float]]) -> Choices:
    """Take the best threshold of val's curve, and the best pair of seeds."""
    best = max(grid, key=lambda row: row["mean_iou"])
    return Choices(GRID[choose(curve)], best["sure_foreground"], best["sure_background"])


# --- the methods ---


def thresholded(lessons: Lessons, fraction: float) -> Method:
    """Each map, cut at a fraction of its maximum."""
    return lambda scene: claimed(scene, [lessons.boxes.threshold_mask(heat, fraction) for heat in scene.heat])


def refined(lessons: Lessons, choices: Choices) -> Method:
    """The masks of step 5."""
    fractions = {"sure_foreground": choices.sure_foreground, "sure_background": choices.sure_background}

    def draw(scene: Scene) -> np.ndarray:
        segment = lessons.segmentation.segment
        return claimed(scene, [segment(heat, scene.image, iterations=ITERATIONS, **fractions) for heat in scene.heat])

    return draw


def centred(fraction: float) -> Method:
    """The baseline: a box in the centre, of the most probable class where there are several."""

    def draw(scene: Scene) -> np.ndarray:
        result = np.zeros_like(scene.truth)
        if len(scene.labels):
            x0, y0, x1, y1 = centre_box(scene.truth.shape[::-1], fraction).round().astype(int)
            result[y0:y1, x0:x1] = scene.labels[scene.probabilities.argmax()]
        return result

    return draw


def claimed(scene: Scene, masks: Sequence[np.ndarray]) -> np.ndarray:
    """Give each pixel to the class that claims it; of several, to the one with the highest share of its map's maximum.

    Args:
        scene: whose `heat` decides.
        masks: a bool mask for each of its classes, shape (height, width).

    Returns:
        uint8, shape (height, width); 0 where no mask claims the pixel.
    """
    result = np.zeros_like(scene.truth)
    highest = np.full(result.shape, -np.inf, np.float32)
    for label, heat, mask in zip(scene.labels, scene.heat, masks, strict=True):
        share = heat / max(heat.max(), np.finfo(np.float32).tiny)
        wins = mask & (share > highest)
        result[wins] = label
        highest[wins] = share[wins]
    return result


# --- counting ---


def tables(
    lessons: Lessons, items: Sequence[Item], methods: Mapping[str, Method], title: str, side: int | None = None
) -> dict[str, Tables]:
    """Draw and count every image by every method, in `THREADS` threads.

    Args:
        lessons: whose step 5 counts.
        items: the images.
        methods: by name.
        title: of the progress bar.
        side: the longer side to which the images are shrunk; None keeps their size.

    Returns:
        The tables of each method.
    """

    def work(item: Item) -> tuple[list[np.ndarray], list[float]]:
        scene = scene_of(lessons, item, side)
        timed = [_timed(method, scene) for method in methods.values()]
        counted = [lessons.segmentation.confusion(drawn, scene.truth, len(LABELS)) for drawn, _ in timed]
        return counted, [seconds for _, seconds in timed]

    with ThreadPoolExecutor(THREADS) as pool:
        done = list(tracked(pool.map(work, items), title, len(items)))
    confusions = np.array([counted for counted, _ in done]).swapaxes(0, 1)  # (methods, n, 21, 21)
    seconds = np.mean([seconds for _, seconds in done], axis=0)
    return {name: Tables(confusions[k], float(seconds[k])) for k, name in enumerate(methods)}


def scene_of(lessons: Lessons, item: Item, side: int | None = None) -> Scene:
    """Bring an item to one size: that of its image, or smaller."""
    width, height = item.sample.size
    scale = min(1.0, side / max(width, height)) if side else 1.0
    size = max(1, round(height * scale)), max(1, round(width * scale))
    image, truth = item.sample.image, item.truth
    if scale < 1:
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA)
        truth = cv2.resize(truth, size[::-1], interpolation=cv2.INTER_NEAREST)
    heat = np.array([lessons.boxes.upsample(raw, size) for raw in item.maps], np.float32).reshape(-1, *size)
    return Scene(image, truth, item.labels, item.probabilities, heat)


def _timed(method: Method, scene: Scene) -> tuple[np.ndarray, float]:
    """Draw, and say how long this thread computed: by the clock it would also wait for the other one."""
    start = time.thread_time()
    return method(scene), time.thread_time() - start


def occurring_in(confusions: Sequence[np.ndarray]) -> list[int]:
    """The classes that occur in the truth or in a prediction of any method, as indices of `LABELS`."""
    total = np.sum([counted.sum(axis=0) for counted in confusions], axis=0)
    return np.flatnonzero(total.sum(axis=0) + total.sum(axis=1)).tolist()


def mean_of(lessons: Lessons, table: Tables) -> float:
    """The mean IoU over all images."""
    return float(lessons.segmentation.mean_iou(table.confusions.sum(axis=0)))


def row_of(lessons: Lessons, table: Tables, counts: np.ndarray, occurring: Sequence[int]) -> dict[str, Any]:
    """Score one method with 95% intervals.

    Args:
        lessons: whose step 5 does it.
        table: what the method has drawn.
        counts: from `scoring.image_draws`, shape (draws, n).
        occurring: the classes to name.

    Returns:
        `mean_iou` with `_low` and `_high`, `classes` (by name: `iou`, `low`, `high`) and `milliseconds`; None where
        nothing is defined.
    """
    images = table.confusions.reshape(len(table.confusions), -1).astype(float)  # of whole numbers the sums are exact
    draws = (counts.astype(float) @ images).reshape(-1, len(LABELS), len(LABELS))
    totals = [table.confusions.sum(axis=0), *draws]
    means = np.array([lessons.segmentation.mean_iou(total) for total in totals])
    classes = np.array([lessons.segmentation.class_iou(total) for total in totals])
    value, low, high = _with_interval(means)
    by_class = {
        LABELS[c]: dict(zip(("iou", "low", "high"), _with_interval(classes[:, c]), strict=True)) for c in occurring
    }
    return {
        "mean_iou": value,
        "mean_iou_low": low,
        "mean_iou_high": high,
        "classes": by_class,
        "milliseconds": 1000 * table.seconds,
    }


def _with_interval(values: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """The first value, and the interval of the rest."""
    return _or_none(values[0]), *interval(values[1:])


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def curve_of(lessons: Lessons, cuts: Sequence[Tables], target: str) -> dict[str, list[float | None]]:
    """The mean IoU and the target's along the thresholds; None for a target that occurs nowhere or is not of VOC."""
    totals = [table.confusions.sum(axis=0) for table in cuts]
    ious = [lessons.segmentation.class_iou(total) for total in totals]
    known = target in LABELS
    return {
        "mean_iou": [_or_none(lessons.segmentation.mean_iou(total)) for total in totals],
        "target": [_or_none(iou[LABELS.index(target)]) if known else None for iou in ious],
    }


# --- what the report draws ---


def pictures(
    classifier: Classifier,
    lessons: Lessons,
    samples: Sequence[Sample],
    choices: Choices,
    target: str,
    count: int,
    precision: str = "float32",
) -> list[dict[str, Any]]:
    """Draw the target in the first images that hold it, are seen to hold it and have a true mask.

    Args:
        classifier: it explains `count` images at a time, until there are enough.
        lessons: whose steps 2, 3 and 5 do it.
        samples: the images.
        choices: of val.
        target: the class.
        count: how many at most.
        precision: see `heatmaps.Explainer`.

    Returns:
        For each `id`, `image` (H, W, 3), `heatmap` (H, W), `seeds` (0, 1, 255), `thresholded`, `mask` (bool), `truth`
        (0, 1, 255), and `boxes` of the mask (n, 4).

    Raises:
        LabError: a mask cannot be read.
    """
    holding = with_masks(sample for sample in samples if target in LABELS and sample.boxes(target))
    explain = Explainer(classifier, lessons, target, precision)
    column = classifier.class_names.index(target)
    found: list[dict[str, Any]] = []
    while holding and len(found) < count:
        part, holding = holding[:count], holding[count:]
        for sample, raw, p in zip(part, *explain(part), strict=True):
            truth = truth_of(sample, target)
            if p[column] >= PRESENT and (truth == 1).any():
                found.append(picture(lessons, sample, raw, truth, choices))
    return found[:count]


def truth_of(sample: Sample, target: str) -> np.ndarray:
    """The true mask of one class: 1 where it is, 255 where nobody can tell, else 0."""
    mask = read_mask(sample)
    return np.where(mask == VOID, VOID, mask == LABELS.index(target)).astype(np.uint8)


def picture(lessons: Lessons, sample: Sample, raw: np.ndarray, truth: np.ndarray, choices: Choices) -> dict[str, Any]:
    """One of `pictures`, from the target's raw map (h, w)."""
    image, full = sample.image, lessons.boxes.upsample(raw, truth.shape)
    seeds = lessons.segmentation.seeds(full, choices.sure_foreground, choices.sure_background)
    mask = lessons.segmentation.refine(image, seeds, ITERATIONS)
    return {
        "id": sample.id,
        "image": image,
        "heatmap": full,
        "seeds": seeds,
        "thresholded": lessons.boxes.threshold_mask(full, choices.threshold),
        "mask": mask,
        "truth": truth,
        "boxes": lessons.segmentation.mask_box(mask),
    }
