"""Finished parts of the work on the disk: what was found in some consecutive photos, raw maps and all.

A part is a few batches. It is written whole or not at all and says of which photos it is, so that work that was
interrupted, or that several processes share, is put together from its parts.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gradcam_lab.data.picture import Picture, Source, path_of
from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.found import Found, FoundClass
from gradcam_lab.explain.locate.locator import Located
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.files import digest, moved_into_place


class Parts:
    """The parts in a folder.

    Args:
        folder: made when the first part is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, number: int) -> Path:
        """The file of a part."""
        return self.folder / f"part-{number:09d}.npz"

    def has(self, number: int, key: str) -> bool:
        """Say whether a part is done, and of the photos of this key."""
        try:
            with np.load(self.path(number), allow_pickle=False) as arrays:
                return str(arrays["key"]) == key
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return False

    def write(self, number: int, key: str, found: Sequence[Located]) -> None:
        """Write a part, whole or not at all.

        Raises:
            LabError: it cannot be written.
        """
        cams = [one.cam for photo in found if isinstance(photo, Found) for one in photo.classes]
        text = json.dumps([_plain(photo) for photo in found]).encode()
        with moved_into_place(self.path(number)) as temporary:
            np.savez(temporary, key=np.array(key), photos=np.frombuffer(text, np.uint8), cams=np.array(cams))

    def read(self, number: int) -> list[Located]:
        """Read a part.

        Raises:
            LabError: it has vanished or is damaged.
        """
        path = self.path(number)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                cams = iter(arrays["cams"])
                return [_located(photo, cams) for photo in json.loads(arrays["photos"].tobytes())]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise LabError(f"'{path}' is damaged ({error}): remove it, and the same command makes it again.") from error

    def key(self, number: int) -> str:
        """The key of a part that is there."""
        with np.load(self.path(number), allow_pickle=False) as arrays:
            return str(arrays["key"])


def key_of(sources: Sequence[Source]) -> str:
    """Return one SHA-256 for some files: their names, sizes, and times of change; of images in the memory: all."""
    return digest([[str(path_of(source)), _state(source)] for source in sources])


def _state(source: Source) -> list[int] | str | None:
    if isinstance(source, Picture):
        return source.sha256
    try:
        status = source.stat()
    except (OSError, ValueError):
        return None
    return [status.st_size, status.st_mtime_ns]


def _plain(photo: Located) -> dict:
    """What came of a photo in plain values, but for the maps."""
    if isinstance(photo, BadPhoto):
        return {"path": str(photo.path), "problem": photo.problem}
    classes = [[one.name, one.outputs, one.probability, one.boxes.tolist()] for one in photo.classes]
    return {"path": str(photo.path), "size": photo.size, "threshold": photo.threshold, "classes": classes}


def _located(plain: dict, cams: Iterator[np.ndarray]) -> Located:
    if "problem" in plain:
        return BadPhoto(Path(plain["path"]), plain["problem"])
    classes = tuple(
        FoundClass(name, tuple(outputs), probability, next(cams), np.array(boxes, dtype=float).reshape(-1, 5))
        for name, outputs, probability, boxes in plain["classes"]
    )
    return Found(Path(plain["path"]), tuple(plain["size"]), classes, plain["threshold"])
