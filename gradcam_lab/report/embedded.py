"""What a self-contained page holds in itself: photos as small JPEGs, maps as integers, colours, scripts, and links."""

import base64
import hashlib
import io
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from urllib.parse import quote_from_bytes

import cv2
import numpy as np
from markupsafe import Markup
from PIL import Image

THUMBNAIL = 400
"""The longer side of a thumbnail, in pixels."""

THUMBNAIL_QUALITY = 75
"""Of its JPEG: about 23 kB a photo (the mean of 100 of VOC2007)."""

LEVELS = 65535
"""The levels of an embedded map: two grids of 8 bits, the high bytes and the low ones.

With one, the edge of a box moves by more than a pixel in one of fifty maps, by up to 23 pixels (MobileNetV2's of 100
photos of pets, ten thresholds each), because a map is flat in places; with two in none.
"""


@dataclass(frozen=True)
class EmbeddedMap:
    """A map as the page holds it.

    Attributes:
        grid: base64 of the high bytes of all cells, row by row, and then of the low bytes; empty where no cell is
            positive ("no evidence").
        columns: of the grid.
        rows: of the grid.
        low: the value of level 0; that of the highest level is 1, since the unit is the map's own maximum.
    """

    grid: str
    columns: int
    rows: int
    low: float


def embedded(cam: np.ndarray) -> EmbeddedMap:
    """Turn a raw map, shape (h, w), into integers from 0 to `LEVELS`.

    Raises:
        ValueError: the map holds NaN or infinity.

    Examples:
        >>> embedded(np.array([[0.0, 1.0]])).grid == base64.b64encode(bytes([0, 255, 0, 255])).decode()
        True
    """
    if not np.isfinite(cam).all():
        raise ValueError("the heatmap holds NaN or infinity")
    rows, columns = cam.shape
    peak = float(cam.max())
    if peak <= 0:
        return EmbeddedMap("", columns, rows, 0)
    relative = cam.astype(np.float64) / peak
    low = min(0.0, float(relative.min()))
    levels = np.rint(LEVELS * (relative - low) / (1 - low)).astype(np.uint16)
    planes = np.stack([levels >> 8, levels & 255]).astype(np.uint8)
    return EmbeddedMap(base64.b64encode(planes.tobytes()).decode(), columns, rows, low)


def thumbnail(image: np.ndarray, side: int = THUMBNAIL) -> bytes:
    """Shrink an image (RGB, uint8, shape (H, W, 3)) to `side` pixels at most, and return the bytes of a JPEG."""
    small = Image.fromarray(image)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=THUMBNAIL_QUALITY, optimize=True)
    return file.getvalue()


def turbo() -> np.ndarray:
    """The colours of step 1's overlay, RGB, uint8, shape (256, 3)."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    return cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)[:, 0]


@dataclass(frozen=True)
class Script:
    """A script that stands in the page.

    Attributes:
        text: of the script.
        digest: its SHA-256 in base64, by which the page's content policy allows this script and no other.
        colours: `turbo` in base64, and `levels` of the maps: what the script reads from the page's body.
    """

    text: Markup
    digest: str
    colours: str
    levels: int = LEVELS


SCRIPT = "interactive/script.js"
"""The script that every page with photos, boxes and sliders shares, in the folder of templates."""


def script(*more: str) -> Script:
    """Return the pages' script, with more files of the folder of templates after it."""
    templates = resources.files("gradcam_lab.templates")
    text = "".join(templates.joinpath(name).read_text(encoding="utf-8") for name in (SCRIPT, *more))
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), digest, base64.b64encode(turbo().tobytes()).decode())


def number_text(value: float) -> str:
    """A number with six significant digits at most, as JavaScript reads it.

    Examples:
        >>> number_text(12.0), number_text(0.123456789)
        ('12', '0.123457')
    """
    return f"{value:.6g}"


def printable(text: str) -> str:
    """A text that can be written as UTF-8: a file name may hold bytes that are none."""
    return text.encode("utf-8", "replace").decode()


def link(file: Path, folder: Path) -> str:
    """The address of a file for a page in a folder: relative, unless it lies on another drive.

    Examples:
        >>> link(Path("photos/my dog.jpg"), Path("out"))
        '../photos/my%20dog.jpg'
    """
    try:
        relative = Path(os.path.relpath(file, folder))
    except ValueError:
        return file.resolve().as_uri()
    return quote_from_bytes(os.fsencode(relative.as_posix()))
