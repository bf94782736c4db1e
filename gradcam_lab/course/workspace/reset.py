"""Resetting a task or a step to its stub; the student's text is kept in a backup."""

import sys

import typer

from gradcam_lab.console import say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, Task, find_step, find_task
from gradcam_lab.course.workspace import backup, renamed
from gradcam_lab.course.workspace.folder import ANSWERS, blank_answers
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text


def reset(word: str | None, *, yes: bool = False, undoing: bool = False) -> None:
    """Put the stub back in the place of a task's functions, or of a whole step file; a backup is kept.

    Args:
        word: a task such as "2.3", a step such as "2" or "step2_gradcam.py", or "answers.md".
        yes: whether the student has already agreed; otherwise they are asked.
        undoing: undo the last reset instead; then there is no word.

    Raises:
        LabError: no such task or step, nobody there to ask, or functions that cannot be found; or see `undo`.
    """
    if undoing == bool(word):
        raise LabError("Name a task or a step to reset, such as 2.3 or 2, or say --undo and nothing else.")
    if not word:
        undo()
        return
    workspace = Workspace.require()
    if word == ANSWERS:
        _reset_file(workspace, ANSWERS, blank_answers(), yes)
    elif step := find_step(word):
        _reset_step(workspace, step, yes)
    else:
        _reset_task(workspace, *find_task(word), yes)
    say("Next: gradcam-lab")


def undo() -> None:
    """Bring the files of the latest backup back; what they replace becomes a backup itself.

    A file that an upgrade has renamed gets its old name back, or, at the next undo, its new one again.

    Raises:
        LabError: there is no backup.
    """
    workspace = Workspace.require(old_names=True)  # after an upgrade was undone, undoing swaps again
    backups = backup.all_backups(workspace)
    if not backups:
        raise LabError(f"There is no backup in '{workspace.root}' yet: there is nothing to bring back.")
    latest = backups[-1]
    names = backup.files_of(latest)
    others = [other for name in names if (other := renamed.other_name(name)) and other not in names]
    kept = backup.back_up(workspace, [*names, *others])
    backup.bring_back(workspace, latest)
    for other in others:
        (workspace.root / other).unlink(missing_ok=True)
    seen = ", ".join(name for name in names if not name.startswith(".")) or "The state of the workspace"
    say(f"Brought back from {backup.time_of(latest):%d %B %Y, %H:%M:%S}: {seen}.")
    if kept:
        say(
            f"What they replaced is kept in {kept.relative_to(workspace.root).as_posix()}. '{backup.UNDO}' swaps again."
        )
    say("Next: gradcam-lab")


def _reset_step(workspace: Workspace, step: Step, yes: bool) -> None:
    _reset_file(workspace, step.file, cut.stub(step.source), yes)


def _reset_file(workspace: Workspace, name: str, fresh: str, yes: bool) -> None:
    if (workspace.root / name).exists():
        _replace(workspace, name, fresh, f"The whole of {name}", yes)
    else:
        write_text(workspace.root / name, fresh)
        say(f"{name} was missing: it is there again, as it was at the start.")


def _reset_task(workspace: Workspace, step: Step, task: Task, yes: bool) -> None:
    if task.written and (problem := workspace.answers_problem()):
        raise LabError(problem.sentence())
    if task.written:
        raise LabError(f"Task {task.id} is answered in words: change them in answers.md; there is no stub to reset.")
    text, problem = workspace.source(step)
    if problem:
        raise LabError(problem.sentence())
    _replace(workspace, step.file, with_stubs(text, step, task), f"Task {task.id} in {step.file}", yes)


def with_stubs(text: str, step: Step, task: Task) -> str:
    """Put the stubs of a task's functions in the place of the student's, and leave the rest of the file alone.

    Raises:
        LabError: the file does not parse, a function is not there, or its stub does not fit.
    """
    stub = cut.stub(step.source)
    try:
        missing = [unit for unit in task.units if cut.unit_text(text, unit) is None]
        if missing:
            raise _only_whole(step, f"{step.file} has no function '{missing[0]}' any more")
        for unit in task.units:
            text = cut.replace_unit(text, unit, cut.unit_text(stub, unit) or "")
        lost = set(task.units) - set(cut.unit_lines(text))
    except SyntaxError as error:
        raise _only_whole(step, f"{step.file} is not valid Python at line {error.lineno} ({error.msg})") from error
    if lost:
        raise _only_whole(step, f"The stub of '{min(lost)}' is indented in another way than {step.file}")
    return text


def _only_whole(step: Step, problem: str) -> LabError:
    return LabError(
        f"{problem}: mend this first, or reset the whole file with 'gradcam-lab reset {step.number}', "
        "which keeps a backup."
    )


def _replace(workspace: Workspace, name: str, new: str, what: str, yes: bool) -> None:
    stub = "blank" if name == ANSWERS else "a stub"
    if workspace.read(name, "") == (new, None):
        say(f"{what} is as it was at the start: there is nothing to reset.")
    elif not (yes or _agreed(f"{what} becomes {stub} again, and a backup of your text is kept. Go on?")):
        say("Nothing was changed.")
    else:
        kept = backup.back_up(workspace, [name])
        backup.write_like(workspace.root / name, new)
        say(f"{what} is {stub} again.")
        if kept:
            say(f"Your text is kept in {(kept / name).relative_to(workspace.root).as_posix()}.")
        say(f"To bring it back: {backup.UNDO}")


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise LabError("There is nobody to ask whether to go on: add --yes if you are sure; a backup is kept.")
    return typer.confirm(question)
