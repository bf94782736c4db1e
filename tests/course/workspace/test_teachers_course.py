"""A workspace that follows a teacher's course: it has all that it needs, and every command follows it."""

import json
import shutil
from contextlib import nullcontext

import pytest

from gradcam_lab.course.authoring.course import following
from gradcam_lab.course.authoring.manifest import all_steps, package_steps
from gradcam_lab.course.judging.verify import verify
from gradcam_lab.course.workspace import check, whose_code
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.report.text.listing import code_of
from tests.commands import lab, process, refused
from tests.courses import OWN, SMALL, solved_peaks, write_course
from tests.documents import commands

ONE_STEP = 'steps = ["step7_peaks"]'


@pytest.fixture
def folder(tmp_path):
    return write_course(tmp_path / "teacher's")


@pytest.fixture
def mine(folder, tmp_path, judge, monkeypatch):
    """A workspace of that course, of which the teacher's folder is no more, around the current folder."""
    (folder / "step7_peaks.answers.md").write_text("secret", encoding="utf-8")
    done = lab("start", tmp_path / "lab", "--course", folder)
    points = 2 + 1 + 1 + 1 + 5
    assert done.out.splitlines()[:2] == [
        f"Your workspace is in '{tmp_path / 'lab'}': 2 steps, {points} points.",
        "It follows the course 'Winter term'.",
    ]
    shutil.move(folder, tmp_path / "away")
    monkeypatch.chdir(tmp_path / "lab")
    monkeypatch.setattr(check, "Judge", lambda: nullcontext(judge))
    return tmp_path / "lab"


def solve(root):
    (root / "step7_peaks.py").write_text(solved_peaks(), encoding="utf-8")


def test_a_workspace_has_the_steps_of_its_course_and_a_copy_of_it_without_the_model_answers(mine):
    names = {path.name for path in mine.glob("*.py")}
    assert names == {"step1_cam.py", "test_step1_cam.py", "step7_peaks.py", "test_step7_peaks.py"}
    copied = {path.name for path in (mine / ".gradcam-lab" / "course").iterdir()}
    assert copied == {"course.toml", *OWN}
    assert "7.1: peak" in (mine / "step7_peaks.py").read_text(encoding="utf-8")
    text = (mine / "README.md").read_text(encoding="utf-8")
    assert "| `step7_peaks.py` | Peaks | 2 |" in text
    shown = {word for command in commands(text) for word in command.split() if word[0].isdigit()}
    assert shown <= {"1", *(f"1.{number}" for number in range(1, 5))}


def test_check_judges_an_own_task_and_status_counts_its_points(mine):
    solve(mine)
    done = lab("check", "7")
    assert done.code == 0, done
    assert "Step 7: 2/2 points." in done.out
    (mine / "step7_peaks.py").write_text(
        solved_peaks().replace("return row, column", "return column, row"), encoding="utf-8"
    )
    assert "An array counts rows first" in lab("check", "7.1").out
    state = json.loads(lab("status", "--json").out)
    assert [step["number"] for step in state["steps"]] == [7, 1]
    assert state["possible"] == 10


def test_hints_and_pages_are_those_of_the_course(mine, tmp_path):
    assert "Look at the smallest number first." in lab("hint", "1.4").out
    refused(lab("hint", "2.1"), "no task '2.1'", "7.1")
    assert "def peak(heatmap" in lab("contract", "7").out
    assert lab("read", "7", "--no-open", "--out", tmp_path / "pages").code == 0
    page = (tmp_path / "pages" / "step7_peaks.html").read_text(encoding="utf-8")
    assert "gradcam-lab check 7.1" in page
    assert "gradcam-lab look 7.1" not in page
    solve(mine)
    refused(lab("look", "7.1"), "no picture of task 7.1")


def test_nothing_is_followed_outside_of_the_workspace(mine, monkeypatch):
    assert lab("status").code == 0
    assert all_steps() == package_steps()
    monkeypatch.chdir(mine.parent)
    assert lab("contract", "7").code == 2


def test_other_points_of_the_course_are_points_of_the_verdicts_that_are_there(mine):
    solve(mine)
    lab("check", "7")
    course = mine / ".gradcam-lab" / "course" / "course.toml"
    course.write_text(f'{SMALL}\n[task."7.1"]\npoints = 6\n', encoding="utf-8")
    assert "Step 7: 0/6 points, changed since the last check." in lab().out  # they are not known yet
    lab("check", "7")
    assert "Step 7: 6/6 points." in lab().out


def test_upgrade_brings_a_new_course_in_and_keeps_the_text(mine, tmp_path):
    solve(mine)
    new = write_course(tmp_path / "new", SMALL.replace("We meet on Tuesday.", "We meet on Friday."))
    assert lab("upgrade", "--course", new).code == 0
    assert "We meet on Friday." in (mine / "step1_cam.py").read_text(encoding="utf-8")
    assert (mine / "step7_peaks.py").read_text(encoding="utf-8") == solved_peaks()
    assert "Friday" in (mine / ".gradcam-lab" / "course" / "course.toml").read_text(encoding="utf-8")
    refused(lab("upgrade", "--course", write_course(tmp_path / "bad", "steps = [")), "is no TOML")


def test_a_copy_that_has_lost_its_course_says_so_and_gets_it_back(mine, tmp_path):
    shutil.rmtree(mine / ".gradcam-lab")
    for command in ("check", "status", "upgrade"):
        refused(lab(command), "follows a course of your teacher's", "gradcam-lab upgrade --course")
    assert lab("upgrade", "--course", tmp_path / "away").code == 0
    assert "Step 7: 0/2 points." in lab("status").out


def test_a_damaged_copy_is_in_the_way_of_those_only_who_need_the_steps(mine, tmp_path):
    (mine / ".gradcam-lab" / "course" / "course.toml").write_text("steps = [", encoding="utf-8")
    for command in ("check", "status", "hint"):
        refused(lab(command, *(["7.1"] if command == "hint" else [])), "is damaged", "gradcam-lab upgrade --course DIR")
    done = process("-m", "pytest", "-q", cwd=mine)
    assert "gradcam-lab upgrade --course DIR" in done.stderr
    assert lab("explain", "--help").code == 0
    refused(lab("compare", "nowhere", "elsewhere"), "nowhere")
    assert lab("upgrade", "--course", tmp_path / "away").code == 0
    assert "Step 7: 0/2 points." in lab("status").out


def test_run_all_uses_the_reference_for_a_step_that_is_left_out(mine):
    with following(mine / ".gradcam-lab" / "course"):
        work = whose_code.students_work("reference")
        hidden = Workspace(mine).source(all_steps()[1])[0]
    assert work
    assert [code.step for code in work.steps] == list(STEP_NAMES)
    assert work.texts["stubs/step1_cam.py"].strip() == hidden.strip()
    run = mine / "run"
    for name, text in work.texts.items():
        (run / "code" / name).parent.mkdir(parents=True, exist_ok=True)
        (run / "code" / name).write_text(text, encoding="utf-8")
    results = {
        "course": {code.step: code.progress for code in work.steps},
        "implementation": dict.fromkeys(STEP_NAMES, "reference"),
        "provenance": {"code_sha256": dict.fromkeys(STEP_NAMES, "")},
    }
    assert code_of(run, results, "step6_faithfulness").badge == "Reference code"  # type: ignore[arg-type]
    assert "0/8 points" in code_of(run, results, "step1_cam").badge  # type: ignore[arg-type]


def test_pytest_follows_the_course(mine):
    solve(mine)
    done = process("-m", "pytest", "test_step7_peaks.py", "-q", cwd=mine)
    assert "Step 7: 2/2 points." in done.stdout, done.stdout + done.stderr


def test_grade_follows_a_course_also_behind_the_wall(tmp_path):
    course = write_course(tmp_path / "c", ONE_STEP)
    for name, text in (
        ("ada", solved_peaks()),
        ("bob", solved_peaks().replace("heatmap.argmax", "abs(heatmap).argmax")),
    ):
        (tmp_path / "submissions" / name).mkdir(parents=True)
        (tmp_path / "submissions" / name / "step7_peaks.py").write_text(text, encoding="utf-8")
    done = lab("grade", tmp_path / "submissions", "--course", course)
    assert done.code == 0, done
    rows = {line.split()[0]: line.split()[1] for line in done.out.splitlines() if line.startswith(("ada", "bob"))}
    assert rows == {"ada": "2/2", "bob": "1/2"}
    assert "may lie below 0" in done.out
    assert "The coded tasks are 2 points" in done.out


def test_the_step_of_the_page_is_in_order(tmp_path, capsys):
    with following(write_course(tmp_path / "c", ONE_STEP)):
        assert verify(jobs=1, mutants=True), capsys.readouterr().out
    assert "1 steps, 2 points, 3 checks, 2 wrong answers, 1 right ones" in capsys.readouterr().out
