"""The commands of the panel Teach; what they find is in `tests/course`."""

import json
import shutil

from tests.commands import lab, refused
from tests.students import answers


def test_grade_of_a_folder_without_submissions(tmp_path):
    refused(lab("grade", tmp_path), "There are no submissions in")


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
