"""Backgrounds of the scenes: textures with a horizon, and the props that fit."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from gradcam_lab.data.toyvoc import things
from gradcam_lab.data.toyvoc.animals import DrawnObject
from gradcam_lab.data.toyvoc.draw import Colour, jittered, mixed, shaded, texture, three

Painter = Callable[[np.random.Generator, np.ndarray], tuple[int, int]]
"""Paints a background into an image and returns its horizon and its shore."""

Prop = Callable[[np.random.Generator], DrawnObject]


@dataclass(frozen=True)
class Background:
    """A background without objects.

    Attributes:
        image: float32 RGB in 0..1, shape (height, width, 3).
        horizon: the row where the ground begins.
        shore: the row where dry ground begins; below the horizon on water, equal to it on land.
        props: what may stand about.
    """

    image: np.ndarray
    horizon: int
    shore: int
    props: tuple[Prop, ...]


def background(rng: np.random.Generator, kind: str, width: int, height: int, *, dry: bool = False) -> Background:
    """Paint a background: "grass", "indoor", "beach", "street", "snow" or "water".

    Args:
        rng: decides everything.
        kind: which.
        width: in pixels.
        height: in pixels.
        dry: whether some dry ground is needed; only "water" can be without.
    """
    image = np.empty((height, width, 3), np.float32)
    paint, props = _PLACES[kind]
    horizon, shore = _water(rng, image, dry) if kind == "water" else paint(rng, image)
    return Background(image, horizon, shore, props)


def _fill(
    rng: np.random.Generator,
    area: np.ndarray,
    top: Colour,
    bottom: Colour,
    kind: str,
    contrast: float,
    zoom: float | tuple[float, float] = 1.0,
) -> None:
    """Fill an area with a vertical gradient times a texture."""
    height, width = area.shape[:2]
    if height == 0 or width == 0:
        return
    grain = 1 + np.float32(contrast) * texture(rng, kind, height, width, zoom)
    for channel in range(3):
        gradient = np.linspace(top[channel], bottom[channel], height, dtype=np.float32)
        area[..., channel] = grain * gradient[:, None]


def _mottle(rng: np.random.Generator, area: np.ndarray, colour: Colour, kind: str, zoom: float, level: float) -> None:
    """Blend patches of another colour into an area where a texture is above a level."""
    height, width = area.shape[:2]
    share = np.clip(0.5 + 1.5 * (texture(rng, kind, height, width, zoom) - level), 0, 0.85)
    area += three(share) * (np.asarray(colour, np.float32) - area)


SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((0.36, 0.58, 0.84), (0.75, 0.86, 0.94)),  # clear
    ((0.55, 0.6, 0.66), (0.8, 0.82, 0.83)),  # grey
    ((0.45, 0.5, 0.72), (0.95, 0.75, 0.58)),  # evening
)


def _sky(rng: np.random.Generator, area: np.ndarray) -> None:
    top, bottom = SKIES[rng.choice(len(SKIES), p=[0.5, 0.3, 0.2])]
    _fill(rng, area, jittered(rng, top, 0.04), jittered(rng, bottom, 0.04), "cloud", 0.05)
    if rng.random() < 0.7:
        _mottle(rng, area, (0.95, 0.95, 0.96), "cloud", rng.uniform(0.8, 1.6), rng.uniform(0.5, 1.2))


def _ridge(rng: np.random.Generator, image: np.ndarray, base: int, rise: float, colour: Colour) -> None:
    """Hills, a wood or a far shore: everything between a wavy line and the base row takes the colour."""
    height, width = image.shape[:2]
    x = np.linspace(0, 1, width)
    wave = sum(rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * (k * x + rng.random())) for k in (1, 2, 3, 5))
    top = base - rise * height * (0.55 + 0.3 * np.asarray(wave))
    covered = np.arange(base)[:, None] >= top[None, :]
    shade = 1 + 0.12 * texture(rng, "leaves", base, width)
    image[:base] = np.where(covered[..., None], np.asarray(colour, np.float32) * shade[..., None], image[:base])


def _horizon(rng: np.random.Generator, image: np.ndarray, low: float, high: float) -> int:
    return round(image.shape[0] * rng.uniform(low, high))


def _grass(rng: np.random.Generator, image: np.ndarray) -> tuple[int, int]:
    horizon = _horizon(rng, image, 0.12, 0.5)
    _sky(rng, image[:horizon])
    if rng.random() < 0.8:
        _ridge(rng, image, horizon, rng.uniform(0.08, 0.25), jittered(rng, (0.3, 0.42, 0.28)))
    green = jittered(rng, ((0.36, 0.52, 0.22), (0.5, 0.56, 0.26), (0.6, 0.55, 0.3))[rng.choice(3, p=[0.5, 0.3, 0.2])])
    ground = image[horizon:]
    far = mixed(green, (0.6, 0.65, 0.5), 0.3)
    _fill(rng, ground, far, shaded(green, 0.85), "grass", 0.16, rng.uniform(0.8, 1.8))
    if rng.random() < 0.6:
        _mottle(rng, ground, jittered(rng, (0.5, 0.4, 0.28)), "rough", 1.5, rng.uniform(0.8, 1.6))
    return horizon, horizon


def _indoor(rng: np.random.Generator, image: np.ndarray) -> tuple[int, int]:
    height, width = image.shape[:2]
    horizon = _horizon(rng, image, 0.35, 0.68)
    wall = jittered(rng, ((0.8, 0.74, 0.62), (0.62, 0.7, 0.74), (0.75, 0.6, 0.55), (0.85, 0.84, 0.8))[rng.integers(4)])
    _fill(rng, image[:horizon], wall, shaded(wall, 0.88), "rough", 0.03)
    if rng.random() < 0.45:  # wallpaper
        pitch, other = rng.uniform(10, 30), mixed(wall, things.paint(rng), 0.3)
        striped = (np.arange(width) % pitch) < pitch / 2
        image[:horizon, striped] = image[:horizon, striped] * 0.4 + 0.6 * np.asarray(other, np.float32)
    for _ in range(rng.integers(0, 3)):  # pictures and windows
        w, h = rng.integers(width // 9, width // 4), rng.integers(height // 9, height // 4)
        x, y = rng.integers(0, width - w), rng.integers(-h // 3, max(1, horizon - h))
        corner, end = (int(x), int(y)), (int(x + w), int(y + h))
        cv2.rectangle(image, corner, end, jittered(rng, (0.65, 0.72, 0.75), 0.15), -1)
        cv2.rectangle(image, corner, end, shaded(wall, float(rng.choice([0.4, 1.2]))), 3)
    floor = jittered(rng, ((0.6, 0.42, 0.27), (0.45, 0.3, 0.2), (0.6, 0.58, 0.55), (0.55, 0.3, 0.28))[rng.integers(4)])
    ground = image[horizon:]
    if rng.random() < 0.6:
        _fill(rng, ground, shaded(floor, 0.9), floor, "wood", 0.1)
        for y in np.cumsum(np.linspace(5, 18, 12)).astype(int):
            ground[y : y + 1] *= 0.7
    else:
        _fill(rng, ground, shaded(floor, 0.9), floor, "rough", 0.1)
        _mottle(rng, ground, things.paint(rng), "spots", 1.2, 1.0)
    cv2.rectangle(image, (0, horizon - 4), (width, horizon), shaded(wall, 1.15), -1)
    return horizon, horizon


def _beach(rng: np.random.Generator, image: np.ndarray) -> tuple[int, int]:
    horizon = _horizon(rng, image, 0.15, 0.4)
    shore = round(horizon + image.shape[0] * rng.uniform(0.05, 0.2))
    _sky(rng, image[:horizon])
    _sea(rng, image[horizon:shore])
    sand = jittered(rng, (0.82, 0.72, 0.52), 0.05)
    _fill(rng, image[shore:], shaded(sand, 0.8), sand, "rough", 0.07, (1.0, 1.8))
    image[max(0, shore - 2) : shore + 1] = 0.5 * image[max(0, shore - 2) : shore + 1] + 0.5 * np.float32(0.95)
    return horizon, shore


FRONTS: tuple[Colour, ...] = ((0.62, 0.42, 0.34), (0.7, 0.66, 0.58), (0.5, 0.52, 0.55), (0.78, 0.7, 0.5))


def _street(rng: np.random.Generator, image: np.ndarray) -> tuple[int, int]:
    height, width = image.shape[:2]
    horizon = _horizon(rng, image, 0.35, 0.62)
    _sky(rng, image[:horizon])
    x = -int(rng.integers(0, 30))
    while x < width:
        w, top = int(rng.integers(width // 6, width // 3)), int(horizon * rng.uniform(-0.1, 0.6))
        front = jittered(rng, FRONTS[rng.integers(len(FRONTS))])
        house = image[max(0, top) : horizon, max(0, x) : x + w]
        _fill(rng, house, front, shaded(front, 0.85), "rough", 0.06)
        _windows(rng, image, x, top, w, horizon)
        x += w
    grey = jittered(rng, (0.45, 0.45, 0.46), 0.05)
    _fill(rng, image[horizon:], mixed(grey, (0.6, 0.6, 0.6), 0.3), grey, "rough", 0.07)
    kerb = horizon + max(3, round(0.05 * height))
    image[horizon:kerb] = image[horizon:kerb] * 0.4 + 0.45
    cv2.line(image, (0, kerb), (width, kerb), (0.3, 0.3, 0.3), 1, cv2.LINE_AA)
    if rng.random() < 0.6:
        y = round(kerb + (height - kerb) * rng.uniform(0.4, 0.8))
        for dash in range(-int(rng.integers(0, 40)), width, 50):
            cv2.line(image, (dash, y), (dash + 26, y), (0.85, 0.85, 0.82), 2, cv2.LINE_AA)
    return horizon, horizon


def _windows(rng: np.random.Generator, image: np.ndarray, x: int, top: int, width: int, base: int) -> None:
    """Rows of windows on a house front."""
    step, glass = int(rng.integers(14, 24)), jittered(rng, (0.3, 0.36, 0.42), 0.08)
    for row in range(top + 6, base - step, step):
        for column in range(x + 5, x + width - step // 2, step):
            cv2.rectangle(image, (column, row), (column + step // 2, row + step * 2 // 3), glass, -1)


def _snow(rng: np.random.Generator, image: np.ndarray) -> tuple[int, int]:
    horizon = _horizon(rng, image, 0.2, 0.5)
    _sky(rng, image[:horizon])
    rise, colour = rng.uniform(0.1, 0.3), ((0.3, 0.38, 0.36), (0.72, 0.76, 0.84))[rng.integers(2)]
    _ridge(rng, image, horizon, rise, jittered(rng, colour))
    white = jittered(rng, (0.88, 0.9, 0.94), 0.03)
    _fill(rng, image[horizon:], shaded(white, 0.92), white, "cloud", 0.05)
    _mottle(rng, image[horizon:], (0.68, 0.74, 0.85), "cloud", 1.0, rng.uniform(0.6, 1.4))
    return horizon, horizon


WATERS: tuple[Colour, ...] = ((0.2, 0.42, 0.55), (0.16, 0.3, 0.48), (0.3, 0.45, 0.42), (0.5, 0.56, 0.6))


def _sea(rng: np.random.Generator, area: np.ndarray) -> None:
    water = jittered(rng, WATERS[rng.integers(len(WATERS))], 0.04)
    far = mixed(water, (0.7, 0.78, 0.82), 0.35)
    _fill(rng, area, far, shaded(water, 0.9), "waves", 0.13, rng.uniform(0.8, 1.8))


def _water(rng: np.random.Generator, image: np.ndarray, dry: bool = False) -> tuple[int, int]:
    height = image.shape[0]
    horizon = _horizon(rng, image, 0.15, 0.45)
    _sky(rng, image[:horizon])
    if rng.random() < 0.7:
        rise, colour = rng.uniform(0.04, 0.2), ((0.32, 0.4, 0.34), (0.5, 0.52, 0.56))[rng.integers(2)]
        _ridge(rng, image, horizon, rise, jittered(rng, colour))
    _sea(rng, image[horizon:])
    shore = height
    if dry or rng.random() < 0.3:  # a strip of dry land in front
        shore = round(height * rng.uniform(0.74, 0.88))
        sand = jittered(rng, ((0.78, 0.68, 0.5), (0.45, 0.5, 0.28), (0.55, 0.42, 0.3))[rng.integers(3)])
        _fill(rng, image[shore:], shaded(sand, 0.85), sand, "rough", 0.09)
        image[shore - 2 : shore + 1] = 0.4 * image[shore - 2 : shore + 1] + 0.55
    return horizon, shore


_PLACES: dict[str, tuple[Painter, tuple[Prop, ...]]] = {
    "grass": (_grass, (things.bush, things.stone, things.tree, things.ball, things.post)),
    "indoor": (_indoor, (things.ball, things.box, things.plant, things.chair, things.box)),
    "beach": (_beach, (things.ball, things.stone, things.umbrella, things.post, things.box)),
    "street": (_street, (things.post, things.lamp, things.cone, things.tree, things.box, things.bush)),
    "snow": (_snow, (things.fir, things.fir, things.stone, things.post, things.bush)),
    "water": (_water, (things.buoy, things.stone, things.post)),
}
"""How each place is painted, and its props; the one that is named twice comes twice as often."""

LAND = tuple(place for place in _PLACES if place != "water")
