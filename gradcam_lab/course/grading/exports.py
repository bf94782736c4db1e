"""A grading as a table for spreadsheets, and as Gradescope's and JUnit's files; `pages` are for a browser."""

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring.manifest import Check, Step, Task, all_steps
from gradcam_lab.course.grading.csv_cells import BOM, text_cell
from gradcam_lab.course.grading.grades import (
    Grade,
    Grading,
    coded_possible,
    coded_tasks,
    possible,
    totals,
    written_possible,
    written_tasks,
)
from gradcam_lab.course.grading.pages import write_pages
from gradcam_lab.course.judging.verdicts import Status, TaskResult, Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, write_json, write_text


@dataclass(frozen=True)
class Exports:
    """The exports that were asked for: a file each, and folders for the pages and for the sheets of written answers."""

    csv: Path | None = None
    gradescope: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    written: Path | None = None

    def paths(self) -> list[Path]:
        """The paths that were given."""
        return [path for path in vars(self).values() if path]

    def require_places(self) -> None:
        """Find out before the grading whether its results can be written.

        Raises:
            LabError: a folder cannot be made or written, or is in the place of a file.
        """
        for path in filter(None, (self.csv, self.gradescope, self.junit)):
            if path.is_dir():
                raise LabError(f"'{path}' is a folder: name a file to write.")
            require_writable(path.parent)
        if self.html:
            require_writable(self.html)

    def write(self, grading: Grading) -> None:
        """Write them, each whole or not at all."""
        if self.csv:
            write_text(self.csv, as_csv(grading))
        if self.gradescope:
            write_json(self.gradescope, as_gradescope(grading))
        if self.junit:
            write_text(self.junit, as_junit(grading))
        if self.html:
            write_pages(grading, self.html)


# --- a table ---


def as_csv(grading: Grading) -> str:
    """A row for each student, in UTF-8 with a byte order mark; the csv module ends its lines by CR LF.

    A coded task has its points; a written one too, once a person has read it, and before that "answered", that it is
    too short, or nothing. A step's sum is of coded points. Hints and tries are those of the record that was handed in.
    A cell of text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*_heading(), *_late_heading(grading)])
    writer.writerows([*_row(grade, grading.seed), *_late_cells(grade, grading)] for grade in grading.grades)
    return BOM + stream.getvalue()


def _heading() -> list[str]:
    columns = ["student"]
    for step in all_steps():
        columns += [*(f"task {task.id}" for task in step.tasks), f"step {step.number}"]
    sums = ["code", "code possible", "written", "written possible", "total", "possible", "answers to read"]
    counts = [f"{kind} {task.id}" for kind in ("hints", "tries") for step in all_steps() for task in step.tasks]
    return [*columns, *sums, "seed", "problem", "lost", "to look at", "exam", *counts]


def _late_heading(grading: Grading) -> list[str]:
    return ["handed in", f"{grading.late}s late", "deducted", "points after"] if grading.late else []


def _late_cells(grade: Grade, grading: Grading) -> list[Any]:
    if not grading.late:
        return []
    when = f"{grade.handed_in:%Y-%m-%d %H:%M}" if grade.handed_in else ""
    return [when, grade.late, grade.deducted, grade.counted]


def _row(grade: Grade, seed: int) -> list[Any]:
    cells: list[Any] = [text_cell(grade.name)]
    for step in grade.steps:
        cells += [grade.points_of_answer(task.id) if task.written else task.points for task in step.tasks]
        cells.append(step.coded_points)
    if not grade.steps:
        cells += [""] * sum(len(step.tasks) + 1 for step in all_steps())
    problem = grade.problem or "; ".join(grade.notes())
    sums = [grade.points, coded_possible(), grade.written_points, written_possible(), grade.total, possible()]
    texts = [problem, "; ".join(grade.causes()), "; ".join(map(str, grade.to_look_at))]
    cells += [*sums, len(grade.to_read), seed, *map(text_cell, texts)]
    tasks = [task.id for step in all_steps() for task in step.tasks]
    record = grade.record
    if not record:
        return [*cells, "", *[""] * (2 * len(tasks))]
    counts = [kind.get(task, 0) for kind in (record.hints, record.tries) for task in tasks]
    return [*cells, "exam" if record.exam else "", *counts]


# --- Gradescope ---


def as_gradescope(grading: Grading) -> dict[str, Any]:
    """Gradescope's `results.json`: of the one student, or an object by student."""
    results = {grade.name: _gradescope(grade, grading) for grade in grading.grades}
    return next(iter(results.values())) if len(results) == 1 else results


def _gradescope(grade: Grade, grading: Grading) -> dict[str, Any]:
    results = grade.tasks()
    written = {task.id: grade.outcome_of_answer(task.id) for task in written_tasks()}
    tests = [_test(task, results.get(task.id), grade.problem) for _, task in coded_tasks()]
    tests += [_marked(task, grade) for task in written_tasks() if task.id in grade.marks]
    said = [grade.problem] if grade.problem else grade.said()
    return {
        "score": grade.total,
        "tests": tests,
        "output": "\n".join([*said, totals(grade), grading.conditions()]),
        "extra_data": {
            "student": grade.name,
            "seed": grading.seed,
            "written": written,
            "code_points": [grade.points, coded_possible()],
            "written_points": [grade.written_points, written_possible()],
            "total_points": [grade.total, possible()],
        },
    }


def _marked(task: Task, grade: Grade) -> dict[str, Any]:
    """A written answer that a person has read."""
    mark = grade.marks[task.id]
    rows = [
        f"{given:g} of {criterion.points:g}: {criterion.text}"
        for given, criterion in zip(mark.criteria, task.rubric, strict=True)
    ]
    return {
        "name": f"{task.id} {task.title}",
        "score": mark.points,
        "max_score": task.points,
        "output": "\n".join([*rows, *([mark.comment] if mark.comment else [])]),
        "status": "passed" if mark.points == task.points else "failed",
    }


def _test(task: Task, result: TaskResult | None, problem: str) -> dict[str, Any]:
    failure = result.first_failure if result else None
    return {
        "name": f"{task.id} {task.title}",
        "score": result.points if result else 0,
        "max_score": task.points,
        "output": three_lines(failure) if failure else problem,
        "status": "passed" if result and result.status is Status.passed else "failed",
    }


def three_lines(verdict: Verdict) -> str:
    """The outcome of a check: expected, got, likely reason; then what was printed."""
    if verdict.status is Status.not_started:
        return "not started"
    lines = [f"expected: {verdict.expected}", f"     got: {verdict.got}", f"  likely: {verdict.reason}"]
    lines += [f"  locals: {line}" for line in verdict.variables]
    lines += [f"   input: {line}" for line in verdict.inputs if line not in verdict.variables]
    lines += verdict.code
    return "\n".join([*lines, *(["printed:", verdict.printed.rstrip()] if verdict.printed.strip() else [])])


# --- JUnit ---


def as_junit(grading: Grading) -> str:
    """JUnit's XML: a suite for each student, a case for each check."""
    root = ET.Element("testsuites", name="gradcam-lab")
    for grade in grading.grades:
        root.append(_suite(grade, grading))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(grade: Grade, grading: Grading) -> ET.Element:
    cases = list(_cases(grade))
    suite = ET.Element("testsuite", name=grade.name, tests=str(len(cases)))
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(tag) is not None for case in cases)))
    properties = ET.SubElement(suite, "properties")
    values = {"seed": grading.seed, "points": grade.points, "possible": coded_possible()}
    sums = {"written points": f"{grade.written_points:g}", "written possible": written_possible()}
    together = {"total points": f"{grade.total:g}", "total possible": possible()}
    said = {"answers to read": len(grade.to_read), "notes": "; ".join(grade.notes()), "lost": "; ".join(grade.causes())}
    looks = {"to look at": "; ".join(map(str, grade.to_look_at))}
    for name, value in {**values, **sums, **together, **said, **looks}.items():
        ET.SubElement(properties, "property", name=name, value=str(value))
    suite.extend(cases)
    return suite


def _cases(grade: Grade) -> Iterator[ET.Element]:
    if grade.problem:
        case = ET.Element("testcase", classname="submission", name="readable")
        ET.SubElement(case, "error", message=grade.problem)
        yield case
    for step in all_steps() if grade.verdicts else ():
        found = {verdict.check: verdict for verdict in grade.verdicts[step.name]}
        yield from (_case(step, check, found.get(check.name)) for check in step.checks)


def _case(step: Step, check: Check, verdict: Verdict | None) -> ET.Element:
    case = ET.Element("testcase", classname=step.name, name=check.name)
    if verdict is None:
        ET.SubElement(case, "skipped", message="waiting for the tasks before it")
        return case
    case.set("time", f"{verdict.seconds:.3f}")
    if verdict.status is not Status.passed:
        tag = "failure" if verdict.status in (Status.failed, Status.not_started) else "error"
        trouble = ET.SubElement(case, tag, type=verdict.status, message=verdict.reason or verdict.status)
        trouble.text = three_lines(verdict)
    return case
