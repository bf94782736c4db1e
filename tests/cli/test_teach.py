"""The commands of the panel Teach; what they find is in `tests/course`."""

import json
import shutil

from tests.commands import lab, refused


def test_grade_of_a_folder_without_submissions(tmp_path):
    refused(lab("grade", tmp_path), "There are no submissions in")


def test_grade_prints_pure_json_and_writes_a_table(fresh, tmp_path):
    shutil.copytree(fresh, tmp_path / "class" / "Zoë")
    options = ("--seed", 3, "--seconds", 5, "--sandbox", "none", "--json")
    done = lab("grade", tmp_path / "class", "--csv", tmp_path / "grades.csv", *options)
    assert (done.code, done.err) == (0, "")
    assert [student["name"] for student in json.loads(done.out)["students"]] == ["Zoë"]
    assert "Zoë" in (tmp_path / "grades.csv").read_text(encoding="utf-8")
