"""A workspace of an exam: hints end before the code, no answer is shown, and its record is signed."""

import html
import json
import re

import pytest

from gradcam_lab.course.authoring.manifest import all_steps, find_task
from gradcam_lab.course.integrity.work_record import ANEW, EDITED, read_record
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import diff, hints, start, upgrade
from gradcam_lab.course.workspace.read import read
from gradcam_lab.course.workspace.status import status, where
from gradcam_lab.course.workspace.workspace import Workspace
from tests.course.workspace.helpers import ANSWER, TODO, judged, refusal, replace, said


@pytest.fixture
def exam(tmp_path, monkeypatch, capsys):
    root = tmp_path / "exam"
    start.start(root, exam=True)
    assert "hints and tries are recorded" in said(capsys)
    monkeypatch.chdir(root)
    return Workspace(root)


def record_of(workspace):
    record = read_record(workspace.state_file.read_bytes())
    assert record
    return record


def test_hints_end_before_the_code_and_no_answer_follows(exam, capsys):
    file = exam.root / "step2_gradcam.py"
    todo = TODO
    for number in range(4):
        replace(file, todo, todo := f"return gradients.sum(dim={number})")
        judged(exam, outcome=Status.failed)
    whole = find_task("2.1")[1].hints
    for _ in range(len(whole) + 2):
        hints.hint("2.1")
    out = " ".join(said(capsys).split())
    assert " ".join(whole[-2].split()) in out
    assert " ".join(whole[-1].split()) not in out
    assert f"hint 1 of {len(whole) - 1}" in out
    assert "the answer is yours to find" in out
    assert ANSWER not in out
    assert record_of(exam).hints == {"2.1": len(whole) - 1}
    assert record_of(exam).tries == {"2.1": 4}


def test_every_task_has_a_hint_left():
    assert all(len(task.hints) > 1 for step in all_steps() for task in step.tasks)


def test_the_reference_is_not_shown_even_when_passed(exam, capsys):
    replace(exam.root / "step2_gradcam.py")
    judged(exam)
    assert "exam" in refusal(diff.diff, "2.1")
    for _ in range(4):
        hints.hint("2.1")
    out = said(capsys)
    assert ANSWER not in out
    assert "gradcam-lab diff" not in out


def test_the_page_of_a_lesson_counts_and_shows_no_more(exam, tmp_path, capsys):
    for _ in range(5):
        hints.hint("1.2")
    exam.update_state(hints={"1.2": 3})
    read("1", out=tmp_path / "pages", show=False)
    page = (tmp_path / "pages" / "step1_cam.html").read_text(encoding="utf-8")
    text = " ".join(html.unescape(re.sub("<[^>]+>", "", page)).split())
    assert [" ".join(hint.replace("`", "").split()) in text for hint in find_task("1.2")[1].hints] == [
        True,
        True,
        False,
    ]


def test_the_screen_says_that_it_is_an_exam(exam, capsys):
    where()
    status()
    status(json=True)
    out = said(capsys)
    assert out.count("This is an exam: hints end before the code, and no answer is shown.") == 2
    assert '"exam": true' in out


def test_the_mode_survives_an_edit_a_lost_record_and_an_upgrade(exam, capsys):
    state = json.loads(exam.state_file.read_text(encoding="utf-8"))
    exam.state_file.write_text(json.dumps({**state, "exam": False}), encoding="utf-8")
    assert Workspace(exam.root).exam
    assert record_of(exam).flaw == EDITED
    for path in sorted(exam.state_folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    exam.state_folder.rmdir()
    assert Workspace.require().exam
    assert (record_of(exam).exam, record_of(exam).flaw) == (True, ANEW)
    capsys.readouterr()
    upgrade.upgrade()
    assert "nothing to do" in said(capsys)


def test_an_answer_that_was_shown_is_recorded_outside_of_an_exam(workspace, file, capsys):
    replace(file)
    judged(workspace)
    for _ in range(5):
        hints.hint("2.1")
    assert record_of(workspace).answers == ("2.1",)
    assert record_of(workspace).flaw == ""
    assert not workspace.exam
