"""The files of an explained image: pictures, raw maps, and the numbers as JSON; `explain_image` says their names."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcam_lab.data.picture import Picture
from gradcam_lab.errors import LabError
from gradcam_lab.explain import describe
from gradcam_lab.explain.draw_maps import draw_class, draw_classes, hottest, hottest_cell
from gradcam_lab.explain.explanation import AT_THE_PIXELS, Explanation
from gradcam_lab.files import digest, moved_into_place, read_json, sha256, write_json
from gradcam_lab.localise.smoothgrad import NOISE
from gradcam_lab.report.figures.rgb import gradient_strength
from gradcam_lab.report.text.alignment import MOVED

LONGEST = 60
"""Letters of a name that go into the name of a file."""


def write(explanations: Sequence[Explanation], out: Path) -> list[Path]:
    """Write picture and maps of each class, the picture of all classes where there are several, and the JSON.

    Raises:
        LabError: a file cannot be written.
    """
    pairs, all_classes, record = files_of(explanations, out)
    rows = [{**numbers(one), "files": [p.name for p in pair]} for one, pair in zip(explanations, pairs, strict=True)]
    # The record comes first: interrupted, the same command finds by it that the names are its own.
    write_json(record, {**facts(explanations[0]), "classes": rows, "request_sha256": request_sha256(explanations)})
    for one, (picture, maps) in zip(explanations, pairs, strict=True):
        draw_class(picture, one)
        with moved_into_place(maps) as temporary:
            np.savez_compressed(temporary, **one.maps)  # type: ignore[arg-type]
    if all_classes:
        draw_classes(all_classes, explanations)
    return [*(file for pair in pairs for file in pair), *([all_classes] if all_classes else []), record]


class Files(NamedTuple):
    """The files of an explained image: picture and maps of each class, the picture of all, and the JSON."""

    pairs: list[tuple[Path, Path]]
    all_classes: Path | None
    record: Path


def files_of(explanations: Sequence[Explanation], out: Path) -> Files:
    """Choose names that no other explanation has: where one has them, a number tells the two apart.

    The same request gets the same names again, and so replaces its own files and no others.
    """
    first = explanations[0]
    method = first.request.method.replace("++", "pp")  # signs are left out of the names of files
    what = method + (f"-{first.request.layer}" if first.request.layer else "")
    stem = f"{first.photo.path.stem[:LONGEST]}-{slug(what)}"
    wanted = request_sha256(explanations)
    stems = (stem if number == 1 else f"{stem}-run{number}" for number in count(1))
    candidates = (_named(out, name, explanations) for name in stems)
    return next(files for files in candidates if _is_of(files.record, wanted) or not any(map(Path.exists, _all(files))))


def _named(out: Path, stem: str, explanations: Sequence[Explanation]) -> Files:
    pairs = [(out / f"{stem}-{part}.jpg", out / f"{stem}-{part}.npz") for part in map(class_slug, explanations)]
    return Files(pairs, out / f"{stem}.jpg" if len(explanations) > 1 else None, out / f"{stem}.json")


def _all(files: Files) -> list[Path]:
    return [*chain(*files.pairs), *([files.all_classes] if files.all_classes else []), files.record]


def _is_of(record: Path, request: str) -> bool:
    """Say whether a JSON is the record of a request; a damaged one is of none."""
    with suppress(LabError):
        told = read_json(record)
        return isinstance(told, dict) and told.get("request_sha256") == request
    return False


def request_sha256(explanations: Sequence[Explanation]) -> str:
    """Return a SHA-256 of what was asked for: the image's path, the network, the method and the classes."""
    first = explanations[0]
    targets = [[part.outputs for part in one.target.parts] for one in explanations]
    source, network = first.photo.source, first.photo.classifier.fingerprint
    image = source.sha256 if isinstance(source, Picture) else str(source.resolve())
    asked = {name: value for name, value in asdict(first.request).items() if value is not None or name == "layer"}
    return digest(image, network, asked, targets)


def class_slug(one: Explanation) -> str:
    """Make a part of a file name of a target: the index of an output and its name, and of a difference both."""
    names = [part.name if part.index is None else f"{part.index}-{part.name}" for part in one.target.parts]
    return "-not-".join(slug(name) for name in names)


def slug(text: str) -> str:
    """Make a part of a file name of any text: letters and digits of any script, and hyphens."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:LONGEST]


def facts(one: Explanation) -> dict[str, Any]:
    """Say of which image, network, layer and code the maps are."""
    photo, request, model = one.photo, one.request, one.photo.classifier
    return {
        "image": str(photo.path),
        "image_sha256": photo.source.sha256 if isinstance(photo.source, Picture) else sha256(photo.source),
        "size": list(photo.size),
        "input_size": model.preprocessing.size,
        "network": model.name,
        "weights": model.metadata.get("weights"),
        "weights_sha256": model.sha256,
        "activation": model.activation,
        "method": request.method,
        "layer": model.layer_name if one.grid else None,
        "layer_reason": describe.layer(one),
        "alignment": one.known.facts(model.preprocessing.size, MOVED),
        "threshold": request.threshold,
        "box": describe.BOX if request.threshold is not None else None,
        "why_no_cam": photo.why_no_cam if request.method == "all" else None,
        "smoothgrad": {"copies": request.smooth, "noise": NOISE, "seed": request.seed} if request.smooth else None,
        "lessons_sha256": {name: photo.lessons.sha256[name] for name in ("step1_cam", "step2_gradcam")},
    }


def numbers(one: Explanation) -> dict[str, Any]:
    """Return what was measured for one target."""
    photo, target = one.photo, one.target
    return {
        "name": target.name,
        "simple_name": target.simple_name or None,
        "index": target.index,
        "outputs": list(target.outputs),
        "probability": photo.probability(target),
        "against": target.against.name if target.against else None,
        "against_probability": photo.probability(target.against) if target.against else None,
        "score": photo.score(target),
        "score_is": target.meaning,
        "cam_of": [photo.member(part.outputs) for part in target.parts] if "cam" in one.maps else None,
        "maps": {kind: _measure(one, kind, values) for kind, values in one.maps.items()},
        "boxes": None if one.boxes is None else one.boxes.tolist(),
        "dependence": _dependence(one),
    }


def _dependence(one: Explanation) -> dict[str, Any] | None:
    """Whether the map depends on the class and on the weights, in numbers and in words."""
    measured = one.dependence
    if measured is None:
        return None
    return {
        "map": measured.kind,
        "other_class": measured.other.name if measured.other else None,
        "other_index": measured.other.index if measured.other else None,
        "rank_correlation_with_other_class": measured.on_class,
        "rank_correlation_with_random_weights": measured.on_weights,
        "random_layers": "all",
        "random_seed": measured.seed,
        "verdict": describe.dependence(one),
    }


def _measure(one: Explanation, kind: str, values: np.ndarray) -> dict[str, Any]:
    """Extremes of a map, and where it is hottest: `[row, column]` from 0, and `[x, y]` in the image's pixels.

    The point is where pictures show it, and the cell that of the raw map.
    """
    strength = gradient_strength(values) if kind in AT_THE_PIXELS else values
    shown = strength if kind in AT_THE_PIXELS else one.aligned(strength)
    return {
        "shape": list(values.shape),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "evidence": bool(strength.max() > 0),
        "hottest_cell": list(hottest_cell(strength)),
        "hottest_point": [round(part * side, 2) for part, side in zip(hottest(shown), one.photo.size, strict=True)],
    }
