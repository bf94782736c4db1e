"""Tar files, plain or packed by gzip, bzip2 or xz: they are unpacked as a whole, into memory or a nameless file."""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any

from gradcam_lab.course.submissions.archives.limits import Account, ArchiveListing, Entry, inner_path, no_link
from gradcam_lab.errors import LabError

UNPACKERS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
"""What reads each packing, by its name; each yields no more than it is asked for."""

PART = 1_000_000
"""Bytes that are unpacked at a time."""

IN_MEMORY = 8_000_000
"""Bytes from which the whole lies on the disk."""

DAMAGE = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError)


def listing(stream: IO[bytes], packing: str, account: Account, stack: ExitStack) -> ArchiveListing:
    """List a tar file.

    Args:
        stream: the file.
        packing: a key of `UNPACKERS`, or "" for a plain one.
        account: of what is unpacked.
        stack: closes the archive in the end.

    Raises:
        LabError: it is damaged, holds no tar file, is too large, or holds a path that leads out of it.
    """
    whole = _unpacked(stream, packing, account, stack) if packing else stream
    try:
        archive = tarfile.open(fileobj=whole, mode="r:")  # noqa: SIM115 - the stack closes it
        stack.callback(archive.close)
    except DAMAGE as error:
        raise LabError(f"There is no tar archive in it ({error}): ask for a zip.") from error
    found: ArchiveListing = {}
    try:
        for number, member in enumerate(archive, 1):
            account.require_few(number, "tar archive")
            name = inner_path(member.name, "tar archive")
            if not member.isdir():
                found[name] = Entry(partial(_read, archive, member), account.bounds.member)
    except DAMAGE as error:
        raise LabError(f"The tar archive is damaged ({error}): ask for it again.") from error
    return found


def _unpacked(stream: IO[bytes], packing: str, account: Account, stack: ExitStack) -> IO[bytes]:
    """Unpack the whole, to be read at any place, and stop where it becomes too much."""
    whole = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the stack closes it
    stack.callback(whole.close)
    try:
        with UNPACKERS[packing](stream) as source:
            while part := source.read(PART):
                account.take(len(part))
                whole.write(part)
    except DAMAGE as error:
        raise LabError(f"The archive ({packing}) is damaged ({error}): ask for it again.") from error
    whole.seek(0)
    return whole


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo, size: int) -> bytes:
    name = PurePosixPath(member.name).name
    if not member.isreg():  # links, devices and pipes
        raise no_link(name)
    try:
        stream = archive.extractfile(member)
        assert stream
        return stream.read(size)
    except DAMAGE as error:
        raise LabError(f"The tar archive is damaged ({name}: {error}): ask for it again.") from error
