"""A student's function beside the reference's, once the student's has passed."""

import sys
from difflib import SequenceMatcher
from itertools import zip_longest
from shutil import get_terminal_size

from gradcam_lab.console import say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, Task, find_task
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.excerpts import excerpt

MARK = "|"
"""Stands beside lines that differ."""

WIDE = 100
"""From so many columns on there is room for two functions side by side."""

DiffRow = tuple[str | None, str | None, bool]
"""A line of yours, the line of the reference beside it, and whether they are equal; None where there is none."""


def diff(task: str) -> None:
    """Show the student's functions of a task beside the reference's.

    Args:
        task: its number.

    Raises:
        LabError: no such task, it is answered in words, or this code has not passed.
    """
    workspace = Workspace.require()
    step, found = find_task(task)
    if found.written:
        raise LabError(f"Task {task} is answered in words: there is no reference to compare your answer with.")
    if workspace.exam:
        raise LabError("This is the workspace of an exam: the reference is not shown in it.")
    if problem := workspace.code(step)[1]:
        raise LabError(problem.sentence())
    if not passed(workspace, step, found):
        raise LabError(
            f"Task {task} has not passed for the text that is in {step.file} now: "
            f"'gradcam-lab check {task}' judges it, and 'gradcam-lab hint {task}' helps."
        )
    for unit in found.units:
        _show(unit, workspace.source(step)[0], step)
    say(f"'{MARK}' marks lines that differ. Yours passed: another way is not a worse way.")
    say("Next: gradcam-lab")


def passed(workspace: Workspace, step: Step, task: Task) -> bool:
    """Whether a task has passed for exactly the text that is there now."""
    return any(result.id == task.id and result.status is Status.passed for result in workspace.result(step).tasks)


def reference(step: Step, unit: str) -> list[str]:
    """The lines of the reference's function, without markers."""
    return [line for line in of_unit(step.source, unit) or [] if not cut.BEGIN.match(line) and not cut.END.match(line)]


def of_unit(source: str, unit: str) -> list[str] | None:
    """The lines of a function or method to read, or None where the source has no `def` of this name."""
    place = cut.unit_lines(source).get(unit)
    return excerpt(source, *place) if place else None


def side_by_side(mine: list[str], theirs: list[str]) -> list[DiffRow]:
    """Align two texts: equal lines beside each other, changed ones as they come."""
    rows: list[DiffRow] = []
    for what, i, j, k, m in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        rows += [(left, right, what == "equal") for left, right in zip_longest(mine[i:j], theirs[k:m])]
    return rows


def _show(unit: str, source: str, step: Step) -> None:
    mine = of_unit(source, unit) or [f"# {unit} passed, but there is no 'def' of this name in {step.file}"]
    rows = side_by_side(mine, reference(step, unit))
    if sys.stdout.isatty() and get_terminal_size().columns >= WIDE:
        _print_table(unit, rows)
    else:
        _print_column(f"{unit}: yours", [(left, same) for left, _, same in rows])
        _print_column(f"{unit}: the reference", [(right, same) for _, right, same in rows])


def _print_column(title: str, lines: list[tuple[str | None, bool]]) -> None:
    say(title)
    for line, same in lines:
        if line is not None:
            say(f"{' ' if same else MARK} {line}".rstrip())
    say("")


def _print_table(unit: str, rows: list[DiffRow]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(unit), box=None, expand=True, title_justify="left", padding=(0, 1))
    for title in ("yours", "", "the reference"):
        table.add_column(title, ratio=1 if title else None, overflow="fold")
    for left, right, same in rows:
        style = "" if same else "bold"
        table.add_row(Text(left or "", style), Text(" " if same else MARK), Text(right or "", style))
    Console(highlight=False).print(table)
    say("")
