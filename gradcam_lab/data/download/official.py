"""The public data sets, from their official places: VOC2007, Imagenette, Oxford-IIIT Pet.

Addresses, checksums and names are torchvision's own, and what is unpacked is what its data sets open. In the cache:

    datasets/downloads/VOCtest_06-Nov-2007.tar   the archives; they may be removed once the set is there
    datasets/voc2007/VOCdevkit/VOC2007           the set
    datasets/voc2007.json                        the stamp, written last: from which archives it was unpacked
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradcam_lab.console import warn
from gradcam_lab.data.cache import cache_folder
from gradcam_lab.data.download.archive import unpack
from gradcam_lab.data.download.lock import alone
from gradcam_lab.data.download.transfer import UnreachableError, download, md5_of, writing
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_json
from gradcam_lab.vision import torchvision


@dataclass(frozen=True)
class Archive:
    """An archive to download."""

    url: str
    md5: str

    @property
    def name(self) -> str:
        """The name of its file."""
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Official:
    """A data set in its official form.

    Attributes:
        name: as the user gives it.
        layout: the name of its layout in `data.registry`.
        folder: its folder in the cache.
        unpacked: the folder in that one which the archives are unpacked into.
        inside: the set itself, seen from `folder`.
        parts: what it must hold, and the archive that brings it.
    """

    name: str
    layout: str
    folder: str
    unpacked: str
    inside: str
    parts: dict[str, Archive]

    @property
    def archives(self) -> tuple[Archive, ...]:
        """Each archive once."""
        return tuple(dict.fromkeys(self.parts.values()))


def fetch(name: str, root: Path | None = None) -> Path:
    """Return the folder of an official data set, downloaded into the cache where it is not there yet.

    Args:
        name: one of `DATA_SETS`.
        root: a folder that the user has already; it is looked into and never written to. It may be the set's own
            folder, or one that torchvision would take.

    Raises:
        LabError: the set is not in `root`, or it cannot be downloaded or unpacked.
    """
    official = describe(name)
    if root is not None:
        return _found(official, root)
    home = cache_folder() / "datasets" / official.folder
    if not _is_complete(official, home):
        with writing(home):
            home.parent.mkdir(parents=True, exist_ok=True)
        with alone(home.with_name(f"{home.name}.lock"), f"the data set '{name}'"):
            if not _is_complete(official, home):
                _install(official, home)
    return home / official.inside


def fetch_into(name: str, folder: Path) -> Path:
    """Return an official data set in a folder of the user's, downloaded into it where it is not there yet.

    The archives are kept in that folder under their own names, and what else is in it stays as it is. A part of the
    set, which somebody else has unpacked, is not completed.

    Raises:
        LabError: only a part of the set is in the folder, or it cannot be downloaded or unpacked.
    """
    official = describe(name)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder / f".{official.folder}.lock", f"the data set '{name}'"):
            if _is_absent(official, folder):
                _unpack_into(official, folder)
    return _found(official, folder)


def describe(name: str) -> Official:
    """Return the description of a data set, with the addresses in torchvision's own tables.

    Raises:
        LabError: there is none of this name.
    """
    if name not in DATA_SETS:
        raise LabError(f"There is no official data set '{name}': choose one of {', '.join(DATA_SETS)}.")
    return DATA_SETS[name](name)


def _voc(name: str, layout: str, lists: str, targets: str) -> Official:
    table = torchvision().datasets.voc.DATASET_YEAR_DICT
    trainval, test = (Archive(row["url"], row["md5"]) for row in (table["2007"], table["2007-test"]))
    needed = (f"ImageSets/{lists}/train.txt", f"ImageSets/{lists}/val.txt", "JPEGImages", "Annotations", targets)
    parts = {**dict.fromkeys(needed, trainval), f"ImageSets/{lists}/test.txt": test}
    return Official(name, layout, "voc2007", "", Path(table["2007"]["base_dir"]).as_posix(), parts)


def _imagenette(name: str, size: str) -> Official:
    url, md5 = torchvision().datasets.Imagenette._ARCHIVES[size]
    archive = Archive(url, md5)
    parts = dict.fromkeys(("train", "val"), archive)
    return Official(name, "imagenette", f"imagenette-{size}", "", Path(archive.name).stem, parts)


def _pets(name: str) -> Official:
    images, annotations = (Archive(url, md5) for url, md5 in torchvision().datasets.OxfordIIITPet._RESOURCES)
    needed = ("annotations/trainval.txt", "annotations/test.txt", "annotations/trimaps")
    parts = {"images": images, **dict.fromkeys(needed, annotations)}
    return Official(name, "pets", "pets", "oxford-iiit-pet", "oxford-iiit-pet", parts)


DATA_SETS: dict[str, Callable[[str], Official]] = {
    "voc2007": partial(_voc, layout="voc", lists="Main", targets="Annotations"),
    "voc2007-segmentation": partial(_voc, layout="voc-segmentation", lists="Segmentation", targets="SegmentationClass"),
    "imagenette": partial(_imagenette, size="160px"),
    "imagenette-160px": partial(_imagenette, size="160px"),
    "imagenette-320px": partial(_imagenette, size="320px"),
    "imagenette-full": partial(_imagenette, size="full"),
    "pets": _pets,
}
"""By name: the function that describes a data set when it is asked for, because torchvision is slow to import."""


def _missing(official: Official, folder: Path) -> list[str]:
    return [part for part in official.parts if not (folder / part).exists()]


# ------------------------------------------------------------------------------------ a folder of the user's


def _found(official: Official, root: Path) -> Path:
    """Find the set in the user's folder: the folder itself, or the one inside where torchvision would look."""
    if not root.is_dir():
        raise LabError(f"There is no folder '{root}': check the name given to --data-root.")
    best = min(_candidates(official, root), key=lambda folder: len(_missing(official, folder)))
    missing = _missing(official, best)
    if missing:
        archive = official.parts[missing[0]]
        raise LabError(
            f"'{best}' is not the whole of {official.name}, it lacks '{missing[0]}': unpack {archive.name} from "
            f"{archive.url} over it, or give another folder to --data-root."
        )
    return best


def _candidates(official: Official, root: Path) -> list[Path]:
    steps = Path(official.inside).parts
    return [root.joinpath(*steps[i:]) for i in range(len(steps), -1, -1)]


def _is_absent(official: Official, root: Path) -> bool:
    """Say whether no part of the set is in the user's folder."""
    return all(len(_missing(official, place)) == len(official.parts) for place in _candidates(official, root))


def _unpack_into(official: Official, folder: Path) -> None:
    """Download the archives into the user's folder, unpack them beside it all, and move the set to its place."""
    for archive in official.archives:
        _download_archive(official, archive, folder)
    warn(f"Unpacking {official.name} into '{folder}'.")
    temporary = folder / f".{official.folder}-unpacked"
    try:
        unpack([folder / archive.name for archive in official.archives], temporary / official.unpacked)
        _require_all(official, temporary, folder)
        top = Path(official.inside).parts[0]
        (temporary / top).replace(folder / top)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


# ---------------------------------------------------------------------------------------------- the cache


def _stamp(home: Path) -> Path:
    return home.with_name(f"{home.name}.json")


def _stamped(official: Official) -> dict[str, dict[str, str]]:
    return {"archives": {archive.name: archive.md5 for archive in official.archives}}


def _is_complete(official: Official, home: Path) -> bool:
    try:
        found = read_json(_stamp(home))
    except LabError:
        return False  # not there yet; or damaged, and made again
    return found == _stamped(official) and not _missing(official, home / official.inside)


def _install(official: Official, home: Path) -> None:
    """Download the archives that are missing, unpack all, and write the stamp."""
    downloads = home.with_name("downloads")
    for archive in official.archives:
        _download_archive(official, archive, downloads)
    target = home / official.unpacked
    with writing(home):
        _stamp(home).unlink(missing_ok=True)
        for left in target.parent.glob(f".{target.name}-*"):  # by a process that was killed while it unpacked
            shutil.rmtree(left, ignore_errors=True)
    warn(f"Unpacking {official.name} into '{home}'.")
    unpack([downloads / archive.name for archive in official.archives], target)
    _require_all(official, home, downloads)
    write_json(_stamp(home), _stamped(official))


def _require_all(official: Official, home: Path, downloads: Path) -> None:
    """Check that the archives, now unpacked in `home`, held the whole set."""
    missing = _missing(official, home / official.inside)
    if missing:
        archive = official.parts[missing[0]]
        raise LabError(f"'{downloads / archive.name}' is not what was expected, it lacks '{missing[0]}': remove it.")


def _download_archive(official: Official, archive: Archive, downloads: Path) -> None:
    path = downloads / archive.name
    if path.is_file():
        return _require_md5(path, archive)
    warn(f"Downloading {archive.name} from {archive.url} into '{downloads}'.")
    try:
        download(archive.url, path, archive.md5)
    except UnreachableError as error:
        absent = [a for a in official.archives if not (downloads / a.name).is_file()]
        wanted = " and ".join(f"{a.name} from {a.url}" for a in absent)
        raise LabError(
            f"The data set '{official.name}' is not there and cannot be downloaded ({error.reason}): start the same "
            f"command again when you are online, or put {wanted} into the folder '{downloads}', or name a folder that "
            "holds the data set with --data-root."
        ) from error


def _require_md5(path: Path, archive: Archive) -> None:
    """Check the MD5 of an archive that is there already; it may be the user's own and is never removed."""
    try:
        found = md5_of(path)
    except OSError as error:
        raise LabError(f"Cannot read '{path}' ({error.strerror}): check its permissions.") from error
    if found != archive.md5:
        raise LabError(
            f"'{path}' is not the file from {archive.url}, its MD5 is {found} and not {archive.md5}: remove it, or "
            "bring it again."
        )
