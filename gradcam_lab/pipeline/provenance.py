"""What a run says of itself in `results.json`: which network, which software, whose code, how many images."""

import inspect
import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.data.layouts.split import Split
from gradcam_lab.evaluate.bootstrap import DRAWS
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.methods import METHODS
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline.settings import Settings
from gradcam_lab.pipeline.students_work import StudentsWork
from gradcam_lab.report.results import SCHEMA


def about(
    settings: Settings, experiment: Experiment, method: str, splits: Sequence[Split], data_sha256: str
) -> dict[str, Any]:
    """Everything of `results.json` that no stage measures: what ran, on what, with which versions."""
    lessons, network = experiment.lessons, experiment.classifier
    return {
        "schema": SCHEMA,
        "run": {
            "data": settings.data_name,
            "data_root": str(splits[-1].root),
            "target": experiment.target,
            **classifier(network),
            "seed": settings.seed,
            "limit": settings.limit,
            "precision": settings.precision,
            "method": {"name": method, "asked": settings.method, **METHODS[method].described},
            "quick": settings.quick,
            "parameters": {
                "min_area": experiment.min_area,
                "iou_thresholds": experiment.ious,
                "ties": "group",
                "method": "area",
                "nms": inspect.signature(lessons.boxes.detect).parameters["max_overlap"].default,
                "bootstrap": DRAWS,
            },
        },
        "provenance": {
            **software(),
            "data_sha256": data_sha256,
            "weights_sha256": network.sha256,
            "code_sha256": lessons.sha256,
            "command": settings.command,
        },
        "implementation": lessons.implementation,
        **course(settings.course),
        "data": data(splits, experiment.target),
    }


def classifier(network: Classifier) -> dict[str, Any]:
    """The network, and where in it the maps are taken."""
    return {
        "classifier": network.name,
        "architecture": type(network.network).__name__,
        "weights": network.metadata.get("weights", ""),
        "layer": network.layer,
        "output": network.activation,
        "input_size": network.preprocessing.size,
    }


def software() -> dict[str, str]:
    """The versions that a figure can depend on."""
    return {
        "gradcam_lab": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "torchvision", "numpy")},
        "opencv": version("opencv-python-headless"),
        "platform": platform.platform(),
    }


def course(chosen: StudentsWork | None) -> dict[str, Any]:
    """Whose code ran, and what the student wrote."""
    if chosen is None:
        return {"course": None, "answers": {}}
    return {
        "course": {step.step: step.as_json() for step in chosen.steps},
        "answers": {task: {"question": asked, "answer": answer} for task, (asked, answer) in chosen.answers.items()},
    }


def data(splits: Sequence[Split], target: str) -> dict[str, Any]:
    """How many images and objects there are, and what was skipped."""
    return {
        "splits": {split.name: _counts(split, target) for split in splits},
        "skipped": [skipped for split in splits for skipped in split.skipped],
    }


def _counts(split: Split, target: str) -> dict[str, int]:
    objects = [o for sample in split.samples for o in sample.objects if o.name == target]
    return {
        "images": len(split.samples),
        "images_with_target": sum(bool(sample.boxes(target)) for sample in split.samples),
        "objects": len(objects),
        "difficult": sum(o.difficult for o in objects),
    }
