"""Backups of a student's files, and writing a file whole with the line ends that it had.

A backup is a folder named after its time, `.gradcam-lab/backups/2026-11-21T01-15-00`, with the files at their places.
"""

import codecs
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import moved_into_place

TIME = "%Y-%m-%dT%H-%M-%S"
UNDO = "gradcam-lab reset --undo"


def back_up(workspace: Workspace, names: Iterable[str]) -> Path | None:
    """Copy files into a new backup, all of them or none.

    Args:
        workspace: where they lie.
        names: their paths inside the workspace; what is not there is passed over.

    Returns:
        The backup, or None where there was nothing to keep.

    Raises:
        LabError: they cannot be copied.
    """
    present = [name for name in names if (workspace.root / name).is_file()]
    folder = _folder(workspace)
    backup = folder / _stamp(workspace)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".new-", dir=folder) as temporary:
            whole = Path(temporary) / backup.name
            for name in present:
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(workspace.root / name, whole / name)
            if present:
                whole.rename(backup)
    except OSError as error:
        raise LabError(f"Cannot keep a backup in '{folder}' ({error.strerror}): nothing was changed.") from error
    return backup if present else None


def all_backups(workspace: Workspace) -> list[Path]:
    """All backups, the oldest first."""
    return sorted(_folder(workspace).glob("????-??-??T??-??-??"))


def files_of(backup: Path) -> list[str]:
    """The paths of a backup's files inside the workspace."""
    return sorted(path.relative_to(backup).as_posix() for path in backup.rglob("*") if path.is_file())


def bring_back(workspace: Workspace, backup: Path) -> None:
    """Put the files of a backup in their places again, byte for byte; the backup stays."""
    for name in files_of(backup):
        with moved_into_place(workspace.root / name) as temporary:
            shutil.copyfile(backup / name, temporary)


def time_of(backup: Path) -> datetime:
    """When a backup was made."""
    return datetime.strptime(backup.name, TIME)


def write_like(path: Path, text: str) -> None:
    """Replace the text of a file, whole or not at all, and keep its line ends and its byte order mark."""
    old = path.read_bytes() if path.exists() else b""
    encoding = "utf-8-sig" if old.startswith(codecs.BOM_UTF8) else "utf-8"
    newline = "\r\n" if b"\r\n" in old else "\n"
    with moved_into_place(path) as temporary:
        temporary.write_text(text, encoding=encoding, newline=newline)


def _folder(workspace: Workspace) -> Path:
    return workspace.state_folder / "backups"


def _stamp(workspace: Workspace) -> str:
    """The time, but later than every older backup's: clocks are put back, and two commands fit into one second."""
    now = datetime.now()
    if backups := all_backups(workspace):
        now = max(now, time_of(backups[-1]) + timedelta(seconds=1))
    return now.strftime(TIME)
