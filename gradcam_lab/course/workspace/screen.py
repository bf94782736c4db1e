"""The lines that describe a workspace on the screen: tasks, points, one failure, and the next thing to do."""

import ast
import re
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from gradcam_lab.console import say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, Task, all_steps, lesson_folder
from gradcam_lab.course.judging.verdicts import Status, StepResult, TaskResult, Verdict
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.workspace import Workspace

BAD = frozenset({Status.failed, Status.error, Status.timed_out, Status.crashed})
"""The outcomes of a task that was begun and is wrong."""

COLOURS = {
    "green": "passed|answered",
    "red": "failed|error|timed out|crashed",
    "dim": "not started|waiting",
    "yellow": "not checked|not finished",
}
"""Colours of the words for outcomes."""

PRINTED_LINES = 3
LINE = 200
"""Number of characters shown of a line that the student's code has printed."""


@dataclass(frozen=True)
class StepView:
    """One step of a workspace, as far as its verdicts are known.

    Attributes:
        workspace: the student's.
        step: the step.
        result: the recorded verdicts on exactly the text that is there now.
        unknown: tasks that are written but were not judged in this text; the step's number stands for the chain.
    """

    workspace: Workspace
    step: Step
    result: StepResult
    unknown: frozenset[str]

    @property
    def rows(self) -> tuple[TaskResult, ...]:
        """The tasks, and the chain last."""
        return (*self.result.tasks, self.result.chain)


def view(workspace: Workspace, step: Step) -> StepView:
    """Look up the recorded verdicts on a step; nothing is run."""
    result = workspace.result(step)
    verdicts = {verdict.check: verdict for verdict in workspace.verdicts(step)}
    unknown = {task.id for task in step.coded if _is_unknown(workspace, step, task, verdicts)}
    if not result.chain.needs and step.chain.name not in verdicts:
        unknown.add(result.chain.id)
    return StepView(workspace, step, result, frozenset(unknown))


def _is_unknown(workspace: Workspace, step: Step, task: Task, verdicts: dict[str, Verdict]) -> bool:
    """Whether a check of the task has still to be run; where one has failed, or nothing is written, enough is known."""
    checks = step.checks_of(task.id)
    found = [verdicts[check.name] for check in checks if check.name in verdicts]
    if len(found) == len(checks) or any(verdict.status is not Status.passed for verdict in found):
        return False
    return not _todo_lines(workspace.source(step)[0], task)


def views(workspace: Workspace) -> list[StepView]:
    """Look up the recorded verdicts on all steps."""
    return [view(workspace, step) for step in all_steps()]


# --- tables ---


def table(view: StepView) -> list[str]:
    """A heading, one row for each task, one for the chain, and the points."""
    title = view.step.title.partition(": ")[2] or view.step.title
    cells = [_cells(view, task) for task in view.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    rows = ["  ".join(["", *row]).rstrip() for row in padded]
    return [f"{view.step.file}: {title}", *rows, points(view)]


def _cells(view: StepView, task: TaskResult) -> tuple[str, str, str, str]:
    if task is view.result.chain:
        return "", task.title.partition(":")[0], word(view, task), ""
    return task.id, task.title, word(view, task), f"{task.points}/{task.possible}"


def word(view: StepView, task: TaskResult) -> str:
    """The outcome of a task, in a word or two."""
    if task.id in view.unknown:
        return "not checked"
    if task.status is Status.waiting:
        return waiting(task.needs)
    if task.status in BAD and not _is_bad(task):
        return "not finished"
    return "answered" if task.written and task.status is Status.passed else str(task.status)


def _is_bad(task: TaskResult) -> bool:
    """Whether something is wrong; of a task with two functions, one may be right and the other still to be written."""
    return task.status in BAD and task.first_failure is not None and task.first_failure.status in BAD


def waiting(needs: Sequence[str]) -> str:
    """The tasks that a task waits for; the first three are named."""
    return f"waiting (needs {', '.join(needs[:3])}{', ...' if len(needs) > 3 else ''})"


def points(view: StepView) -> str:
    """The points of a step, as in `Step 2: 4/11 points.`."""
    changed = ", changed since the last check" if view.unknown else ""
    return f"Step {view.step.number}: {view.result.points}/{view.result.possible} points{changed}."


def show(lines: Iterable[str]) -> None:
    """Print lines; in a terminal the statuses have colours."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    safe = [line.encode(encoding, "replace").decode(encoding) for line in lines]
    if sys.stdout.isatty():
        _show_in_colour(safe)
    else:
        say("\n".join(safe))


def _show_in_colour(lines: Iterable[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        text = Text(line)
        for colour, words in COLOURS.items():
            text.highlight_regex(rf"(?<=  )({words})(?=  |$| \(needs)", colour)
        console.print(text, soft_wrap=True)


# --- one failure ---


def first_failure(view: StepView, tasks: set[str]) -> TaskResult | None:
    """The first of these tasks that was begun and is not right; the step's number stands for the chain."""
    return next((row for row in view.rows if row.id in tasks and _is_bad(row)), None)


def failure(view: StepView, verdict: Verdict, picture: str = "") -> list[str]:
    """Where it is, and what the check asks; expected, got, the likely reason; what the student's code printed."""
    name = f"Task {verdict.task}" if verdict.task != str(view.step.number) else f"Step {verdict.task}, all together"
    asks = ast.get_docstring(_check_functions(view.step)[verdict.check]) or verdict.check
    printed = [_printable(line) for line in verdict.printed.splitlines() if line.strip()]
    shown = printed[:PRINTED_LINES] + (["..."] if len(printed) > PRINTED_LINES else [])
    pairs = [
        ("asks", asks.splitlines()[0]),
        ("expected", _printable(verdict.expected)),
        ("got", _printable(verdict.got)),
        ("likely", _printable(verdict.reason)),
        *zip(["printed", *[""] * PRINTED_LINES], shown, strict=False),
        ("picture", picture),
    ]
    return [
        f"{name}: {verdict.status}, {_place(view, verdict.task, verdict)}",
        *(f"  {key:<8}  {value}" for key, value in pairs if value),
    ]


def _printable(text: str) -> str:
    """One line without control characters: part of it may be the student's."""
    line = "".join(c if c.isprintable() else " " for c in text).rstrip()
    return line if len(line) <= LINE else f"{line[:LINE]} ..."


@cache
def _check_functions(step: Step) -> dict[str, ast.FunctionDef]:
    source = (lesson_folder() / "checks" / step.test_file).read_text(encoding="utf-8")
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


# --- the next thing to do ---


def next_line(all_views: Sequence[StepView], here: Container[Step] = (), failed: TaskResult | None = None) -> str:
    """The next thing to do.

    Args:
        all_views: the views of all steps.
        here: the steps that the student works at: they come first.
        failed: the failure that is shown on the screen: it comes before all else.
    """
    ordered = sorted(all_views, key=lambda view: view.step not in here)  # an order-keeping sort
    todo = [
        (view, row)
        for view in ordered
        for row in sorted(view.rows, key=lambda row: row.written)  # first the code, and all of it together
        if row.status is not Status.passed and (failed is None or row == failed)
    ]
    return f"Next: {_next(*todo[0])}" if todo else "Next: gradcam-lab run-all, which makes the report with your code."


def _next(view: StepView, row: TaskResult) -> str:
    if row.id in view.unknown:
        return f"gradcam-lab check {view.step.number}"
    if row is view.result.chain:
        return f"{view.step.file}, whose functions do not work together yet: gradcam-lab check {view.step.number}"
    where = f"{' in' if row.written else ','} {_place(view, row.id, row.first_failure)}"
    return f"task {row.id}{where}. Stuck? gradcam-lab hint {row.id}"


def _place(view: StepView, task_id: str, verdict: Verdict | None) -> str:
    """Where the student writes: `step2_gradcam.py line 48`, or the file alone where the line is not known."""
    if task_id == str(view.step.number):
        return view.step.file
    task = view.step.task(task_id)
    line = _answer_line(view.workspace, task_id) if task.written else _code_line(view, task, verdict)
    return f"{ANSWERS if task.written else view.step.file}{f' line {line}' if line else ''}"


def _answer_line(workspace: Workspace, task_id: str) -> int | None:
    """The first line below the question of a written task."""
    lines = workspace.answers_text().splitlines()
    heading = next((i for i, line in enumerate(lines) if re.match(rf"## +{re.escape(task_id)}\b", line)), None)
    if heading is None:
        return None
    below = (i for i in range(heading + 1, len(lines)) if lines[i].strip() and not lines[i].startswith(">"))
    return next(below, heading) + 1


def _code_line(view: StepView, task: Task, verdict: Verdict | None) -> int | None:
    """The line that says what is to be written, or the function that does not pass."""
    source, _ = view.workspace.source(view.step)
    todo = _todo_lines(source, task)
    if todo and (verdict is None or verdict.status is Status.not_started):
        return todo[0]
    try:
        places = cut.unit_lines(source)
    except SyntaxError as error:
        return error.lineno
    return next((places[unit][0] for unit in _suspects(view.step, task, verdict) if unit in places), None)


def _todo_lines(source: str, task: Task) -> list[int]:
    """The lines at which something of the task is still to be written."""
    todo = re.compile(rf"\s*raise NotImplementedError\([\"']task {re.escape(task.id)}:")
    return [number for number, line in enumerate(source.splitlines(), start=1) if todo.match(line)]


def _suspects(step: Step, task: Task, verdict: Verdict | None) -> Iterator[str]:
    """The functions of a task, those first that the check calls by their name."""
    called = set()
    if verdict:
        attributes = [n for n in ast.walk(_check_functions(step)[verdict.check]) if isinstance(n, ast.Attribute)]
        called = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "mine"}
    yield from sorted(task.units, key=lambda unit: unit.partition(".")[0] not in called)
