"""Hints, one at a time; the answer follows only for those who have passed the task or have tried it often enough.

In an exam they end before the code, and no answer follows.
"""

import textwrap
from collections.abc import Sequence
from shutil import get_terminal_size

from gradcam_lab.console import say
from gradcam_lab.course.authoring.manifest import Step, Task, find_task
from gradcam_lab.course.workspace import diff
from gradcam_lab.course.workspace.workspace import TRIES, Workspace
from gradcam_lab.errors import LabError


def hint(task: str, *, again: bool = False) -> None:
    """Print the next hint of a task, or, after the last one, the answer if it may be shown.

    Args:
        task: its number.
        again: print all hints shown so far instead, and go no further.

    Raises:
        LabError: no such task, or `again` before the first hint.
    """
    workspace = Workspace.require()
    step, found = find_task(task)
    texts = workspace.hints(found)
    hints = workspace.state().get("hints", {})
    shown = min(hints.get(task, 0), len(texts))
    if again and not shown:
        raise LabError(f"No hint of task {task} was shown yet: 'gradcam-lab hint {task}' shows the first.")
    if again:
        for number in range(1, shown + 1):
            _show(found, texts, number)
    elif shown < len(texts):
        _show(found, texts, shown + 1)
        workspace.update_state(hints={**hints, task: shown + 1})
        say(_what_comes(workspace, found, shown + 1))
    else:
        _show_answer(workspace, step, found)
    for note in workspace.notes():
        say(note)
    say(f"Next: {_next(workspace, step, found)}")


def _show(task: Task, hints: Sequence[str], number: int) -> None:
    width = min(get_terminal_size().columns, 100)
    say(f"Task {task.id}, {task.title}: hint {number} of {len(hints)}:")
    for line in hints[number - 1].splitlines():
        say(textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False))
    say("")


def _what_comes(workspace: Workspace, task: Task, shown: int) -> str:
    if shown < (number := len(workspace.hints(task))):
        return f"'gradcam-lab hint {task.id}' shows hint {shown + 1} of {number}."
    if task.written or workspace.exam:
        return "This was the last hint: the answer is yours to find."
    return f"This was the last hint. After it, the answer is shown once the task has passed or was tried {TRIES} times."


def _show_answer(workspace: Workspace, step: Step, task: Task) -> None:
    left = TRIES - workspace.tries(task)
    if task.written or workspace.exam:
        say(f"All hints of task {task.id} were shown, and the answer is yours to find.")
    elif left > 0 and not diff.passed(workspace, step, task):
        tries = f"{left} more {'try' if left == 1 else 'tries'}"
        say(f"All hints of task {task.id} were shown. The answer follows once it has passed, or after {tries}.")
        say(f"A try is a new text of the task that 'gradcam-lab check {task.id}' has judged.")
    else:
        _show_reference(step, task)
        shown = workspace.state().get("answers", [])
        workspace.update_state(answers=[*shown, *([] if task.id in shown else [task.id])])
        return
    say(f"'gradcam-lab hint {task.id} --again' shows the hints again.")


def _show_reference(step: Step, task: Task) -> None:
    say(f"The reference's answer to task {task.id}:")
    for unit in task.units:
        say("")
        for line in diff.reference(step, unit):
            say(f"    {line}".rstrip())
    say("")


def _next(workspace: Workspace, step: Step, task: Task) -> str:
    if task.written:
        return f"answer task {task.id} in answers.md, then gradcam-lab check {task.id}"
    command = "diff" if diff.passed(workspace, step, task) and not workspace.exam else "check"
    return f"gradcam-lab {command} {task.id}"
