"""`heatmaps.npz`: the raw maps, a row a photo and class.

`cams` is float32 of shape (m, h, w), on the layer's grid; `photo` (m,) says to which of `files` (n,) a map belongs,
`names` (m,) of which class it is, and `probabilities` (m,) how probable that is; `sizes` (n, 2) holds the photos'
`(width, height)`.
"""

import tempfile
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from gradcam_lab.explain.locate.outputs.output import About, Numbered, file_text
from gradcam_lab.explain.locate.read_ahead import BadPhoto

CHUNK = 1 << 20


class Heatmaps:
    """Collects the maps in a temporary file, because they may not fit into the memory, and packs them at the end."""

    def __init__(self, folder: Path, mark: str, about: About) -> None:
        self._path = folder / f"heatmaps{mark}.npz"
        self._cams: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._grid = tuple(about.facts["grid"])
        self._files: list[str] = []
        self._sizes: list[tuple[int, int]] = []
        self._rows: list[tuple[int, str, float]] = []

    def add(self, photo: Numbered) -> None:
        """Keep a photo's maps."""
        for one in photo.found.classes:
            self._rows.append((len(self._files), one.name, one.probability))
            self._grid = one.cam.shape
            self._cams.write(one.cam.astype("<f4").tobytes())
        self._files.append(file_text(photo.found.path))
        self._sizes.append(photo.found.size)

    def skip(self, photo: BadPhoto) -> None:
        """Leave it out."""

    def close(self) -> None:
        """Write the archive."""
        photo, names, probabilities = zip(*self._rows, strict=True) if self._rows else ((), (), ())
        arrays = {
            "files": np.array(self._files, dtype=str),
            "sizes": np.array(self._sizes, dtype=np.int64).reshape(-1, 2),
            "photo": np.array(photo, dtype=np.int64),
            "names": np.array(names, dtype=str),
            "probabilities": np.array(probabilities, dtype=np.float64),
        }
        with ZipFile(self._path, "w", ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                with archive.open(_entry(name), "w") as file:
                    npy.write_array(file, array, allow_pickle=False)
            with archive.open(_entry("cams"), "w", force_zip64=True) as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": (len(self._rows), *self._grid)}
                npy.write_array_header_1_0(file, header)
                self._cams.seek(0)
                while part := self._cams.read(CHUNK):
                    file.write(part)
        self._cams.close()


def _entry(name: str) -> ZipInfo:
    """An entry without a time, so that the same maps make the same bytes."""
    entry = ZipInfo(f"{name}.npy")
    entry.compress_type = ZIP_DEFLATED
    return entry
