"""7z files, by py7zr: what may be needed is unpacked at once, for their files are packed one after the other."""

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

from gradcam_lab.course.submissions.archives.limits import Account, ArchiveListing, Entry, inner_path, no_link
from gradcam_lab.errors import LabError

if TYPE_CHECKING:
    from py7zr import SevenZipFile

WANTED = (".py", ".md", ".yml", ".zip", ".7z", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".tbz2", ".txz")
"""Ends of the names of the files that may be needed."""


def listing(stream: IO[bytes], account: Account, stack: ExitStack) -> ArchiveListing:
    """List a 7z file.

    Raises:
        LabError: it is damaged, encrypted or too large, or holds a path that leads out of it.
    """
    import py7zr

    try:
        archive = stack.enter_context(py7zr.SevenZipFile(stream, max_extract_size=account.bounds.unpacked))
        if archive.needs_password():
            raise py7zr.PasswordRequired
        return _listing(archive, account)
    except LabError:
        raise
    except py7zr.PasswordRequired as error:
        raise LabError("The 7z archive is encrypted: ask for it without a password.") from error
    except py7zr.DecompressionBombError:
        account.take(account.bounds.unpacked + 1)
        raise
    except py7zr.UnsupportedCompressionMethodError as error:
        raise LabError("The 7z archive is packed in an unusual way: ask for a zip.") from error
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise LabError(f"The 7z archive is damaged ({error or type(error).__name__}): ask for it again.") from error


def _listing(archive: "SevenZipFile", account: Account) -> ArchiveListing:
    from py7zr.io import BytesIOFactory

    members = [member for member in archive.list() if not member.is_directory]
    account.require_few(len(members), "7z archive")
    paths = {member.filename: inner_path(member.filename, "7z archive") for member in members}
    wanted = {
        member.filename: member.uncompressed
        for member in members
        if member.is_file and member.filename.lower().endswith(WANTED)
    }
    account.take(sum(wanted.values()))
    unpacked = BytesIOFactory(account.bounds.unpacked)
    archive.extract(targets=list(wanted), factory=unpacked)
    found: ArchiveListing = {}
    for member in members:
        path = paths[member.filename]
        content = unpacked.products.get(member.filename)
        read = _reader(content.read() if content else None, path, member.is_symlink)
        found[path] = Entry(read, account.bounds.member)
    return found


class _reader:  # noqa: N801 - it is a function that remembers
    """Reads what was unpacked of a file."""

    def __init__(self, content: bytes | None, path: PurePosixPath, link: bool) -> None:
        self.content, self.path, self.link = content, path, link

    def __call__(self, size: int) -> bytes:
        if self.link:
            raise no_link(self.path.name)
        if self.content is None:
            raise LabError(f"{self.path.name} was not unpacked, for nothing of the course has such a name.")
        return self.content[:size]
