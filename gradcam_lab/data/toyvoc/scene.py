"""Composing a scene: which objects, where, how large, which hides which, and how much of each is visible."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from gradcam_lab.data.sample import Object
from gradcam_lab.data.toyvoc import animals, things
from gradcam_lab.data.toyvoc.animals import DrawnObject
from gradcam_lab.data.toyvoc.backgrounds import LAND, Background, background
from gradcam_lab.data.toyvoc.draw import Patch, extent, over, render, soft, texture, three

# How difficult the scenes are. Fractions are of the image's height unless they say otherwise.
CLASS_WEIGHTS = {"bird": 0.12, "boat": 0.1, "car": 0.11, "cat": 0.17, "dog": 0.23, "horse": 0.11, "person": 0.16}
OBJECT_COUNTS = (0.52, 0.31, 0.12, 0.05)  # probability of 1, 2, 3 and 4 objects
PAIR = 0.08  # probability that two objects of one class touch
TOUCH = (0.0, 0.16)  # how far the second one then overlaps the first, as a fraction of its width
MAIN_HEIGHT = (0.42, 0.78)  # range of the main object's height
OTHER_HEIGHT = (0.28, 0.55)  # range of the others'
CROWDING = 0.92  # factor on all heights for each object beyond the first
MAX_WIDTH = 0.92  # of an object, as a fraction of the image's width
CLASS_SCALE = {"bird": 0.85, "boat": 0.9, "car": 1.05, "cat": 0.95, "dog": 1.0, "horse": 1.05, "person": 1.0}
CUT_BY_BORDER = 0.07  # probability that an object is pushed over the border
CUT_SHARE = (0.12, 0.45)  # how much of it then lies outside
OVERLAP = 0.08  # probability that an object is placed without looking where the others are
CANDIDATES = 16  # places tried for the others
CLUTTER = 1.2  # mean number of props
TALL = 0.45  # props with at least this usual height stay far away, where they hide little
OCCLUDER = 0.12  # probability of a prop near the viewer
BOAT_ON_WATER = 0.85
WATER_WITHOUT_BOAT = 0.022  # of the images without a boat: about a tenth of all images of water
TILT = {"boat": 3.0, "car": 1.5}  # standard deviation of an object's rotation, in degrees ...
USUAL_TILT = 4.0  # ... and that of the other classes
LIGHTING = 0.22  # strength of the lighting gradient
NOISE = (0.005, 0.025)  # range of the sensor noise's standard deviation, for colours in 0..1
BLURRED = 0.35  # probability of a slight blur
RATIOS = {(3, 2): 0.36, (4, 3): 0.34, (2, 3): 0.12, (1, 1): 0.1, (3, 4): 0.08}  # width to height
LONG_SIDE = (220, 280)  # pixels

# What VOC's two flags mean here, and what is not annotated because nobody could see it.
TRUNCATED_HIDDEN = 0.15  # more than this is hidden or outside: truncated
DIFFICULT_VISIBLE = 0.35  # less than this is visible: difficult
DIFFICULT_AREA = 0.004  # less than this of the image: difficult
DIFFICULT_SIDE = 12  # a box with a shorter side in pixels: difficult
LEAST_VISIBLE = 0.2  # an object less visible is not drawn at all
LEAST_PIXELS = 40

FIGURES: dict[str, Callable[..., DrawnObject]] = {
    "bird": animals.bird,
    "boat": things.boat,
    "car": things.car,
    "cat": animals.cat,
    "dog": animals.dog,
    "horse": animals.horse,
    "person": things.person,
}
CLASSES: tuple[str, ...] = tuple(sorted(FIGURES))
OUTDOORS = frozenset({"boat", "car", "horse"})  # classes that nobody keeps in a room


@dataclass(frozen=True)
class SceneObject(Object):
    """The annotation of one object; its box is that of its visible pixels, in whole numbers.

    Attributes:
        pose: VOC's word for the view.
    """

    pose: str = ""


@dataclass(frozen=True)
class Scene:
    """A finished picture and its ground truth.

    Attributes:
        image: RGB, uint8, shape (height, width, 3).
        instances: uint8, shape (height, width): 0 for the background, i + 1 where `objects[i]` is visible.
        objects: what is annotated, from front to back.
        place: the background's name.
    """

    image: np.ndarray
    instances: np.ndarray
    objects: tuple[SceneObject, ...]
    place: str


@dataclass(frozen=True)
class _Placed:
    """A rendered object or prop (`name` empty) and its place in the scene; larger `depth` is nearer."""

    name: str
    pose: str
    patch: Patch
    depth: float
    surface: str
    span: tuple[float, float, float, float]  # left, top, right, bottom in pixels


def scene(rng: np.random.Generator) -> Scene:
    """Compose one scene of one to four objects, at least one of them not difficult."""
    while True:
        names = _names(rng)
        place = _place(rng, names)
        width, height = _size(rng)
        dry = any(name not in ("boat", "bird") for name in names)
        ground = background(rng, place, width, height, dry=dry)
        props = _props(rng, ground)
        placed = [*props, *_objects(rng, ground, place, names, props)]
        made = _compose(rng, ground, sorted(placed, key=lambda p: p.depth), place)
        if any(not o.difficult for o in made.objects):
            return made


# ----------------------------------------------------------------------------------------------- what and where


def _names(rng: np.random.Generator) -> list[str]:
    count = 1 + rng.choice(len(OBJECT_COUNTS), p=OBJECT_COUNTS)
    return [str(name) for name in rng.choice(list(CLASS_WEIGHTS), count, p=list(CLASS_WEIGHTS.values()))]


def _place(rng: np.random.Generator, names: Sequence[str]) -> str:
    on_water = BOAT_ON_WATER if "boat" in names else WATER_WITHOUT_BOAT
    if rng.random() < on_water:
        return "water"
    places = [place for place in LAND if place != "indoor" or not OUTDOORS.intersection(names)]
    return places[rng.integers(len(places))]


def _size(rng: np.random.Generator) -> tuple[int, int]:
    across, down = list(RATIOS)[rng.choice(len(RATIOS), p=list(RATIOS.values()))]
    unit = rng.integers(*LONG_SIDE) / max(across, down)
    return round(across * unit), round(down * unit)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _objects(
    rng: np.random.Generator, ground: Background, place: str, names: Sequence[str], props: Sequence[_Placed]
) -> list[_Placed]:
    placed: list[_Placed] = []
    crowding = CROWDING ** (len(names) - 1)
    for name in names:
        size = crowding * _log_uniform(rng, *(OTHER_HEIGHT if placed else MAIN_HEIGHT))
        placed.append(_object(rng, ground, place, name, size, [*props, *placed]))
        if len(placed) == 1 and len(names) < len(OBJECT_COUNTS) and rng.random() < PAIR:
            placed.append(_object(rng, ground, place, name, size * rng.uniform(0.85, 1.1), placed, touching=True))
    return placed


def _surface(rng: np.random.Generator, ground: Background, place: str, name: str) -> str:
    wet = place == "water"
    if name == "bird":
        dry = ground.shore < ground.image.shape[0]
        choices = ["air"] + ["water"] * 2 * wet + ["ground"] * 2 * dry
        return choices[rng.integers(len(choices))]
    return "water" if name == "boat" and wet else "ground"


def _object(
    rng: np.random.Generator,
    ground: Background,
    place: str,
    name: str,
    size: float,
    others: Sequence[_Placed],
    *,
    touching: bool = False,
) -> _Placed:
    """Draw one object and find it a place among the others, or touching the last of them."""
    height, width = ground.image.shape[:2]
    surface = _surface(rng, ground, place, name)
    figure = FIGURES[name](rng, surface) if name in ("bird", "boat") else FIGURES[name](rng)
    left, bottom, right, top = extent(figure.parts)
    scale = min(size * CLASS_SCALE[name] * height, MAX_WIDTH * width / (right - left))
    mirrored = bool(rng.random() < 0.5)
    if mirrored:
        left, right = -right, -left
    foot = _foot(rng, ground, surface, scale * (top - max(0.0, bottom)) / height)
    if touching:
        foot = float(np.clip(others[-1].depth + rng.normal(0, 0.02 * height), ground.horizon + 2, height - 1))
        x = _beside(rng, others[-1].span, width, scale * left, scale * right)
    else:
        x = _free_column(rng, width, foot, scale * left, scale * right, scale * top, others)
    if rng.random() < CUT_BY_BORDER:
        share = rng.uniform(*CUT_SHARE) * scale
        edge = rng.integers(3) if size > 0.5 else rng.integers(2)
        if edge == 0:
            x = -scale * left - share * (right - left)
        elif edge == 1:
            x = width - scale * right + share * (right - left)
        elif surface == "ground":
            foot = height + share * (top - bottom)
    tilt = rng.normal(0, TILT.get(name, USUAL_TILT))
    patch = render(rng, figure.parts, figure.look, x=x, y=foot, scale=scale, mirrored=mirrored, angle=tilt)
    pose = "Left" if mirrored and figure.pose == "Right" else figure.pose
    span = (x + scale * left, foot - scale * top, x + scale * right, foot)
    return _Placed(name, pose, patch, foot, surface, span)


def _foot(rng: np.random.Generator, ground: Background, surface: str, size: float) -> float:
    """The row on which an object stands: the nearer the larger, as far as its surface reaches."""
    height = ground.image.shape[0]
    if surface == "air":
        return height * rng.uniform(size, max(size + 0.05, 0.75))
    first, last = (ground.horizon, ground.shore) if surface == "water" else (ground.shore, height)
    nearness = np.clip((size - OTHER_HEIGHT[0]) / (MAIN_HEIGHT[1] - OTHER_HEIGHT[0]), 0, 1) ** 0.7
    row = first + (last - first) * (0.1 + 0.85 * nearness) + rng.normal(0, 0.04 * height)
    low, high = first + 0.03 * height, last - 0.015 * height
    return float(np.clip(row, max(low, min(high, height * min(size, 0.95))), max(low, high)))


def _free_column(
    rng: np.random.Generator,
    width: int,
    foot: float,
    left: float,
    right: float,
    top: float,
    others: Sequence[_Placed],
) -> float:
    """The column, of a few tried, where the object covers least of the others."""
    low, high = -left + 1, max(-left + 1, width - right - 1)
    columns = rng.uniform(low, high, CANDIDATES)
    if rng.random() < OVERLAP or not others:
        return float(columns[0])
    spans = np.array([other.span for other in others])
    across = np.minimum(columns[:, None] + right, spans[:, 2]) - np.maximum(columns[:, None] + left, spans[:, 0])
    down = np.minimum(foot, spans[:, 3]) - np.maximum(foot - top, spans[:, 1])
    covered = np.maximum(across, 0) * np.maximum(down, 0)  # (candidates, others)
    return float(columns[covered.sum(axis=1).argmin()])


def _beside(
    rng: np.random.Generator, span: tuple[float, float, float, float], width: int, left: float, right: float
) -> float:
    """The column that makes an object touch another, on the side with more room; slightly overlapping."""
    overlap = rng.uniform(*TOUCH) * (right - left)
    if span[0] > width - span[2]:
        return span[0] + overlap - right
    return span[2] - overlap - left


def _props(rng: np.random.Generator, ground: Background) -> list[_Placed]:
    placed = [_prop(rng, ground, 0.0) for _ in range(rng.poisson(CLUTTER))]
    if rng.random() < OCCLUDER:
        placed.append(_prop(rng, ground, 0.8))
    return placed


def _prop(rng: np.random.Generator, ground: Background, nearest: float) -> _Placed:
    """Put a prop at a random distance, `nearest` of the way from the horizon to the viewer at least."""
    height, width = ground.image.shape[:2]
    figure = ground.props[rng.integers(len(ground.props))](rng)
    nearness = rng.uniform(nearest, 1) if figure.height < TALL else rng.uniform(0, 0.35)
    foot = ground.horizon + (height - ground.horizon) * (0.04 + 0.98 * nearness)
    scale = figure.height * height * (0.45 + 0.8 * nearness) * rng.uniform(0.8, 1.2)
    patch = render(rng, figure.parts, figure.look, x=rng.uniform(0, width), y=foot, scale=scale)
    span = (patch.left, patch.top, patch.left + patch.rgba.shape[1], foot)
    return _Placed("", "", patch, foot, figure.surface, span)


# ----------------------------------------------------------------------------------------------- putting it together


def _compose(rng: np.random.Generator, ground: Background, placed: Sequence[_Placed], place: str) -> Scene:
    """Paint the visible objects from back to front, and record where each is visible."""
    image = ground.image
    instances, kept = _visible(image.shape[0], image.shape[1], placed)
    for item, _ in reversed(kept):
        if item.surface == "water":
            _reflection(image[: ground.shore], item.patch, item.depth)
        elif item.surface == "ground":
            _shadow(image, item.patch, item.depth)
        over(image, item.patch)
    annotated = [(item, total) for item, total in kept if item.name]
    objects = tuple(_describe(instances == i + 1, item, total) for i, (item, total) in enumerate(annotated))
    return Scene(_photographed(rng, image), instances, objects, place)


def _visible(height: int, width: int, placed: Sequence[_Placed]) -> tuple[np.ndarray, list[tuple[_Placed, int]]]:
    """Go from front to back; leave out objects of which almost nothing would be seen.

    Returns:
        the instance map, and what is to be painted with its number of pixels if nothing hid it, from front to back.
    """
    instances = np.zeros((height, width), np.uint8)
    free = np.ones((height, width), bool)
    kept: list[tuple[_Placed, int]] = []
    number = 0
    for item in reversed(placed):
        solid = item.patch.rgba[..., 3] > 0.5
        area, inside = item.patch.window(width, height)
        seen = solid[inside] & free[area]
        total = int(np.count_nonzero(solid))
        if item.name:
            if np.count_nonzero(seen) < max(LEAST_PIXELS, LEAST_VISIBLE * total):
                continue
            number += 1
            instances[area][seen] = number
        free[area] &= ~solid[inside]
        kept.append((item, total))
    return instances, kept


def _describe(mask: np.ndarray, item: _Placed, total: int) -> SceneObject:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(columns[0]) + 1, int(rows[0]) + 1, int(columns[-1]) + 1, int(rows[-1]) + 1)
    pixels = int(np.count_nonzero(mask))
    visible = pixels / total
    difficult = (
        visible < DIFFICULT_VISIBLE
        or pixels < DIFFICULT_AREA * mask.size
        or min(box[2] - box[0], box[3] - box[1]) + 1 < DIFFICULT_SIDE
    )
    return SceneObject(item.name, box, difficult, visible < 1 - TRUNCATED_HIDDEN, item.pose)


def _shadow(image: np.ndarray, patch: Patch, foot: float) -> None:
    """Darken the ground under an object."""
    height, width = image.shape[:2]
    x, reach = patch.left + patch.rgba.shape[1] / 2, 0.46 * patch.rgba.shape[1]
    thin = max(1.5, 0.16 * reach)
    top, bottom = max(0, int(foot - 3 * thin)), min(height, int(foot + 3 * thin))
    left, right = max(0, int(x - 1.4 * reach)), min(width, int(x + 1.4 * reach))
    if top >= bottom or left >= right:
        return
    dark = np.zeros((bottom - top, right - left), np.uint8)
    cv2.ellipse(dark, (int(x) - left, int(foot) - top), (int(reach), int(thin)), 0, 0, 360, 105, -1)
    image[top:bottom, left:right] *= three(1 - soft(dark, 0.5 * thin) * np.float32(1 / 255))


def _reflection(image: np.ndarray, patch: Patch, foot: float) -> None:
    """Mirror an object in the water below it, shortened and faint; `image` ends where the water does."""
    above = max(1, min(patch.rgba.shape[0], round(foot) - patch.top))
    mirror = cv2.resize(patch.rgba[above - 1 :: -1], (patch.rgba.shape[1], max(1, above // 2)))
    mirror = cv2.blur(mirror, (5, 3)) * np.float32(0.32)
    over(image, Patch(mirror, patch.left, round(foot)))


def _photographed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Uneven light, a colour cast, a slight blur and sensor noise, then 8 bits."""
    height, width = image.shape[:2]
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    strength, angle = rng.uniform(0, LIGHTING), rng.uniform(0, 2 * np.pi)
    light = 1 + np.float32(strength * np.cos(angle)) * x[None, :] + np.float32(strength * np.sin(angle)) * y[:, None]
    cast = 255 * rng.uniform(0.86, 1.1) * rng.normal(1, 0.03, 3)
    photo = cv2.convertScaleAbs(image * cv2.merge([light * np.float32(c) for c in cast]))
    if rng.random() < BLURRED:
        photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.4, 0.85))
    noise = np.float32(255 * rng.uniform(*NOISE)) * texture(rng, "grain", height, width)
    return cv2.add(photo, three(noise), dtype=cv2.CV_8U)
