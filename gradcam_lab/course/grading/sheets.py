"""The sheets on which a person reads the written answers, and the points that are read back from them."""

from collections.abc import Sequence

from gradcam_lab.course.authoring.manifest import Task, all_steps
from gradcam_lab.course.authoring.model_answers import model_answer
from gradcam_lab.course.grading.grades import Grade
from gradcam_lab.course.grading.marks import Marking
from gradcam_lab.course.workspace.folder import questions
from gradcam_lab.files import write_text


def write_sheets(marking: Marking, grades: Sequence[Grade]) -> list[str]:
    """Write the CSV and the page of each written task.

    Returns:
        A sentence about what was written, and one for each sheet with rows of answers that are no longer there.
    """
    from gradcam_lab.report.templating import html_environment

    template = html_environment("grades", trim_blocks=True).get_template("sheet.html.j2")
    notes = marking.write([grade.answers for grade in grades])
    for step in all_steps():
        for task in step.tasks:
            if task.written:
                page = template.render(
                    task=task,
                    question=questions()[task.id],
                    model=model_answer(step, task.id),
                    answers=_answers(marking, task, grades),
                    csv=marking.file(task).name,
                )
                write_text(marking.file(task, ".html"), page)
    read = sum(len(grade.marks) for grade in grades)
    waiting = sum(len(grade.to_read) for grade in grades)
    return [
        f"Sheets of the written answers: {marking.folder} "
        f"(answers with points: {read}, waiting for a reader: {waiting}).",
        *notes,
    ]


def _answers(marking: Marking, task: Task, grades: Sequence[Grade]) -> list[dict[str, object]]:
    """The answers in random order, each once, with what is known of it."""
    found: dict[str, dict[str, object]] = {}
    for grade in grades:
        if text := grade.answers.get(task.id):
            word = marking.word(task.id, text)
            entry = found.setdefault(word, {"word": word, "text": text, "times": 0, "mark": grade.marks.get(task.id)})
            entry["times"] = int(str(entry["times"])) + 1
            entry["short"] = grade.short_answers.get(task.id, "")
    return [found[word] for word in sorted(found)]
