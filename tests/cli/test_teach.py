"""The commands of the panel Teach; what they find is in `tests/course`."""

import json
import shutil
import zipfile

import pytest

from tests.commands import lab, refused
from tests.students import answers


def test_grade_of_a_folder_without_submissions(tmp_path):
    refused(lab("grade", tmp_path), "There are no submissions in")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--late", "10%/day"), "--late needs --due"),
        (("--due", "tomorrow"), "'tomorrow' is no time: write it as 2026-12-01T23:59"),
        (("--due", "2026-12-01", "--late", "a lot"), "'a lot' is no rule for late work"),
        (("--roster", "none.csv"), "There is no file 'none.csv'"),
        (("--canvas", "."), "is a folder: name a file to write"),
    ],
)
def test_grade_refuses_what_it_cannot_use_before_it_grades(fresh, tmp_path, monkeypatch, words, sentence):
    shutil.copytree(fresh, tmp_path / "class" / "ada")
    monkeypatch.chdir(tmp_path)
    refused(lab("grade", "class", *words), sentence)


def test_grade_prints_pure_json_and_writes_a_table(fresh, tmp_path):
    shutil.copytree(fresh, tmp_path / "class" / "Zoë")
    options = ("--seed", 3, "--seconds", 5, "--sandbox", "none", "--json")
    done = lab("grade", tmp_path / "class", "--csv", tmp_path / "grades.csv", *options)
    assert (done.code, done.err) == (0, "")
    assert [student["name"] for student in json.loads(done.out)["students"]] == ["Zoë"]
    assert "Zoë" in (tmp_path / "grades.csv").read_text(encoding="utf-8")


def test_an_exam_is_started_and_graded_with_written_answers(tmp_path):
    done = lab("start", tmp_path / "class" / "Zoë", "--exam")
    assert (done.code, done.err) == (0, "")
    assert "hints end before the code" in done.out
    words = " ".join(f"word{number}" for number in range(20))
    (tmp_path / "class" / "Zoë" / "answers.md").write_text(answers({"4.6": words}), encoding="utf-8")
    command = ("grade", tmp_path / "class", "--written", tmp_path / "sheets", "--seed", 3)
    done = lab(*command)
    assert (done.code, done.err) == (0, "")
    assert "exam, hints/failed tries: none" in done.out
    path = tmp_path / "sheets" / "task-4.6.csv"
    header, row = path.read_text(encoding="utf-8").splitlines()
    path.write_text(f"{header}\n{row.partition(',')[0]},0.5,0.5,0.5,0,\n", encoding="utf-8")
    assert "1.5/12" in lab(*command).out
    path.write_text(f"{header}\n{row.partition(',')[0]},0.5,7,0.5,0,\n", encoding="utf-8")
    refused(lab(*command), "task-4.6.csv", "'7' is no number from 0 to 0.5")


def test_the_archive_of_a_class_is_graded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("class.zip", "w") as archive:
        archive.writestr("ada_1_2_essay.txt", "x")
        archive.writestr("bob_2_3_lab.zip", "x")
    done = lab("grade", "class.zip", "--json")
    assert done.code == 0
    assert [student["name"] for student in json.loads(done.out)["students"]] == ["ada", "bob"]
    assert done.err.splitlines()[0].endswith("'class.zip' was unpacked into 'class'.")
