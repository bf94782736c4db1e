"""The user's images: files, images of Pillow, and arrays."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from gradcam_lab.data.image_files import STRICT
from gradcam_lab.data.picture import Picture, Source
from gradcam_lab.errors import LabError

Photo = str | Path | Image.Image | np.ndarray
"""An image: a file, an image of Pillow, or an array, RGB, uint8, shape (height, width, 3)."""

Photos = Iterable[str | Path] | Iterable[Image.Image] | Iterable[np.ndarray]
"""Several of them."""


def one_photo(photo: Photo, name: str = "image") -> Source:
    """Return an image as the lab takes it.

    Args:
        photo: the image.
        name: of one that has no file.

    Raises:
        LabError: it is none.
    """
    if isinstance(photo, str | Path):
        path = Path(photo)
        if path.is_dir():
            raise LabError(f"'{path}' is a folder: give its photos, such as Path({str(path)!r}).glob('*.jpg').")
        return path
    if isinstance(photo, Image.Image):
        return Picture(Path(name), _pixels(photo, name))
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
            raise LabError(
                f"The {name} is an array of {photo.dtype}, shape {photo.shape}: give RGB of uint8, shape (height, "
                "width, 3)."
            )
        return Picture(Path(name), photo.copy())
    raise LabError(f"The {name} is a {type(photo).__name__}: give a path, an image of Pillow or an array.")


def many_photos(photos: Photos) -> list[Source]:
    """Return several images as the lab takes them; those without a file are numbered from 1.

    Raises:
        LabError: one of them is none, or there is none at all.
    """
    if not isinstance(photos, Iterable):
        raise LabError(f"A {type(photos).__name__} is no image: give a path, an image of Pillow or an array.")
    found = [one_photo(photo, f"image-{number}") for number, photo in enumerate(photos, start=1)]
    if not found:
        raise LabError("There is no photo among these: give at least one.")
    return found


def _pixels(image: Image.Image, name: str) -> np.ndarray:
    """Turn an image of Pillow into what a viewer shows of it: upright, on white where it is transparent."""
    if not (image.width and image.height):
        raise LabError(f"The {name} has no pixels, with a size of {image.width} x {image.height}: give another.")
    try:
        with STRICT:
            image.load()
    except (OSError, ValueError, SyntaxError) as error:  # closed, or its file is broken or gone
        raise LabError(f"The {name} of Pillow cannot be read ({error}): give its path, or open it again.") from error
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        clear = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return np.array(upright.convert("RGB"))


def words(classes: Sequence[str | int]) -> list[str]:
    """Return classes as the command line names them."""
    return [classes] if isinstance(classes, str) else [str(one) for one in classes]
