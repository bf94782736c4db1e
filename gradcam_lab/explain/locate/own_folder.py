"""The output folder: of one request, whose work goes on in it, and whose files no other request replaces.

`request.json` says whose it is, from before the first photo is read; at the end it also names the files. Meanwhile the
finished parts lie in `.unfinished`. `.lock` keeps other processes out while one is at work.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradcam_lab.data.download.lock import alone
from gradcam_lab.data.photo_paths import STDIN
from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.outputs.write import MADE
from gradcam_lab.files import digest, read_json, require_writable, sha256, write_json

RECORD = "request.json"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder while this one looks at it and writes in it; it is made if need be.

    Raises:
        LabError: another process is at work in it, or it cannot be made or written.
    """
    require_writable(folder)
    with alone(folder / ".lock", f"'{folder}'", "wait until it has ended, or give another folder by --out"):
        yield


class OwnFolder:
    """The folder of a request.

    Args:
        folder: made when the work begins.
        request: what the numbers depend on beside the photos, and which photos these are; plain values.
        kinds: the outputs that are asked for, keys of `MADE`.

    Raises:
        LabError: the folder is another request's, or has files that are nobody's.
    """

    UNFINISHED = ".unfinished"

    def __init__(self, folder: Path, request: dict[str, Any], kinds: Sequence[str]) -> None:
        self.folder, self.request = folder, request
        self.unfinished = folder / self.UNFINISHED
        self.record = self._read()
        self._require_own(kinds)

    def _read(self) -> dict[str, Any]:
        path = self.folder / RECORD
        if not path.exists():
            return {}
        told = read_json(path)
        if not isinstance(told, dict) or not isinstance(told.get("request"), dict):
            raise LabError(f"'{path}' is not of gradcam-lab locate: give another folder by --out.")
        return told

    def _require_own(self, kinds: Sequence[str]) -> None:
        before = self.record.get("request")
        if before is not None and digest(before) != digest(self.request):
            then, now = before, self.request
            name = next(key for key in [*now, *then] if digest(then.get(key)) != digest(now.get(key)))
            raise LabError(
                f"'{self.folder}' is of another request ({name}: {_shown(then.get(name))}; here: "
                f"{_shown(now.get(name))}): give another folder by --out, or remove that one."
            )
        if before is not None and self.finished and STDIN in self.request["photos"]:
            raise LabError(
                f"'{self.folder}' holds what was found in a list on standard input, which may have been another list: "
                "give another folder by --out, or remove that one."
            )
        for name in (name for kind in kinds for name in MADE[kind]):
            if (self.folder / name).exists() and name not in self.files:
                raise LabError(
                    f"'{self.folder / name}' is there already and not of gradcam-lab locate: give another folder by "
                    "--out, or move it away."
                )

    @property
    def finished(self) -> bool:
        """Whether all files of this request are there."""
        return bool(self.files) and not self.unfinished.exists()

    @property
    def files(self) -> list[str]:
        """The files and folders that this request has written."""
        return self.record.get("files", [])

    def _intact(self, name: str) -> bool:
        """Say whether a file or a folder is as this request has written it."""
        written = self.record.get("written", {}).get(name)
        try:
            return written is not None and _is_as(written, self.folder / name)
        except OSError:
            return False

    def damaged(self, photos: str) -> list[str]:
        """The outputs of the photos of this hash, keys of `MADE`, that were written and are not as they were then."""
        if self.record.get("photos_sha256") != photos:
            return []
        bad = [file for file in self.files if not self._intact(file)]
        return [kind for kind, names in MADE.items() if any(_is_shard(file, name) for file in bad for name in names)]

    def holds(self, photos: str, kinds: Sequence[str]) -> bool:
        """Say whether these outputs are all there and undamaged, of the photos of this hash."""
        made = [name for kind in kinds for name in MADE[kind]]
        files = self.files
        return (
            self.finished
            and self.record.get("photos_sha256") == photos
            and all(map(self._intact, files))
            and all(any(_is_shard(file, name) for file in files) for name in made)
        )

    def begin(self) -> None:
        """Write down whose folder it is.

        Raises:
            LabError: it cannot be written.
        """
        require_writable(self.folder)
        self.unfinished.mkdir(exist_ok=True)
        if not self.record:
            self.record = {"request": self.request}
            write_json(self.folder / RECORD, self.record)

    def fresh(self) -> Path:
        """Make an empty folder for the outputs, on the same disk."""
        folder = self.unfinished / "outputs"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def end(self, outputs: Path, *, photos: str, counts: dict[str, int]) -> list[Path]:
        """Move the outputs into place, remove those of other photos, and forget the parts.

        Args:
            outputs: the folder that `fresh` has made, filled.
            photos: a hash of the photos.
            counts: of photos, for the record.

        Returns:
            The files and folders.

        Raises:
            LabError: they cannot be moved.
        """
        names = sorted(path.name for path in outputs.iterdir())
        written = {name: _written(outputs / name) for name in names}
        old = set(self.files) - set(names)
        try:
            if self.record.get("photos_sha256") != photos:
                for name in old:
                    _remove(self.folder / name)
                old = set()
            files = sorted({*names, *old})
            write_json(self.folder / RECORD, {**self.record, "files": files})  # interrupted here, they are still ours
            for name in names:
                _remove(self.folder / name)
                (outputs / name).rename(self.folder / name)
            kept = {name: value for name, value in self.record.get("written", {}).items() if name in files}
            told = {"photos_sha256": photos, **counts, "files": files, "written": {**kept, **written}}
            self.record = {"request": self.request, **told}
            write_json(self.folder / RECORD, self.record)
        except OSError as error:
            raise LabError(f"Cannot write in '{self.folder}' ({error.strerror}): choose another by --out.") from error
        shutil.rmtree(self.unfinished, ignore_errors=True)
        return [self.folder / name for name in names]


def outside(paths: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Leave out the photos in a folder, such as the pictures that were drawn before."""
    inside = _absolute(folder)
    return (path for path in paths if inside not in _absolute(path).parents)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - to follow links would ask the disk at every photo


def _is_shard(file: str, name: str) -> bool:
    """Say whether a file is an output of this name, or one of its shards."""
    stem, _, ending = name.partition(".")
    return file == name or (bool(ending) and file.startswith(f"{stem}-") and file.endswith(f".{ending}"))


def _written(path: Path) -> str | dict[str, int]:
    """Return what shows later whether an output is as it was written: a file's SHA-256, the sizes of a folder's files.

    A folder may hold a file for each of very many photos, which all to read again would take long.
    """
    if path.is_file():
        return sha256(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path).as_posix(): file.stat().st_size for file in files}


def _is_as(written: str | dict[str, int], path: Path) -> bool:
    """Say whether an output is as it was written; what a user has added to a folder does not matter."""
    if isinstance(written, str):
        return path.is_file() and sha256(path) == written
    return all((path / name).is_file() and (path / name).stat().st_size == size for name, size in written.items())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            path.unlink()


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
