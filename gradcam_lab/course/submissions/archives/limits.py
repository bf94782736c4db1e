"""What one submission may hold, and the account of what was unpacked of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from gradcam_lab.course.submissions.text import clean
from gradcam_lab.course.workspace.folder import LARGEST
from gradcam_lab.errors import LabError


@dataclass(frozen=True)
class Bounds:
    """What one submission may hold.

    Attributes:
        member: bytes of a file that is read.
        total: bytes of all files that are read.
        members: entries of an archive, or of a folder.
        unpacked: bytes that are unpacked of all its archives together, also of those inside others.
        archives: number of archives inside it that are opened.
        nested: so deep may one archive lie inside another.
    """

    member: int = LARGEST
    total: int = 4_000_000
    members: int = 100_000
    unpacked: int = 200_000_000
    archives: int = 20
    nested: int = 3


class Account:
    """How much of one submission was unpacked; what goes beyond the limits is refused.

    Args:
        bounds: the limits.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.unpacked = 0
        self.archives = 0

    def take(self, size: int) -> None:
        """Count bytes that were unpacked.

        Raises:
            LabError: it is too much.
        """
        self.unpacked += size
        if self.unpacked > self.bounds.unpacked:
            limit = f"{self.bounds.unpacked / 1e6:g} MB"
            raise LabError(f"It unpacks to more than {limit}, which was given up: ask for the course's files alone.")

    def require_few(self, entries: int, what: str) -> None:
        """Refuse too many entries of an archive or a folder.

        Raises:
            LabError: there are too many.
        """
        if entries > self.bounds.members:
            raise LabError(f"The {what} holds {entries} files, more than {self.bounds.members}: nothing was unpacked.")


@dataclass(frozen=True)
class Entry:
    """A file of a submission: calling it reads it, up to one byte more than is allowed and no further.

    Attributes:
        read: returns so many of its first bytes.
        limit: the bytes that are allowed.
    """

    read: Callable[[int], bytes]
    limit: int

    def __call__(self) -> bytes:
        """Read it.

        Raises:
            LabError: it cannot be read; the sentence says why.
        """
        return self.read(self.limit + 1)


ArchiveListing = dict[PurePosixPath, Entry]
"""What a submission holds, by path, and how to read each file."""


def inner_path(name: str, what: str) -> PurePosixPath:
    """The path that an archive gives to one of its files.

    Raises:
        LabError: it leads out of the archive.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if PureWindowsPath(name).anchor or ".." in path.parts:  # the anchor: "/", "C:", or a server
        raise LabError(f"The {what} holds the path '{clean(str(path))}', which leads out of it: nothing was unpacked.")
    return path


def no_link(name: str) -> LabError:
    """What to say of a link in the place of a file."""
    return LabError(f"{clean(name)} is a link, not a file: it has to be handed in itself.")
