"""`gradcam-lab look`: what a student's function returns on a real picture, beside what the reference's returns."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from gradcam_lab.console import open_file, say, warn
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, Task, find_task
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.look import can_be_drawn
from gradcam_lab.course.judging.look import look as look_at
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace import screen
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.data.toyvoc import COUNTS, is_drawn
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable

FOLDER = "look"
"""Where in the workspace the pictures lie."""

USUAL = 26
"""The image of ToyVOC's test split that is shown unless another is asked for: two dogs and a horse, so that every view
has something to show."""

LIMITS = Limits(seconds=20)
"""Of one function: twice the seconds of a check, because a picture is larger, and is drawn too."""


def look(
    task: str, *, image: str | None = None, cls: str | None = None, opening: bool = False, judge: Judge | None = None
) -> None:
    """Draw what the functions of a task return now, right or wrong, and say where the pictures are.

    Args:
        task: its number.
        image: the index of an image in ToyVOC's test split, or a file; None for the usual one.
        cls: the class to look at; None for the largest object's, or the most probable one of a photo.
        opening: whether to open the pictures.
        judge: one that is warm already; it stays open.

    Raises:
        LabError: no such task, image or class; the task is answered in words or not begun; or a function does not
            return what can be drawn: the sentence says why, and in which line.
    """
    workspace = Workspace.require()
    step, found = find_task(task)
    if found.written:
        raise LabError(
            f"Task {task} is answered in words, so there is nothing to draw: write in {ANSWERS}, and "
            f"'gradcam-lab hint {task}' helps."
        )
    if not can_be_drawn(step, found):
        raise LabError(
            f"There is no picture of task {task}, which is your teacher's own: 'gradcam-lab check {task}' says more."
        )
    code, problem = workspace.code(step)
    if problem:
        raise LabError(problem.sentence())
    wish = {"number": USUAL, **wished(image), "cls": cls or ""}
    begun = _begun(step, found, code.source, workspace.file(step).name)
    folder = workspace.root / FOLDER
    if folder.exists() and not folder.is_dir():
        raise LabError(f"'{folder}' is no folder, and the pictures are to lie in it: move that file away.")
    require_writable(
        folder if folder.exists() else workspace.root
    )  # here, where no function of the student's is blamed for it
    if (photo := wish.get("photo")) and not is_drawn(Path(photo)):
        warn(
            "The network here knows ToyVOC's drawings only, so its maps of a photo mean little; whether your function "
            "does what the reference does is seen all the same."
        )
    ending: list[str] = []
    with nullcontext(judge) if judge else Judge(LIMITS) as working:
        for unit in begun:
            path = folder / f"{unit.removesuffix('.__call__')}.png"
            verdict = look_at(working, step, code, unit, wish, path)
            ending += _tell(workspace, step, verdict, path, opening)
    if ending:
        raise LabError(" ".join(ending))
    say(f"Next: gradcam-lab check {task}")


def wished(image: str | None) -> dict[str, Any]:
    """The image that is asked for, as fields of `views.scene.Wish`.

    Raises:
        LabError: it is neither a number nor a file.
    """
    if image is None:
        return {}
    if image.isdecimal():
        if int(image) >= COUNTS["test"]:
            last = COUNTS["test"] - 1
            raise LabError(
                f"ToyVOC's test split has no image {image}: give --image a number from 0 to {last}, or a file."
            )
        return {"number": int(image)}
    if not Path(image).is_file():
        raise LabError(f"There is no file '{image}': give --image a file, or the number of an image of ToyVOC.")
    return {"photo": str(Path(image).resolve())}


def _begun(step: Step, task: Task, source: str, file: str) -> list[str]:
    """The functions of a task of which something is written; those that are not are named.

    Raises:
        LabError: none is.
    """
    stubs = dict(_stubs(step, task, source))
    begun = [unit for unit in task.units if unit not in stubs]
    if not begun:
        line = min(stubs.values())
        raise LabError(
            f"Task {task.id} is not written yet ({file}, line {line}): 'gradcam-lab hint {task.id}' helps to begin."
        )
    for unit, line in stubs.items():
        warn(f"{unit} is not written yet ({file}, line {line}): it is left out.")
    return begun


def _stubs(step: Step, task: Task, source: str) -> Iterator[tuple[str, int]]:
    """The functions of a task that are as the stub has them, with the lines at which they are to be written."""
    try:
        places = cut.unit_lines(source)
    except SyntaxError:
        return  # the judge says where
    untouched = cut.stub(step.source)
    for unit in task.units:
        if unit in places and (text := cut.unit_text(source, unit)) == cut.unit_text(untouched, unit):
            todo = next(n for n, line in enumerate((text or "").splitlines()) if "raise NotImplementedError(" in line)
            yield unit, places[unit][0] + todo


def _tell(workspace: Workspace, step: Step, verdict: Verdict, path: Path, opening: bool) -> list[str]:
    """Say what the picture shows and where it is; what went wrong instead is returned, a sentence."""
    if lines := screen.outputs([verdict]):
        screen.show(lines[:-1])
    if verdict.status is not Status.passed:
        return [sentence(workspace, step, verdict)]
    say(verdict.got)
    say(f"  {path.relative_to(workspace.root).as_posix()}")
    if opening and not open_file(path):
        warn(f"Here is no screen to show '{path}' on: open the file where there is one.")
    return []


def sentence(workspace: Workspace, step: Step, verdict: Verdict) -> str:
    """What a function did in place of returning something to draw, and in which line, in one sentence."""
    unit = verdict.check
    file, line = verdict.file or step.file, verdict.line or _first_line(workspace.source(step)[0], unit)
    place = f"{file}, line {line}" if line else file
    reason = verdict.reason.rstrip(".") or "look at this line"
    return f"Your {unit} ({place}) cannot be drawn: {_flat(verdict.got)}; {_flat(reason)}."


def _first_line(source: str, unit: str) -> int:
    try:
        return cut.unit_lines(source).get(unit, (0, 0))[0]
    except SyntaxError:
        return 0


def _flat(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
