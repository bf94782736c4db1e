"""An archive of any kind, which is recognised by its content: names are wrong too often."""

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import IO

from gradcam_lab.course.integrity.work_record import RECORD_FILE
from gradcam_lab.course.submissions.archives import seven_zips, tars, zips
from gradcam_lab.course.submissions.archives.limits import Account, ArchiveListing
from gradcam_lab.errors import LabError

SUFFIXES = (
    *(".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"),
    *(".rar", ".tar.zst", ".zst", ".gz", ".bz2", ".xz", ".z", ".lz", ".lzma", ".cab", ".iso", ".dmg"),
)
"""Ends of the names of archives; the second row cannot be read, or holds no folder, and is told so."""

BEGINNINGS = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PK\x07\x08": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"Rar!\x1a\x07": "RAR",
    b"\x28\xb5\x2f\xfd": "Zstandard",
}
"""The kinds of archives, by their first bytes."""

TAR_MARK = slice(257, 262)
"""The place of the word "ustar" in a tar file."""

WEB_PAGE = (b"<!doctype html", b"<html")


def without_suffix(name: str) -> str:
    """The name of an archive without its end.

    Examples:
        >>> without_suffix("ada.tar.gz"), without_suffix("bea.v2.ZIP"), without_suffix("notes.txt")
        ('ada', 'bea.v2', 'notes.txt')
    """
    found = [suffix for suffix in SUFFIXES if name.lower().endswith(suffix)]
    return name[: -len(max(found, key=len))] if found else name


def is_named_as_archive(name: str) -> bool:
    """Whether a file's name ends like an archive's."""
    return without_suffix(name) not in ("", name)


def listing(stream: IO[bytes], name: str, account: Account, stack: ExitStack) -> ArchiveListing:
    """List what an archive holds, whatever its kind.

    Args:
        stream: the archive, which can be read at any place.
        name: its name, for the case that its content says nothing.
        account: of what is unpacked.
        stack: closes it in the end.

    Raises:
        LabError: it is no archive, or cannot be read; the sentence says why.
    """
    head = stream.read(512)
    stream.seek(0)
    kind = kind_of(head, name)
    if kind == "zip":
        found = zips.listing(stream, account, stack)
    elif kind == "7z":
        found = seven_zips.listing(stream, account, stack)
    elif kind in ("tar", *tars.UNPACKERS):
        found = tars.listing(stream, "" if kind == "tar" else kind, account, stack)
    elif kind in BEGINNINGS.values():
        raise LabError(f"This is a {kind} archive, which cannot be opened here: ask for a zip.")
    elif head.lstrip().lower().startswith(WEB_PAGE):
        raise LabError("This is a web page, not an archive: download the submission again.")
    else:
        raise LabError("This is neither a folder nor an archive.")
    return {path: entry for path, entry in found.items() if is_record(path) or not any(map(is_hidden, path.parts))}


def kind_of(head: bytes, name: str) -> str:
    """The kind of a file by its first bytes, or by its name where these say nothing; "" for no archive."""
    if head[TAR_MARK] == b"ustar":
        return "tar"
    kind = next((kind for beginning, kind in BEGINNINGS.items() if head.startswith(beginning)), "")
    plain = head.lstrip().lower()
    if not kind and not plain.startswith(WEB_PAGE):
        suffix = PurePosixPath(name.lower()).suffix.removeprefix(".")
        kind = suffix if suffix in ("zip", "7z", "tar") else ""
    return kind


PASSED_OVER = ("__MACOSX", "__pycache__", "site-packages", "node_modules")
"""Folders in which nothing is a student's."""


def is_record(path: PurePosixPath) -> bool:
    """Whether this is a workspace's record of hints and tries, which is read although its folder is hidden."""
    return str(path) == RECORD_FILE or str(path).endswith(f"/{RECORD_FILE}")


def is_hidden(name: str) -> bool:
    """Whether a file or a folder of this name is passed over."""
    return name.startswith(".") or name in PASSED_OVER
