"""Boxes that a program hands over in place of a file: what one of the JSON files would hold, with arrays for lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError


@dataclass(frozen=True)
class InMemory:
    """The content of a file that there is not.

    Attributes:
        path: what it is called in messages.
        content: as `read_json` would return it.
    """

    path: Path
    content: Any


def in_memory(name: str, boxes: object) -> InMemory:
    """Turn what a program holds into plain lists and dicts: arrays, tensors, tuples, and images that are paths.

    Args:
        name: what it is called in messages.
        boxes: in the form of one of the JSON files.

    Raises:
        LabError: it has an image under two keys, such as 7 and "7".

    Examples:
        >>> import numpy as np
        >>> in_memory("detections", {Path("a.jpg"): np.ones((1, 5))}).content
        {'a.jpg': [[1.0, 1.0, 1.0, 1.0, 1.0]]}
    """
    return InMemory(Path(name), _plain(name, boxes))


def _plain(name: str, value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        plain = {str(key): _plain(name, its) for key, its in value.items()}
        if len(plain) < len(value):
            twice = next(key for key in plain if sum(str(other) == key for other in value) > 1)
            raise LabError(f"'{name}' gives the key '{twice[:60]}' twice in one object: keep one.")
        return plain
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(name, one) for one in value]
    return value
