"""`gradcam-lab check`: judge a student's files, show the results and the next thing to do."""

import re
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

from gradcam_lab.console import progress
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, all_steps, find_step
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, TaskResult, Verdict
from gradcam_lab.course.workspace import screen
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import json_text

PAUSE = 0.5
"""Seconds between two looks at the files."""

TaskSelection = dict[Step, set[str]]
"""Steps in their order, and of each the tasks that are asked for; the step's number stands for the chain."""


def check(
    words: list[str],
    *,
    watch: bool = False,
    json: bool = False,
    show_test: bool = False,
    judge: Judge | None = None,
) -> bool:
    """Check steps or tasks of the workspace around the current folder.

    Args:
        words: steps ("2", "step2_gradcam", "step2_gradcam.py") or tasks ("2.3"); none for everything.
        watch: check again whenever a file is saved, until Ctrl-C.
        json: print JSON and nothing else.
        show_test: show also the text of the check that failed, or, where none did, of all that were asked for.
        judge: one that is warm already; it stays open.

    Returns:
        Whether everything that was asked for has passed.

    Raises:
        LabError: not in a workspace, or no such step or task.
    """
    workspace = Workspace.require()
    selection = select(words)
    if watch and json:
        raise LabError("--json prints one document and --watch never ends: choose one of them.")
    if show_test and json:
        raise LabError("--json prints one document, and --show-test a text: choose one of them.")
    with nullcontext(judge) if judge else Judge() as working:
        if watch:
            return _watch(workspace, selection, working, show_test)
        fresh = _judge(workspace, selection, working)
        return _show_json(workspace, selection) if json else _show(workspace, selection, fresh, show_test)


def select(words: Sequence[str]) -> TaskSelection:
    """Find the steps and tasks that are asked for.

    Raises:
        LabError: there is none of that name.
    """
    tasks = {task.id for step in all_steps() for task in step.tasks}
    chosen = set[str]()
    for word in words or [step.name for step in all_steps()]:
        step = find_step(word)
        if not step and word not in tasks:
            steps = ", ".join(step.file for step in all_steps())
            raise LabError(f"There is no step or task '{word}': the steps are {steps}; a task is a number as 2.3.")
        chosen |= step.ids if step else {word}
    return {step: step.ids & chosen for step in all_steps() if step.ids & chosen}


def _judge(workspace: Workspace, selection: TaskSelection, judge: Judge) -> list[Verdict]:
    """Judge what is asked for; the workspace records the verdicts."""
    wanted = {step: [check for check in step.checks if check.task in tasks] for step, tasks in selection.items()}
    found: list[Verdict] = []
    with progress("checking", sum(map(len, wanted.values()))) as advance:
        for step, checks in wanted.items():
            if checks:
                found += workspace.check(step, judge, checks, advance)
    return found


def _show(workspace: Workspace, selection: TaskSelection, fresh: Sequence[Verdict], show_test: bool = False) -> bool:
    """Show the recorded verdicts on what was asked for, and what the code has printed and saved just now."""
    all_views = screen.views(workspace)
    here = [view for view in all_views if view.step in selection]
    view, failed = _first_failure(here, selection)
    lines = [line for view in here for line in (*screen.table(view, looks=True), "")]
    verdict = failed.first_failure if failed else None
    lines += screen.outputs([other for other in fresh if other != verdict])
    if view and verdict:
        lines += [*screen.failure(view, verdict, _picture(workspace, verdict)), ""]
    if show_test:
        lines += _tests(selection, verdict)
    if notes := [*workspace.notes(), *workspace.remarks(selection)]:
        lines += [*notes, ""]
    screen.show([*lines, _next_line(all_views, selection)])
    return _passed(here, selection)


def _show_json(workspace: Workspace, selection: TaskSelection) -> bool:
    """Print the recorded verdicts on what was asked for as JSON."""
    all_views = screen.views(workspace)
    here = [view for view in all_views if view.step in selection]
    print(as_json(workspace, here, _next_line(all_views, selection)))
    return _passed(here, selection)


def _first_failure(
    here: Sequence[screen.StepView], selection: TaskSelection
) -> tuple[screen.StepView, TaskResult] | tuple[None, None]:
    failures = ((view, screen.first_failure(view, selection[view.step])) for view in here)
    return next(((view, row) for view, row in failures if row), (None, None))


def _next_line(all_views: Sequence[screen.StepView], selection: TaskSelection) -> str:
    """The next thing to do: first what was asked for and is wrong, then what was asked for and is half done."""
    here = [view for view in all_views if view.step in selection]
    begun = [screen.first_unfinished(view, selection[view.step]) for view in here]
    row = _first_failure(here, selection)[1] or next(filter(None, begun), None)
    return screen.next_line(all_views, selection, row)


def _passed(here: Sequence[screen.StepView], selection: TaskSelection) -> bool:
    return all(row.status is Status.passed for view in here for row in view.rows if row.id in selection[view.step])


def _tests(selection: TaskSelection, failed: Verdict | None) -> list[str]:
    """The text of the check that failed, or of all that were asked for."""
    checks = [(step, check) for step, tasks in selection.items() for check in step.checks if check.task in tasks]
    shown = [(step, check) for step, check in checks if failed is None or check.name == failed.check]
    return [line for step, check in shown for line in (*_text_of(step, check), "")]


_PART = re.compile(r"^    (\w+)\(mine, case\)$", re.MULTILINE)
"""A part of a check, which is a function of its own."""


def _text_of(step: Step, check: Check) -> list[str]:
    """The lines of a check and its parts; functions that compute what it expects are not shown: they may be answers."""
    source = step.test_path.read_text(encoding="utf-8")
    whole = cut.unit_text(source, check.name) or ""
    parts = [cut.unit_text(source, name) or "" for name in _PART.findall(whole)]
    return "\n\n".join([whole, *parts]).rstrip().split("\n")


def _picture(workspace: Workspace, verdict: Verdict) -> str:
    """Draw the picture of a verdict, if it is worth one, and return its path."""
    if not verdict.picture:
        return ""
    from gradcam_lab.course.workspace import failure_picture

    path = workspace.state_folder / "pictures" / f"{verdict.task}.png"
    failure_picture.draw(verdict.picture, path)
    return str(path.relative_to(workspace.root))


def as_json(workspace: Workspace, views: Sequence[screen.StepView], next_thing: str) -> str:
    """Return what is known about some steps as JSON; "changed" says whether code has changed since its check."""
    value: dict[str, Any] = {
        "steps": [{**view.result.as_json(), "changed": bool(view.unknown)} for view in views],
        "points": sum(view.result.points for view in views),
        "possible": sum(view.result.possible for view in views),
        "exam": workspace.exam,
        "notes": [*workspace.notes(), *workspace.remarks(view.step for view in views)],
        "next": next_thing,
    }
    return json_text(value)


# --- watching ---

Stamp = tuple[int, int] | None


def _watch(workspace: Workspace, selection: TaskSelection, judge: Judge, show_test: bool) -> bool:
    """Check, and check again whatever has been saved, until Ctrl-C."""
    seen: dict[str, Stamp] = {}
    passed = False
    screen.show([f"Watching {', '.join(step.file for step in selection)} and {ANSWERS}. Ctrl-C ends this.", ""])
    with suppress(KeyboardInterrupt):
        while True:
            files = {step: _files(workspace, step) for step in selection}
            now = {name: _stamp(workspace, name) for names in (*files.values(), [ANSWERS]) for name in names}
            if saved := dict(now.items() - seen.items()):
                changed = {step: tasks for step, tasks in selection.items() if not saved.keys().isdisjoint(files[step])}
                passed = _show(workspace, selection, _judge(workspace, changed, judge), show_test)
                screen.show([""])
                seen = now
            time.sleep(PAUSE)
    return passed


def _files(workspace: Workspace, step: Step) -> list[str]:
    """The files that a step's verdicts hang on: its own, and the student's modules that it imports."""
    return [step.file, *(module.file for module in workspace.code(step)[0].modules.values())]


def _stamp(workspace: Workspace, name: str) -> Stamp:
    """When a file was saved, and its size; None where it is not there."""
    try:
        status = (workspace.root / name).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
