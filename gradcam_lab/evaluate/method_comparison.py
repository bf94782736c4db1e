"""Better boxes than plain Grad-CAM's, honestly compared: the same images, thresholds from val, intervals, time."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np
import torch

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate import scores as scoring
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise import box_finders
from gradcam_lab.localise import threshold as sweep
from gradcam_lab.localise.methods import METHODS, Method
from gradcam_lab.localise.multi_method import Looker, Maps
from gradcam_lab.models.classifier import Classifier

TIMED = 4
"""The time is measured on so many images."""

ROUNDS = 5
"""The time is measured so often."""

AFFORDABLE = 3.0
"""The default method costs less than so many times plain Grad-CAM."""

AS_GOOD = 0.0005
"""Mean APs nearer than this are the same number in a table of percents: then plain Grad-CAM stays."""

FIRST = slice(1, 16, 4)
"""The thresholds of a long grid that are tried first: 0.1, 0.3, 0.5 and 0.7 of `sweep.GRID`."""

BESIDE = 3
"""So many thresholds on either side of the best of those are tried then."""


def detect_all(
    lessons: Lessons, method: Method, found: Maps, samples: Sequence[Sample], threshold: float, min_area: int
) -> dict[str, np.ndarray]:
    """Find boxes in every image by one method: (n, 5) arrays by image."""
    return detect_at(lessons, method, found, samples, [threshold], min_area)[0]


def detect_at(
    lessons: Lessons, method: Method, found: Maps, samples: Sequence[Sample], thresholds: Sequence[float], min_area: int
) -> list[dict[str, np.ndarray]]:
    """The same at several thresholds; an image is opened once for all of them, where it is looked at."""
    ids, sizes = [sample.id for sample in samples], [sample.size for sample in samples]
    images = (box_finders.shrunk(sample.image) if method.needs_image else None for sample in samples)
    seen = zip(ids, found.maps, sizes, found.probabilities.tolist(), images, strict=True)
    return box_finders.detect_at(lessons, method.find, seen, thresholds, min_area)


def choose_threshold(
    lessons: Lessons,
    method: Method,
    found: Maps,
    samples: Sequence[Sample],
    target: str,
    thresholds: Sequence[float],
    min_area: int,
) -> tuple[float | None, float]:
    """Return the threshold that the split likes best, as `sweep.choose` does, and its AP averaged over the IoUs.

    Plain Grad-CAM tries its whole grid, as the run's own sweep does, so that the two agree. The others try every fourth
    threshold first, and then those beside the best.
    """
    truth = sweep.ground_truth(lessons, samples, target)
    tried: dict[float, float] = {}

    def try_out(grid: Sequence[float]) -> None:
        new = [threshold for threshold in grid if threshold not in tried]
        for threshold, detections in zip(new, detect_at(lessons, method, found, samples, new, min_area), strict=True):
            scores = lessons.metrics.evaluate(detections, truth, thresholds).values()
            tried[threshold] = float(np.mean([score.ap for score in scores]))

    grid = method.grid
    if not grid:
        try_out([0.0])
        return None, tried[0.0]
    if len(grid) == len(sweep.GRID) and method != METHODS["gradcam"]:
        try_out(grid[FIRST])
        best = grid.index(max(tried, key=lambda threshold: tried[threshold]))
        try_out(grid[max(best - BESIDE, 0) : best + BESIDE + 1])
    else:
        try_out(grid)
    # What was not tried counts as nothing, so that a threshold is chosen only if both its neighbours were tried.
    chosen = grid[sweep.choose([tried.get(threshold, -np.inf) for threshold in grid])]
    return chosen, tried[chosen]


def compare(
    lessons: Lessons,
    methods: Mapping[str, Method],
    on_val: Mapping[str, Maps],
    on_test: Mapping[str, Maps],
    val: Sequence[Sample],
    test: Sequence[Sample],
    target: str,
    thresholds: Sequence[float],
    min_area: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Compare methods on the same images.

    Args:
        lessons: whose steps 3 and 4 are used.
        methods: by name.
        on_val: the maps of each method on val, from `looking.explain_all`.
        on_test: likewise on test.
        val: chooses each method's threshold.
        test: is scored once a method.
        target: the class.
        thresholds: IoU thresholds.
        min_area: the smallest island.
        seed: of the bootstrap.

    Returns:
        A row a method: `name`, `title`, `threshold` (None for one of the image's own), `val_mean_ap` and `scores` (see
        `scoring.score_detections`).
    """
    truth = sweep.ground_truth(lessons, test, target)
    counts = scoring.image_draws(len(truth), seed)
    rows = []
    for name, method in tracked(methods.items(), "comparing methods", len(methods)):
        threshold, val_ap = choose_threshold(lessons, method, on_val[name], val, target, thresholds, min_area)
        detections = detect_all(lessons, method, on_test[name], test, threshold or 0.0, min_area)
        scores = scoring.score_detections(lessons, detections, truth, thresholds, counts)
        row = {"name": name, "title": method.title, "threshold": threshold, "val_mean_ap": val_ap, "scores": scores}
        rows.append(row)
    return rows


def priced(rows: Sequence[Mapping[str, Any]], times: Mapping[str, float]) -> list[dict[str, Any]]:
    """Add to each row its `milliseconds` an image, and its `cost` relative to plain Grad-CAM."""
    plain = times["gradcam"]
    return [{**row, "milliseconds": 1000 * times[row["name"]], "cost": times[row["name"]] / plain} for row in rows]


def best_affordable(rows: Sequence[Mapping[str, Any]]) -> str:
    """Name the method that val likes best among those that cost less than `AFFORDABLE` times plain Grad-CAM."""
    plain = next(row for row in rows if row["name"] == "gradcam")
    best = max((row for row in rows if row["cost"] < AFFORDABLE), key=lambda row: row["val_mean_ap"])
    return (best if best["val_mean_ap"] - plain["val_mean_ap"] >= AS_GOOD else plain)["name"]


def measure_times(
    classifier: Classifier,
    lessons: Lessons,
    target: str,
    methods: Mapping[str, Method],
    samples: Sequence[Sample],
    thresholds: Mapping[str, float | None],
    min_area: int,
    precision: str = "float32",
    rounds: int = ROUNDS,
) -> dict[str, float]:
    """Time each method alone, from the network's input to boxes at its own threshold: seconds an image.

    These are seconds in which one thread computes, not those in which it waits for other programs. Right before each
    method plain Grad-CAM is timed too, and what counts is how many times as long the method takes: the median over
    several rounds. So a busy moment of the machine is not taken for a dear method. A method that looks at the image
    once more opens it once more.
    """
    samples = samples[:TIMED]
    lookers = {name: Looker(classifier, lessons, target, {name: method}, precision) for name, method in methods.items()}
    inputs = lookers["gradcam"].inputs(samples)

    def seconds(name: str) -> float:
        begin = time.process_time()
        found = lookers[name](inputs)[methods[name].sight]
        detect_all(lessons, methods[name], found, samples, thresholds[name] or 0.0, min_area)
        return (time.process_time() - begin) / len(samples)

    plain: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in methods if name != "gradcam"}
    with one_thread():
        seconds("gradcam")  # the first call of all warms up
        for _ in tracked(range(rounds), "timing methods", rounds):
            for name, of_method in ratios.items():
                plain.append(seconds("gradcam"))
                of_method.append(seconds(name) / plain[-1])
    usual = median(plain)
    return {"gradcam": usual, **{name: median(of_method) * usual for name, of_method in ratios.items()}}


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute in one thread: several that wait for one another count their waiting as computing."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
