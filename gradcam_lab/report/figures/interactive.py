"""Gather what the report's script moves: photos with their boxes at every threshold, and all claims on test.

A threshold's boxes are found here and not in the browser: those of a watershed or of a refined mask do not follow from
the map and a number alone, and a student's step 3 may find others than the browser would.
"""

import base64
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from gradcam_lab.data.sample import Sample
from gradcam_lab.files import write_json
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.methods import Method
from gradcam_lab.report.embedded import embedded, thumbnail
from gradcam_lab.report.figures.pictures import Pictures
from gradcam_lab.report.interactive import FILE, Claims, Interactive, InteractivePhoto
from gradcam_lab.report.results import Results
from gradcam_lab.report.text.wording import FAILURES

PHOTO_SIDE = 500
"""The longer side of a photo, in pixels: that of VOC's photos, which are enlarged to about twice as much."""


def write_interactive(folder: Path, pictures: Pictures, method: Method, results: Results) -> Path:
    """Write `interactive.json` into the folder of figures, and return it.

    Args:
        folder: of the figures.
        pictures: what they were drawn from.
        method: that found the boxes.
        results: of the run.
    """
    write_json(folder / FILE, interactive(pictures, method, results))
    return folder / FILE


def interactive(pictures: Pictures, method: Method, results: Results) -> Interactive:
    """Gather what the script needs; see `write_interactive`."""
    sweep, groups = results["threshold"], groups_of(pictures)
    samples = list({sample.id: sample for group in groups.values() for sample in group}.values())
    place = {sample.id: number for number, sample in enumerate(samples)}
    detections = detections_at(pictures, method, samples, sweep["grid"])
    return {
        "target": pictures.target,
        "thresholds": sweep["grid"],
        "chosen": sweep["chosen"],
        "cut": pictures.cut,
        "shift": (pictures.method_shift.right, pictures.method_shift.down),
        "eleven": results["run"]["parameters"]["ap"] == "11point",
        "photos": [photo_of(pictures, sample, [found[sample.id] for found in detections]) for sample in samples],
        "groups": {name: [place[sample.id] for sample in group] for name, group in groups.items()},
        "test": sweep["test"],
        "claims": claims_of(pictures),
    }


def groups_of(pictures: Pictures) -> dict[str, list[Sample]]:
    """The images of the figures whose photos can be moved, each once."""
    selection = pictures.selection
    worst = [sample for kind in FAILURES for sample in selection.worst(kind)]
    return {
        "random": selection.random(pictures.experiment.seed),
        "failures": list({sample.id: sample for sample in worst}.values()),
    }


def detections_at(
    pictures: Pictures, method: Method, samples: Sequence[Sample], thresholds: Sequence[float]
) -> list[dict[str, np.ndarray]]:
    """The boxes of images at each threshold; at the chosen one they are those that were scored."""
    maps = pictures.maps.named([sample.id for sample in samples])
    found = Detector.of(pictures.experiment, method).at(maps, thresholds, samples)
    return [
        dict(pictures.detections) if threshold == pictures.threshold else boxes
        for threshold, boxes in zip(thresholds, found, strict=True)
    ]


def photo_of(pictures: Pictures, sample: Sample, found: Sequence[np.ndarray]) -> InteractivePhoto:
    """One photo and its boxes (n, 5) at each threshold."""
    return {
        "name": sample.id,
        "size": sample.size,
        "probability": pictures.selection.probability(sample, pictures.target),
        "jpeg": base64.b64encode(thumbnail(sample.image, PHOTO_SIDE)).decode(),
        "map": asdict(embedded(pictures.heatmap(sample))),
        "objects": [
            {"box": list(item.box), "difficult": item.difficult}
            for item in sample.objects
            if item.name == pictures.target
        ],
        "boxes": [rows[np.lexsort(rows.T)[::-1]].tolist() for rows in found],  # as step 4 takes them
    }


def claims_of(pictures: Pictures) -> Claims:
    """Every box of test, and what it found."""
    experiment = pictures.experiment
    truth = experiment.ground_truth(pictures.samples)
    matches = {iou: experiment.lessons.metrics.match_all(pictures.detections, truth, iou) for iou in experiment.ious}
    first = matches[experiment.ious[0]]
    return {
        "scores": first.scores.tolist(),
        "outcomes": {f"{iou:g}": found.outcomes.astype(int).tolist() for iou, found in matches.items()},
        "objects": int(first.objects.sum()),
    }
