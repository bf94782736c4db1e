"""The files of a step: their names, and reading them."""

import re
import tomllib
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError

STEP_NAME = re.compile(r"step([1-9]\d?)_[a-z][a-z0-9_]*")
"""The name of a step's file, without the suffix."""


def step_files(folder: Path) -> list[Path]:
    """The lesson files in a folder, in the order of their numbers."""
    found = [path for path in folder.glob("step*_*.py") if STEP_NAME.fullmatch(path.stem)]
    return sorted(found, key=lambda path: (number_of(path.stem), path.stem))


def number_of(name: str) -> int:
    """The number of a step by the name of its file, such as 2 of "step2_gradcam"."""
    match = STEP_NAME.fullmatch(name)
    return int(match[1]) if match else 0


def read_text(file: Path) -> str:
    """Read a file of a step.

    Raises:
        LabError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"'{file}' cannot be read ({error.strerror}): a step needs this file.") from error
    except UnicodeDecodeError as error:
        raise LabError(f"'{file}' is not UTF-8 text: save it as UTF-8.") from error


def read_toml(file: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        LabError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"'{file}' is no TOML ({error}): mend it there.") from error


def task_of(mark: str) -> str:
    """Return the task of a body, such as "1.4" of "1.4a"."""
    return mark.rstrip("abcdefgh")
