"""An image that a program holds in its memory, in place of a file."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels with a name.

    Attributes:
        path: what the image is called where a file's path would stand.
        pixels: RGB, uint8, shape (height, width, 3).
    """

    path: Path
    pixels: np.ndarray

    @cached_property
    def sha256(self) -> str:
        """Of its shape and its pixels, in hexadecimal."""
        shape = f"{self.pixels.shape}\n".encode()
        return hashlib.sha256(shape + self.pixels.tobytes()).hexdigest()


Source = Path | Picture
"""An image, wherever it is."""


def path_of(source: Source) -> Path:
    """Return the path of a file, or what an image in the memory is called."""
    return source if isinstance(source, Path) else source.path
