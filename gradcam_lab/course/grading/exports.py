"""A grading as a table for spreadsheets, as Gradescope's and JUnit's files, and as pages for a browser."""

import csv
import io
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring.manifest import Check, Step, Task, all_steps
from gradcam_lab.course.grading.csv_cells import BOM, text_cell
from gradcam_lab.course.grading.grades import Grade, Grading, coded_possible, coded_tasks, written_tasks
from gradcam_lab.course.judging.verdicts import Status, TaskResult, Verdict
from gradcam_lab.errors import LabError
from gradcam_lab.files import require_writable, text_sha256, write_json, write_text


@dataclass(frozen=True)
class Exports:
    """The exports that were asked for: a file each, and a folder for the pages."""

    csv: Path | None = None
    gradescope: Path | None = None
    junit: Path | None = None
    html: Path | None = None

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


def file_name(student: str) -> str:
    """A name for a student's files: safe on every system, readable, and unique by the hash at its end."""
    letters = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[:40]
    return "-".join(part for part in (readable, text_sha256(student)[:10]) if part)


# --- a table ---


def as_csv(grading: Grading) -> str:
    """A row for each student, in UTF-8 with a byte order mark; the csv module ends its lines by CR LF.

    A coded task has its points, a written one "answered", that it is too short, or nothing; sums are of coded points.
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
    return [*columns, "total", "possible", "answers to read", "seed", "problem", "lost"]


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
        cells += [grade.outcome_of_answer(task.id) if task.written else task.points for task in step.tasks]
        cells.append(step.coded_points)
    if not grade.steps:
        cells += [""] * sum(len(step.tasks) + 1 for step in all_steps())
    problem = grade.problem or "; ".join(grade.notes())
    counts = [grade.points, coded_possible(), len(grade.to_read), seed]
    return [*cells, *counts, text_cell(problem), text_cell("; ".join(grade.causes()))]


# --- Gradescope ---


def as_gradescope(grading: Grading) -> dict[str, Any]:
    """Gradescope's `results.json`: of the one student, or an object by student."""
    results = {grade.name: _gradescope(grade, grading) for grade in grading.grades}
    return next(iter(results.values())) if len(results) == 1 else results


def _gradescope(grade: Grade, grading: Grading) -> dict[str, Any]:
    results = grade.tasks()
    written = {task.id: grade.outcome_of_answer(task.id) for task in written_tasks()}
    return {
        "score": grade.points,
        "tests": [_test(task, results.get(task.id), grade.problem) for _, task in coded_tasks()],
        "output": "\n".join([*([grade.problem] if grade.problem else grade.said()), grading.conditions()]),
        "extra_data": {"student": grade.name, "seed": grading.seed, "written": written},
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
    said = {"answers to read": len(grade.to_read), "notes": "; ".join(grade.notes()), "lost": "; ".join(grade.causes())}
    for name, value in {**values, **said}.items():
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


# --- pages ---


def write_pages(grading: Grading, folder: Path) -> None:
    """Write a page for each student, and last `index.html`, which leads to them."""
    from gradcam_lab.report.templating import html_environment

    environment = html_environment("grades", trim_blocks=True)
    common = {
        "grading": grading,
        "steps": all_steps(),
        "possible": coded_possible(),
        "written": written_tasks(),
        "guard": grading.guard(),
        "page_of": page_of,
    }
    for grade in grading.grades:
        page = environment.get_template("student.html.j2").render(**common, grade=grade)
        write_text(folder / page_of(grade), page)
    write_text(folder / "index.html", environment.get_template("class.html.j2").render(**common))


def page_of(grade: Grade) -> str:
    """The name of a student's page."""
    return f"{file_name(grade.name)}.html"
