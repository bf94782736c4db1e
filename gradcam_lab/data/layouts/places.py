"""Folders and files of a data set, and nothing outside of it."""

import os.path
from pathlib import Path, PurePosixPath, PureWindowsPath


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, in the order of their names; hidden ones do not count."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def inside(folder: Path, name: str) -> Path | None:
    """Return the path that a file of a data set names; None where it would lie outside of the folder.

    Only the name is looked at: what is a link in the folder was laid there by the user.

    Examples:
        >>> inside(Path("mine"), "./images/../a.jpg").as_posix()
        'mine/a.jpg'
        >>> inside(Path("mine"), "../a.jpg") is None
        True
    """
    parts = PurePosixPath(os.path.normpath(name.replace("\\", "/")))
    if parts.is_absolute() or PureWindowsPath(name).drive or ".." in PurePosixPath(parts.as_posix()).parts:
        return None
    return folder / parts
