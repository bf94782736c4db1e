"""The files of one submission that are judged: the step files, the written answers and every module beside them.

One that cannot be read costs what needs it and nothing else: it is a problem in the place of its content.
"""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.folder import ANSWERS, LEVELS, TAKEN, Problem, StudentFolder
from gradcam_lab.errors import LabError
from gradcam_lab.own_modules import name_of

SubmittedFiles = dict[str, bytes | Problem]
"""The files that are judged, by path; a module of a taken name, which nobody looks at, is named and empty."""

Readers = Mapping[str, Callable[[], bytes]]
"""How to read each file of a submission, by its path from the folder of the step files on."""


def pick(readers: Readers, member: int, total: int) -> SubmittedFiles:
    """Read the files that are judged.

    Args:
        readers: of all files; they read at most a byte more than `member`.
        member: number of bytes that a file may have.
        total: number of bytes that all of them may have together; modules beyond it are problems.

    Raises:
        LabError: none of the step files can be read, or they are too large together.
    """
    here = {**{renamed.FILES.get(name, name): reader for name, reader in readers.items()}, **readers}  # new names win
    files: SubmittedFiles = {name: b"" for name in here if _is_stray(name)}
    steps = [step.file for step in all_steps()]
    for name in [*steps, ANSWERS]:
        if name in here:
            files[name] = _content(name, here[name], member)
        elif any(path.startswith(f"{name}/") for path in here):
            files[name] = Problem(f"{name} is a folder, not a file", "it has to be handed in as a file")
    problems = [files[name] for name in steps if name in files]
    if problems and all(isinstance(problem, Problem) for problem in problems):
        raise LabError(problems[0].sentence())  # type: ignore[union-attr]
    if _size(files) > total:
        raise LabError(f"Its files are larger than {total / 1e6:g} MB together: they were not unpacked.")
    for name in sorted(here, key=lambda path: (path.count("/"), path)):
        if name not in files and _is_module(name):
            files[name] = _content(name, here[name], member)
            if _size(files) > total:
                what = f"with {name} the files are larger than {total / 1e6:g} MB together"
                files[name] = Problem(what, "it was not unpacked")
    return files


def _content(name: str, reader: Callable[[], bytes], member: int) -> bytes | Problem:
    try:
        content = reader()
    except LabError as error:
        what, _, remedy = str(error).rstrip(".").rpartition(": ")
        return Problem(what, remedy)
    except OSError as error:
        return Problem(f"{name} cannot be read ({error.strerror})", "check its permissions")
    if len(content) > member:
        return Problem(f"{name} is larger than {member / 1e6:g} MB", "it was not unpacked")
    return content


def _size(files: SubmittedFiles) -> int:
    return sum(len(content) for content in files.values() if isinstance(content, bytes))


def _is_module(name: str) -> bool:
    """Whether this may be imported by the step files: not the copies of environments, not the tests."""
    path = PurePosixPath(name)
    return bool(name_of(name)) and len(path.parts) <= LEVELS and not path.name.startswith("test_")


def _is_stray(name: str) -> bool:
    """Whether this has the name of a library, as a module or a package, or of what steers pytest."""
    path = PurePosixPath(name)
    package = len(path.parts) == 2 and path.name == "__init__.py"
    module = len(path.parts) == 1 and path.suffix == ".py"
    return (package and path.parts[0] in TAKEN) or (module and path.stem in TAKEN)


def lay_out(files: SubmittedFiles, folder: Path) -> StudentFolder:
    """Write the files that are judged into an empty folder under the course's own names, so no path leads out of it.

    Returns:
        The folder, which knows which files could not be read.
    """
    problems: dict[str, Problem] = {}
    for name, content in files.items():
        if isinstance(content, Problem):
            problems[name] = content
        else:
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return StudentFolder(folder, problems)
