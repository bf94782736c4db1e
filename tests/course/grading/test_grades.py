"""Grades: what counts as a note, how the class did, and what JSON says of it."""

import json
import re
from dataclasses import replace

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.grading.grade import summary
from gradcam_lab.course.grading.grades import Grade, Grading, coded_possible, coded_tasks, written_tasks
from gradcam_lab.course.judging.judge import Limits
from gradcam_lab.course.judging.verdicts import Status, summarise
from gradcam_lab.lessons.checks import checking
from tests.course.grading.submitted import a_grade


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


def test_what_several_files_changed_around_themselves_is_said_once(a_class):
    grade = a_class.grades[0]
    one, two, three, *_ = all_steps()
    changed = {step.name: ["changed torch's global random seed"] for step in (one, three)} | {two.name: ["left a"]}
    verdicts = {
        name: [replace(verdict, changed=changed.get(name, [])) for verdict in own]
        for name, own in grade.verdicts.items()
    }
    rest = "every check begins without this, and it costs no points"
    assert replace(grade, verdicts=verdicts).notes() == [
        f"{one.file}, {three.file} changed torch's global random seed: {rest}",
        f"{two.file} left a: {rest}",
    ]


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


class TestCauses:
    def test_every_lost_point_has_one(self, a_class):
        stub = a_grade("stub", "raise NotImplementedError  # wrong 2.1")
        for grade in (*a_class.grades[:3], stub, lost(a_class.grades[0], all_steps()[0])):
            points = [int(points) for cause in grade.causes() for points in re.findall(r" \(-(\d+)\): ", cause)]
            names = [name for cause in grade.causes() for name in cause.partition(" (-")[0].split(", ")]
            whole = {f"step {step.number}": [task.id for task in step.coded] for step in all_steps()}
            tasks = [task for name in names for task in whole.get(name, [name])]
            assert len(tasks) == len({*tasks})
            assert len(points) == len(grade.causes())
            assert sum(points) == coded_possible() - grade.points
            assert {*tasks} == {
                task.id for task in grade.tasks().values() if not task.written and task.status != "passed"
            }

    def test_it_is_the_likely_reason_or_what_happened(self, a_class):
        assert a_class.grades[0].causes() == []
        assert a_class.grades[2].causes() == ["2.1, 2.2 (-2): a likely reason"]
        error = {
            "status": Status.error,
            "got": "NameError: name 'x' is not defined\nmore",
            "reason": "see\nits spelling",
        }
        step = all_steps()[0]
        first = [replace(verdict, **error) for verdict in a_class.grades[0].verdicts[step.name][:1]]
        verdicts = [*first, *a_class.grades[0].verdicts[step.name][1:]]
        grade = replace(a_class.grades[0], steps=(summarise(step, "", verdicts, {}),))
        assert grade.causes() == ["1.1 (-1): NameError: name 'x' is not defined: see its spelling"]
        wordy = [replace(first[0], got="x" * 500)]
        grade = replace(grade, steps=(summarise(step, "", [*wordy, *verdicts[1:]], {}),))
        assert len(grade.causes()[0]) < 180
        assert replace(grade, steps=()).causes() == []

    def test_what_the_code_changed_is_said_before_the_remedy(self, a_class):
        misbehaved = checking.Misbehaved("replaced Linear.forward")
        step = all_steps()[0]
        first, *others = a_class.grades[0].verdicts[step.name]
        failed = replace(first, status=Status.failed, got=misbehaved.got, reason=misbehaved.reason)
        steps = (summarise(step, "", [failed, *others], {}), *a_class.grades[0].steps[1:])
        grade = replace(a_class.grades[0], steps=steps)
        said = "your code replaced Linear.forward: give your own function another name"
        assert grade.causes() == [f"1.1 (-1): {said}"]
        hardest = Grading(1, Limits(), (grade,)).hardest()
        assert hardest
        assert hardest.reason == said

    def test_it_stands_in_every_output(self, a_class, tmp_path):
        grading = replace(a_class, grades=a_class.grades[2:3])
        cause = "2.1, 2.2 (-2): a likely reason"
        requested = Exports(**{kind: tmp_path / kind for kind in ("csv", "gradescope", "junit", "html")})
        requested.write(grading)
        texts = {kind: (tmp_path / kind).read_text("utf-8") for kind in ("csv", "gradescope", "junit")}
        texts |= {path.stem: path.read_text("utf-8") for path in (tmp_path / "html").iterdir()}
        texts |= {"screen": "\n".join(summary(grading)), "json": json.dumps(grading.as_json())}
        assert len(texts) == 7
        assert [name for name, text in texts.items() if cause not in text] == []
