"""The files of one submission, by their paths: of a folder, of an archive, and of the archives inside these."""

import io
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.integrity.work_record import RECORD_FILE
from gradcam_lab.course.submissions.archives import archive
from gradcam_lab.course.submissions.archives.limits import Account, ArchiveListing, Bounds, Entry, no_link
from gradcam_lab.course.submissions.platform_names import Stored, newest, original, parse
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.folder import LEVELS as PACKAGES
from gradcam_lab.errors import LabError

LEVELS = 5
"""The step files may lie in the submission itself, or so many folders deep less one."""

DEPTH = LEVELS + PACKAGES - 1
"""So deep may their modules lie."""


def listing(
    path: Path | None, bounds: Bounds, stack: ExitStack, loose: Mapping[str, Path] | None = None
) -> ArchiveListing:
    """List the files of a submission; where no step file is among them, also those of the archives inside it.

    Args:
        path: a folder, an archive, or None where there are only loose files.
        bounds: limits of its size.
        stack: closes the archives in the end.
        loose: files that are added beside the step files, or that are all if they hold step files.

    Raises:
        LabError: it is no submission, or cannot be read; the sentence says why.
    """
    account = Account(bounds)
    files = (loose or {}).items()
    alone = {PurePosixPath(name): Entry(partial(_read_file, file), bounds.member) for name, file in files}
    if path is None or step_files(map(str, alone)):
        return alone
    found = _with_plain_names(of_folder(path, bounds) if path.is_dir() else _of_file(path, account, stack))
    found = _with_inner(found, account, stack, bounds.nested)
    if not roots(found):
        _refuse_a_class(found)
    for root in roots(found)[:1]:
        found = {**found, **{root / name: entry for name, entry in alone.items()}}
    return found or alone


def of_folder(path: Path, bounds: Bounds) -> ArchiveListing:
    """List a folder; a file is read when its entry is called.

    Raises:
        OSError: a folder cannot be read.
        LabError: there are too many files.
    """
    account = Account(bounds)
    found: ArchiveListing = {}
    folders = [path]
    for _ in range(DEPTH):
        inside = [
            entry for folder in folders for entry in sorted(folder.iterdir()) if not archive.is_hidden(entry.name)
        ]
        account.require_few(len(found) + len(inside), "folder")
        folders = [
            entry for entry in inside if entry.is_dir() and not entry.is_symlink() and not _is_environment(entry)
        ]
        for entry in inside:
            if not entry.is_dir() or entry.is_symlink():
                found[PurePosixPath(*entry.relative_to(path).parts)] = Entry(partial(_read_file, entry), bounds.member)
    for root in roots(found):
        if (path / root / RECORD_FILE).is_file():
            found[root / RECORD_FILE] = Entry(partial(_read_file, path / root / RECORD_FILE), bounds.member)
    return found


def _is_environment(folder: Path) -> bool:
    """Whether a folder is an environment of Python, with thousands of files that are nobody's work."""
    return (folder / "pyvenv.cfg").exists()


def _read_file(path: Path, size: int) -> bytes:
    if path.is_symlink():
        raise no_link(path.name)
    if not path.is_file():
        raise LabError(f"{path.name} is a pipe, a socket or a device, not a file: take it away.")
    with path.open("rb") as stream:
        return stream.read(size)


def _of_file(path: Path, account: Account, stack: ExitStack) -> ArchiveListing:
    if path.exists() and not path.is_file():  # a pipe would wait for somebody to write
        raise LabError(f"{path.name} is a pipe, a socket or a device, not an archive: take it away.")
    if not path.is_file():
        raise LabError("This is neither a folder nor an archive.")
    stream = stack.enter_context(path.open("rb"))
    return _not_too_deep(archive.listing(stream, path.name, account, stack))


def _not_too_deep(found: ArchiveListing) -> ArchiveListing:
    return {name: entry for name, entry in found.items() if len(name.parts) <= DEPTH}


def _with_plain_names(found: ArchiveListing) -> ArchiveListing:
    """Name a step file such as `step1_cam (1).py` or `Step1_CAM.py` as the course does, where the folder has no other.

    So do browsers and file systems name what was fetched or handed in again.
    """
    plain = dict(found)
    for path in sorted(found, key=lambda path: original(path.name)[1]):  # the highest number comes last, and counts
        name = original(path.name)[0].lower()
        if step_files([name]) and path.with_name(name) not in found:
            plain[path.with_name(name)] = found[path]
    return plain


def _refuse_a_class(found: ArchiveListing) -> None:
    """Refuse an archive as a platform makes one of a whole class.

    Raises:
        LabError: it holds files of several students.
    """
    names = [name for path in found for part in path.parts if (name := parse(part)) and is_work(name)]
    students = {(name.platform, name.id) for name in names}
    if len(students) > 1:
        raise LabError(f"It holds what {len(students)} students have handed in: unpack it, and grade that folder.")


def _with_inner(found: ArchiveListing, account: Account, stack: ExitStack, depth: int) -> ArchiveListing:
    """Where there is no step file, add what the archives inside hold, as if each were a folder of its name.

    So do learning platforms pack what one student has handed in.

    Raises:
        LabError: there is still no step file, and an archive could not be read.
    """
    inner = newest([path for path in found if archive.is_named_as_archive(path.name)], key=str)[0]
    if roots(found) or not inner:
        return found
    if not depth:
        raise LabError(f"Archives lie inside archives, more than {account.bounds.nested} deep: ask for a plain zip.")
    problems: list[LabError] = []
    more: ArchiveListing = {}
    for path in inner:
        account.archives += 1
        if account.archives > account.bounds.archives:
            raise LabError(f"It holds more than {account.bounds.archives} archives: ask for the course's files alone.")
        try:
            content = io.BytesIO(_whole(found[path], path, account))
            inside = _with_plain_names(_not_too_deep(archive.listing(content, path.name, account, stack)))
            inside = _with_inner(inside, account, stack, depth - 1)
        except LabError as error:
            problems.append(LabError(f"In {path.name}: {error}"))
        else:
            folder = path.with_name(archive.without_suffix(path.name))
            more |= {folder / name: entry for name, entry in inside.items()}
    if problems and not roots(more):
        raise problems[0]
    return {**found, **more}


def _whole(entry: Entry, path: PurePosixPath, account: Account) -> bytes:
    """The bytes of an archive that lies inside a folder or another archive."""
    left = account.bounds.unpacked - account.unpacked
    content = entry.read(left + 1)
    if len(content) > left:
        raise LabError(f"{path.name} is larger than {account.bounds.unpacked / 1e6:g} MB: it was not unpacked.")
    return content


def is_work(stored: Stored) -> bool:
    """Whether a platform's name is that of a step file, an archive, or a folder of one student's files."""
    return not stored.name or bool(step_files([stored.name])) or archive.is_named_as_archive(stored.name)


def step_files(names: Iterable[str]) -> set[str]:
    """The step files among some names, by their present names; they may have names that an older gradcam-lab gave."""
    return {step.file for step in all_steps()} & {renamed.FILES.get(name, name) for name in names}


def roots(found: Iterable[PurePosixPath]) -> list[PurePosixPath]:
    """The folders that hold step files, of the highest level where there are any."""
    folders = sorted({name.parent for name in found if len(name.parts) <= LEVELS and step_files([name.name])})
    highest = min((len(folder.parts) for folder in folders), default=0)
    return [folder for folder in folders if len(folder.parts) == highest]
