"""The user's own photos: files, folders, patterns that the shell has not expanded, and a list on standard input."""

import glob
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from gradcam_lab.console import warn
from gradcam_lab.data.image_files import ENDINGS, is_image, left_out
from gradcam_lab.errors import LabError

STDIN = "-"
"""The word that stands for a list on standard input, one file a line."""


def photo_paths(words: Iterable[str]) -> Iterator[Path]:
    """Find the photos that the words of a command line mean, in the words' order.

    A word is a file, whatever its ending; a folder, of which every image counts (see `is_image`), also in folders below
    it; a pattern such as `photos/*.jpg` or `photos/**/*.jpg`; or `-`, of which each line names a file. Within a folder
    the order is the natural one: `img2.jpg` before `img10.jpg`. Hidden files and folders do not count, and links to
    folders are not followed. A photo that is meant twice comes twice.

    Every word is looked up at once, so that a misspelt one is told before any work. Beyond that nothing is held but the
    names in the folder just read, and of a list one line: a missing file in it is for the reader of the image to name.

    Raises:
        LabError: there are no words, a word means no file, or a folder or a pattern has no image.
    """
    found = [_of_word(word) for word in words]
    if not found:
        raise LabError(f"There is no photo to look at: name files, folders or patterns, or '{STDIN}' for a list.")
    return chain.from_iterable(found)


def is_one_photo(words: Sequence[str]) -> bool:
    """Say whether the words name one file, and no folder, pattern or list, in which there may be several."""
    return len(words) == 1 and words[0] != STDIN and _is(Path.is_file, words[0])


def _of_word(word: str) -> Iterator[Path]:
    """Find the photos of one word, of which the first is known to be there."""
    if word == STDIN:
        return _not_empty(_listed(), "The list of photos on standard input is empty: write one file a line.")
    if _is(Path.is_dir, word):
        return _not_empty(_in_folder(Path(word)), _none_in(Path(word)))
    if _is(Path.exists, word):  # before patterns, for a file may be called a[1].jpg
        return iter([Path(word)])
    if not glob.has_magic(word):
        raise LabError(f"There is no file or folder '{word}': check the name.")
    return _not_empty(_matching(word), f"The pattern '{word}' matches no image ({', '.join(ENDINGS)}): check it.")


def _is(check: Callable[[Path], bool], word: str) -> bool:
    try:
        return check(Path(word))
    except OSError:  # a name that is too long, or lies in a folder that may not be read
        return False


def _not_empty(paths: Iterator[Path], otherwise: str) -> Iterator[Path]:
    first = next(paths, None)
    if first is None:
        raise LabError(otherwise)
    return chain([first], paths)


def _none_in(folder: Path) -> str:
    """What to say of a folder without images: also what it holds instead."""
    try:
        others = left_out(folder.iterdir())
    except OSError:
        others = ""
    return f"The folder '{folder}' has no image ({', '.join(ENDINGS)}){f'; left out: {others}' if others else ''}."


def _in_folder(folder: Path) -> Iterator[Path]:
    """Every image in a folder and in those below it, in natural order."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries), key=_order)
    except OSError as error:
        warn(f"Cannot read the folder '{folder}' ({error.strerror}): it is left out.")
        return
    for name, is_folder in names:
        path = folder / name
        if is_folder:
            if not name.startswith("."):
                yield from _in_folder(path)
        elif is_image(path) and path.is_file():
            yield path


def _order(entry: tuple[str, bool]) -> tuple[list[int | str], str]:
    return natural(entry[0])


def natural(name: str) -> tuple[list[int | str], str]:
    """The key by which names are sorted as people count: numbers by their value, capitals like small letters.

    Examples:
        >>> sorted(["img10.jpg", "IMG2.jpg", "img2.jpg", "img1.jpg"], key=natural)
        ['img1.jpg', 'IMG2.jpg', 'img2.jpg', 'img10.jpg']
    """
    parts = re.split(r"(\d+)", name.casefold())  # text and digits by turns, so that like is compared with like
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def _matching(pattern: str) -> Iterator[Path]:
    """The images of a pattern, and those in the folders that it matches, each once: `**` matches folder and image."""
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    found = sorted(map(Path, matches), key=lambda path: natural(str(path)))
    images = (_in_folder(path) if path.is_dir() else [path] if is_image(path) else [] for path in found)
    return iter(dict.fromkeys(chain.from_iterable(images)))


def _listed() -> Iterator[Path]:
    """The files that the lines of standard input name, read only as they are asked for."""
    if reconfigure := getattr(sys.stdin, "reconfigure", None):
        reconfigure(errors="surrogateescape")  # a name on Linux need not be UTF-8
    for number, line in enumerate(sys.stdin):
        name = line.rstrip("\r\n")
        name = name.removeprefix("\ufeff") if number == 0 else name  # some editors' mark of UTF-8
        if name.strip():
            yield Path(name)
