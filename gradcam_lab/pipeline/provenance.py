"""What a run says of itself in `results.json`: which network, which software, whose code, how many images."""

import inspect
import platform
from importlib.metadata import version

from gradcam_lab import __version__
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.layouts.split import Split, nameless_line, notes_of
from gradcam_lab.evaluate.bootstrap import DRAWS
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.report.results import SCHEMA, About, Parameters, Provenance, RunSettings, ShownMethod, SplitCounts


def about(
    settings: Settings,
    experiment: Experiment,
    method: str,
    splits: tuple[Split, Split],
    boxes: Convention,
    data_sha256: str,
) -> About:
    """Return all of `results.json` that no stage measures."""
    work, lessons, target = settings.course, experiment.lessons, experiment.target
    val, test = splits
    return {
        "schema": SCHEMA,
        "run": run_settings(settings, experiment, method, str(test.root)),
        "provenance": provenance(settings, experiment, data_sha256),
        "implementation": lessons.implementation,
        "course": {step.step: step.progress for step in work.steps} if work else None,
        "answers": {
            task: {"question": question, "answer": answer}
            for task, (question, answer) in (work.answers if work else {}).items()
        },
        "data": {
            "splits": {"val": counts(val, target), "test": counts(test, target)},
            "boxes": boxes,
            "notes": [*filter(None, [nameless_line(*splits)]), *notes_of(*splits)],
            "skipped": [*val.skipped, *test.skipped],
        },
    }


def run_settings(settings: Settings, experiment: Experiment, method: str, data_root: str) -> RunSettings:
    """Return what was asked for, and the constants of boxes and scores."""
    network = experiment.classifier
    parameters: Parameters = {
        "min_area": experiment.min_area,
        "iou_thresholds": list(experiment.ious),
        "ties": "group",
        "ap": experiment.ap,
        "nms": inspect.signature(experiment.lessons.boxes.detect).parameters["max_overlap"].default,
        "bootstrap": DRAWS,
        "max_detections": experiment.max_detections,
    }
    return {
        "data": settings.data_name,
        "data_root": data_root,
        "target": experiment.target,
        "classifier": network.name,
        "architecture": type(network.network).__name__,
        "weights": network.metadata.get("weights", ""),
        "layer": network.layer_name,
        "output": network.activation,
        "input_size": network.preprocessing.size,
        "seed": settings.seed,
        "limit": settings.limit,
        "precision": settings.precision,
        "method": shown_method(method, settings.method),
        "threshold": settings.threshold,
        "quick": settings.quick,
        "parameters": parameters,
    }


def shown_method(name: str, asked: str | None) -> ShownMethod:
    """Return what a report must know of the method to speak of it."""
    method = METHODS[name]
    return {
        "name": name,
        "title": method.title,
        "asked": asked,
        "find": method.find.__name__,  # type: ignore[typeddict-item]
        "views": len(method.recipe.views),
        "shared": method.recipe.shared,
    }


def provenance(settings: Settings, experiment: Experiment, data_sha256: str) -> Provenance:
    """Return the versions and hashes that a figure can depend on."""
    return {
        "gradcam_lab": __version__,
        "python": platform.python_version(),
        "torch": version("torch"),
        "torchvision": version("torchvision"),
        "numpy": version("numpy"),
        "opencv": version("opencv-python-headless"),
        "platform": platform.platform(),
        "data_sha256": data_sha256,
        "weights_sha256": experiment.classifier.sha256,
        "code_sha256": experiment.lessons.sha256,
        "command": settings.command,
    }


def counts(split: Split, target: str) -> SplitCounts:
    """Count the images and the objects of the target."""
    objects = [item for sample in split.samples for item in sample.objects if item.name == target]
    return {
        "images": len(split.samples),
        "images_with_target": sum(bool(sample.boxes(target)) for sample in split.samples),
        "objects": len(objects),
        "difficult": sum(item.difficult for item in objects),
    }
