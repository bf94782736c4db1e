"""What a workspace records: verdicts of exactly this text by exactly these checks, and the tries."""

import json

import pytest

from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.workspace import diff, hints, reset, workspace
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from tests.course.workspace.helpers import refusal


@pytest.fixture(scope="module")
def step():
    return manifest.find_step("2")


@pytest.fixture
def place(tmp_path, step):
    root = tmp_path / "Käse & Hündchen" / "my lab"
    (root / ".gradcam-lab").mkdir(parents=True)
    (root / step.file).write_text(step.source, encoding="utf-8")
    return Workspace(root)


def change(place, step, **bodies):
    marks = {mark.replace("_", "."): body for mark, body in bodies.items()}
    place.file(step).write_text(cut.graft(step.source, marks), encoding="utf-8")


def test_it_is_found_from_any_folder_inside(place, tmp_path, monkeypatch):
    inner = place.root / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert Workspace.require().root == place.root
    assert Workspace.find(tmp_path) is None
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LabError, match="start my-lab"):
        Workspace.require()


def test_verdicts_are_recorded_for_this_code_only(place, step, judge):
    assert place.result(step).points == 0
    place.check(step, judge)
    assert place.result(step).points == step.points - 2
    assert place.result(step).code_passed
    place.file(step).write_text(step.source + "\n# one more line\n", encoding="utf-8")
    assert place.result(step).code_passed
    place.file(step).write_text(step.source + "\nprint('hello')\n", encoding="utf-8")
    assert place.verdicts(step) == [], "whatever is done when the file is imported counts for every task"
    assert place.result(step).points == 0
    assert not place.result(step).code_passed
    place.file(step).write_text(step.source, encoding="utf-8")
    assert place.result(step).points == step.points - 2


def test_verdicts_of_other_checks_are_forgotten(place, step, judge, monkeypatch):
    place.check(step, judge, step.checks_of("2.1"))
    assert place.verdicts(step)
    monkeypatch.setattr(workspace, "checks_hash", lambda step: "another version")
    assert place.verdicts(step) == []


def test_checking_one_task_adds_to_what_is_known(place, step, judge):
    place.check(step, judge, step.checks_of("2.1"))
    assert place.result(step).points == 1
    place.check(step, judge, step.checks_of("2.2"))
    assert place.result(step).points == 2
    assert not place.result(step).code_passed


def test_verdicts_on_a_text_that_was_saved_over_meanwhile_say_nothing_about_the_new_one(place, step, judge):
    class Slow:
        """Judges, and meanwhile the student saves."""

        def judge(self, *words, **named):
            yield from judge.judge(*words, **named)
            place.file(step).write_text("# new\n", encoding="utf-8")

    place.check(step, Slow())
    assert place.result(step).points == 0
    change(place, step)
    assert place.result(step).points == step.points - 2


def test_only_different_texts_of_the_task_count_as_tries(place, step, judge):
    task, checks = step.task("2.1"), step.checks_of("2.1")
    for body, tries in (("return 1", 1), ("return 1", 1), ("return 2", 2), ("return gradients.mean((2, 3))", 2)):
        change(place, step, **{"2_1": body})
        place.check(step, judge, checks)
        assert place.tries(task) == tries
    place.file(step).write_text(cut.stub(step.source), encoding="utf-8")
    place.check(step, judge)
    assert place.tries(task) == 2
    assert place.tries(step.task("2.2")) == 0


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"verdicts": {}}'])
def test_a_damaged_state_is_as_good_as_none(place, step, judge, damage):
    place.check(step, judge, step.checks_of("2.1"))
    place.state_file.write_text(damage, encoding="utf-8")
    assert place.result(step).points == 0
    place.check(step, judge, step.checks_of("2.1"))
    assert json.loads(place.state_file.read_text(encoding="utf-8"))["verdicts"]["step2_gradcam"]["rows"]


@pytest.mark.parametrize("action", [hints.hint, diff.diff, reset.reset])
def test_an_unknown_task_is_named(root, action):
    assert "There is no task '9.9': the tasks are" in refusal(action, "9.9")


@pytest.mark.parametrize("action", [hints.hint, diff.diff, reset.reset])
def test_outside_a_workspace_it_says_how_to_make_one(tmp_path, monkeypatch, action):
    monkeypatch.chdir(tmp_path)
    assert "gradcam-lab start my-lab" in refusal(action, "2.1")
