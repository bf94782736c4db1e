"""Evaluation of a trained classifier on a split of a data set: `gradcam-lab evaluate-classifier`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, LabelData, open_data
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.device import find_device
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training.classifier_scores import class_probabilities, classifier_scores, summary
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.dataset import (
    LabelledSamples,
    box_labels,
    data_of,
    labels_of,
    read_labels,
    unscorable,
    warn_of,
    warn_once,
)
from gradcam_lab.models.training.inputs import BATCH, ImageInputs, all_outputs
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.settings import TrainingSettings


def evaluate_classifier(
    choice: ModelChoice,
    data: str | None = None,
    split: str | None = None,
    *,
    data_root: Path | None = None,
    limit: int | None = None,
    reading: Reading | None = None,
    seed: int | None = None,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Score a trained classifier on one split.

    Args:
        choice: which network.
        data: a name, or a folder; by default that of the training, where the file says it.
        split: of boxes the name of a list of images, `test` by default; of labelled folders `train` or `val`, which is
            the default.
        data_root: the folder of a data set that is given by its name.
        limit: the number of images at most.
        reading: how the data are read, and which of them are val's; by default as in the training.
        seed: of that choice; by default that of the training.
        skip_bad: go on without bad images.

    Returns:
        `model`, `arch`, `data`, `split`, `images`, `map`, `classes` (name -> AP), and where each image has one class
        `accuracy`.

    Raises:
        LabError: the classifier or the data cannot be used, or their classes differ.
    """
    reading = reading or Reading()
    given = {"data_root": data_root, **vars(reading), "limit": limit, "seed": seed, "skip_bad": skip_bad}
    settings_of(given)  # what is wrong with them is said before anything is read
    with distributed.session():
        with distributed.leader_first():
            labels = (lambda: labels_of(open_data(data, data_root, reading=reading))) if data else None
            classifier = zoo.load_chosen(choice, labels)
            opened = data_of(classifier, data, data_root, reading)
        split = split or ("val" if isinstance(opened, LabelData) else "test")
        as_trained = {
            name: classifier.metadata.get("recipe", {}).get(name) for name in ("val_size", "seed", "split_seed")
        }
        settings = settings_of({**as_trained, **{name: value for name, value in given.items() if value is not None}})
        classes, labelled = _read(opened, classifier, split, settings)
        doubts = unscorable(labelled.labels, classes, f"the split '{split}' of '{opened.root}'")
        warn_once(f"  note: {doubt}" for doubt in doubts)
        scores = score_classifier(classifier, labelled, classes)
    facts = {"model": choice.shown, "arch": classifier.name, "data": data or opened.name, "split": split}
    return {**facts, "images": len(labelled.samples), **scores}


def _read(
    data: BoxData | LabelData, classifier: Classifier, split: str, settings: TrainingSettings
) -> tuple[tuple[str, ...], LabelledSamples]:
    """Read a split, and return the classes to score with the labelled images."""
    if isinstance(data, BoxData):
        boxes = data.read(split, known=classifier.class_names, limit=settings.limit, skip_bad=settings.skip_bad)
        warn_of(boxes)
        return classifier.class_names, LabelledSamples(boxes.samples, box_labels(boxes.samples, classifier.class_names))
    read = read_labels(data, split, settings)
    warn_of(read)
    unknown = [name for name in read.classes if name not in classifier.class_names]
    if unknown:
        raise LabError(
            f"The classifier does not know the class '{unknown[0]}' of '{data.root}': it was trained for "
            f"{', '.join(classifier.class_names)}."
        )
    return read.classes, LabelledSamples(read.samples, torch.tensor(read.labels))


def score_classifier(classifier: Classifier, labelled: LabelledSamples, classes: Sequence[str]) -> dict[str, Any]:
    """Score a classifier on images with labels; under torchrun every process computes its share."""
    device = find_device(classifier.device)
    network = classifier.network.to(device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    images = ImageInputs(labelled.samples, classifier.preprocessing, Recipe(), device, classifier.batch or BATCH)
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
