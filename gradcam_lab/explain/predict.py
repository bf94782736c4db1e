"""`predict`: the most probable classes of one image, as a table or as JSON."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import count
from pathlib import Path

from gradcam_lab.data.photo_paths import is_one_photo, photo_paths
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.several import each_photo
from gradcam_lab.files import json_text
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice

MEANING = {
    "softmax": "probabilities of classes that exclude each other: all {count} sum to 1",
    "sigmoid": "probabilities of {count} classes that may occur together: each on its own",
}


def predict(image: Path, *, choice: ModelChoice, k: int = 5, json: bool = False) -> str:
    """Name the most probable classes of an image, by step 1's `predict`.

    Args:
        image: the image file.
        choice: which network.
        k: number of classes, at least 1; no more than the network has are shown.
        json: return JSON instead of a table.

    Raises:
        LabError: the image or the classifier cannot be used.
    """
    model = zoo.load_chosen(choice)
    return _answer(Photo(image, model, load_lessons()), k, json)


def predict_photos(words: Sequence[str], *, choice: ModelChoice, k: int = 5, json: bool = False) -> None:
    """Print the most probable classes of images; of several each that cannot be used is named and left out.

    Args:
        words: files, folders, patterns, or `-` for a list; see `photo_paths`.
        choice: which network.
        k: number of classes, at least 1.
        json: print JSON, a list where there may be several images; it is printed as it grows.

    Raises:
        LabError: something cannot be used; a photo among several is counted at the end.
    """
    paths, alone = photo_paths(words), is_one_photo(words)
    model, lessons, told = zoo.load_chosen(choice), load_lessons(), count()

    def one(path: Path) -> None:
        answer = _answer(Photo(path, model, lessons), k, json)
        first = next(told) == 0
        if first:
            zoo.warn_of_photos(model, path)
        between = "" if first else ",\n" if json else "\n"
        print(between + answer, end="" if json else "\n", flush=True)

    with _listed() if json and not alone else nullcontext():
        each_photo(paths, one, alone=alone)
    if json and alone:
        print()


@contextmanager
def _listed() -> Iterator[None]:
    """Print the brackets of a JSON list around what is printed; also where that ends in an error."""
    print("[")
    try:
        yield
    finally:
        print("\n]")


def _answer(photo: Photo, k: int, json: bool) -> str:
    model = photo.classifier
    k = min(k, len(model.output_names))
    rows = photo.lessons.cam.predict(model.network, photo.inputs[0], model.output_names, k, model.activation)
    return _as_json(photo, rows) if json else _as_table(photo, rows)


def _as_table(photo: Photo, rows: list[tuple[str, int, float]]) -> str:
    model = photo.classifier
    rows = [(model.label(index), index, p) for _, index, p in rows]
    width = max(len("class"), *(len(name) for name, _, _ in rows))
    lines = [f"{photo.path.name} ({photo.size[0]} x {photo.size[1]} pixels) as {model.name} sees it"]
    lines.append(f"{'':>3}  {'class':<{width}}  {'index':>5}  probability")
    lines += [f"{place:>3}  {name:<{width}}  {i:>5}  {p:>11.4f}" for place, (name, i, p) in enumerate(rows, start=1)]
    return "\n".join([*lines, f"({MEANING[model.activation].format(count=len(model.output_names))})"])


def _as_json(photo: Photo, rows: list[tuple[str, int, float]]) -> str:
    model = photo.classifier
    answer = {
        "image": str(photo.path),
        "size": list(photo.size),
        "classifier": model.name,
        "weights_sha256": model.sha256,
        "activation": model.activation,
        "predictions": [
            {"name": name, "simple_name": model.simple_names[index] or None, "index": index, "probability": p}
            for name, index, p in rows
        ],
    }
    return json_text(answer)
