"""The lines that describe a workspace on the screen: tasks, points, one failure, and the next thing to do."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from gradcam_lab.console import say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, Task, all_steps
from gradcam_lab.course.judging.look import can_be_drawn
from gradcam_lab.course.judging.verdicts import Status, StepResult, TaskResult, Verdict
from gradcam_lab.course.workspace.folder import ANSWERS
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.excerpts import parse

BAD = frozenset({Status.failed, Status.error, Status.timed_out, Status.crashed})
"""The outcomes of a task that was begun and is wrong."""

COLOURS = {
    "green": "passed|answered",
    "red": "failed|error|timed out|crashed",
    "dim": "not started|waiting",
    "yellow": r"not checked|not finished|too short \([^)]+\)|no answer yet \([^)]+\)",
}
"""Colours of the words for outcomes."""

PRINTED_LINES = 10
LINE = 200
"""Number of characters shown of a line that the student's code has printed."""

SENTENCE = 2000
"""Number of characters shown of what was expected, came, and is likely: the remedy may stand at the end."""


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


def table(view: StepView, *, looks: bool = False) -> list[str]:
    """A heading, one row for each task, one for the chain, and the points.

    Args:
        view: of the step.
        looks: whether the rows of tasks that are begun end with the command that draws what their functions return.
    """
    title = view.step.title.partition(": ")[2] or view.step.title
    cells = [(*_cells(view, task), _look(view, task) if looks else "") for task in view.rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in cells]
    rows = ["  ".join(["", *row]).rstrip() for row in padded]
    return [f"{view.step.file}: {title}", *rows, points(view)]


def _cells(view: StepView, task: TaskResult) -> tuple[str, str, str, str]:
    if task is view.result.chain:
        return "", task.title.partition(":")[0], word(view, task), ""
    return task.id, task.title, word(view, task), f"{task.points}/{task.possible}"


def _look(view: StepView, task: TaskResult) -> str:
    """The command that looks at a task, where something of it is written."""
    idle = word(view, task) == "not started" or task.status is Status.waiting
    judged = not (idle or task.written or task is view.result.chain)
    return f"gradcam-lab look {task.id}" if judged and can_be_drawn(view.step, view.step.task(task.id)) else ""


def word(view: StepView, task: TaskResult) -> str:
    """The outcome of a task, in a word or two."""
    if task.id in view.unknown:
        return "not checked"
    if task.written and task.status is not Status.passed and (short := view.workspace.short_answers().get(task.id)):
        return short
    if task.status is Status.waiting:
        return waiting(task.needs)
    if (task.status in BAD and not _is_bad(task)) or _is_half_written(view, task):
        return "not finished"
    return "answered" if task.written and task.status is Status.passed else str(task.status)


def _is_bad(task: TaskResult) -> bool:
    """Whether something is wrong; of a task with two functions, one may be right and the other still to be written."""
    return task.status in BAD and task.first_failure is not None and task.first_failure.status in BAD


def _is_half_written(view: StepView, task: TaskResult) -> bool:
    """Whether nothing is judged of a task with several functions because one of them is still to be written."""
    if task.status is not Status.not_started or task.written or task is view.result.chain:
        return False
    source = view.workspace.source(view.step)[0]
    return len(_todo_lines(source, view.step.task(task.id))) < _bodies(view.step)[task.id]


@cache
def _bodies(step: Step) -> Counter[str]:
    """The number of bodies that are to be written, by task."""
    return Counter(region.task for region in cut.regions(step.source))


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


def first_unfinished(view: StepView, tasks: set[str]) -> TaskResult | None:
    """The first of these tasks of which one function is written and another is not."""
    return next((row for row in view.rows if row.id in tasks and word(view, row) == "not finished"), None)


def failure(view: StepView, verdict: Verdict, picture: str = "") -> list[str]:
    """What a check asks, expected and got, with the likely reason; the line, the inputs, and what was printed."""
    name = f"Task {verdict.task}" if verdict.task != str(view.step.number) else f"Step {verdict.task}, all together"
    units = view.step.task(verdict.task).units if "." in verdict.task else ()
    function = next((unit for unit in units if _is_about(verdict, unit)), "") if len(units) > 1 else ""
    asks = ast.get_docstring(_check_functions(view.step)[verdict.check]) or verdict.check
    rows = [
        ("asks", asks.splitlines()[:1]),
        ("expected", _sentences(verdict.expected)),
        ("got", _sentences(verdict.got)),
        ("likely", _sentences(verdict.reason)),
        ("code", [_printable(line) for line in verdict.code]),
        ("locals", [_printable(line) for line in verdict.variables]),
        ("input", [_printable(line) for line in verdict.inputs if line not in verdict.variables]),
        ("printed", printed_lines([verdict])),
        ("saved", verdict.saved),
        ("picture", [picture] if picture else []),
    ]
    pairs = [(key if i == 0 else "", line) for key, lines in rows for i, line in enumerate(lines)]
    return [
        f"{name}{f', {function}' if function else ''}: {verdict.status}, {_place(view, verdict.task, verdict)}",
        *(f"  {key:<8}  {line}" for key, line in pairs),
    ]


def printed_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """The first lines that the student's code has printed in some checks, and how many more there are."""
    lines = [_printable(line) for verdict in verdicts for line in verdict.printed.splitlines() if line.strip()]
    blank = sum(not line.strip() for verdict in verdicts for line in verdict.printed.splitlines())
    whole = sum(max(verdict.printed_lines, len(verdict.printed.splitlines())) for verdict in verdicts) - blank
    shown = lines[:PRINTED_LINES]
    more = whole - len(shown)
    return [*shown, f"... {more} more line{'s' if more > 1 else ''}"] if more > 0 else shown


def outputs(verdicts: Sequence[Verdict]) -> list[str]:
    """What the student's code has printed and saved in these checks, by task; nothing where it did neither."""
    lines: list[str] = []
    for task in dict.fromkeys(verdict.task for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.task == task]
        name = f"task {task}" if "." in task else f"step {task}, all together"
        if printed := printed_lines(own):
            lines += [f"Your code printed in {name}:", *(f"  {line}" for line in printed), ""]
        if saved := sorted({path for verdict in own for path in verdict.saved}):
            lines += [f"Your code saved in {name}: {', '.join(saved)}", ""]
    return lines


def _sentences(text: str) -> list[str]:
    """A text of the verdict, by lines: a library's message has several."""
    return [_printable(line, SENTENCE) for line in text.splitlines() if line.strip()]


def _printable(text: str, most: int = LINE) -> str:
    """One line without control characters: part of it may be the student's."""
    line = "".join(c if c.isprintable() else " " for c in text).rstrip()
    return line if len(line) <= most else f"{line[:most]} ..."


@cache
def _check_functions(step: Step) -> dict[str, ast.FunctionDef]:
    source = step.test_path.read_text(encoding="utf-8")
    return {node.name: node for node in parse(source).body if isinstance(node, ast.FunctionDef)}


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
    if verdict and verdict.file == view.step.file and (line := _line_of_verdict(source, verdict)):
        return line
    try:
        places = cut.unit_lines(source)
    except SyntaxError as error:
        return error.lineno
    return next((places[unit][0] for unit in _suspects(view.step, task, verdict) if unit in places), None)


def _line_of_verdict(source: str, verdict: Verdict) -> int | None:
    """The line that a verdict is about, also where lines were added above it since."""
    quoted = [row.strip() for row in verdict.code if row.startswith(" ") and row.strip().strip("^")]
    lines = [line.strip().expandtabs(4) for line in source.split("\n")]
    if not quoted or quoted[-1] not in lines:
        return verdict.line if not quoted else None
    at = [number for number, line in enumerate(lines, start=1) if line == quoted[-1]]
    return min(at, key=lambda number: abs(number - verdict.line))


def _todo_lines(source: str, task: Task) -> list[int]:
    """The lines at which something of the task is still to be written."""
    todo = re.compile(rf"\s*raise NotImplementedError\([\"']task {re.escape(task.id)}:")
    return [number for number, line in enumerate(source.splitlines(), start=1) if todo.match(line)]


def _suspects(step: Step, task: Task, verdict: Verdict | None) -> Iterator[str]:
    """The functions of a task: first the one that the verdict is about, then those that the check calls by name."""
    called = set[str]()
    if verdict:
        attributes = [n for n in ast.walk(_check_functions(step)[verdict.check]) if isinstance(n, ast.Attribute)]
        called = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "mine"}
        yield from (unit for unit in task.units if _is_about(verdict, unit))
    yield from sorted(task.units, key=lambda unit: unit.partition(".")[0] not in called)


def _is_about(verdict: Verdict, unit: str) -> bool:
    """Whether a verdict is about a function, a method, or a function inside it."""
    return f"{verdict.function}.".startswith(f"{unit}.")
