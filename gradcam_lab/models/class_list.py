"""The names of a network's outputs, as users have them: in a file, or with commas between them."""

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError
from gradcam_lab.files import names_a_file, read_json


def read_classes(words: str) -> tuple[str, ...]:
    """Return the names of the outputs.

    Args:
        words: a file of one name a line, of a JSON list, or of a JSON dict from the index to the name (or to a list
            that ends in it, as ImageNet's class index has it); or the names themselves, with commas between them.

    Raises:
        LabError: the file cannot be read, or its JSON is no such thing, or a name is empty.
    """
    path = Path(words)
    if names_a_file(words):
        return checked_classes(_in_file(path), f"'{path}'")
    if path.suffix in (".txt", ".json", ".csv", ".names") and "," not in words:
        raise LabError(f"There is no file '{path}': check the name given to --classes.")
    return checked_classes([name.strip() for name in next(csv.reader([words]), [])], "--classes")


def checked_classes(names: Iterable[Any], source: str) -> tuple[str, ...]:
    """Return the names of outputs; a name that several have is told apart by the index, as ImageNet's two cranes are.

    Args:
        names: as they were given.
        source: who gave them, for messages.

    Raises:
        LabError: there is none, or one is no text of one line.
    """
    classes = list(names)
    wrong = next((name for name in classes if not isinstance(name, str) or not name.strip() or "\n" in name), None)
    if wrong is not None or not classes or None in classes:
        lacks = f"a class that is no name ({wrong!r})" if classes else "no classes"
        raise LabError(f"{source} names {lacks}: give each output a name, in letters and on one line.")
    counts = Counter(classes)
    return tuple(name if counts[name] == 1 else f"{name} ({index})" for index, name in enumerate(classes))


def _in_file(path: Path) -> list[str]:
    if path.suffix == ".json":
        return _of_json(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"Cannot read the class names in '{path}' ({_reason(error)}): save them as UTF-8.") from error
    return [line.strip() for line in text.strip().splitlines()]


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "unreadable" if isinstance(error, OSError) else "not UTF-8"


def _of_json(path: Path) -> list[str]:
    told = f"'{path}' is no JSON list of class names, nor a dict from the indices 0, 1, ... to them"
    content: Any = read_json(path)
    try:
        if isinstance(content, dict):
            by_index = {int(index): name for index, name in content.items()}
            if len(by_index) < len(content):
                raise LabError(f"'{path}' names an index twice, as in 1 and 01: keep one name for each.")
            content = [by_index[index] for index in range(len(by_index))]
        names = [name[-1] if isinstance(name, list) and name else name for name in content]
    except (ValueError, TypeError, KeyError) as error:
        raise LabError(f"{told}: mend it.") from error
    if not isinstance(content, list) or not all(isinstance(name, str) for name in names):
        raise LabError(f"{told}: mend it.")
    return names
