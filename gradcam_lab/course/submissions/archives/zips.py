"""Zip files: each of their files can be read alone."""

import stat
import zipfile
from contextlib import ExitStack
from functools import partial
from pathlib import PurePosixPath
from typing import IO

from gradcam_lab.course.submissions.archives.limits import Account, ArchiveListing, Entry, inner_path, no_link
from gradcam_lab.errors import LabError

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of the others, the standard library cannot unpack a limited part: a small file of theirs could fill the memory."""


def listing(stream: IO[bytes], account: Account, stack: ExitStack) -> ArchiveListing:
    """List a zip; the sizes that it declares are not trusted: a file is read up to the limit and no further.

    Raises:
        LabError: it cannot be opened, is too large, or holds a path that leads out of it.
    """
    try:
        archive = stack.enter_context(zipfile.ZipFile(stream))
    except Exception as error:  # a damaged zip raises errors of many kinds, which are not documented
        raise LabError(f"The zip cannot be opened ({error}): ask for it again.") from error
    members = archive.infolist()
    account.require_few(len(members), "zip")
    found: ArchiveListing = {}
    for member in members:
        name = inner_path(member.filename, "zip")
        if not member.is_dir():
            found[name] = Entry(partial(_read, archive, member, account), account.bounds.member)
    return found


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, account: Account, size: int) -> bytes:
    name = PurePosixPath(member.filename).name
    if stat.S_ISLNK(member.external_attr >> 16):
        raise no_link(name)
    if member.flag_bits & 1:
        raise LabError(f"The zip is encrypted ({name}): ask for it without a password.")
    if member.compress_type not in PACKINGS:
        raise LabError(f"The zip is packed in an unusual way ({name}): ask for a plain zip.")
    try:
        with archive.open(member) as stream:
            content = stream.read(size)
    except Exception as error:
        raise LabError(f"The zip is damaged ({name}: {error}): ask for it again.") from error
    account.take(len(content))
    return content
