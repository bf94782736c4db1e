"""`train`: a folder of images to a small classifier in one file."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor

from gradcam_lab.console import progress, say, tracked, warn
from gradcam_lab.data.named import TOYVOC, data_root
from gradcam_lab.data.sample import Sample, labels
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.data.voc import Split, read_split, voc_hash
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable
from gradcam_lab.models import toynet
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.models.fitting import Recipe, fit

SPLITS = ("train", "val", "test")


def train(data: str, out: Path, *, epochs: int | None = None, seed: int = 0, skip_bad: bool = False) -> None:
    """Train ToyNet on a data set and write it with its recipe and its scores on val and test.

    Args:
        data: "toyvoc", or a folder in VOC layout with the splits train, val and test.
        out: the safetensors file to write.
        epochs: passes over the images, shared between the input sizes as in the recipe; None for the recipe's own.
        seed: of weights, order and augmentation.
        skip_bad: go on without bad images.

    Raises:
        LabError: the data or the output file cannot be used.
    """
    require_writable(out.parent)  # better now than after the training
    if out.is_dir():
        raise LabError(f"'{out}' is a folder: give --out the name of a file, such as classifier.safetensors.")
    recipe = replace(Recipe(), seed=seed)
    if epochs:
        recipe = recipe.shortened(epochs)
    root = data_root(data)
    splits = [read_split(root, name, skip_bad=skip_bad) for name in SPLITS]
    for skipped in (sentence for split in splits for sentence in split.skipped):
        warn(f"  skipped: {skipped}")
    classes = CLASSES if data == TOYVOC else classes_of(splits[0])
    say(f"{len(splits[0].samples)} images, {len(classes)} classes, {recipe.passes} epochs")

    start = time.perf_counter()
    torch.manual_seed(seed)
    network = toynet.build(len(classes)).to("cuda" if torch.cuda.is_available() else "cpu")
    preprocessing = Preprocessing()
    mean, std = (torch.tensor(values)[:, None, None] for values in (preprocessing.mean, preprocessing.std))
    images = pixels(splits[0].samples, preprocessing.size)
    wanted = torch.tensor(np.stack([labels(splits[0].samples, name) for name in classes], axis=1), dtype=torch.float32)
    with progress("training", recipe.passes) as advance:

        def on_epoch(epoch: int, loss: float) -> None:
            advance()
            say(f"  epoch {epoch:2d} of {recipe.passes}: loss {loss:.4f}, {time.perf_counter() - start:.0f} s")

        fit(network, images, wanted, recipe, mean, std, on_epoch)
    seconds = time.perf_counter() - start

    draft = Classifier(
        name="embedded",
        network=network.cpu(),
        output_names=classes,
        groups={name: (index,) for index, name in enumerate(classes)},
        activation="sigmoid",
        layer="layer4",
        preprocessing=preprocessing,
        sha256="",
    )
    scores = {split.name: mean_average_precision(draft, split) for split in splits[1:]}
    toynet.save(
        out,
        network,
        classes=classes,
        widths=toynet.WIDTHS,
        preprocessing=preprocessing,
        recipe={
            **asdict(recipe),
            "data": data if data == TOYVOC else root.name,
            "data_sha256": voc_hash(splits[0]),
            "images": len(images),
            "seconds": round(seconds),
            "threads": torch.get_num_threads(),
            "torch": version("torch"),
        },
        scores=scores,
    )
    for name, score in scores.items():
        say(f"mAP on {name}: {100 * score['map']:.1f}")
    say(str(out))


def classes_of(split: Split) -> tuple[str, ...]:
    """Name the classes that a split holds, in alphabetical order."""
    return tuple(sorted({o.name for sample in split.samples for o in sample.objects}))


def pixels(samples: Sequence[Sample], size: int) -> Tensor:
    """Read and squash all images: uint8, shape (n, 3, size, size)."""
    squashed = [
        cv2.resize(sample.image, (size, size), interpolation=cv2.INTER_AREA)
        for sample in tracked(samples, "reading images", len(samples))
    ]
    return torch.from_numpy(np.stack(squashed)).permute(0, 3, 1, 2).contiguous()


def mean_average_precision(classifier: Classifier, split: Split, batch: int = 32) -> dict[str, Any]:
    """Score a classifier on one split: scikit-learn's AP of each class that occurs, and their mean, as `map`."""
    outputs = []
    with torch.inference_mode():
        for start in range(0, len(split.samples), batch):
            images = [classifier.preprocessing(sample.image) for sample in split.samples[start : start + batch]]
            outputs.append(classifier.network(torch.stack(images)))
    logits = torch.cat(outputs)
    ap = {}
    for name in classifier.class_names:
        wanted = labels(split.samples, name)
        counted = ~np.isnan(wanted)
        if (wanted == 1).any():
            score = classifier.probability(logits, name).numpy()
            ap[name] = float(average_precision_score(wanted[counted], score[counted]))
    return {"map": float(np.mean(list(ap.values()))), "classes": ap}
