"""Maps that anyone has saved: a folder of `id.npy`, or one `.npz`.

An archive holds one array an image, under the image's name; or it is one of ours, the `heatmaps.npz` or `maps.npz` of a
run or the `heatmaps.npz` of `locate`. A map is of any size, and lies on the whole of its image.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gradcam_lab.errors import LabError

OF_A_RUN = {"ids", "maps", "classes", "sizes"}
OF_LOCATE = {"files", "sizes", "photo", "names", "cams"}
"""Arrays by which our own archives are known."""


@dataclass(frozen=True)
class SavedMaps:
    """Maps by the image's name, read one by one.

    Attributes:
        path: of the folder or archive.
        arrays: reads what is saved of an image.
        sizes: `(width, height)` of each image in pixels; empty where it is not saved.
    """

    path: Path
    arrays: Mapping[str, Callable[[], np.ndarray]]
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def read(self, name: str) -> np.ndarray:
        """Read the map of one image, float64 of shape (h, w).

        Raises:
            LabError: it cannot be read, is no map, or not finite.
        """
        with _readable(self.path, f"The map '{name}' of '{self.path}'"):
            array = self.arrays[name]()
        if set(array.shape[:-2]) == {1}:  # a batch of one image, or one channel
            array = array.reshape(array.shape[-2:])
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            raise LabError(
                f"The map '{name}' of '{self.path}' has {array.dtype} numbers of shape {array.shape}: save one map an "
                "image, of shape (height, width)."
            )
        if not np.isfinite(array).all():
            raise LabError(f"The map '{name}' of '{self.path}' holds NaN or infinity: make it again.")
        return array.astype(np.float64)


def find_maps(path: Path, target: str | None) -> SavedMaps:
    """Find the maps in a folder or an archive.

    Args:
        path: the folder or the `.npz`.
        target: the class; None where the maps are of one only.

    Raises:
        LabError: there are none, or none of the class.
    """
    if path.is_dir():
        found = {file.relative_to(path).with_suffix("").as_posix(): file for file in sorted(path.rglob("*.npy"))}
        if not found:
            raise LabError(f"The folder '{path}' holds no map: save that of each image in it as 'id.npy'.")
        return SavedMaps(path, {name: partial(_load, file) for name, file in found.items()})
    with _readable(path, f"'{path}'"):
        archive = np.load(path, allow_pickle=False)
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise LabError(f"'{path}' is one array: give a folder of 'id.npy', or one .npz with an array an image.")
    names = set(archive.files)
    with _readable(path, f"'{path}'"):
        if names >= OF_A_RUN:
            return _of_a_run(path, archive, target)
        if names >= OF_LOCATE:
            return _of_locate(path, archive, target)
    if not names:
        raise LabError(f"'{path}' holds no map: save an array an image in it, under the image's name.")
    return SavedMaps(path, {name: partial(archive.__getitem__, name) for name in archive.files})


def _load(file: Path) -> np.ndarray:
    return np.load(file, allow_pickle=False)


@contextmanager
def _readable(path: Path, what: str) -> Iterator[None]:
    """Say what is wrong with a file in one sentence; nothing in it is unpickled."""
    if not path.exists():
        raise LabError(f"There is no '{path}': give a folder of 'id.npy', or one .npz.")
    try:
        yield
    except (OSError, ValueError, EOFError, BadZipFile, SyntaxError) as error:
        raise LabError(f"{what} is no array of numbers that NumPy can read: save it by np.save or np.savez.") from error


def _of_a_run(path: Path, archive: Mapping[str, np.ndarray], target: str | None) -> SavedMaps:
    ids, maps, known = archive["ids"].tolist(), archive["maps"], archive["classes"].tolist()
    if maps.ndim == 4:  # of every class
        if target not in known:
            raise LabError(f"'{path}' holds the maps of {', '.join(known)}: choose one with --target.")
        maps = maps[:, known.index(target)]
    return _rows(path, ids, maps, archive["sizes"])


def _of_locate(path: Path, archive: Mapping[str, np.ndarray], target: str | None) -> SavedMaps:
    classes = archive["names"].tolist()
    if target is None and len(set(classes)) > 1:
        raise LabError(f"'{path}' holds maps of {', '.join(sorted(set(classes)))}: choose one with --target.")
    rows = [row for row, name in enumerate(classes) if target in (None, name)]
    if not rows:
        raise LabError(f"'{path}' holds no map of '{target}': it has {', '.join(sorted(set(classes)))}.")
    photos = archive["photo"][rows]
    names = [Path(name).stem for name in archive["files"][photos].tolist()]
    return _rows(path, names, archive["cams"][rows], archive["sizes"][photos])


def _rows(path: Path, names: list[str], maps: np.ndarray, sizes: np.ndarray) -> SavedMaps:
    if len(set(names)) < len(names):
        raise LabError(f"'{path}' has two maps of one image: give those of one class and of one split.")
    return SavedMaps(
        path,
        {name: partial(maps.__getitem__, row) for row, name in enumerate(names)},
        {name: (float(width), float(height)) for name, (width, height) in zip(names, sizes.tolist(), strict=True)},
    )
