"""What every output has in common: it is told of the photos one by one, and then to end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gradcam_lab.errors import one_line
from gradcam_lab.explain.locate.found import Found
from gradcam_lab.explain.locate.read_ahead import BadPhoto


@dataclass(frozen=True)
class Numbered:
    """A photo with what outputs call it.

    Attributes:
        number: in the whole list, from 0.
        name: a path without ending, unique in the whole list, by which a photo's own files are called.
        found: what was found in it.
    """

    number: int
    name: Path
    found: Found

    @cached_property
    def image(self) -> np.ndarray:
        """The photo's pixels, read once for all outputs that show it; see `Found.image`."""
        return self.found.image


@dataclass(frozen=True)
class About:
    """What the outputs say beside what was found.

    Attributes:
        names: of every class that can be found, in the order of their numbers.
        number_of: the number of a class, by its outputs.
        facts: which network, layer, method and threshold, as in `boxes.json`.
        folder: where the files will lie in the end.
    """

    names: list[str]
    number_of: Callable[[tuple[int, ...]], int]
    facts: dict[str, Any]
    folder: Path | None = None


class Output(Protocol):
    """Writes one format."""

    def add(self, photo: Numbered) -> None:
        """Write what was found in a photo."""

    def skip(self, photo: BadPhoto) -> None:
        """Be told of a photo that cannot be used."""

    def close(self) -> None:
        """End the files."""


def file_text(path: Path) -> str:
    """A path as text with slashes; what is no character, as a file's name may have it, is escaped."""
    return one_line(path.as_posix()) if not _is_text(path) else path.as_posix()


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True
