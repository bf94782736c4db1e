"""Grad-CAM in several ways: in batches or one by one, on several threads, in fewer bits; the time, and the maps."""

import copy
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.throughput_records import Throughput, Way
from gradcam_lab.evaluate.timing import running_on, times_in_turns
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import explain_score, inputs_of
from gradcam_lab.localise.quantisation import TRUNK, QuantisationError, quantised
from gradcam_lab.models.classifier import Classifier

COMPARED = 32
"""Number of images whose maps are compared."""

CALIBRATING = 32
"""Number of images on which the ranges of the activations are measured for int8."""

TIMED = 8
"""Number of images in the batch whose time is measured."""

ROUNDS = 5
"""Number of measurements of each time."""

FIRST: Way = "batch"
"""What the others are compared with: a batch in float32, on one thread."""

Explain = Callable[[Tensor], Tensor]
"""Inputs (N, 3, H, W) to raw maps (N, h, w)."""


def measure(
    experiment: Experiment,
    samples: Sequence[Sample],
    calibration: Sequence[Sample],
    threshold: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Throughput:
    """Compute the same maps in several ways, on the CPU and, where there is one, on the GPU.

    Right before each way the first one is timed too, and what counts is the median ratio of the two over several
    rounds, so that a busy moment of the machine does not make a way look slow.

    Args:
        experiment: whose target is explained, and by which lessons.
        samples: the first `COMPARED` are explained.
        calibration: other images, for int8; the first `CALIBRATING` are used.
        threshold: of the boxes, a fraction of each map's maximum.
        clock: seconds.
    """
    samples, threads = samples[:COMPARED], torch.get_num_threads()
    classifier = on_cpu(experiment.classifier)
    inputs = inputs_of(classifier, samples).contiguous(memory_format=torch.channels_last)
    with running_on(1):
        ways = _in_floats(experiment, classifier, threads)
        calibrating = inputs_of(classifier, calibration[:CALIBRATING])
        int8, problem = _quantised(classifier, calibrating)
        if int8:
            ways["int8"] = partial(_explained, experiment, int8)
        gpu = next(experiment.classifier.network.parameters()).device
        if gpu.type == "cuda":
            ways["gpu"] = lambda inputs: _explained(experiment, experiment.classifier, inputs.to(gpu)).cpu()
        maps = {way: explain(inputs).numpy() for way, explain in ways.items()}
        times = _seconds(ways, inputs[:TIMED], clock)
    sizes = [sample.size for sample in samples]
    return {
        "rows": [
            {
                "way": way,
                "milliseconds": 1000 * seconds / len(inputs[:TIMED]),
                "cost": seconds / times[FIRST],
                "cosine": mean_cosine(maps[way], maps[FIRST]),
                "box_iou": mean_box_iou(experiment, maps[way], maps[FIRST], sizes, threshold),
            }
            for way, seconds in times.items()
        ],
        "images": len(samples),
        "timed": len(inputs[:TIMED]),
        "threads": threads,
        "gpu": torch.cuda.get_device_name(gpu) if gpu.type == "cuda" else None,
        "float32_bytes": bytes_of(classifier.network),
        "int8_bytes": bytes_of(int8.network) if int8 else None,
        "int8_problem": problem,
    }


def _in_floats(experiment: Experiment, classifier: Classifier, threads: int) -> dict[Way, Explain]:
    """The ways on the CPU that need no other network."""
    first = partial(_explained, experiment, classifier)
    ways: dict[Way, Explain] = {
        FIRST: first,
        "one by one": lambda inputs: torch.cat([first(image[None]) for image in inputs]),
    }
    if threads > 1:
        ways["threads"] = partial(_on_threads, threads, first)
    return {**ways, "bf16": partial(_in_bf16, first)}


def _quantised(classifier: Classifier, calibration: Tensor) -> tuple[Classifier | None, str | None]:
    """The classifier in int8 up to its layer, or the reason why there is none."""
    try:
        network = quantised(classifier.network, classifier.layer, calibration)
    except QuantisationError as problem:
        return None, str(problem)
    return replace(classifier, network=network, layer=TRUNK), None


def _explained(experiment: Experiment, classifier: Classifier, inputs: Tensor) -> Tensor:
    target = experiment.target
    score = partial(classifier.score, name=target)
    return explain_score(classifier, experiment.lessons, inputs, score).float()


def _in_bf16(explain: Explain, inputs: Tensor) -> Tensor:
    with torch.autocast(inputs.device.type, torch.bfloat16):
        return explain(inputs)


def _on_threads(count: int, explain: Explain, inputs: Tensor) -> Tensor:
    with running_on(count):
        return explain(inputs)


def on_cpu(classifier: Classifier) -> Classifier:
    """Return the classifier, or a copy on the CPU where its network lies elsewhere."""
    if next(classifier.network.parameters()).device.type == "cpu":
        return classifier
    return replace(classifier, network=copy.deepcopy(classifier.network).cpu())


def _seconds(ways: Mapping[Way, Explain], inputs: Tensor, clock: Callable[[], float]) -> dict[Way, float]:
    """Time each way on a batch; see `measure`. All have run before, so nothing has to warm up."""

    def seconds(way: Way) -> float:
        begin = clock()
        ways[way](inputs)
        return clock() - begin

    return times_in_turns([FIRST, *(way for way in ways if way != FIRST)], seconds, ROUNDS, "timing the maps")


def mean_cosine(maps: np.ndarray, first: np.ndarray) -> float | None:
    """Average the cosine of maps (N, h, w) with those of the first way, over the images that have evidence there.

    Examples:
        >>> mean_cosine(np.array([[[3.0, 4.0]], [[1.0, 1.0]]]), np.array([[[6.0, 8.0]], [[0.0, 0.0]]]))
        1.0
    """
    ours, theirs = (part.reshape(len(part), -1).astype(float) for part in (maps, first))
    evident = theirs.any(axis=1)
    if not evident.any():
        return None
    ours, theirs = ours[evident], theirs[evident]
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    products = (ours * theirs).sum(axis=1)
    return float(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0).mean())


def mean_box_iou(
    experiment: Experiment,
    maps: np.ndarray,
    first: np.ndarray,
    sizes: Sequence[Sequence[int]],
    threshold: float,
) -> float | None:
    """Average the IoU of the surest boxes in two maps of an image, over the images in which either has a box.

    Args:
        experiment: whose steps 3 and 4 are used.
        maps: shape (N, h, w).
        first: of the same images, shape (N, h, w).
        sizes: `(width, height)` of each image.
        threshold: of the boxes.
    """
    detector, box_iou = Detector.of(experiment), experiment.lessons.metrics.box_iou
    overlaps = []
    for *pair, size in zip(maps, first, sizes, strict=True):
        # The probability scales all scores of an image alike, so it does not change which box is surest.
        one, other = (detector.detect(cam, size, 1.0, threshold)[:1, :4] for cam in pair)
        if len(one) or len(other):
            overlaps.append(float(box_iou(one, other)[0, 0]) if len(one) and len(other) else 0.0)
    return fmean(overlaps) if overlaps else None


def bytes_of(network: nn.Module) -> int:
    """Return the size of the file in which a network's weights would be kept."""
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    return file.tell()
