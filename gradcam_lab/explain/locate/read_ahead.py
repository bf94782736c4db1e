"""Reading photos in threads, ahead of the network."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from torch import Tensor

from gradcam_lab.data.picture import Source, path_of
from gradcam_lab.errors import LabError
from gradcam_lab.explain.photo import read_photo
from gradcam_lab.localise.grabcut import shrunk
from gradcam_lab.models.classifier import Preprocessing

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(4, os.cpu_count() or 1)
"""Decoding and resizing leave the interpreter to others."""

AHEAD = 2
"""Number of batches that are read, or are being read, while the network works on another."""


@dataclass(frozen=True)
class ReadPhoto:
    """A photo as the network and the box finders need it; its pixels are not kept.

    Attributes:
        source: the file, or the image itself.
        size: `(width, height)` as it is displayed.
        inputs: shape (3, size, size).
        small: for a finder that looks at the image, see `grabcut.shrunk`; else None.
    """

    source: Source
    size: tuple[int, int]
    inputs: Tensor
    small: np.ndarray | None


@dataclass(frozen=True)
class BadPhoto:
    """A photo that cannot be used, and a sentence that says why."""

    path: Path
    problem: str


def read(source: Source, preprocessing: Preprocessing, small: bool = False) -> ReadPhoto | BadPhoto:
    """Read one photo; what is wrong with it is returned, so that the others go on."""
    try:
        image = read_photo(source)
    except LabError as error:
        return BadPhoto(path_of(source), str(error))
    except OSError as error:
        problem = f"Cannot read the image '{source}' ({error.strerror}): check its permissions."
        return BadPhoto(path_of(source), problem)
    height, width = image.shape[:2]
    return ReadPhoto(source, (width, height), preprocessing(image), shrunk(image) if small else None)


def ahead(pool: Executor, batches: Iterable[Sequence[T]], function: Callable[[T], R]) -> Iterator[list[R]]:
    """Apply a function to all items of each batch, in threads, a few batches ahead of who asks for the results.

    Examples:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor() as pool:
        ...     list(ahead(pool, [[1, 2], [3]], lambda item: 10 * item))
        [[10, 20], [30]]
    """
    waiting: deque[list[Future[R]]] = deque()
    for batch in batches:
        waiting.append([pool.submit(function, item) for item in batch])
        if len(waiting) > AHEAD:
            yield _results(waiting)
    while waiting:
        yield _results(waiting)


def _results(waiting: deque[list[Future[R]]]) -> list[R]:
    return [future.result() for future in waiting.popleft()]
