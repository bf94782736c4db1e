"""Where the images of each split lie, as a `data.yaml` says it: folders, or lists of files (`.txt`).

Nothing outside of the file's own folder is read.
"""

import os.path
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradcam_lab.data.image_files import is_image
from gradcam_lab.data.layouts.places import inside
from gradcam_lab.data.layouts.shares import SPLITS
from gradcam_lab.data.photo_paths import natural
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text

LONGEST = 255
"""Letters of a place at most; the usual systems have no longer name of a file."""


def base_of(path: Path, content: dict[str, Any]) -> Path:
    """Return the folder below which the splits of a `data.yaml` lie.

    A `path` that is called like the file's own folder is that: ultralytics looks for it elsewhere.

    Args:
        path: the file.
        content: what `read_data_yaml` returns for it.

    Raises:
        LabError: it lies outside of the file's own folder, or is no text.
    """
    (stated,) = _texts(path, "path", content.get("path") or ".") or ["."]
    if Path(stated).name == path.absolute().parent.name:
        return path.parent
    if Path(stated).is_absolute() and Path(os.path.normpath(stated)).is_relative_to(path.absolute().parent):
        return Path(stated)
    found = inside(path.parent, stated)
    if found is None:
        raise _climbs(path, "path", stated)
    return found


def places_of(path: Path, content: dict[str, Any]) -> dict[str, list[Path]]:
    """Return the places of each split that a `data.yaml` names; whether they are there is not looked at.

    Args:
        path: the file.
        content: what `read_data_yaml` returns for it.

    Raises:
        LabError: one lies outside of the file's own folder, or is no text.
    """
    named = {split: content.get(split) or (content.get("validation") if split == "val" else None) for split in SPLITS}
    base = base_of(path, content)
    return {split: [_place(path, base, one) for one in _texts(path, split, its)] for split, its in named.items() if its}


def images_of(path: Path, base: Path, place: Path) -> Iterator[Path]:
    """Yield the images of a place of a split, in natural order: a folder with all below it, or a list of files.

    Args:
        path: the `data.yaml`.
        base: the folder below which its splits lie.
        place: one of `places_of`.

    Raises:
        LabError: it is not there, or the list names a file outside of the folder.
    """
    if place.is_dir():
        found = [image for image in place.rglob("*") if is_image(image) and image.is_file()]
        yield from sorted(found, key=lambda image: natural(image.relative_to(place).as_posix()))
    elif place.is_file():
        for line in read_text(place, "a text file of image names", latin=True).splitlines():
            if line.strip():
                image = inside(place.parent if line.startswith("./") else base, line.strip())
                if image is None:
                    raise _climbs(place, "line", line.strip())
                yield image
    else:
        raise LabError(f"'{path}' names the place '{place}', which is not there: mend it.")


def _texts(path: Path, key: str, stated: Any) -> list[str]:
    """Return a text or a list of texts as a list; anything else, such as a list of lists, is no place."""
    texts = stated if isinstance(stated, list) and key != "path" else [stated]
    if not all(isinstance(text, str) and "\0" not in text and len(text) <= LONGEST for text in texts):
        raise LabError(f"'{path}' has a '{key}' that is no text, but should name a folder or a list of files: mend it.")
    return texts


def _place(path: Path, base: Path, stated: str) -> Path:
    """Return the place of a split; Roboflow writes `../train/images` where `train/images` is meant."""
    meant = stated.removeprefix("../")
    place = inside(base, stated)
    if place is None and meant != stated and (other := inside(base, meant)) and other.exists():
        return other
    if place is None and Path(stated).is_absolute():
        place = Path(os.path.normpath(stated))
        place = place if place.is_relative_to(path.absolute().parent) else None
    if place is None:
        raise _climbs(path, "place", stated)
    return place


def _climbs(path: Path, what: str, stated: str) -> LabError:
    return LabError(
        f"'{path}' has the {what} '{stated[:200]}', which is outside of '{path.parent}': nothing is read from there, "
        "put the data beside the file, or the file above the data."
    )
