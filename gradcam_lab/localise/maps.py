"""The one container of maps, and its file."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradcam_lab.files import moved_into_place


class Maps(NamedTuple):
    """The raw maps of one class by one method, with what the classifier said of each image.

    `ids` and `splits` are text, shape (n,); `maps` is float32 on the layer's grid, shape (n, h, w), or (n, C, h, w)
    where it holds the maps of every class; `probabilities` of the target, shape (n,); `class_probabilities` of every
    class the classifier knows, shape (n, C); `classes` names them, shape (C,); `sizes` holds `(width, height)` of each
    image, shape (n, 2).
    """

    ids: np.ndarray
    splits: np.ndarray
    maps: np.ndarray
    probabilities: np.ndarray
    class_probabilities: np.ndarray
    classes: np.ndarray
    sizes: np.ndarray

    def of(self, split: str) -> "Maps":
        """Keep the images of one split."""
        return self._only(self.splits == split)

    def _only(self, chosen: np.ndarray) -> "Maps":
        rows = {name: value if name == "classes" else value[chosen] for name, value in self._asdict().items()}
        return Maps(**rows)

    def named(self, ids: Sequence[str]) -> "Maps":
        """Keep the images of these names."""
        return self._only(np.isin(self.ids, list(ids)))

    def of_class(self, name: str) -> "Maps":
        """Keep the maps and probabilities of one class, where this holds those of every class."""
        index = self.classes.tolist().index(name)
        return self._replace(maps=self.maps[:, index], probabilities=self.class_probabilities[:, index])

    def by_image(self) -> dict[str, float]:
        """Return the probability of the target by image."""
        return dict(zip(self.ids.tolist(), self.probabilities.tolist(), strict=True))


def read_maps(path: Path) -> Maps:
    """Read what `write_maps` wrote; nothing in the file is unpickled."""
    with np.load(path, allow_pickle=False) as arrays:
        return Maps(*(arrays[name] for name in Maps._fields))


def write_maps(path: Path, maps: Maps) -> None:
    """Write maps as a compressed npz, whole or not at all."""
    with moved_into_place(path) as temporary:
        np.savez_compressed(temporary, **maps._asdict())
