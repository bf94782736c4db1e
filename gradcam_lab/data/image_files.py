"""Image files of every data set and every command: which count, which are read, how large, how deep.

A picture is what a viewer shows, see `image_decoding`; all sizes and boxes are those of the picture as it is displayed.
"""

import io
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile

from gradcam_lab.data.bit_depth import as_8_bits, bits_of
from gradcam_lab.data.image_decoding import ProblemError as ProblemError
from gradcam_lab.data.image_decoding import decoded, on_white, orientation
from gradcam_lab.errors import LabError
from gradcam_lab.files import names_a_file

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif")
"""The endings of images, in lower case; of two files of one name the first in this order may be the image."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
"""Pillow's names of the formats that are read, whatever a file's ending says; of several pictures in a file the first.
"""

KINDS = "JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF"
"""The formats in words."""

MEGAPIXELS = 178
"""Pixels of an image at most, in millions: the maps and pictures of a larger one do not fit into an ordinary memory."""

LONGEST_SIDE = 1 << 20
"""Width and height at most, in pixels: OpenCV's limit."""


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
    if names_a_file(usual):
        return usual
    if is_image(folder / name) and names_a_file(folder / name):
        return folder / name
    cases = ((ending, ending.upper(), f".{ending[1:].title()}") for ending in ENDINGS)
    paths = [[folder / f"{name}{ending}" for ending in case] for case in cases]
    found = [path for path in (next(filter(names_a_file, case), None) for case in paths) if path]
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
    """Read an image file as a viewer shows it: RGB, uint8, shape (height, width, 3); see the module's text.

    Args:
        path: the file.
        bits: that hold the data of a file of 16 bits, so that `2**bits - 1` is white; None for those that hold its own
            largest value.

    Raises:
        LabError: the file is missing or no image.
    """
    try:
        pixels, opacity = read_pixels(path)
    except ProblemError as problem:
        raise LabError(f"{problem}: replace it.") from problem
    return on_white(as_8_bits(pixels, bits), opacity)


def read_pixels(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read an image file as it is, but turned upright; a truncated one is refused.

    Returns:
        The pixels, RGB, uint8 or uint16, shape (height, width, 3), and the opacity, uint8, (height, width); None where
        all are opaque.

    Raises:
        ProblemError: the image is missing, broken, too large, or of another format.
    """
    data = _bytes_of(path)
    with opened(path, formats=FORMATS, data=data) as image:
        return decoded(path, image, data)


def _require_file(path: Path) -> None:
    if not names_a_file(path):
        raise ProblemError(f"The image '{path}' is missing")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """The `(width, height)` of an image that is opened and not turned, as it is displayed."""
    width, height = image.size
    return (height, width) if orientation(image) > 4 else (width, height)


def _bytes_of(path: Path) -> bytes:
    """Read a file: cv2.imread cannot open all paths, and Pillow 13 turns a TIFF of four bands wrongly by its path."""
    _require_file(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProblemError(f"Cannot read the image '{path}' ({error.strerror})") from error


def check_image(path: Path) -> CheckedImage:
    """Check that an image can be read.

    A JPEG is decoded at an eighth of its resolution (0.2 ms for a small photo), others as they are.

    Raises:
        ProblemError: the image is missing, broken, too large, or of another format.
    """
    data = _bytes_of(path)
    with opened(path, formats=FORMATS, data=data) as image:
        if image.format in ("JPEG", "MPO"):
            size = _upright_size(image)  # before it is drafted small
            image.draft("L", (1, 1))
            image.load()
            return CheckedImage(size)
        pixels, _ = decoded(path, image, data)
    return CheckedImage(pixels.shape[1::-1], bits_of(pixels) if pixels.dtype == np.uint16 else None)


def image_size(path: Path) -> tuple[int, int]:
    """Return the `(width, height)` of an image as it is displayed, of which only the first bytes are read.

    Raises:
        ProblemError: the image is missing, too large, or of another format.
    """
    _require_file(path)
    with opened(path, formats=FORMATS) as image:
        return _upright_size(image)


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
            if orientation(image) <= 4:
                return ""
    except ProblemError:  # it has vanished since it was read
        return ""
    return " by its EXIF orientation (annotate it as it is shown, or turn its pixels and remove the tag)"


HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""How photos of an iPhone begin, behind `ftyp`."""


def _unreadable(path: Path) -> str:
    """Say of a file that Pillow does not read what it is, as far as its first bytes tell."""
    with suppress(OSError), path.open("rb") as file:
        start = file.read(12)
        if start[4:8] == b"ftyp" and start[8:] in HEIC:
            return f"The image '{path}' is HEIC, which is not read (save it as JPEG)"
    return f"The image '{path}' is broken, truncated or no {KINDS}"


@contextmanager
def opened(
    path: Path, problem: str = "", formats: tuple[str, ...] | None = None, data: bytes | None = None
) -> Iterator[Image.Image]:
    """Open an image with Pillow, which refuses truncated ones inside the block and warns of nothing.

    Args:
        path: the image.
        problem: what to say where it cannot be read; "" for what can be said of any image.
        formats: Pillow's names of the formats to accept; None for all.
        data: the file's bytes, where they have been read already.

    Raises:
        ProblemError: it is too large, cannot be opened, or not be read inside the block.
    """
    try:
        with STRICT, Image.open(path if data is None else io.BytesIO(data), formats=formats) as image:
            _require_size(path, *image.size)
            yield image
    except (OSError, SyntaxError, ValueError) as error:
        raise ProblemError(problem or _unreadable(path)) from error


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


STRICT = _Strict()
"""For all who open images with Pillow."""


def _require_size(path: Path, width: int, height: int) -> None:
    pixels = width * height
    if pixels > MEGAPIXELS * 1e6:
        size = f"{pixels / 1e6:.0f} megapixels, more than the limit of {MEGAPIXELS}"
        raise ProblemError(f"The image '{path}' has {size} (make it smaller)")
    if max(width, height) > LONGEST_SIDE:
        size = f"a side of {max(width, height)} pixels, more than the limit of {LONGEST_SIDE}"
        raise ProblemError(f"The image '{path}' has {size} (make it smaller)")
