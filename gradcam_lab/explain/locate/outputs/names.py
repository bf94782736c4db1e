"""The name of each photo's own files, such as its labels: unique, also of photos that are called alike."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

FILES = {"yolo": ("yolo/labels", ".txt"), "voc": ("voc/Annotations", ".xml"), "pictures": ("pictures", ".jpg")}
"""In which folder an output has a photo's own file, and its ending."""


class Names:
    """Names photos one by one, after their places in the folders that the user named.

    A list of all names could be too long to be kept: whether a name is taken is seen on the disk, from the file that a
    photo before has got.

    Args:
        folder: of the outputs.
        kinds: the outputs that are written.
        words: what the user named.
    """

    def __init__(self, folder: Path, kinds: Sequence[str], words: Sequence[str]) -> None:
        self._root = folder
        self._place = next((FILES[kind] for kind in kinds if kind in FILES), None)
        self._folders = [Path(word) for word in words if word != "-" and Path(word).is_dir()]
        self._files = {Path(word) for word in words}
        self._twins = Counter[str]()

    def of(self, path: Path) -> Path:
        """Return the name of a photo, a relative path without ending; nothing where no output needs it."""
        if not self._place:
            return Path()
        folder, ending = self._place
        name = plain = self._plain(path)
        while (self._root / folder / f"{name}{ending}").exists():
            self._twins[str(plain)] += 1
            name = plain.with_name(f"{plain.name}-{self._twins[str(plain)] + 1}")
        return name

    def _plain(self, path: Path) -> Path:
        """A photo's place in a folder that was named, the bare name of a file that was, else its relative path."""
        inside = next((path.relative_to(folder) for folder in self._folders if path.is_relative_to(folder)), None)
        if inside is None:
            inside = Path(path.name) if path in self._files else Path(*_below(path))
        return inside.with_suffix("")


def _below(path: Path) -> list[str]:
    return [part for part in path.parts if part not in (path.anchor, "..")]
