"""Methods that may find better boxes than plain Grad-CAM: the same images, thresholds from val, intervals, time."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.records import ComparedMethod, MethodRow
from gradcam_lab.evaluate.scores import Scored, ap_differences, rows_of, score_detections
from gradcam_lab.evaluate.timing import running_on, times_in_turns
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.grabcut import shrunk
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import GRID, METHODS, Method
from gradcam_lab.localise.threshold import choose, sweep
from gradcam_lab.processes import in_processes

TIMED = 4
"""Number of images on which time is measured."""

ROUNDS = 5
"""Number of measurements of each time."""

AFFORDABLE = 3.0
"""The default method costs less than this multiple of plain Grad-CAM."""

AS_GOOD = 0.0005
"""Mean APs nearer than this are the same number in a table of percents: then plain Grad-CAM stays."""

ENOUGH = 400
"""Images from which on the methods are shared among processes, each of which takes two seconds to start."""

FIRST = slice(1, 16, 4)
"""The thresholds of `GRID` that are tried first: 0.1, 0.3, 0.5 and 0.7."""

BESIDE = 3
"""Number of thresholds on either side of the best of those that are tried then."""


def choose_threshold(
    experiment: Experiment, method: Method, maps: Maps, samples: Sequence[Sample]
) -> tuple[float | None, float]:
    """Return the threshold that `choose` takes on a split, or the given one, and its AP averaged over the IoUs.

    Plain Grad-CAM tries its whole grid, as the run's own sweep does, so that the two agree. The others try every fourth
    threshold of `GRID` first, and then those beside the best. The threshold is None where each image has its own.

    Args:
        experiment: whose target it is, and whose steps 3 and 4 are used.
        method: finds the boxes.
        maps: of the split.
        samples: the images of the split.
    """
    truth, detector = experiment.ground_truth(samples), Detector.of(experiment, method)
    given = experiment.threshold
    grid = method.grid or (0.0,) if given is None else (given,)
    tried: dict[float, float] = {}

    def try_out(part: Sequence[float]) -> None:
        new = [threshold for threshold in part if threshold not in tried]
        curves = sweep(detector, maps, truth, new, experiment.ious, samples, ap=experiment.ap)
        tried.update(zip(new, curves.mean_ap, strict=True))

    if grid == GRID and method != METHODS[GRADCAM]:
        try_out(grid[FIRST])
        best = grid.index(max(tried, key=lambda threshold: tried[threshold]))
        try_out(grid[max(best - BESIDE, 0) : best + BESIDE + 1])
    else:
        try_out(grid)
    # What was not tried counts as nothing, so that a threshold is chosen only if both its neighbours were tried.
    chosen = grid[choose([tried.get(threshold, -np.inf) for threshold in grid])]
    return chosen if method.grid else None, tried[chosen]


def compare(
    experiment: Experiment,
    methods: Mapping[str, Method],
    maps: Mapping[str, Maps],
    val: Sequence[Sample],
    test: Sequence[Sample],
) -> list[ComparedMethod]:
    """Compare methods on the same images.

    Args:
        experiment: whose target it is, and whose steps 3 and 4 are used.
        methods: by name.
        maps: those of each method, of both splits, see `make_maps`.
        val: chooses each method's threshold.
        test: is scored once a method.

    Returns:
        A row a method, with what it has more than plain Grad-CAM on the same images, where that is among them.
    """
    shared = experiment.lessons.are_the_references and len(val) + len(test) >= ENOUGH
    no_network: Any = None  # it is not used, and stays in this process
    one = partial(_compare_one, replace(experiment, classifier=no_network), val, test)
    jobs = [(name, method, maps[name]) for name, method in methods.items()]
    done = in_processes(one, jobs) if shared else ((number, one(job)) for number, job in enumerate(jobs))
    results = dict(tracked(done, "comparing methods", len(jobs)))
    rows = [results[number][0] for number in range(len(jobs))]
    scored = {row["name"]: results[number][1] for number, row in enumerate(rows)}
    if GRADCAM in scored:
        for row in rows:
            row["leads"] = ap_differences(scored[row["name"]], {GRADCAM: scored[GRADCAM]})[GRADCAM]
    return rows


def _compare_one(
    experiment: Experiment, val: Sequence[Sample], test: Sequence[Sample], job: tuple[str, Method, Maps]
) -> tuple[ComparedMethod, dict[str, Scored]]:
    """Compare one method: its row, and the scores themselves."""
    name, method, maps = job
    truth = experiment.ground_truth(test)
    threshold, val_ap = choose_threshold(experiment, method, maps.of("val"), val)
    detections = Detector.of(experiment, method)(maps.of("test"), threshold or 0.0, test)
    scored = score_detections(experiment, detections, truth, image_draws(len(truth), experiment.seed))
    return {
        "name": name,
        "title": method.title,
        "threshold": threshold,
        "val_mean_ap": val_ap,
        "scores": rows_of(scored),
    }, scored


def priced(rows: Sequence[ComparedMethod], times: Mapping[str, float]) -> list[MethodRow]:
    """Add to each row its `milliseconds` an image, and its `cost` relative to plain Grad-CAM.

    Args:
        rows: from `compare`.
        times: seconds an image by method, from `measure_times`.
    """
    plain = times[GRADCAM]
    return [{**row, "milliseconds": 1000 * times[row["name"]], "cost": times[row["name"]] / plain} for row in rows]


def best_affordable(rows: Sequence[MethodRow]) -> str:
    """Name the method with the highest mean AP on val of those whose cost is below `AFFORDABLE`."""
    plain = next(row for row in rows if row["name"] == GRADCAM)
    best = max((row for row in rows if row["cost"] < AFFORDABLE), key=lambda row: row["val_mean_ap"])
    return (best if best["val_mean_ap"] - plain["val_mean_ap"] >= AS_GOOD else plain)["name"]


def measure_times(
    experiment: Experiment,
    methods: Mapping[str, Method],
    samples: Sequence[Sample],
    thresholds: Mapping[str, float | None],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Time each method alone, from the network's input to boxes at its own threshold: seconds an image.

    These are seconds in which one thread computes, not those in which it waits for other programs. Right before each
    method plain Grad-CAM is timed too, and what counts is how many times as long the method takes: the median over
    several rounds. So a busy moment of the machine does not make a method look slow. A method that looks at the image
    once more opens it once more.

    Args:
        experiment: whose network and lessons run.
        methods: by name, plain Grad-CAM among them.
        samples: the first `TIMED` are used.
        thresholds: by method, None where each image has its own.
        rounds: how often each method is timed.
        clock: the seconds that this process has computed.
    """
    samples = samples[:TIMED]
    explainers = {name: Explainer(experiment, [method.recipe]) for name, method in methods.items()}
    inputs = explainers[GRADCAM].inputs(samples)

    def seconds(name: str) -> float:
        method = methods[name]
        detector = Detector.of(experiment, method)
        begin = clock()
        explained = explainers[name](inputs)[method.recipe]
        for sample, cam, probability in zip(samples, explained.maps, explained.probabilities.tolist(), strict=True):
            image = shrunk(sample.image) if method.needs_image else None
            detector.detect(cam, sample.size, probability, thresholds[name] or 0.0, image)
        return (clock() - begin) / len(samples)

    others = [name for name in methods if name != GRADCAM]
    with running_on(1):  # several threads that wait for one another count their waiting as computing
        seconds(GRADCAM)  # the first call of all warms up
        return times_in_turns([GRADCAM, *others], seconds, rounds, "timing methods")
