"""Making a workspace: the lesson files cut into stubs, a test file for each, and room for the written answers."""

import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from gradcam_lab import __version__
from gradcam_lab.console import say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.workspace.folder import ANSWERS, blank_answers
from gradcam_lab.course.workspace.workspace import STATE_FOLDER, STUBS, Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, write_json, write_text

README = "README.md"
SETTINGS = "pytest.ini"


PYTEST_INI = """\
[pytest]
# The plugin hands each check to gradcam-lab, which runs your code in a process of its own. No conftest.py is read.
addopts = -p gradcam_lab.course.workspace.pytest_plugin --noconftest --import-mode=importlib --no-header -rN
    --disable-warnings
cache_dir = .gradcam-lab/pytest
"""

TEST_FILE = '''\
"""Step {step.number} for pytest and your editor's test panel: `pytest {step.test_file}`.

The checks come with gradcam-lab. Your points are counted from those, so nothing that is changed here changes them.
Tests of your own may stand below: the fixture `mine` is your {step.file}.
"""

from gradcam_lab.lessons.checks.test_{step.name} import *  # noqa: F403
'''


def start(folder: Path) -> None:
    """Make a workspace, whole or not at all, and say how to go on.

    Args:
        folder: a new or an empty folder.

    Raises:
        LabError: there is something in it already, it lies in another workspace, or it cannot be written.
    """
    place = folder.absolute()
    _refuse(place)
    require_writable(place.parent)
    try:
        with TemporaryDirectory(prefix=".new-", dir=place.parent) as temporary:
            built = Path(temporary) / "workspace"
            _build(built)
            _move(built, place)
    except OSError as error:
        raise LabError(f"Cannot make the workspace '{place}' ({error.strerror}): choose another folder.") from error
    points = sum(step.points for step in all_steps())
    say(f"Your workspace is in '{folder}': {len(all_steps())} steps, {points} points.")
    say(f"Next: {_change_to(folder)}gradcam-lab")


def files() -> dict[str, str]:
    """The files of a fresh workspace: their names and texts."""
    return {
        **{step.file: cut.stub(step.source) for step in all_steps()},
        **{step.test_file: TEST_FILE.format(step=step) for step in all_steps()},
        ANSWERS: blank_answers(),
        README: _readme(),
        SETTINGS: PYTEST_INI,
    }


def _refuse(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise LabError(f"'{place}' is a file: choose the name of a new folder.")
    if place.is_dir() and any(place.iterdir()):
        raise LabError(f"The folder '{place}' is not empty: choose a new one, so that nothing in it is overwritten.")
    if around := Workspace.find(place.parent):
        raise LabError(f"'{place}' lies in the workspace '{around.root}': choose a folder outside it.")


def _build(folder: Path) -> None:
    for name, text in files().items():
        write_text(folder / name, text)
        write_text(folder / STATE_FOLDER / STUBS / name, text)
    write_json(folder / STATE_FOLDER / "state.json", {"version": __version__})


def _move(built: Path, place: Path) -> None:
    """Give the finished folder its name; an empty one that is there stays, since a shell may be inside it."""
    if not place.exists():
        built.rename(place)
        return
    # The state comes last, because it makes the folder a workspace.
    for path in sorted(built.iterdir(), key=lambda path: path.name == STATE_FOLDER):
        path.rename(place / path.name)


def _readme() -> str:
    rows = ["| step | what it is about | points |", "| --- | --- | --- |"]
    rows += [f"| `{step.file}` | {step.title.partition(': ')[2]} | {step.points} |" for step in all_steps()]
    text = Path(__file__).with_name("workspace_readme.md").read_text(encoding="utf-8")
    return text.replace("{{steps}}", "\n".join(rows))


def _change_to(folder: Path) -> str:
    """The command that goes there, quoted as the usual shell of this system wants it."""
    if folder.absolute() == Path.cwd():
        return ""
    quoted = shlex.quote(str(folder)) if os.name == "posix" else f'"{folder}"'
    return f"cd {quoted}, then "
