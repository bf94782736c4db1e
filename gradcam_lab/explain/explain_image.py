"""`explain`: where in one image does the network see a class?

Into the output folder go, with `<image>` for the image's name and `<what>` for the method (and the layer, if one was
asked for):

- `<image>-<what>-<class>.jpg`: the image, its maps, and the raw cells, for each class;
- `<image>-<what>-<class>.npz`: the raw maps, float32, under the methods' names: `cam` (h, w), signed; `gradcam` (h, w),
  not negative; `input_gradient` and `smoothgrad` (3, size, size), signed, at the pixels of the network's input;
- `<image>-<what>.jpg`: all classes side by side, where there are several;
- `<image>-<what>.json`: the numbers, and of which network, layer and code they are.

No box is drawn: a box needs a threshold, and a threshold has to be chosen on validation images (`run-all` does it).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from gradcam_lab.console import say
from gradcam_lab.errors import LabError
from gradcam_lab.explain import map_tiles
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import Target, find_target, rather_than
from gradcam_lab.files import moved_into_place, require_writable, sha256, write_json
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.localise.smoothgrad import NOISE
from gradcam_lab.models import zoo
from gradcam_lab.report.figures.rgb import gradient_strength
from gradcam_lab.report.figures.tiles import Strip, Tile, draw_sheet

Method = Literal["cam", "gradcam", "input-gradient", "all"]
METHODS: tuple[str, ...] = get_args(Method)

TITLES = {"cam": "CAM", "gradcam": "Grad-CAM", "input_gradient": "gradient at the pixels", "smoothgrad": "SmoothGrad"}
AT_THE_PIXELS = ("input_gradient", "smoothgrad")
COPIES = 25
"""Noisy copies for SmoothGrad where all methods are asked for and no number is given."""

ENDS = (".jpg", ".npz")
LONGEST = 60
"""Letters of a name that go into the name of a file."""


@dataclass(frozen=True)
class Wish:
    """What is to be drawn of each class.

    Attributes:
        method: one of `METHODS`.
        layer: for Grad-CAM; None is the classifier's own.
        smooth: noisy copies for SmoothGrad; 0 leaves it out.
        seed: of their noise.
    """

    method: str
    layer: str | None
    smooth: int
    seed: int

    def of(self, photo: Photo) -> list[str]:
        """The kinds of map, in the order in which they are drawn."""
        if self.method == "all":
            kinds = ["gradcam", "input_gradient"] if photo.why_no_cam else ["cam", "gradcam", "input_gradient"]
        else:
            kinds = [self.method.replace("-", "_")]
        return kinds + ["smoothgrad"] * bool(self.smooth)


@dataclass(frozen=True)
class Explained:
    """A target and its raw maps, by kind."""

    target: Target
    maps: dict[str, np.ndarray]

    @property
    def grid(self) -> str | None:
        """The last map that has cells; None where there are gradients at the pixels only."""
        return next((kind for kind in reversed(self.maps) if kind not in AT_THE_PIXELS), None)


def explain(
    image: Path,
    *,
    classifier: str = "embedded",
    weights: str | None = None,
    classes: Sequence[str] = (),
    method: str = "gradcam",
    layer: str | None = None,
    against: str | None = None,
    smooth: int = 0,
    out: Path,
    seed: int = 0,
) -> list[Path]:
    """Explain one image, write the files that the module's text lists, and say which layer was looked at and why.

    Args:
        image: the image, JPEG or PNG.
        classifier: one of `zoo.CLASSIFIERS`.
        weights: as in `zoo.load`.
        classes: names or indices (see `find_target`); the most probable output where there are none.
        method: one of `METHODS`; "all" draws CAM (where it is defined), Grad-CAM, the gradient at the pixels and
            SmoothGrad in one picture.
        layer: for Grad-CAM, as in `named_modules()`; the classifier's last feature map by default.
        against: explain why each class rather than this one, by the difference of their logits.
        smooth: so many noisy copies for SmoothGrad, drawn beside the rest; 0 for none ("all" takes 25 then).
        out: the folder.
        seed: of SmoothGrad's noise.

    Returns:
        The files: pictures and maps by class, the picture of all classes, the JSON.

    Raises:
        LabError: something cannot be used; the sentence says what.
    """
    wish = _checked(method, layer, smooth, seed)
    model = zoo.load(classifier, weights)
    photo = Photo(image, model, load_lessons())
    targets = find_targets(photo, classes, against)
    require_writable(out)
    explained = [explain_target(photo, target, wish) for target in targets]
    say(describe_layer(photo, explained[0], wish))
    for one in explained:
        say(headline(photo, one))
    return _write(photo, explained, wish, out)


def _checked(method: str, layer: str | None, smooth: int, seed: int) -> Wish:
    if method not in METHODS:
        raise LabError(f"There is no method '{method}': choose one of {', '.join(METHODS)}.")
    if layer is not None and method not in ("gradcam", "all"):
        raise LabError(f"--layer goes with Grad-CAM: '{method}' has no layer to choose, so leave --layer out.")
    if smooth < 0:
        raise LabError(f"SmoothGrad cannot average over {smooth} copies: give --smooth 1 or more.")
    return Wish(method, layer, smooth or COPIES * (method == "all"), seed)


def find_targets(photo: Photo, classes: Sequence[str], against: str | None) -> list[Target]:
    """Look up what is to be explained, each once.

    Raises:
        LabError: a class does not exist, or is the one that it is set against.
    """
    found = [find_target(photo.classifier, word) for word in classes] or [photo.predicted()]
    targets = list({target.outputs: target for target in found}.values())
    if against is None:
        return targets
    other = find_target(photo.classifier, against)
    return [rather_than(target, other) for target in targets]


def explain_target(photo: Photo, target: Target, wish: Wish) -> Explained:
    """Compute every map of one target."""
    compute = {
        "cam": lambda: photo.cam(target),
        "gradcam": lambda: photo.gradcam(target.score, wish.layer),
        "input_gradient": lambda: photo.input_gradient(target.score),
        "smoothgrad": lambda: photo.smoothgrad(target.score, wish.smooth, wish.seed),
    }
    return Explained(target, {kind: compute[kind]() for kind in wish.of(photo)})


# ------------------------------------------------------------------------------------------------- in words


def describe_layer(photo: Photo, one: Explained, wish: Wish) -> str:
    """Say which layer was looked at and why."""
    if one.grid is None:
        size = photo.classifier.preprocessing.size
        return f"No layer: the gradient is taken at the pixels of the network's input, {size} x {size}."
    rows, columns = one.maps[one.grid].shape
    layer = photo.classifier.layer if wish.layer is None else wish.layer
    return f"{layer}: {_why(wish)}; its map has {rows} x {columns} cells"


def _why(wish: Wish) -> str:
    if wish.layer is not None:
        return "the layer that you asked for"
    if wish.method == "cam":
        return "the only layer that CAM can look at, the last before the average"
    return "the last block of features, after which the network only pools and decides"


def headline(photo: Photo, one: Explained) -> str:
    """Name a target with its probability and score; of a difference, with both probabilities."""
    target = one.target
    chances = shown(photo.probability(target))
    if target.against:
        chances += f" against {shown(photo.probability(target.against)).removeprefix('= ')}"
    return f"{target.title}: p {chances}, {target.meaning} {photo.score(target):.2f}{_stand_in(photo, one)}"


def shown(probability: float) -> str:
    """Write a probability as a relation: none is 0 or 1."""
    if probability < 0.001:
        return "< 0.001"
    return "> 0.999" if probability > 0.999 else f"= {probability:.3f}"


def _stand_in(photo: Photo, one: Explained) -> str:
    """Say which output stood for a group, because CAM has no map of a group."""
    groups = [part for part in one.target.parts if part.index is None]
    if "cam" not in one.maps or not groups:
        return ""
    names = [f"{photo.classifier.output_names[photo.member(part.outputs)]} for {part.name}" for part in groups]
    return f" (CAM knows no groups and shows {' and '.join(names)}, its most probable member)"


# ---------------------------------------------------------------------------------------------- in pictures


def tiles(photo: Photo, one: Explained, wish: Wish) -> list[Tile]:
    """Draw each map, without the image itself."""
    return [_tile(photo, kind, values, wish) for kind, values in one.maps.items()]


def _tile(photo: Photo, kind: str, values: np.ndarray, wish: Wish) -> Tile:
    title = TITLES[kind]
    if kind == "smoothgrad":
        title += f", {wish.smooth} noisy copies"
    if kind in AT_THE_PIXELS:
        return map_tiles.gradient(photo, values, title)
    if values.max() <= 0:
        return map_tiles.overlaid(photo, values, f"{title}: no evidence")
    return map_tiles.overlaid(photo, values, f"{title}; the line is half of the maximum")


def class_strip(photo: Photo, one: Explained, wish: Wish) -> Strip:
    """The picture of one class: the image, its maps, and the raw cells of the last map that has any."""
    drawn = [map_tiles.plain(photo, photo.path.name), *tiles(photo, one, wish)]
    if one.grid:
        drawn.append(map_tiles.cells(photo, one.maps[one.grid], f"raw {TITLES[one.grid]},"))
    return Strip(drawn, headline(photo, one))


def combined(photo: Photo, explained: Sequence[Explained], wish: Wish) -> list[Strip]:
    """All classes in one picture: side by side where each has one map, one below the other where it has several."""
    image = map_tiles.plain(photo, photo.path.name)
    if len(explained[0].maps) > 1:
        return [Strip([image, *tiles(photo, one, wish)], headline(photo, one)) for one in explained]
    views_of = [replace(tile, title=headline(photo, one)) for one in explained for tile in tiles(photo, one, wish)]
    return [Strip([image, *views_of], _legend(explained[0]))]


def _legend(one: Explained) -> str:
    (kind,) = one.maps
    line = "" if kind in AT_THE_PIXELS else "; each map has its own colours, and a line at half of its own maximum"
    return TITLES[kind] + line


# ----------------------------------------------------------------------------------------------- into files


def _write(photo: Photo, explained: Sequence[Explained], wish: Wish, out: Path) -> list[Path]:
    stem = f"{photo.path.stem[:LONGEST]}-{slug(wish.method + (f'-{wish.layer}' if wish.layer else ''))}"
    files = [file for one in explained for file in _write_class(photo, one, wish, out / f"{stem}-{_slug_of(one)}")]
    if len(explained) > 1:
        strips = combined(photo, explained, wish)
        draw_sheet(out / f"{stem}.jpg", strips, columns=3 if len(strips) == 1 else len(strips[0].tiles))
        files.append(out / f"{stem}.jpg")
    rows = [{**numbers(photo, one), "files": [f"{stem}-{_slug_of(one)}{end}" for end in ENDS]} for one in explained]
    write_json(out / f"{stem}.json", {**facts(photo, explained[0], wish), "classes": rows})
    return [*files, out / f"{stem}.json"]


def _write_class(photo: Photo, one: Explained, wish: Wish, stem: Path) -> list[Path]:
    picture, maps = (stem.with_name(stem.name + end) for end in ENDS)  # with_suffix would cut a name at its last dot
    draw_sheet(picture, [class_strip(photo, one, wish)])
    with moved_into_place(maps) as temporary:
        np.savez_compressed(temporary, **one.maps)  # type: ignore[arg-type]
    return [picture, maps]


def _slug_of(one: Explained) -> str:
    names = [part.name if part.index is None else f"{part.index}-{part.name}" for part in one.target.parts]
    return "-not-".join(slug(name) for name in names)


def slug(text: str) -> str:
    """Make a part of a file name of any text: letters and digits of any script, and hyphens."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:LONGEST]


def facts(photo: Photo, one: Explained, wish: Wish) -> dict[str, Any]:
    """Say of which image, network, layer and code the maps are."""
    model = photo.classifier
    return {
        "image": str(photo.path),
        "image_sha256": sha256(photo.path),
        "size": list(photo.size),
        "input_size": model.preprocessing.size,
        "network": model.name,
        "weights": model.metadata.get("weights"),
        "weights_sha256": model.sha256,
        "activation": model.activation,
        "method": wish.method,
        "layer": (wish.layer or model.layer) if one.grid else None,
        "layer_reason": describe_layer(photo, one, wish),
        "why_no_cam": photo.why_no_cam if wish.method == "all" else None,
        "smoothgrad": {"copies": wish.smooth, "noise": NOISE, "seed": wish.seed} if wish.smooth else None,
        "lessons_sha256": {name: photo.lessons.sha256[name] for name in ("step1_cam", "step2_gradcam")},
    }


def numbers(photo: Photo, one: Explained) -> dict[str, Any]:
    """What was measured for one target."""
    target = one.target
    return {
        "name": target.name,
        "index": target.index,
        "outputs": list(target.outputs),
        "probability": photo.probability(target),
        "against": target.against.name if target.against else None,
        "against_probability": photo.probability(target.against) if target.against else None,
        "score": photo.score(target),
        "score_is": target.meaning,
        "cam_of": [photo.member(part.outputs) for part in target.parts] if "cam" in one.maps else None,
        "maps": {kind: _measure(photo, kind, values) for kind, values in one.maps.items()},
    }


def _measure(photo: Photo, kind: str, values: np.ndarray) -> dict[str, Any]:
    """Extremes of a map, and where it is hottest: `[row, column]` from 0, and `[x, y]` in the image's pixels."""
    strength = gradient_strength(values) if kind in AT_THE_PIXELS else values
    x, y = map_tiles.hottest(strength)
    return {
        "shape": list(values.shape),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "evidence": bool(strength.max() > 0),
        "hottest_cell": list(map_tiles.hottest_cell(strength)),
        "hottest_point": [round(x * photo.size[0], 2), round(y * photo.size[1], 2)],
    }
