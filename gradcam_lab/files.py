"""Writing files and folders whole or not at all, reading text and JSON, and hashing."""

import codecs
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError


def names_a_file(text: str | Path) -> bool:
    """Say whether a text or a path is the name of a file that is there; one that is too long to be a name is not.

    Examples:
        >>> names_a_file("x" * 5000), names_a_file(__file__)
        (False, True)
    """
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


@contextmanager
def moved_into_place(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; it becomes `path` when the block ends well and vanishes otherwise.

    Raises:
        LabError: the folder cannot be written.
    """
    require_writable(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp and safetensors hide files from all but their owner
        temporary.replace(path)
    except OSError as error:
        raise LabError(f"Cannot write '{path}': {error.strerror or error}.") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_moved_into_place(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Yield a new folder beside `folder`; it becomes `folder` when the block ends well and vanishes otherwise.

    Args:
        folder: the folder to make; its parents are made too.
        replace: whether it takes the place of a folder of this name.

    Raises:
        OSError: something cannot be written, or the folder exists and is not to be replaced.
    """
    mark = f"{os.getpid()}-{secrets.token_hex(4)}"
    temporary, old = (folder.with_name(f".{folder.name}-{mark}{end}") for end in ("", "-old"))
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if replace and folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def make_folder(path: Path) -> Path:
    """Make a folder with its parents.

    Raises:
        LabError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"Cannot make the folder '{path}' ({error.strerror}): choose another with --out.") from error
    return path


def require_writable(folder: Path) -> None:
    """Check before a long computation that its result can be written.

    Raises:
        LabError: the folder cannot be made or written.
    """
    make_folder(folder)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise LabError(f"Cannot write in the folder '{folder}' ({error.strerror}): choose another.") from error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with plain newlines, whole or not at all.

    Raises:
        LabError: it cannot be written.
    """
    with moved_into_place(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON, whole or not at all.

    Raises:
        LabError: it cannot be written.
        ValueError: a number is NaN or infinite, which JSON has not.
    """
    write_text(path, json_text(value) + "\n")


def json_text(value: Any) -> str:
    """Return indented JSON.

    Raises:
        ValueError: a number is NaN or infinite, which JSON has not.
    """
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)


UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path, what: str, *, latin: bool = False) -> str:
    """Read text in UTF-8, or in UTF-16 where it begins with its mark; such a mark is no part of it.

    Args:
        path: the file.
        what: what it should be, for messages, such as "a JSON file".
        latin: read what is neither as Latin-1, in which every byte is a letter.

    Raises:
        LabError: the file is missing, unreadable or in another encoding.
    """
    with _said_why(path, what):
        data = path.read_bytes()
        try:
            text = data.decode(_encoding(data))
        except UnicodeDecodeError:
            if not latin:
                raise
            return data.decode("latin-1")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def text_parts(path: Path, what: str, part: int) -> Iterator[str]:
    """Read text as `read_text` does, but in parts of whole lines.

    Args:
        path: the file.
        what: what it should be, for messages.
        part: about how many characters are read together.

    Raises:
        LabError: as `read_text`, but maybe only after some parts.
    """
    with _said_why(path, what):
        with path.open("rb") as start:
            encoding = _encoding(start.read(2))
        with path.open(encoding=encoding) as file:
            while text := file.read(part) + file.readline():
                yield text


def _encoding(data: bytes) -> str:
    return "utf-16" if data.startswith(UTF_16) else "utf-8-sig"


@contextmanager
def _said_why(path: Path, what: str) -> Iterator[None]:
    """Turn what goes wrong in reading text into a sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise LabError(f"There is no file '{path}': check the name.") from error
    except UnicodeDecodeError as error:
        raise LabError(f"'{path}' is not UTF-8 text: it should be {what}, saved as UTF-8.") from error
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check its permissions.") from error


def first_character(path: Path) -> str:
    """Return the first character of a text file that is no white space; none where it is empty or cannot be read."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            return next((line.lstrip()[0] for line in file if not line.isspace()), "")
    except (OSError, UnicodeDecodeError):
        return ""


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        LabError: the file is missing, unreadable or not JSON, or gives a key twice in one object.
    """
    text = read_text(path, "a JSON file")
    try:
        return json.loads(text, object_pairs_hook=with_each_key_once)
    except _TwiceError as error:
        raise LabError(f"'{path}' gives the key '{error.args[0][:60]}' twice in one object: keep one.") from error
    except json.JSONDecodeError as error:
        raise LabError(
            f"'{path}' is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg}): mend it."
        ) from error
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits, brackets nested a thousand deep
        raise LabError(f"'{path}' is JSON that Python cannot read ({error}): mend it.") from error


class _TwiceError(ValueError):
    """A key that one JSON object has twice, of which Python would keep the last value without a word."""


def with_each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of JSON, for `json.loads`.

    Raises:
        ValueError: it has a key twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1))
    return found


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal: that of its file where lines end in plain newlines."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(*parts: Any) -> str:
    """Return one SHA-256 for any JSON-able values; the order of a dict's keys does not matter.

    Examples:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
