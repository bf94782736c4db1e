"""Evaluation of a trained classifier on a split of a data set: `gradcam-lab evaluate-classifier`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gradcam_lab.data.registry import BoxData, LabelData, open_data
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.classifier import Classifier, best_device
from gradcam_lab.models.training.classifier_scores import class_probabilities, classifier_scores, summary
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.dataset import LabelledSamples, box_labels, read_labels, warn_skipped
from gradcam_lab.models.training.inputs import ImageInputs, all_outputs
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.settings import TrainingSettings


def evaluate_classifier(
    model: Path,
    data: str,
    split: str = "test",
    *,
    data_root: Path | None = None,
    limit: int | None = None,
    val_size: float | None = None,
    seed: int | None = None,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Score a trained classifier on one split.

    Args:
        model: a file that `zoo.load_file` reads.
        data: a name, or a folder.
        split: of boxes the name of a list of images, of labelled folders `train` or `val`.
        data_root: the folder of a data set that is given by its name.
        limit: the number of images at most.
        val_size: that of the training, where labelled folders have no `val`.
        seed: that of the training, for the same reason.
        skip_bad: go on without bad images.

    Returns:
        `model`, `arch`, `data`, `split`, `images`, `map`, `classes` (name -> AP), and where each image has one class
        `accuracy`.

    Raises:
        LabError: the classifier or the data cannot be used, or their classes differ.
    """
    given = {"data": data, "data_root": data_root, "limit": limit, "val_size": val_size, "seed": seed}
    settings = settings_of({**given, "skip_bad": skip_bad})
    with distributed.session():
        classifier = zoo.load_file(model)
        with distributed.leader_first():
            opened = open_data(data, data_root)
        classes, labelled = _read(opened, classifier, split, settings)
        scores = score_classifier(classifier, labelled, classes)
    facts = {"model": model.name, "arch": classifier.name, "data": data, "split": split}
    return {**facts, "images": len(labelled.samples), **scores}


def _read(
    data: BoxData | LabelData, classifier: Classifier, split: str, settings: TrainingSettings
) -> tuple[tuple[str, ...], LabelledSamples]:
    """Read a split, and return the classes to score with the labelled images."""
    if isinstance(data, BoxData):
        boxes = data.read(split, limit=settings.limit, skip_bad=settings.skip_bad)
        warn_skipped(boxes.skipped)
        return classifier.class_names, LabelledSamples(boxes.samples, box_labels(boxes.samples, classifier.class_names))
    if split not in ("train", "val"):
        raise LabError(f"'{data.root}' has labelled folders and no split '{split}': give --split val or train.")
    read = read_labels(data, "train" if split == "train" else "val", settings)
    warn_skipped(read.skipped)
    unknown = [name for name in read.classes if name not in classifier.class_names]
    if unknown:
        raise LabError(
            f"The classifier does not know the class '{unknown[0]}' of '{data.root}': it was trained for "
            f"{', '.join(classifier.class_names)}."
        )
    return read.classes, LabelledSamples(read.samples, torch.tensor(read.labels))


def score_classifier(classifier: Classifier, labelled: LabelledSamples, classes: Sequence[str]) -> dict[str, Any]:
    """Score a classifier on images with labels; under torchrun every process computes its share."""
    device = best_device()
    network = classifier.network.to(device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    images = ImageInputs(labelled.samples, classifier.preprocessing, Recipe(), device)
    with torch.inference_mode():
        logits = all_outputs(network, images)
    return classifier_scores(class_probabilities(classifier, logits, classes), labelled.labels, classes)


def as_json(scores: dict[str, Any]) -> str:
    """Return the scores as JSON."""
    return json.dumps(scores, indent=1, ensure_ascii=False)


def as_table(scores: dict[str, Any]) -> str:
    """Return the scores as lines of text: the AP of each class, then the summary."""
    width = max(map(len, scores["classes"]))
    rows = [f"  {name:{width}s} {100 * ap:5.1f}" for name, ap in scores["classes"].items()]
    title = f"AP in percent, {scores['arch']} ({scores['model']}) on {scores['images']} images of {scores['split']}"
    return "\n".join([title, *rows, summary(scores, scores["split"])])
