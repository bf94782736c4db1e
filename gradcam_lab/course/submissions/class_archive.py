"""The archive of a whole class, as a platform lets it be downloaded: it is unpacked beside itself, under safe names."""

import re
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from gradcam_lab.console import warn
from gradcam_lab.course.submissions.archives import archive
from gradcam_lab.course.submissions.archives.limits import Account, Bounds
from gradcam_lab.errors import LabError
from gradcam_lab.files import folder_moved_into_place

CLASS = Bounds(member=200_000_000, unpacked=10_000_000_000)
"""What the archive of a class may hold."""

UNSAFE = re.compile(r'[<>:"|?*\\\x00-\x1f]')
"""Letters that a file's name may not have on every system."""


def unpacked(place: Path) -> Path:
    """The folder of the submissions: the one that was named, or that of the archive that was named.

    Args:
        place: a folder, or an archive, which becomes a folder of its name beside it.

    Raises:
        LabError: the archive cannot be read, or such a folder is there already.
    """
    if not place.is_file() or not archive.is_named_as_archive(place.name):
        return place
    folder = place.with_name(archive.without_suffix(place.name))
    if folder.exists():
        raise LabError(f"'{place}' is an archive, and '{folder}' is there already: grade that folder, or take it away.")
    try:
        with folder_moved_into_place(folder, replace=False) as temporary:
            _write(place, temporary)
    except OSError as error:
        raise LabError(f"Cannot unpack '{place}' into '{folder}' ({error.strerror}): unpack it elsewhere.") from error
    inside = _single_folder(folder)
    warn(f"'{place}' was unpacked into '{folder}'.")
    return inside


def _write(place: Path, folder: Path) -> None:
    """Write what an archive holds into a folder; a link or a damaged file is left out."""
    problems: list[LabError] = []
    with ExitStack() as stack:
        stream = stack.enter_context(place.open("rb"))
        try:
            found = archive.listing(stream, place.name, Account(CLASS), stack)
        except LabError as error:
            raise LabError(f"'{place}': {error}") from error
        for path, entry in found.items():
            try:
                content = entry()
            except LabError as error:
                problems.append(error)
                continue
            target = folder / _safe(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    if not any(folder.iterdir()):
        raise LabError(f"'{place}': {problems[0] if problems else 'There is nothing in it.'}")


def _safe(path: PurePosixPath) -> Path:
    """A path inside a folder, with names that every system can have."""
    return Path(*(UNSAFE.sub("_", part).rstrip(" .") or "_" for part in path.parts))


def _single_folder(folder: Path) -> Path:
    """The folder in which all lies, where an archive has one folder of its own at its top."""
    entries = [path for path in folder.iterdir() if not archive.is_hidden(path.name)]
    alone = len(entries) == 1 and entries[0].is_dir()
    return entries[0] if alone else folder
