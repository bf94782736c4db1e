"""Image files of every data set and every command: which endings count, which formats are read, how large, how deep.

Pillow checks that a file is whole, for OpenCV before 4.11 fills up a truncated JPEG with grey and says nothing; OpenCV
yields the pixels, for Pillow reads colours of 16 bits as 8.
"""

import struct
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageFile

from gradcam_lab.errors import LabError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
"""The endings of images, in lower case; of two files of one name the first in this order may be the image."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""Pillow's names of the formats that are read, whatever a file's ending says; of several pictures in a file the first.
"""

MEGAPIXELS = 178
"""Pixels of an image at most, in millions: the maps and pictures of a larger one do not fit into an ordinary memory."""

LONGEST_SIDE = 1 << 20
"""Width and height at most, in pixels: OpenCV's limit."""

DEPTHS = (8, 10, 12, 14, 16)
"""Bits of the data that a file of 16 bits may hold: those of cameras and scanners, and 8 where it was not stretched."""

# What is wrong with a file is said in our own sentences.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class ProblemError(Exception):
    """What is wrong with one image or its annotation: a clause that names the file, without the full stop."""


@dataclass(frozen=True)
class CheckedImage:
    """What is known of an image file that can be read.

    Attributes:
        size: `(width, height)` in pixels, turned as its EXIF orientation says.
        bits: that hold its data where its file has 16, one of `DEPTHS`; None where its file has 8.
    """

    size: tuple[int, int]
    bits: int | None = None


# --------------------------------------------------------------------------------------------------- names


def is_image(path: Path) -> bool:
    """Say whether a file counts as an image, by its ending in any case; hidden files do not."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def find_image(folder: Path, name: str) -> Path:
    """Find the image of a name, which may come with or without its ending, and never outside of the folder.

    Returns:
        Its path; that of `name.jpg` where there is none.

    Raises:
        ProblemError: there are several, and none is a `.jpg`.
    """
    usual = folder / f"{name}.jpg"
    if usual.is_file():
        return usual
    if is_image(folder / name) and (folder / name).is_file():
        return folder / name
    cases = ((ending, ending.upper(), f".{ending[1:].title()}") for ending in ENDINGS)
    paths = [[folder / f"{name}{ending}" for ending in case] for case in cases]
    found = [path for path in (next(filter(Path.is_file, case), None) for case in paths) if path]
    if len(found) > 1:
        raise ProblemError(f"'{found[0]}' and '{found[1].name}' have one name: only one of them can be the image")
    return found[0] if found else usual


def left_out(paths: Iterable[Path]) -> str:
    """Say which files and folders among images are no images, by their endings; nothing where all are.

    Examples:
        >>> left_out([Path("a.jpg"), Path("b.heic"), Path("c.heic"), Path("labels.csv")])
        '3 of 4 (2 .heic, 1 .csv)'
    """
    seen = [path for path in paths if not path.name.startswith(".") and path.name not in ("Thumbs.db", "desktop.ini")]
    counts = Counter(_kind(path) for path in seen if path.is_dir() or not is_image(path))
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    return f"{counts.total()} of {len(seen)} ({kinds})" if counts else ""


def _kind(path: Path) -> str:
    return "folder" if path.is_dir() else path.suffix.lower() or "without an ending"


# ------------------------------------------------------------------------------------------------- pixels


def read_image(path: Path, bits: int | None = None) -> np.ndarray:
    """Read an image file as RGB, uint8, shape (height, width, 3), turned as its EXIF orientation says.

    Args:
        path: the file.
        bits: that hold the data of a file of 16 bits, so that `2**bits - 1` is white; None for those that hold its own
            largest value.

    Raises:
        LabError: the file is missing or no image.
    """
    try:
        pixels = _decoded(path)
    except ProblemError as problem:
        raise LabError(f"{problem}: replace it.") from problem
    if pixels.dtype == np.uint8:
        return pixels
    return (pixels >> ((bits or _bits_of(pixels)) - 8)).clip(0, 255).astype(np.uint8)


def check_image(path: Path) -> CheckedImage:
    """Check that an image can be read.

    A JPEG is decoded at an eighth of its resolution (0.2 ms for a small photo), others as they are.

    Raises:
        ProblemError: the image is missing, broken, too large, or of another format.
    """
    if not path.is_file():
        raise ProblemError(f"The image '{path}' is missing")
    problem = f"The image '{path}' is broken, truncated or no JPEG, PNG, WebP, BMP, TIFF or GIF"
    with opened(path, problem, FORMATS) as image:
        width, height = image.size
        jpeg = image.format in ("JPEG", "MPO")
        image.draft("L", (1, 1))
        image.load()
        on_its_side = _on_its_side(image)
    if jpeg:
        return CheckedImage((height, width) if on_its_side else (width, height))
    pixels = _decoded(path)
    return CheckedImage(pixels.shape[1::-1], _bits_of(pixels) if pixels.dtype == np.uint16 else None)


def why_turned(path: Path, stated: tuple[float, ...], size: tuple[int, int]) -> str:
    """Explain, as the end of a clause, that an annotation has width and height swapped; nothing where it has not.

    Args:
        path: the image.
        stated: (width, height) by its annotation.
        size: its true (width, height).
    """
    if stated != size[::-1] or stated == size:
        return ""
    try:
        with opened(path, "it cannot be read") as image:
            if not _on_its_side(image):
                return ""
    except ProblemError:  # it has vanished since it was read
        return ""
    return " by its EXIF orientation (annotate it as it is shown, or turn its pixels and remove the tag)"


def _on_its_side(image: Image.Image) -> bool:
    return image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)


@contextmanager
def opened(path: Path, problem: str, formats: tuple[str, ...] | None = None) -> Iterator[Image.Image]:
    """Open an image with Pillow, which refuses truncated ones inside the block and warns of nothing.

    It does so also after WeasyPrint has told it for the whole process not to.

    Args:
        path: the image.
        problem: what to say where it cannot be read.
        formats: Pillow's names of the formats to accept; None for all.

    Raises:
        ProblemError: it is too large, cannot be opened, or not be read inside the block.
    """
    try:
        with _strict, Image.open(path, formats=formats) as image:
            _require_size(path, *image.size)
            yield image
    except (OSError, SyntaxError, ValueError) as error:
        raise ProblemError(problem) from error


class _Strict:
    """Within the block Pillow refuses truncated images and warns of nothing.

    These are settings of the whole process, and several threads may be inside at once: the first one in changes them,
    and the last one out puts them back.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._undo = threading.Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
            self._undo.callback(self._set, *before)
            self._set(False, None)  # the limit is ours
            self._undo.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # odd metadata makes no bad image

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._undo.close()

    @staticmethod
    def _set(truncated: bool, pixels: int | None) -> None:
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = truncated, pixels


_strict = _Strict()


def _require_size(path: Path, width: int, height: int) -> None:
    pixels = width * height
    if pixels > MEGAPIXELS * 1e6:
        size = f"{pixels / 1e6:.0f} megapixels, more than the limit of {MEGAPIXELS}"
        raise ProblemError(f"The image '{path}' has {size} (make it smaller)")
    if max(width, height) > LONGEST_SIDE:
        size = f"a side of {max(width, height)} pixels, more than the limit of {LONGEST_SIDE}"
        raise ProblemError(f"The image '{path}' has {size} (make it smaller)")


def _decoded(path: Path) -> np.ndarray:
    """Decode an image as RGB, uint8 or uint16, shape (height, width, 3)."""
    try:
        data = path.read_bytes()  # cv2.imread cannot open non-ASCII paths on Windows
    except OSError as error:
        raise ProblemError(f"Cannot read the image '{path}' ({error.strerror})") from error
    try:
        bare = np.frombuffer(_bare_png(data), np.uint8)
        # Not as RGB at once: of a TIFF of 16 bits OpenCV 5 yields memory that was never written then.
        pixels = cv2.imdecode(bare, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH) if data else None
    except cv2.error:  # the limits of OpenCV's own
        pixels = None
    if pixels is None:
        raise ProblemError(f"'{path}' is not an image that OpenCV can read")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise ProblemError(f"'{path}' has pixels of {pixels.dtype}, which should be of 8 or 16 bits")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


PNG = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"eXIf", b"IEND")


def _bare_png(data: bytes) -> bytes:
    """Leave out what a PNG says besides its pixels: libpng prints its doubts about colour profiles on stderr."""
    if not data.startswith(PNG):
        return data
    kept, at = [PNG], len(PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in PNG_CHUNKS:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def _bits_of(pixels: np.ndarray) -> int:
    """Return the least of `DEPTHS` that holds the values of a file of 16 bits.

    Data of 8 bits that were stretched to 16 fill the range, however dark they are.
    """
    if pixels.any() and not ((pixels % 257).any() and (pixels % 256).any()):
        return 16
    return next(depth for depth in DEPTHS if pixels.max() < 2**depth)


def common_bits(depths: Iterable[int | None]) -> tuple[int | None, str]:
    """Return the bits that hold the data of all images of 16 bits, and a sentence where that is not plain.

    A single dark image cannot be told from one of fewer bits, a data set can: what is white in one of its images is
    white in all, so none is brightened more than another.

    Args:
        depths: `CheckedImage.bits` of each image.

    Examples:
        >>> common_bits([None, 12, 10])
        (12, 'The images of 16 bits hold data of 12: they are scaled so that 4095 is white.')
        >>> common_bits([None, None])
        (None, '')
    """
    deep = [depth for depth in depths if depth is not None]
    if not deep:
        return None, ""
    most, dark = max(deep), sum(depth <= 12 for depth in deep)
    if most < 16:
        white = 2**most - 1
        return most, f"The images of 16 bits hold data of {most}: they are scaled so that {white} is white."
    if not dark:
        return most, ""
    return most, (
        f"{dark} of the {len(deep)} images of 16 bits have no value above 4095 and stay dark, for others use all 16 "
        "bits: where they come from another camera, scale them first."
    )
