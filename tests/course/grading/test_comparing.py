"""The column "to look at" in every output of a grading, from the submission to the pages."""

import csv
import json
import shutil

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.grading.grades import coded_possible
from gradcam_lab.course.integrity import work_record
from gradcam_lab.course.workspace import start
from tests.course.grading.submitted import graded, pack, put, stubs, within
from tests.course.integrity.gallery import disguised, solved_otherwise

RECORD = ".gradcam-lab/state.json"


def record(**changes):
    state = work_record.signed(work_record.first(version="1", exam=True), changes)
    return {RECORD: json.dumps(state)}


@pytest.fixture(scope="module")
def own():
    return solved_otherwise()


@pytest.fixture
def folder(tmp_path, quick, own):
    folder = tmp_path / "hand ins"
    put(folder / "anna", {**own, **record(hints={"2.1": 2, "1.1": 1}, tries={"3.4": ["a", "b"]})})
    put(folder / "bob", {file: disguised(text) for file, text in own.items()})
    pack(folder / "carl.zip", within("my lab", {**stubs(), **record(hints={"2.1": 1})}))
    put(folder / "dora", {**stubs(), "step1_cam.py": "import captum  # <b>\n"})
    return folder


def looks(row):
    return [finding["what"] for finding in row["to_look_at"]]


def test_every_output_has_the_column(folder, tmp_path, capsys):
    exports = Exports(csv=tmp_path / "g.csv", html=tmp_path / "pages", junit=tmp_path / "j.xml")
    grading.grade(folder, requested=exports, seed=1)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[2].endswith("to look at")
    at = next(number for number, line in enumerate(lines) if line.startswith("dora"))
    assert lines[at].split()[-1] == "1"
    assert "    look at step1_cam.py, line 1: imports captum, which is ready-made" in lines[at + 1 : at + 5]
    assert any(line.startswith("  anna and bob  ") and "equal: " in line for line in lines)
    with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert rows["dora"]["to look at"] == "step1_cam.py, line 1: imports captum, which is ready-made"
    assert "own code with bob" in rows["anna"]["to look at"]
    assert rows["carl"]["to look at"] == ""
    assert "imports captum" in (tmp_path / "j.xml").read_text(encoding="utf-8")
    (page,) = (tmp_path / "pages").glob("dora-*.html")
    text = page.read_text(encoding="utf-8")
    assert "<code>step1_cam.py, line 1</code>: imports captum" in text
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert f'<a href="{page.name}#to-look-at">1</a>' in index
    table, students = graded(folder, capsys, seed=1)
    assert looks(students["dora"]) == ["imports captum, which is ready-made"]
    assert [pair["names"] for pair in table["similar"]] == [["anna", "bob"]]


def test_a_page_shows_both_side_by_side(folder, tmp_path):
    grading.grade(folder, requested=Exports(html=tmp_path / "pages"), seed=1)
    (pair,) = (tmp_path / "pages").glob("pair-*.html")
    text = pair.read_text(encoding="utf-8")
    assert text.count("<h2>") > 10
    assert "match_detections" in text
    assert "_of_mine" in text
    assert f'href="{pair.name}"' in (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    students = [page.read_text("utf-8") for page in (tmp_path / "pages").glob("[ab]*-*.html")]
    assert [f'href="{pair.name}"' in text for text in students] == [True, True]


def test_no_point_depends_on_it(folder, capsys):
    _, students = graded(folder, capsys)
    assert students["anna"]["points"] == students["bob"]["points"] == coded_possible()


def test_hints_and_tries_are_in_every_output(folder, tmp_path, capsys):
    exports = Exports(csv=tmp_path / "g.csv", html=tmp_path / "pages")
    grading.grade(folder, requested=exports, seed=1)
    lines = capsys.readouterr().out.splitlines()
    assert "    exam, hints/failed tries: 1.1 1/0, 2.1 2/0, 3.4 0/2" in lines
    assert "    exam, hints/failed tries: 2.1 1/0" in lines
    row = next(line for line in lines if line.startswith("2.1 "))
    assert row.split()[4:6] == ["3", "0"]
    with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = {row["student"]: row for row in csv.DictReader(stream)}
    assert [rows["anna"][name] for name in ("hints 2.1", "tries 3.4", "hints 3.4", "exam")] == ["2", "2", "0", "exam"]
    assert [rows["bob"][name] for name in ("hints 2.1", "tries 3.4", "exam")] == ["", "", ""]
    (page,) = (tmp_path / "pages").glob("anna-*.html")
    text = page.read_text(encoding="utf-8")
    assert "Worked in an exam" in text
    assert '<td class="number">2</td><td class="number"></td><td class="number">1/1</td>' in text
    _, students = graded(folder, capsys, seed=1)
    assert students["anna"]["record"]["hints"] == {"1.1": 1, "2.1": 2}
    assert students["bob"]["record"] is None


def test_the_record_of_a_real_exam_is_read_and_an_edit_is_told(tmp_path, quick, capsys):
    folder = tmp_path / "class"
    start.start(folder / "anna", exam=True)
    shutil.copytree(folder / "anna", folder / "bob")
    path = folder / "anna" / RECORD
    state = json.loads(path.read_text(encoding="utf-8"))
    _, students = graded(folder, capsys)
    assert students["anna"]["record"]["exam"] is True
    assert looks(students["anna"]) == ["the workspace is the same as that of bob: one is a copy"]
    path.write_text(json.dumps({**state, "hints": {"2.1": 1}}), encoding="utf-8")
    _, students = graded(folder, capsys)
    assert "the record of hints and tries: it was edited by hand" in looks(students["anna"])
    assert students["anna"]["unchanged"]  # the record is no reason to judge again


@pytest.mark.parametrize("data", [b"", b"{", b"\xff" * 100, b"x" * 5_000_000], ids=["empty", "half", "bytes", "large"])
def test_a_record_that_cannot_be_read_costs_nothing(tmp_path, quick, capsys, data, own):
    put(tmp_path / "class" / "anna", {**own, RECORD: ""})
    (tmp_path / "class" / "anna" / RECORD).write_bytes(data)
    _, students = graded(tmp_path / "class", capsys)
    assert (students["anna"]["points"], students["anna"]["problem"]) == (coded_possible(), "")
    assert students["anna"]["record"] is None


def test_a_step_that_imports_the_reference_is_named_on_the_row(tmp_path, capsys):
    step = all_steps()[-1]
    put(tmp_path / "anna", {step.file: f"from gradcam_lab.lessons.{step.name} import *\n"})
    _, rows = graded(tmp_path, capsys)
    assert rows["anna"]["points"] == 0
    assert f"{step.file}, line 1: this imports the reference (gradcam_lab.lessons.{step.name})" in rows["anna"]["notes"]
