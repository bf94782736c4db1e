"""Finding the submissions in a folder, and reading the few files of each that are judged.

Submissions are untrusted: nothing is unpacked by its own path. The step files, the answers and the modules beside them
are read into memory, under limits; of everything else only names matter, and only of modules with the name of a
library.
"""

import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath, PureWindowsPath

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submitted_files import SubmittedFiles, pick
from gradcam_lab.course.integrity.look_at import RECORD_FILE as RECORD
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.folder import LARGEST
from gradcam_lab.course.workspace.folder import LEVELS as PACKAGES
from gradcam_lab.errors import LabError

ArchiveListing = dict[PurePosixPath, Callable[[], bytes]]
"""What a submission holds, by path, and how to read each file."""

LEVELS = 3
"""The step files may lie in the submission itself, in a folder of it, or in a folder of that."""

DEPTH = LEVELS + PACKAGES - 1
"""So deep may their modules lie."""

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Of the others, the standard library cannot unpack a limited part: a small file of theirs could fill the memory."""


@dataclass(frozen=True)
class Bounds:
    """What one submission may hold: bytes of a file that is read, bytes of all of them, entries of a zip."""

    member: int = LARGEST
    total: int = 4_000_000
    members: int = 100_000


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Attributes:
        name: the name of the folder or the zip, for the student; unique.
        path: the folder or the zip, or another file that somebody has put there.
    """

    name: str
    path: Path


def find(folder: Path, besides: Iterable[Path] = ()) -> list[Submission]:
    """List the submissions in a folder, by name; a folder that is a workspace itself is the only one.

    Args:
        folder: the folder of all submissions.
        besides: paths that are no submissions: the tables and pages that grading writes.

    Raises:
        LabError: the folder is missing, cannot be read, or is empty.
    """
    other = {path.resolve() for path in besides}
    try:
        paths = [path for path in sorted(folder.iterdir()) if not _hidden(path.name) and path.resolve() not in other]
    except NotADirectoryError as error:
        raise LabError(f"'{folder}' is a file: name the folder that holds the submissions.") from error
    except FileNotFoundError as error:
        raise LabError(f"There is no folder '{folder}': name the folder that holds the submissions.") from error
    except OSError as error:
        raise LabError(f"Cannot read the folder '{folder}' ({error.strerror}): check its permissions.") from error
    if not paths:
        raise LabError(f"There are no submissions in '{folder}': put a folder or a zip for each student there.")
    if _step_files(path.name for path in paths) and not any(map(_looks_handed_in, paths)):
        return [Submission(_name(folder.resolve()), folder)]
    return _named(paths)


def _looks_handed_in(path: Path) -> bool:
    """Whether this is a zip, or a folder with step files near its top."""
    try:
        return path.suffix.lower() == ".zip" or (path.is_dir() and bool(_roots(_of_folder(path, Bounds()))))
    except OSError:
        return False


def _named(paths: Sequence[Path]) -> list[Submission]:
    """Name each after its folder or zip; where two would have one name, the zip keeps its suffix."""
    names: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (not path.is_dir(), path.name)):
        whole = _name(path)
        short = whole[:-4] if whole.lower().endswith(".zip") and path.is_file() else whole
        choices = chain((short, whole), (f"{whole} ({number})" for number in count(2)))
        names[next(name for name in choices if name not in names)] = path
    return [Submission(name, path) for name, path in sorted(names.items())]


def _name(path: Path) -> str:
    return " ".join(clean(path.name).split()) or "?"  # a name stands in one line


def clean(text: str) -> str:
    """Text from a student as every export can hold it: without control characters and halves of surrogate pairs."""
    composed = unicodedata.normalize("NFC", text)  # macOS takes letters and their accents apart
    return "".join(letter if _harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in composed)


def _harmless(letter: str) -> bool:
    return letter in "\n\t" or (unicodedata.category(letter) not in ("Cc", "Cs") and letter not in "\ufffe\uffff")


def read(path: Path, bounds: Bounds) -> SubmittedFiles:
    """Read the files of a submission that are judged.

    Raises:
        LabError: it is no submission, or cannot be read; the sentence says why.
    """
    with ExitStack() as stack:
        return _pick(_listing(path, bounds, stack), bounds)


def _listing(path: Path, bounds: Bounds, stack: ExitStack) -> ArchiveListing:
    if not path.is_dir():
        return _of_zip(path, bounds, stack)
    listing = _of_folder(path, bounds)
    zips = [name for name in listing if name.suffix.lower() == ".zip" and len(name.parts) == 1]
    if len(zips) == 1 and not _roots(listing):  # so do learning platforms pack what one student has handed in
        return _of_zip(path / zips[0], bounds, stack)
    return listing


def _of_folder(path: Path, bounds: Bounds) -> ArchiveListing:
    listing: ArchiveListing = {}
    folders = [path]
    for _ in range(DEPTH):
        inside = [entry for folder in folders for entry in sorted(folder.iterdir()) if not _hidden(entry.name)]
        folders = [entry for entry in inside if entry.is_dir() and not entry.is_symlink() and not _environment(entry)]
        for entry in inside:
            if not entry.is_dir() or entry.is_symlink():
                listing[PurePosixPath(*entry.relative_to(path).parts)] = partial(_read_file, entry, bounds)
    for root in _roots(listing):
        if (path / root / RECORD).is_file():
            listing[root / RECORD] = partial(_read_file, path / root / RECORD, bounds)
    return listing


def _environment(folder: Path) -> bool:
    """Whether this is an environment of Python, with thousands of files that are nobody's work."""
    return (folder / "pyvenv.cfg").exists()


def _read_file(path: Path, bounds: Bounds) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise LabError(f"{path.name} is a link or a device, not a file: it has to be handed in itself.")
    with path.open("rb") as stream:
        return stream.read(bounds.member + 1)


def _of_zip(path: Path, bounds: Bounds, stack: ExitStack) -> ArchiveListing:
    """List a zip; the sizes that it declares are not trusted: a file is read up to the limit and no further."""
    if not path.is_file():  # opening a pipe that nobody writes into would wait for ever
        raise LabError(f"{clean(path.name)} is a pipe, a socket or a device, not a zip file: take it away.")
    if path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise LabError("This is neither a folder nor a zip file.")
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except Exception as error:  # a damaged zip raises errors of many kinds, which are not documented
        raise LabError(f"The zip cannot be opened ({error}): ask for it again.") from error
    members = archive.infolist()
    if len(members) > bounds.members:
        raise LabError(f"The zip holds {len(members)} files, more than {bounds.members}: nothing was unpacked.")
    listing: ArchiveListing = {}
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if PureWindowsPath(member.filename).anchor or ".." in name.parts:  # the anchor: "/", "C:", or a server
            raise LabError(f"The zip holds the path '{clean(str(name))}', which leads out of it: nothing was unpacked.")
        is_record = str(name) == RECORD or str(name).endswith(f"/{RECORD}")
        visible = len(name.parts) <= DEPTH and not any(map(_hidden, name.parts))
        if not member.is_dir() and (visible or is_record):
            listing[name] = partial(_read_member, archive, member, bounds)
    return listing


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, bounds: Bounds) -> bytes:
    name = PurePosixPath(member.filename).name
    if stat.S_ISLNK(member.external_attr >> 16):
        raise LabError(f"{name} is a link, not a file: it has to be handed in itself.")
    if member.flag_bits & 1:
        raise LabError(f"The zip is encrypted ({name}): ask for it without a password.")
    if member.compress_type not in PACKINGS:
        raise LabError(f"The zip is packed in an unusual way ({name}): ask for a plain zip.")
    try:
        with archive.open(member) as stream:
            return stream.read(bounds.member + 1)
    except Exception as error:
        raise LabError(f"The zip is damaged ({name}: {error}): ask for it again.") from error


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "__pycache__")


def _step_files(names: Iterable[str]) -> set[str]:
    """The step files among some names, by their present names; they may have names that an older gradcam-lab gave."""
    return {step.file for step in all_steps()} & {renamed.FILES.get(name, name) for name in names}


def _roots(listing: ArchiveListing) -> list[PurePosixPath]:
    """The folders that hold step files, of the highest level where there are any."""
    roots = sorted({name.parent for name in listing if len(name.parts) <= LEVELS and _step_files([name.name])})
    highest = min((len(root.parts) for root in roots), default=0)
    return [root for root in roots if len(root.parts) == highest]


def _pick(listing: ArchiveListing, bounds: Bounds) -> SubmittedFiles:
    """Read the files that are judged."""
    if not listing:
        raise LabError("There is nothing in it.")
    roots = _roots(listing)
    if not roots:
        raise LabError(f"There is no step file in it (such as {all_steps()[0].file}).")
    if len(roots) > 1:
        names = " and ".join(f"'{clean(str(root))}'" for root in roots[:2])
        raise LabError(f"Step files lie in {len(roots)} folders ({names}): which of them is meant?")
    root = roots[0]
    here = {str(path.relative_to(root)): reader for path, reader in listing.items() if path.is_relative_to(root)}
    files = pick({name: reader for name, reader in here.items() if name != RECORD}, bounds.member, bounds.total)
    if RECORD in here:
        with suppress(LabError, OSError):  # it says how the student worked, and costs nobody a point
            files[RECORD] = here[RECORD]()
    return files
