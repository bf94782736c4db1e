"""`show --model`: image, heatmap and overlay of a trained network, true class beside predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcam_lab.console import say, tracked
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, LabelData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.explain.describe import cam_or_gradcam, verdict
from gradcam_lab.explain.draw_maps import draw_panels
from gradcam_lab.explain.export import slug
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.show_boxes import random_choice
from gradcam_lab.explain.targets import find_target
from gradcam_lab.files import digest, require_writable
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training.dataset import data_of, labels_of, warn_of


@dataclass(frozen=True)
class Shown:
    """One image to show.

    Attributes:
        title: stands above it.
        name: of the picture to write.
        path: the image file.
        true: what is known to be in it; None where nothing is known.
        bits: of its data set, see `Sample`.
    """

    title: str
    name: str
    path: Path
    true: tuple[str, ...] | None
    bits: int | None = None


def show_model(
    choice: ModelChoice,
    *,
    image: Path | None = None,
    random: int | None = None,
    index: int | None = None,
    cls: str | None = None,
    split: str = "val",
    data: str | None = None,
    data_root: Path | None = None,
    reading: Reading | None = None,
    out: Path,
    seed: int = 0,
) -> list[Path]:
    """Draw the three panels of one image or several: the image, the raw heatmap, the image under it.

    The heatmap is CAM where the network ends in an average and one linear layer, else Grad-CAM; which one is said.

    Args:
        choice: which network.
        image: an image of the user's own; or
        random: number of random images of the split; or
        index: one image of the split, counted from 0.
        cls: whose heatmap, a name or an index (see `find_target`); the predicted class by default.
        split: of the data set.
        data: a data set's name or folder; the one that the network was trained on by default.
        data_root: the folder where the user has a data set of that name already.
        reading: how the data are read.
        out: the folder.
        seed: of the choice of images.

    Returns:
        The pictures, one an image.

    Raises:
        LabError: not exactly one of `image`, `random` and `index` is given, or something cannot be used.
    """
    if sum(choice is not None for choice in (image, random, index)) != 1:
        raise LabError("Say which images to show: give exactly one of --image, --random and --index.")
    labels = (lambda: labels_of(open_data(data, data_root, reading=reading))) if data else None
    classifier = zoo.load_chosen(choice, labels)
    target = find_target(classifier, cls) if cls is not None else None
    if image is not None:
        chosen = [Shown(image.name, slug(image.stem), image, None)]
    else:
        chosen = choose(read_images(classifier, split, data, data_root, reading), random, index, seed, split)
    require_writable(out)
    zoo.warn_of_photos(classifier, chosen[0].path)
    files, lessons = [], load_lessons()
    for one in tracked(chosen, "drawing", len(chosen)):
        photo = Photo(one.path, classifier, lessons, one.bits)
        files.append(out / f"{one.name}{f'-{slug(target.name)}' if target else ''}-{_mark(classifier, one)}.jpg")
        draw_panels(files[-1], photo, one.title, target or photo.predicted(), verdict(photo, one.true))
    say(cam_or_gradcam(photo))
    return files


def _mark(classifier: Classifier, one: Shown) -> str:
    """Six characters that tell the pictures of two networks apart, and those of two images of one name."""
    return digest(classifier.fingerprint, str(one.path.resolve()))[:6]


def read_images(
    classifier: Classifier, split: str, data: str | None, data_root: Path | None, reading: Reading | None = None
) -> list[Shown]:
    """Read a split of the data set that is asked for, or of the one that the network was trained on.

    Raises:
        LabError: there is no such data set or split.
    """
    recipe = classifier.metadata.get("recipe", {})
    samples, truth = _with_truth(data_of(classifier, data, data_root, reading), split, recipe, reading or Reading())
    return [
        # The index keeps names apart that differ only in their capitals, and is what --index takes.
        Shown(f"{split} {i}: {sample.id}", f"{split}-{i:04d}-{slug(sample.id)}", sample.path, true, sample.bits)
        for i, (sample, true) in enumerate(zip(samples, truth, strict=True))
    ]


def _with_truth(
    data: BoxData | LabelData, split: str, recipe: Mapping[str, Any], reading: Reading
) -> tuple[Sequence[Sample], list[tuple[str, ...]]]:
    """Read a split, and what is in each image: the classes of its objects, or the one of its folder."""
    if isinstance(data, BoxData):
        boxes = data.read(split, skip_bad=None)
        warn_of(boxes)
        return boxes.samples, [tuple(dict.fromkeys(o.name for o in sample.objects)) for sample in boxes.samples]
    # Where the training split `val` off `train`, it is split off in the same way.
    seed = recipe.get("split_seed", recipe.get("seed")) if reading.split_seed is None else reading.split_seed
    val_size = recipe.get("val_size") if reading.val_size is None else reading.val_size
    labelled = data.read(split, val_size=val_size, seed=seed, skip_bad=None)
    warn_of(labelled)
    return labelled.samples, [(labelled.classes[label],) for label in labelled.labels]


def choose(images: Sequence[Shown], random: int | None, index: int | None, seed: int, split: str) -> list[Shown]:
    """Take one image by its index, or several at random, in the order of the split.

    Raises:
        LabError: the index or the number is out of range.
    """
    count = len(images)
    if index is not None:
        if not 0 <= index < count:
            raise LabError(f"There is no image {index}: the split '{split}' has {count}, 0 to {count - 1}.")
        return [images[index]]
    if random is None or not 1 <= random <= count:
        raise LabError(f"Cannot draw {random} images by lot: the split '{split}' has {count}, so ask for 1 to {count}.")
    return [images[i] for i in sorted(random_choice(range(count), random, seed))]
