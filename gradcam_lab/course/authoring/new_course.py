"""`gradcam-lab course`: a folder with a `course.toml` to begin with, and copies of lessons that are to be changed."""

import shutil
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from gradcam_lab.console import say
from gradcam_lab.course.authoring.course import COURSE_FILE
from gradcam_lab.course.authoring.manifest import Step, package_steps
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, write_text


def new_course(folder: Path, copies: Sequence[str]) -> None:
    """Write a `course.toml`, unless there is one, and the files of lessons that are to be changed.

    Args:
        folder: of the course; it is made where it is missing.
        copies: numbers or names of steps.

    Raises:
        LabError: there is no such step, or something that would be written is there already.
    """
    steps = [_step(word) for word in copies]
    files = {folder / path.name: path for step in steps for path in _files(step)}
    file = folder / COURSE_FILE
    if folder.exists() and not folder.is_dir():
        raise LabError(f"'{folder}' is a file: choose the name of a folder.")
    if there := [path for path in files if path.exists()] + [file] * (file.exists() and not copies):
        raise LabError(f"'{there[0]}' is there already, and is not overwritten: move it away, or change it.")
    require_writable(folder.parent)
    folder.mkdir(exist_ok=True)
    if not file.exists():
        names = "\n".join(f'    "{step.name}",' for step in package_steps())
        template = (resources.files("gradcam_lab.templates") / COURSE_FILE).read_text(encoding="utf-8")
        write_text(file, template.replace("{{steps}}", names))
        say(f"Written: {file}")
    for target, source in files.items():
        shutil.copyfile(source, target)
        say(f"Written: {target}")
    say(f"Next: change {file}, then gradcam-lab verify --course {folder}")


def _step(word: str) -> Step:
    for step in package_steps():
        if word in (str(step.number), step.name):
            return step
    names = ", ".join(step.name for step in package_steps())
    raise LabError(f"There is no step '{word}' to copy: the steps are {names}.")


def _files(step: Step) -> list[Path]:
    gallery = [step.manifest_path, step.checks_folder / f"{step.name}.mutants.toml", step.answers_path]
    return [step.folder / step.file, step.test_path, *(path for path in gallery if path.exists())]
