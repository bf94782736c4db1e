"""The lines that a grading prints: a row for each student, the class, and the conditions."""

from collections.abc import Iterator

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import (
    Grade,
    Grading,
    coded_possible,
    possible,
    written_possible,
    written_tasks,
)
from gradcam_lab.course.integrity.similarity import Pair

LOOKS = 5
"""Number of things to look at that are printed of one student; the exports have all of them."""


def summary(grading: Grading) -> list[str]:
    """The lines for the screen: a row for each student, the class, and the conditions of the grading."""
    unchanged = sum(grade.unchanged for grade in grading.grades)
    unread = sum(len(grade.to_read) for grade in grading.grades)
    return [
        *_students(grading),
        "",
        f"The coded tasks are {coded_possible()} points, the {len(written_tasks())} written tasks "
        f"{written_possible()}, together {possible()}.",
        *(
            [f"{_answers(unread)} to be read by a person: --written writes sheets for it, and reads the points back."]
            if unread
            else []
        ),
        *([f"{unchanged} of {len(grading.grades)} unchanged since the last grading."] if unchanged else []),
        *_pairs([pair for pair in grading.pairs if pair.alike]),
        "",
        *_class(grading),
        "",
        grading.conditions(),
        grading.guard(),
    ]


def _answers(number: int) -> str:
    return "One written answer is" if number == 1 else f"{number} written answers are"


def _students(grading: Grading) -> Iterator[str]:
    from rich.cells import cell_len, set_cell_size  # a Chinese letter is two columns wide

    width = max(cell_len(name) for name in ("student", *(grade.name for grade in grading.grades)))
    steps = "".join(f"{f'step {step.number}':>7}" for step in all_steps())
    yield f"{'student':<{width}}{steps}{'code':>7}{'written':>8}{'total':>8}{'to read':>8}{'to look at':>11}"
    for grade in grading.grades:
        yield set_cell_size(grade.name, width) + _points(grade)
        said = [grade.problem] if grade.problem else grade.said()
        yield from (f"    {line}" for line in (*said, *_looks(grade), *_work(grade)))


def _points(grade: Grade) -> str:
    looks = f"{len(grade.to_look_at) or '':>11}"
    if grade.problem:
        return (f"{'-':>7}" * (len(all_steps()) + 1) + f"{'-':>8}" * 3 + looks).rstrip()
    steps = "".join(f"{f'{step.coded_points}/{step.coded_possible}':>7}" for step in grade.steps)
    code, written = f"{grade.points}/{coded_possible()}", f"{grade.written_points:g}/{written_possible()}"
    total = f"{grade.total:g}/{possible()}"
    return f"{steps}{code:>7}{written:>8}{total:>8}{len(grade.to_read):>8}{looks}".rstrip()


def _looks(grade: Grade) -> Iterator[str]:
    yield from (f"look at {finding}" for finding in grade.to_look_at[:LOOKS])
    if (more := len(grade.to_look_at) - LOOKS) > 0:
        yield f"... and at {more} more: --csv, --html and --json name all"


def _work(grade: Grade) -> Iterator[str]:
    """The hints and tries of each task that took any."""
    record = grade.record
    if record and (record.exam or record.tasks):
        rows = [f"{task} {record.hints.get(task, 0)}/{record.tries.get(task, 0)}" for task in record.tasks]
        yield f"{'exam, ' if record.exam else ''}hints/failed tries: {', '.join(rows) or 'none'}"


def _pairs(pairs: list[Pair]) -> Iterator[str]:
    if pairs:
        yield ""
        yield "Alike, but for names and layout, in what neither the lesson nor the reference has:"
        width = max(len(" and ".join(pair.names)) for pair in pairs)
        for pair in pairs:
            equal = f"  equal: {pair.equal_names()}" if pair.equal else ""
            yield f"  {' and '.join(pair.names):<{width}}  {pair.share:>4.0%}{equal}"


def _class(grading: Grading) -> Iterator[str]:
    took = grading.took()
    heading = f"{'hints':>8}{'tries':>8}" if took else ""
    yield f"{'task':<6}{'passed':>7}{'failed':>8}{'not started':>13}{heading}"
    for count in grading.counts():
        sums = "".join(f"{number:>8}" for number in took.get(count.id, ()))
        yield f"{count.id:<6}{count.passed:>7}{count.failed:>8}{count.not_started:>13}{sums}  {count.title}"
    if hardest := grading.hardest():
        yield ""
        yield f"Task {hardest.id} fails most often: {hardest.failed} of {hardest.students} students."
        yield hardest.why()
