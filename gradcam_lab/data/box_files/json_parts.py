"""Reading a large JSON file of boxes in parts: as a whole, ten million boxes would take 5 GB."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, with_each_key_once

T = TypeVar("T")

PART = 1 << 24
"""Characters that are read together."""

BETWEEN = {"[": re.compile(r"\}\s*,\s*(?=\{)"), "{": re.compile(r'\]\s*,\s*(?=")')}
"""Where a list of objects and an object of lists are cut. A part that was cut elsewhere, within a string or a nested
list, is not valid JSON."""

TAIL = 1 << 16


def by_parts(path: Path, read: Callable[[Iterator[Any]], T], part: int = PART) -> T:
    """Read a JSON file in parts, each of them a shorter list, or a smaller object, of the same kind.

    Where something is wrong, the file is read again as a whole, so that the message is that of the whole file.

    Args:
        path: the file.
        read: makes the result of the parts; it is called twice where something is wrong.
        part: about how many characters are read together.

    Raises:
        LabError: the file cannot be read, or what `read` raises.
    """
    if path.is_file() and path.stat().st_size > part:
        try:
            return read(_parts(path, part))
        except (LabError, ValueError, RecursionError, OSError):
            pass
    return read(iter([read_json(path)]))


def _parts(path: Path, part: int) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig") as file:
        text = file.read(part).lstrip()
        opening, text = text[:1], text[1:]
        closing = {"[": "]", "{": "}"}.get(opening)
        if closing is None:
            raise ValueError("neither a list nor an object")
        while more := file.read(part):
            text += more
            cut = _last(BETWEEN[opening], text)
            if cut:
                yield _loads(opening + text[: cut.start() + 1] + closing)
                text = text[cut.end() :]
        yield _loads(opening + text)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Find the last place, near the end if there is one."""
    for begin in (max(0, len(text) - TAIL), 0):
        found = None
        for found in pattern.finditer(text, begin):  # noqa: B007
            pass
        if found:
            return found
    return None


def _loads(text: str) -> Any:
    """Read JSON that gives each key once.

    Pydantic's parser takes a third of the time of Python's, but keeps the last value of a key that is there twice. As
    each key has a colon behind it, there is none where the objects have as many keys as there are colons; strings and
    inner objects with more of them are for Python.
    """
    content = from_json(text, cache_strings="keys")
    objects = content if isinstance(content, list) else [content]
    if set(map(type, objects)) <= {dict} and text.count(":") == sum(map(len, objects)):
        return content
    return json.loads(text, object_pairs_hook=with_each_key_once)
