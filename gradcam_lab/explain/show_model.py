"""`show --model`: image, heatmap and overlay of a trained network, true class beside predicted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.console import say, tracked
from gradcam_lab.data.registry import BoxData, LabelData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.explain import map_tiles
from gradcam_lab.explain.explain_image import LONGEST, shown, slug
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target, find_target, output_target
from gradcam_lab.files import require_writable
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.report.figures.tiles import Strip, draw_sheet


@dataclass(frozen=True)
class Shown:
    """One image to show.

    Attributes:
        title: stands above it.
        name: of the picture to write.
        path: the image file.
        true: what is known to be in it; None where nothing is known.
    """

    title: str
    name: str
    path: Path
    true: tuple[str, ...] | None


def show_model(
    model: Path,
    *,
    image: Path | None = None,
    random: int | None = None,
    index: int | None = None,
    cls: str | None = None,
    split: str = "val",
    data: str | None = None,
    data_root: Path | None = None,
    out: Path,
    seed: int = 0,
) -> list[Path]:
    """Draw the three panels of one image or several: the image, the raw heatmap, the image under it.

    The heatmap is CAM where the network ends in an average and one linear layer, else Grad-CAM; which one is said.

    Args:
        model: a network that `gradcam-lab train` wrote.
        image: an image of the user's own; or
        random: so many images of the split, drawn by lot; or
        index: one image of the split, counted from 0.
        cls: whose heatmap, a name or an index (see `find_target`); the predicted class by default.
        split: of the data set.
        data: a data set's name or folder; the one that the network was trained on by default.
        data_root: the folder where the user has a data set of that name already.
        out: the folder.
        seed: of the lot.

    Returns:
        The pictures, one an image.

    Raises:
        LabError: not exactly one of `image`, `random` and `index` is given, or something cannot be used.
    """
    if sum(choice is not None for choice in (image, random, index)) != 1:
        raise LabError("Say which images to show: give exactly one of --image, --random and --index.")
    classifier = zoo.load_file(model)
    target = find_target(classifier, cls) if cls is not None else None
    if image is not None:
        chosen = [Shown(image.name, slug(image.stem), image, None)]
    else:
        chosen = choose(read_images(classifier, split, data, data_root), random, index, seed, split)
    require_writable(out)
    return _draw(classifier, chosen, target, out)


def read_images(classifier: Classifier, split: str, data: str | None, data_root: Path | None) -> list[Shown]:
    """Read a split of the data set that is asked for, or of the one that the network was trained on.

    Raises:
        LabError: there is no such data set or split.
    """
    recipe = classifier.metadata.get("recipe", {})
    name = data or recipe.get("data")
    if not name:
        raise LabError(
            f"The file of '{classifier.name}' does not say on which data it was trained: name them by --data."
        )
    samples, truth = _with_truth(open_data(str(name), data_root), split, recipe)
    return [
        # The index keeps names apart that differ only in their capitals, and is what --index takes.
        Shown(f"{split} {i}: {sample.id}", f"{split}-{i:04d}-{slug(sample.id)}", sample.path, true)
        for i, (sample, true) in enumerate(zip(samples, truth, strict=True))
    ]


def _with_truth(
    data: BoxData | LabelData, split: str, recipe: Mapping[str, Any]
) -> tuple[Sequence[Sample], list[tuple[str, ...]]]:
    """Read a split, and what is in each image: the classes of its objects, or the one of its folder."""
    if isinstance(data, BoxData):
        samples = data.read(split).samples
        return samples, [tuple(dict.fromkeys(o.name for o in sample.objects)) for sample in samples]
    if split not in ("train", "val"):
        raise LabError(f"'{data.root}' has the splits train and val, and not '{split}': choose one of them.")
    labelled = data.read(split, **_held_out(recipe))  # type: ignore[arg-type]
    return labelled.samples, [(labelled.classes[label],) for label in labelled.labels]


def _held_out(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Where `val` was split off `train` by the training, split it off in the same way."""
    return {name: recipe[name] for name in ("val_size", "seed") if recipe.get(name) is not None}


def choose(images: Sequence[Shown], random: int | None, index: int | None, seed: int, split: str) -> list[Shown]:
    """Take one image by its index, or several by lot, in the order of the split.

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
    drawn = np.random.default_rng(seed).choice(count, random, replace=False)
    return [images[i] for i in sorted(drawn.tolist())]


def _draw(classifier: Classifier, chosen: Sequence[Shown], target: Target | None, out: Path) -> list[Path]:
    files, lessons = [], load_lessons()
    for one in tracked(chosen, "drawing", len(chosen)):
        photo = Photo(one.path, classifier, lessons)
        files.append(out / f"{one.name}{_class_in_name(target)}.jpg")
        draw_sheet(files[-1], [panels(photo, one, target or photo.predicted())])
    say(describe_method(photo))
    return files


def _class_in_name(target: Target | None) -> str:
    return f"-{slug(target.name)}"[:LONGEST] if target else ""


def describe_method(photo: Photo) -> str:
    """Say which kind of heatmap this network gets, and why."""
    layer = photo.classifier.layer
    if photo.why_no_cam:
        return f"Grad-CAM at {layer}, because CAM is not defined: {photo.why_no_cam}"
    return f"CAM at {layer}: the network ends in an average and one linear layer"


def panels(photo: Photo, one: Shown, target: Target) -> Strip:
    """The three panels of one image, with true and predicted class."""
    name = "Grad-CAM" if photo.why_no_cam else "CAM"
    heatmap = photo.gradcam(target.score) if photo.why_no_cam else photo.cam(target)
    whose = f"{target.title}, p {shown(photo.probability(target))}"
    evidence = "; the line is half of the maximum" if heatmap.max() > 0 else ": no evidence"
    tiles = [
        map_tiles.plain(photo, one.title),
        map_tiles.cells(photo, heatmap, f"{name} of {whose};"),
        map_tiles.overlaid(photo, heatmap, f"{name} over the image{evidence}"),
    ]
    return Strip(tiles, verdict(photo, one))


def verdict(photo: Photo, one: Shown) -> str:
    """Set the true classes beside the predicted ones."""
    said = likely(photo)
    names = {target.name for target in said}
    predicted = ", ".join(f"{target.title} p {shown(photo.probability(target))}" for target in said)
    if one.true is None:
        return f"true class unknown; predicted: {predicted}"
    several = photo.classifier.activation == "sigmoid"
    right = names == set(one.true) if several else names <= set(one.true)
    return f"true: {', '.join(one.true) or 'none'}; predicted: {predicted} ({'right' if right else 'wrong'})"


def likely(photo: Photo) -> list[Target]:
    """The prediction: the most probable class, or all of at least 1/2 where several may occur together."""
    if photo.classifier.activation == "softmax":
        return [photo.predicted()]
    every = [output_target(photo.classifier, index) for index in photo.every_output]
    found = sorted((t for t in every if photo.probability(t) >= 0.5), key=photo.probability, reverse=True)
    return found or [photo.predicted()]
