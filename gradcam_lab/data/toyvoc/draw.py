"""Primitives: smooth outlines, soft volume, textures, and a renderer that turns parts into a picture with alpha.

Everything drawn is a list of `Part`s in *object units*: x to the right, y **up**, the ground at y = 0, and one unit
about as high as the object. `render` places them in pixels. Colours are RGB in 0..1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

import cv2
import numpy as np

Colour = tuple[float, float, float]
Points = np.ndarray
"""Corners of a closed outline, shape (n, 2), in object units."""

SUPERSAMPLING = 2  # shapes are drawn at twice their size and averaged down
SUBPIXEL = 4  # cv2 takes coordinates in 1/2**4 pixels
TILE = 512  # side of the texture tiles, in pixels
STEPS = 4  # points per segment of a smooth curve
DIM_LIGHT, FLAT_LIGHT, FULL_LIGHT = 96, 128, 150  # brightness at the rim of a part, of a flat part, and in its core


@dataclass(frozen=True)
class Part:
    """One filled outline.

    Attributes:
        points: the outline, shape (n, 2), object units.
        colour: RGB in 0..1.
        core: where light falls on it, shape (n, 2); `None` leaves the part flat.
        detail: drawn last, over the texture and the markings (an eye, a window), never under them.
        outlined: a darker line follows the border.
    """

    points: Points
    colour: Colour
    core: Points | None = None
    detail: bool = False
    outlined: bool = True


@dataclass(frozen=True)
class Look:
    """The surface of an object: its texture, and markings in a second colour.

    Attributes:
        texture: name of the texture tile that modulates the brightness.
        roughness: how much it does, 0 for none.
        marking: "plain", "patches", "spots", "stripes" or "saddle" (a dark back).
        second: the colour of the markings.
    """

    texture: str = "fur"
    roughness: float = 0.12
    marking: str = "plain"
    second: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Patch:
    """A rendered object.

    Attributes:
        rgba: premultiplied colour and alpha in 0..1, float32, shape (h, w, 4).
        left: column of its first pixel in the image; may lie outside.
        top: row of its first pixel in the image; may lie outside.
    """

    rgba: np.ndarray
    left: int
    top: int

    def window(self, width: int, height: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
        """Where the patch and an image of that size overlap: slices into the image, slices into the patch."""
        patch_height, patch_width = self.rgba.shape[:2]
        x0, x1 = max(self.left, 0), max(min(self.left + patch_width, width), max(self.left, 0))
        y0, y1 = max(self.top, 0), max(min(self.top + patch_height, height), max(self.top, 0))
        inside = (slice(y0 - self.top, y1 - self.top), slice(x0 - self.left, x1 - self.left))
        return (slice(y0, y1), slice(x0, x1)), inside


# ----------------------------------------------------------------------------------------------- outlines


_ANGLES = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_UNIT_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)

_T = np.linspace(0, 1, STEPS, endpoint=False)
_SPLINE_BASIS = 0.5 * np.stack(
    [-_T + 2 * _T**2 - _T**3, 2 - 5 * _T**2 + 3 * _T**3, _T + 4 * _T**2 - 3 * _T**3, _T**3 - _T**2], axis=1
)
"""Weights of the four neighbouring points at `STEPS` places of a Catmull-Rom segment, shape (STEPS, 4)."""


def smooth(corners: Sequence[Sequence[float]] | np.ndarray) -> Points:
    """Run a closed Catmull-Rom curve through corners of shape (n, 2)."""
    p = np.asarray(corners, float)
    neighbours = np.stack([np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)])  # (4, n, 2)
    return np.einsum("sk,kni->nsi", _SPLINE_BASIS, neighbours).reshape(-1, 2)


def curve(stations: Sequence[Sequence[float]] | np.ndarray) -> np.ndarray:
    """Run an open Catmull-Rom curve through stations of shape (n, k), k values interpolated together."""
    p = np.asarray(stations, float)
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    neighbours = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]])  # (4, n - 1, k)
    inner = np.einsum("sk,kni->nsi", _SPLINE_BASIS, neighbours).reshape(-1, p.shape[1])
    return np.concatenate([inner, p[-1:]])


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Points:
    """The outline of an ellipse; `angle` in degrees, anticlockwise."""
    return turned(_UNIT_CIRCLE * (rx, ry), angle) + np.array([x, y])


def turned(points: Points, angle: float) -> Points:
    """Turn points about the origin by degrees, anticlockwise."""
    if not angle:
        return points
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return points @ np.array([[c, s], [-s, c]])


QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
_CAP_ANGLES = np.linspace(np.pi / 2, -np.pi / 2, 7)[1:-1, None]
_CAP_ALONG, _CAP_ACROSS = np.cos(_CAP_ANGLES), np.sin(_CAP_ANGLES)  # the round end of a tube


def _directions(centre: np.ndarray) -> np.ndarray:
    """Unit vectors along a path, shape (n, 2)."""
    along = np.empty_like(centre)
    along[1:-1] = centre[2:] - centre[:-2]
    along[0], along[-1] = centre[1] - centre[0], centre[-1] - centre[-2]
    return along / (np.hypot(along[:, :1], along[:, 1:]) + 1e-9)


def _wrapped(centre: np.ndarray, radius: np.ndarray, along: np.ndarray) -> Points:
    """The outline around a path of varying radius."""
    across = along @ QUARTER_TURN
    side = across * radius
    end = centre[-1] + radius[-1] * (_CAP_ALONG * along[-1] + _CAP_ACROSS * across[-1])
    start = centre[0] - radius[0] * (_CAP_ALONG * along[0] + _CAP_ACROSS * across[0])
    return np.concatenate([centre + side, end, (centre - side)[::-1], start])


LIGHT = np.array([0.0, 1.0])  # it comes from above, so that mirrored objects stay lit alike


def blob(x: float, y: float, rx: float, ry: float, colour: Colour, angle: float = 0.0) -> Part:
    """A rounded ellipse."""
    core = ellipse(x, y + 0.25 * ry, rx * 0.62, ry * 0.55, angle)
    return Part(ellipse(x, y, rx, ry, angle), colour, core)


def limb(stations: Sequence[Sequence[float]], colour: Colour) -> Part:
    """A rounded limb through stations `(x, y, radius)`."""
    path = curve(stations)
    centre, radius = path[:, :2], np.maximum(path[:, 2:], 1e-3)
    along = _directions(centre)
    core = _wrapped(centre + 0.25 * radius * LIGHT, 0.5 * radius, along)
    return Part(_wrapped(centre, radius, along), colour, core)


def shape(corners: Sequence[Sequence[float]] | np.ndarray, colour: Colour) -> Part:
    """A smooth outline through corners, lit in its upper middle."""
    return polygon(smooth(corners), colour)


def polygon(corners: Sequence[Sequence[float]] | np.ndarray, colour: Colour) -> Part:
    """An outline with straight sides, lit in its upper middle."""
    outline = np.asarray(corners, float)
    centre = outline.mean(axis=0)
    reach = np.ptp(outline, axis=0)
    return Part(outline, colour, centre + (outline - centre) * 0.6 + LIGHT * 0.1 * reach)


def flat(points: Points | Sequence[Sequence[float]], colour: Colour, *, outlined: bool = False) -> Part:
    """A detail without volume: an eye, a window, a stripe."""
    return Part(np.asarray(points, float), colour, None, detail=True, outlined=outlined)


def line(stations: Sequence[Sequence[float]], radius: float, colour: Colour) -> Part:
    """A thin dark detail along points `(x, y)`: a mouth, a whisker."""
    path = curve([(x, y, radius) for x, y in stations])
    return flat(_wrapped(path[:, :2], path[:, 2:], _directions(path[:, :2])), colour)


def moved(parts: Sequence[Part], x: float, y: float, scale: float = 1.0, angle: float = 0.0) -> list[Part]:
    """Turn parts (degrees), scale them and move them, as for a head on its neck."""

    def place(points: Points) -> Points:
        return turned(points, angle) * scale + (x, y)

    return [replace(p, points=place(p.points), core=None if p.core is None else place(p.core)) for p in parts]


def shaded(colour: Colour, factor: float) -> Colour:
    """A colour darker (factor < 1) or lighter (factor > 1)."""
    r, g, b = (min(1.0, max(0.0, c * factor)) for c in colour)
    return r, g, b


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two; `share` of the other."""
    r, g, b = (p * (1 - share) + q * share for p, q in zip(one, other, strict=True))
    return r, g, b


def jittered(rng: np.random.Generator, colour: Colour, amount: float = 0.06) -> Colour:
    """A colour near the given one."""
    light = rng.normal(0, amount)
    r, g, b = np.clip(np.asarray(colour) + light + rng.normal(0, amount / 4, 3), 0.02, 1.0)
    return float(r), float(g), float(b)


# ----------------------------------------------------------------------------------------------- textures


@cache
def _tile(kind: str) -> np.ndarray:
    """A texture tile, float32 of mean 0 and standard deviation 1, shape (TILE, TILE); the same in every process."""
    rng = np.random.default_rng([2007, *kind.encode()])
    white = rng.standard_normal((TILE, TILE), np.float32)

    def blurred(sigma_x: float, sigma_y: float) -> np.ndarray:
        soft = cv2.GaussianBlur(white, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y, borderType=cv2.BORDER_REFLECT)
        return soft / soft.std()

    kinds: dict[str, Callable[[], np.ndarray]] = {
        "grain": lambda: white,
        "fur": lambda: blurred(0.8, 3.0) + 0.7 * blurred(6, 6),
        "grass": lambda: blurred(0.7, 4.0) + 0.6 * blurred(3, 8) + 0.5 * blurred(25, 25),
        "cloud": lambda: blurred(40, 25) + 0.5 * blurred(14, 9) + 0.25 * blurred(5, 4),
        "rough": lambda: blurred(1, 1) + 0.8 * blurred(4, 4) + 0.8 * blurred(18, 18),
        "waves": lambda: blurred(9, 1.2) + 0.7 * blurred(30, 4) + 0.2 * blurred(3, 1),
        "leaves": lambda: blurred(1.6, 1.6) + 0.7 * blurred(7, 7),
        "wood": lambda: blurred(30, 1.0) + 0.5 * blurred(60, 4),
        "spots": lambda: blurred(7, 7),
        "patches": lambda: blurred(26, 26),
    }
    tile = kinds[kind]()
    return np.ascontiguousarray((tile - tile.mean()) / tile.std(), np.float32)


def texture(
    rng: np.random.Generator, kind: str, height: int, width: int, zoom: float | tuple[float, float] = 1.0
) -> np.ndarray:
    """Cut a random piece from a texture tile.

    Args:
        rng: where the piece comes from.
        kind: a tile's name.
        height: of the piece, in pixels.
        width: of the piece, in pixels.
        zoom: how much it is magnified, or (vertically, horizontally).

    Returns:
        float32 of mean about 0 and standard deviation about 1, shape (height, width).
    """
    zoom_y, zoom_x = zoom if isinstance(zoom, tuple) else (zoom, zoom)
    rows = min(TILE, max(2, round(height / zoom_y)))
    columns = min(TILE, max(2, round(width / zoom_x)))
    y, x = rng.integers(0, TILE - rows + 1), rng.integers(0, TILE - columns + 1)
    piece = _tile(kind)[y : y + rows, x : x + columns]
    if piece.shape == (height, width):
        return piece
    return cv2.resize(piece, (width, height), interpolation=cv2.INTER_LINEAR)


# ----------------------------------------------------------------------------------------------- rendering


def extent(parts: Sequence[Part]) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of parts, in object units."""
    low = np.min([p.points.min(axis=0) for p in parts], axis=0)
    high = np.max([p.points.max(axis=0) for p in parts], axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def render(
    rng: np.random.Generator,
    parts: Sequence[Part],
    look: Look,
    *,
    x: float,
    y: float,
    scale: float,
    mirrored: bool = False,
    angle: float = 0.0,
) -> Patch:
    """Draw parts as a patch.

    Args:
        rng: for the texture and the markings.
        parts: what to draw, from back to front; details come last.
        look: the surface of the parts that are no details.
        x: column of the object's origin in the image, in pixels.
        y: row of the object's origin (its ground) in the image, in pixels.
        scale: pixels per object unit.
        mirrored: facing left instead of right.
        angle: degrees by which it is turned, anticlockwise.

    Returns:
        The patch, wherever it lies.
    """
    pieces = [*(p.points for p in parts), *(p.core for p in parts if p.core is not None)]
    points = np.concatenate(pieces)
    xy = turned(points * (-1.0, 1.0) if mirrored else points, angle) * (scale, -scale) + (x, y)
    low, high = np.floor(xy.min(axis=0)).astype(int) - 2, np.ceil(xy.max(axis=0)).astype(int) + 3
    width, height = (high - low).tolist()
    xy = ((xy - low) * (1 << SUBPIXEL)).round().astype(np.int32)
    outlines = np.split(xy, np.cumsum([len(piece) for piece in pieces])[:-1])
    lit = iter(outlines[len(parts) :])

    body = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING, 4), np.uint8)
    details = np.zeros_like(body)
    light = np.full((height, width), FLAT_LIGHT, np.uint8)
    thickness = max(1, round(0.016 * scale * SUPERSAMPLING))
    drawn = list(zip(parts, outlines, strict=False))
    for (detail, colour), run in groupby(drawn, lambda pair: (pair[0].detail, pair[0].colour)):
        _fill(details if detail else body, colour, list(run), thickness)
    for part, outline in drawn:
        if part.core is not None:
            cv2.fillPoly(light, [outline], DIM_LIGHT, cv2.LINE_8, SUBPIXEL)
            cv2.fillPoly(light, [next(lit)], FULL_LIGHT, cv2.LINE_8, SUBPIXEL)
        elif not part.detail:
            cv2.fillPoly(light, [outline], FLAT_LIGHT, cv2.LINE_8, SUBPIXEL)
    rgba = _averaged(body, width, height)
    rgba[..., :3] = _surface(rng, rgba, look, light, scale)
    if any(part.detail for part in parts):
        top = _averaged(details, width, height)
        rgba = top + rgba * cv2.merge([1 - top[..., 3]] * 4)
    return Patch(rgba, int(low[0]), int(low[1]))


def _fill(canvas: np.ndarray, colour: Colour, run: Sequence[tuple[Part, np.ndarray]], thickness: int) -> None:
    """Fill neighbouring parts of one colour; their outlines come first, so that a leg grows out of its body.

    Blended into zeros, colour and alpha together are premultiplied alpha.
    """
    edges = [outline * SUPERSAMPLING for part, outline in run if part.outlined]
    if edges:
        edge = shaded(colour, 0.5)
        cv2.polylines(canvas, edges, True, (*(255 * c for c in edge), 255.0), thickness, cv2.LINE_AA, SUBPIXEL)
    for _, outline in run:
        inside = (*(255 * c for c in colour), 255.0)
        cv2.fillPoly(canvas, [outline * SUPERSAMPLING], inside, cv2.LINE_AA, SUBPIXEL)


def three(plane: np.ndarray) -> np.ndarray:
    """Repeat a plane of shape (h, w) as (h, w, 3): much faster than numpy's broadcasting over so short an axis."""
    return cv2.merge([plane, plane, plane])


def over(image: np.ndarray, patch: Patch) -> None:
    """Lay a patch over an image: float32 RGB in 0..1, shape (height, width, 3), changed in place."""
    area, inside = patch.window(image.shape[1], image.shape[0])
    layer = patch.rgba[inside]
    if layer.size:
        image[area] = image[area] * three(1 - layer[..., 3]) + layer[..., :3]


def soft(image: np.ndarray, radius: float) -> np.ndarray:
    """Blur about as a Gaussian of that standard deviation, in a time that does not depend on it."""
    side = 2 * max(1, round(0.85 * radius)) + 1
    return cv2.blur(cv2.blur(image, (side, side)), (side, side))


def _averaged(canvas: np.ndarray, width: int, height: int) -> np.ndarray:
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) * np.float32(1 / 255)


def _surface(rng: np.random.Generator, rgba: np.ndarray, look: Look, light: np.ndarray, scale: float) -> np.ndarray:
    """The body's premultiplied colours with markings, texture and volume, shape (h, w, 3)."""
    height, width = light.shape
    rgb, alpha = np.ascontiguousarray(rgba[..., :3]), rgba[..., 3]
    if look.marking != "plain":
        share = _marking(rng, look.marking, height, width, scale)
        if max(look.second) > 0.5:  # light markings leave the dark outlines as they are
            share[rgb[..., 1] < 0.2 * alpha] *= 0.3
        rgb = rgb * three(1 - share) + three(share * alpha) * np.asarray(look.second, np.float32)
    volume = soft(light, 0.03 * scale) * np.float32(1 / FLAT_LIGHT)
    if look.roughness:
        volume *= 1 + np.float32(look.roughness) * texture(rng, look.texture, height, width, max(0.5, scale / 130))
    return np.minimum(rgb * three(volume), three(alpha))


def _marking(rng: np.random.Generator, kind: str, height: int, width: int, scale: float) -> np.ndarray:
    """Where a coat takes its second colour, 0..1, float32, shape (height, width)."""
    zoom = scale / 130
    if kind == "stripes":
        wobble = texture(rng, "patches", height, width, zoom)
        phase = np.arange(width, dtype=np.float32)[None, :] * np.float32(2 * np.pi / (0.11 * scale)) + 1.2 * wobble
        level = np.sin(phase) * 1.6 - 0.5
    elif kind == "saddle":
        rows = np.linspace(1.4, -1.8, height, dtype=np.float32)[:, None]
        level = 2.5 * (rows - 0.35 + 0.25 * texture(rng, "patches", height, width, zoom))
    else:
        level = 5 * (texture(rng, kind, height, width, zoom) - (0.35 if kind == "patches" else 0.9))
    return np.clip(0.5 + 0.5 * level, 0, 0.9)
