"""Grades: what counts as a note, how the class did, and what JSON says of it."""

import json
from dataclasses import replace

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.grades import Grade, Grading, coded_possible, coded_tasks, written_tasks
from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.course.judging.verdicts import Status


def lost(grade, step):
    """The grade, had one accident cost all checks of a step."""
    verdicts = [replace(verdict, status=Status.error, got="no file") for verdict in grade.verdicts[step.name]]
    return replace(grade, verdicts={**grade.verdicts, step.name: verdicts})


def test_points_are_those_of_the_coded_tasks(a_class):
    first, second, *_ = a_class.grades
    assert first.points == coded_possible() == sum(task.points for _, task in coded_tasks())
    assert second.points < first.points
    assert first.to_read == [written_tasks()[0].id]


def test_an_accident_is_noted_once_and_its_tasks_are_not_counted(a_class):
    step = all_steps()[0]
    grade = lost(a_class.grades[0], step)
    assert grade.notes() == ["no file"]
    assert not grade.judged(step)
    assert grade.judged(all_steps()[1])
    counts = {count.id: count.students for count in Grading(1, Limits(), (grade,)).counts()}
    assert {counts[task.id] for task in step.coded} == {0}
    assert {counts[task.id] for task in all_steps()[1].coded} == {1}


def test_the_task_that_fails_most_and_why(a_class):
    hardest = a_class.hardest()
    assert hardest
    assert (hardest.id, hardest.failed, hardest.students) == ("2.1", 2, 3)
    assert hardest.why() == "The most frequent likely reason (2 of 2): a likely reason."
    assert replace(hardest, times=1).why() == "Each for another reason, such as this: a likely reason."
    assert Grading(1, Limits(), a_class.grades[:1]).hardest() is None
    assert Grading(1, Limits(), (Grade("anna", problem="Empty."),)).hardest() is None


def test_json_leaves_the_written_tasks_to_a_person(a_class):
    table = json.loads(json.dumps(a_class.as_json()))
    assert table["fails_most"] == "2.1"
    assert [row["name"] for row in table["students"]] == [grade.name for grade in a_class.grades]
    written = {task["id"]: task for step in table["students"][0]["steps"] for task in step["tasks"] if task["written"]}
    assert {task["points"] for task in written.values()} == {None}
    assert [name for name, task in written.items() if task["status"] == "answered"] == [written_tasks()[0].id]
    assert table["students"][-1]["steps"] == []
