"""What students do in the tests: a stub in which some functions have been written, rightly or wrongly."""

from collections.abc import Mapping
from pathlib import Path

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, all_steps, find_step
from gradcam_lab.course.workspace.folder import blank_answers


def step_of(mark: str) -> Step:
    """The step of a task or of a mark such as "1.4a"."""
    step = find_step(mark[0])
    assert step
    return step


def solved(number: int, tasks: str = "", bodies: Mapping[str, str] | None = None) -> str:
    """A student's text of a step.

    Args:
        number: of the step.
        tasks: those that are solved, as in "2.1 2.2"; "all" for all.
        bodies: other bodies by mark, such as `{"2.2": "return 3"}`.
    """
    step = step_of(str(number))
    text = cut.stub(step.source)
    for region in cut.regions(step.source):
        if tasks == "all" or region.task in tasks.split():
            text = cut.replace_unit(text, region.unit, cut.unit_text(step.source, region.unit) or "")
    for region in cut.regions(step.source):
        if bodies and region.mark in bodies:
            grafted = cut.graft(step.source, {region.mark: bodies[region.mark]})
            text = cut.replace_unit(text, region.unit, cut.unit_text(grafted, region.unit) or "")
    return text


def write(root: Path, number: int, tasks: str = "", bodies: Mapping[str, str] | None = None) -> Path:
    """Write a student's text of a step into a workspace and return its path."""
    path = root / step_of(str(number)).file
    path.write_text(solved(number, tasks, bodies), encoding="utf-8", newline="\n")
    return path


def write_answers(root: Path) -> None:
    """Answer all written tasks."""
    words = "Die Höhe der Karte sagt, " + "wo der Hund ist und warum " * 5
    written = {task.id: words for step in all_steps() for task in step.tasks if task.written}
    (root / "answers.md").write_text(answers(written), encoding="utf-8", newline="\n")


def answers(written: Mapping[str, str]) -> str:
    """Return the text of `answers.md` in which some tasks are answered."""
    text = blank_answers()
    for task, words in written.items():
        before, heading, rest = text.partition(f"## {task} ")
        text = before + heading + rest.replace("<!-- your answer -->", words, 1)
    return text


def line_with(path: Path, text: str) -> int:
    """The number of the only line that holds a text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, start=1) if text in line]
    return number
