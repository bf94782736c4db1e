"""Making a workspace: the lesson files cut into stubs, a test file for each, and room for the written answers."""

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcam_lab import __version__
from gradcam_lab.console import say
from gradcam_lab.course.authoring.consistent import require_consistent
from gradcam_lab.course.authoring.course import Course, copy_course, following
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.integrity import work_record
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.course_around import COURSE
from gradcam_lab.course.workspace.fresh_files import fresh_files
from gradcam_lab.course.workspace.workspace import STATE_FOLDER, STUBS, Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, write_json, write_text

EXAM = "It is one of an exam: hints end before the code, no answer is shown, and hints and tries are recorded."


def start(folder: Path, *, exam: bool = False, course: Path | None = None) -> None:
    """Make a workspace, whole or not at all, and say how to go on.

    Args:
        folder: a new or an empty folder.
        exam: make one whose hints end before the code, and which never shows an answer.
        course: the folder of a teacher's course; None for the course of this package.

    Raises:
        LabError: there is something in it already, it lies in another workspace, it cannot be written, or the course is
            not in order.
    """
    with following(course) as followed:
        _start(folder, exam, followed)


def _start(folder: Path, exam: bool, course: Course | None) -> None:
    require_consistent(all_steps())
    place = folder.absolute()
    _refuse(place)
    require_writable(place.parent)
    try:
        with TemporaryDirectory(prefix=".new-", dir=place.parent) as temporary:
            built = Path(temporary) / "workspace"
            _build(built, exam, course)
            _move(built, place)
    except OSError as error:
        raise LabError(f"Cannot make the workspace '{place}' ({error.strerror}): choose another folder.") from error
    points = sum(step.points for step in all_steps())
    say(f"Your workspace is in '{folder}': {len(all_steps())} steps, {points} points.")
    if exam:
        say(EXAM)
    if course:
        say(f"It follows the course '{course.title}'.")
    say(f"Next: {_change_to(folder)}gradcam-lab")


def _refuse(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise LabError(f"'{place}' is a file: choose the name of a new folder.")
    if place.is_dir() and any(place.iterdir()):
        raise LabError(f"The folder '{place}' is not empty: choose a new one, so that nothing in it is overwritten.")
    if around := Workspace.find(place.parent):
        raise LabError(f"'{place}' lies in the workspace '{around.root}': choose a folder outside it.")


def _build(folder: Path, exam: bool, course: Course | None) -> None:
    for name, text in fresh_files(exam=exam).items():
        write_text(folder / name, text)
        write_text(folder / STATE_FOLDER / STUBS / name, text)
    if course:
        copy_course(course, folder / COURSE)
    state = work_record.first(version=__version__, numbering=renamed.NUMBERING, exam=exam)
    write_json(folder / work_record.RECORD_FILE, state)


def _move(built: Path, place: Path) -> None:
    """Give the finished folder its name; an empty one that is there stays, since a shell may be inside it."""
    if not place.exists():
        built.rename(place)
        return
    # The state comes last, because it makes the folder a workspace.
    for path in sorted(built.iterdir(), key=lambda path: path.name == STATE_FOLDER):
        path.rename(place / path.name)


def _change_to(folder: Path) -> str:
    """The command that goes there, quoted as the usual shell of this system wants it."""
    if folder.absolute() == Path.cwd():
        return ""
    quoted = shlex.quote(str(folder)) if os.name == "posix" else f'"{folder}"'
    return f"cd {quoted}, then "
