"""What a run says of itself in `results.json`: which network, which software, whose code, how many images."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.data.layouts.split import Split
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.pipeline.students_work import StudentsWork


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
