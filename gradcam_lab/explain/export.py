"""The files of an explained image: pictures, raw maps, and the numbers as JSON; `explain_image` says their names."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.explain import describe
from gradcam_lab.explain.draw_maps import draw_class, draw_classes, hottest, hottest_cell
from gradcam_lab.explain.explanation import AT_THE_PIXELS, Explanation
from gradcam_lab.files import moved_into_place, sha256, write_json
from gradcam_lab.localise.smoothgrad import NOISE
from gradcam_lab.report.figures.rgb import gradient_strength

LONGEST = 60
"""Letters of a name that go into the name of a file."""


def write(explanations: Sequence[Explanation], out: Path) -> list[Path]:
    """Write picture and maps of each class, the picture of all classes where there are several, and the JSON.

    Raises:
        LabError: a file cannot be written.
    """
    first = explanations[0]
    what = first.request.method + (f"-{first.request.layer}" if first.request.layer else "")
    stem = f"{first.photo.path.stem[:LONGEST]}-{slug(what)}"
    files, rows = [], []
    for one in explanations:
        picture, maps = (out / f"{stem}-{class_slug(one)}{end}" for end in (".jpg", ".npz"))
        draw_class(picture, one)
        with moved_into_place(maps) as temporary:
            np.savez_compressed(temporary, **one.maps)  # type: ignore[arg-type]
        files += [picture, maps]
        rows.append({**numbers(one), "files": [picture.name, maps.name]})
    if len(explanations) > 1:
        files.append(out / f"{stem}.jpg")
        draw_classes(files[-1], explanations)
    files.append(out / f"{stem}.json")
    write_json(files[-1], {**facts(first), "classes": rows})
    return files


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
        "image_sha256": sha256(photo.path),
        "size": list(photo.size),
        "input_size": model.preprocessing.size,
        "network": model.name,
        "weights": model.metadata.get("weights"),
        "weights_sha256": model.sha256,
        "activation": model.activation,
        "method": request.method,
        "layer": (request.layer or model.layer) if one.grid else None,
        "layer_reason": describe.layer(one),
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
        "maps": {kind: _measure(kind, values, photo.size) for kind, values in one.maps.items()},
    }


def _measure(kind: str, values: np.ndarray, size: tuple[int, int]) -> dict[str, Any]:
    """Extremes of a map, and where it is hottest: `[row, column]` from 0, and `[x, y]` in the image's pixels."""
    strength = gradient_strength(values) if kind in AT_THE_PIXELS else values
    return {
        "shape": list(values.shape),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "evidence": bool(strength.max() > 0),
        "hottest_cell": list(hottest_cell(strength)),
        "hottest_point": [round(part * side, 2) for part, side in zip(hottest(strength), size, strict=True)],
    }
