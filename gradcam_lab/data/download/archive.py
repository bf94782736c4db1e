"""Unpacking archives: whole or not at all, and nothing outside the folder."""

import lzma
import platform
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from gradcam_lab.data.download.transfer import megabytes, writing
from gradcam_lab.errors import LabError
from gradcam_lab.files import folder_moved_into_place

BLOCK = tarfile.BLOCKSIZE
DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(ValueError, RuntimeError),  # a name with a zero byte; a zip file with a password or an unknown compression
)


class _UnsafeError(Exception):
    """A member that would leave the folder or is no plain file."""


def unpack(archives: Path | Sequence[Path], folder: Path) -> None:
    """Unpack one archive, or several over each other, into a new folder that appears only when it is whole.

    A folder that has this name already is replaced.

    Args:
        archives: tar files, compressed or not, and zip files.
        folder: the folder to make; its parents are made too.

    Raises:
        LabError: an archive is truncated or damaged or none at all, has a member that leaves the folder, a link that
            does or a device, or the folder cannot be written.
    """
    if not hasattr(tarfile, "data_filter"):
        raise LabError(
            f"Python {platform.python_version()} cannot unpack archives safely: use 3.11.4 or newer, or unpack "
            "them yourself and name the folder with --data-root."
        )
    with writing(folder), folder_moved_into_place(folder, replace=True) as temporary:
        for archive in [archives] if isinstance(archives, Path) else archives:
            _unpack_into(archive, temporary)


def _unpack_into(archive: Path, folder: Path) -> None:
    try:
        with archive.open("rb") as stream, megabytes(f"unpacking {archive.name}", archive.stat().st_size) as reached:
            extract = _extract_zip if zipfile.is_zipfile(stream) else _extract_tar
            stream.seek(0)
            extract(stream, folder, lambda: reached(stream.tell()))
    except _UnsafeError as problem:
        raise LabError(f"'{archive}' holds {problem}: nothing was unpacked, get it from its official place.") from None
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's, while gzip and bz2 raise an OSError without a number for data that is damaged
        what = f"'{archive}' is truncated, damaged or no archive ({str(error).splitlines()[0].rstrip(':')})"
        raise LabError(f"{what}: nothing was unpacked, remove the file and get it again.") from error


def _extract_tar(stream: BinaryIO, folder: Path, moved: Callable[[], None]) -> None:
    with tarfile.open(fileobj=stream) as archive:
        for member in archive:
            _require_inside(member.name)
            try:
                archive.extract(member, folder, filter="data")
            except tarfile.FilterError as error:
                raise _UnsafeError(f"a link out of its folder or a device, '{member.name}'") from error
            moved()
        _require_end(archive)


def _require_end(archive: tarfile.TarFile) -> None:
    """Check for the block of zeros at the end; tarfile accepts an archive that is cut off between two members."""
    inner = archive.fileobj
    assert inner is not None
    if inner.tell() < archive.offset + BLOCK or any(inner.read(BLOCK)):
        raise tarfile.ReadError("it ends too early")
    while inner.read(1 << 20):
        pass  # gzip compares its checksum when all is read


def _extract_zip(stream: BinaryIO, folder: Path, moved: Callable[[], None]) -> None:
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            _require_inside(member.filename)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _UnsafeError(f"a link or a device, '{member.filename}'")
            archive.extract(member, folder)
            moved()


def _require_inside(name: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive:
        raise _UnsafeError(f"'{name}', which would be written outside of its folder")
