"""Which submissions there are in a folder, of whatever platform."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.submissions import read
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.find import find
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import pack, put, solved, within


class TestFinding:
    def test_folders_and_zips_and_nothing_hidden(self, tmp_path):
        put(tmp_path / "Jürgen Käse", solved())
        pack(tmp_path / "li 李.ZIP", solved())
        put(tmp_path / ".git", {"config": ""})
        put(tmp_path / "__MACOSX", {"x": ""})
        (tmp_path / ".DS_Store").write_text("")
        assert [found.name for found in find(tmp_path).submissions] == ["Jürgen Käse", "li 李"]

    def test_a_folder_and_a_zip_of_one_name_stay_two(self, tmp_path):
        put(tmp_path / "anna", solved())
        pack(tmp_path / "anna.zip", solved())
        assert {found.name: found.path and found.path.name for found in find(tmp_path).submissions} == {
            "anna": "anna",
            "anna.zip": "anna.zip",
        }

    def test_a_name_stands_in_one_line_and_is_composed(self, tmp_path):
        put(tmp_path / "zwei\nZeilen\x1b[31m", {"x.txt": ""})
        put(tmp_path / "Ju\u0308rgen", {"x.txt": ""})
        assert [found.name for found in find(tmp_path).submissions] == ["Jürgen", "zwei Zeilen\ufffd[31m"]

    def test_a_workspace_is_the_only_submission(self, tmp_path):
        put(tmp_path / "submission", {**solved(), "__pycache__/x.pyc": "", "r/r.html": "", "IMG_2024_11_30.jpg": ""})
        (found,) = find(tmp_path / "submission").submissions
        assert (found.name, found.path) == ("submission", tmp_path / "submission")

    def test_a_step_file_that_lies_about_hides_no_submission(self, tmp_path):
        put(tmp_path, {all_steps()[0].file: ""})
        put(tmp_path / "anna" / "lab", solved())
        assert [found.name for found in find(tmp_path).submissions] == ["anna", all_steps()[0].file]

    def test_what_grading_writes_there_is_no_submission(self, tmp_path):
        put(tmp_path / "anna", solved())
        put(tmp_path, {"grades.csv": ""})
        assert [found.name for found in find(tmp_path, besides=[tmp_path / "grades.csv"]).submissions] == ["anna"]

    @pytest.mark.parametrize(
        ("name", "sentence"), [("none", "no folder"), ("empty", "no submissions"), ("file", "is a file")]
    )
    def test_nothing_to_grade_is_one_sentence(self, tmp_path, name, sentence):
        (tmp_path / "empty" / ".hidden").mkdir(parents=True)
        (tmp_path / "file").write_text("")
        with pytest.raises(LabError, match=sentence) as error:
            find(tmp_path / name)
        assert name in str(error.value)


STEPS = [step.file for step in all_steps()]


def names(folder):
    return [one.name for one in find(folder).submissions]


def files_of(one):
    """The files that are judged of a submission, all of which can be read."""
    found = read(one.path, Bounds(), one.loose)
    return {name: content.decode() for name, content in found.items() if isinstance(content, bytes)}


class TestCanvas:
    def test_loose_files_are_joined_by_student_and_the_newest_counts(self, tmp_path):
        put(
            tmp_path,
            {
                "lovelaceada_LATE_12345_500_step1_cam.py": "old",
                "lovelaceada_LATE_12345_700_step1_cam-1.py": "new",
                "lovelaceada_LATE_12345_701_step2_gradcam.py": "import helpers",
                "lovelaceada_LATE_12345_702_helpers.py": "x = 1",
                "lovelaceada_LATE_12345_703_answers.md": "# Answers",
                "turingalan_99_800_step1_cam.py": "alan",
            },
        )
        ada, alan = find(tmp_path).submissions
        assert files_of(ada) == {
            "step1_cam.py": "new",
            "step2_gradcam.py": "import helpers",
            "helpers.py": "x = 1",
            "answers.md": "# Answers",
        }
        assert (ada.name, ada.people[0].id, ada.marked_late) == ("lovelaceada", "12345", True)
        assert ada.older == ("lovelaceada_LATE_12345_500_step1_cam.py",)
        assert "step1_cam.py" in ada.remarks()[0]
        assert (alan.marked_late, alan.remarks(), files_of(alan)) == (False, (), {"step1_cam.py": "alan"})

    def test_the_newest_of_two_archives_counts_and_what_lies_beside_it_is_added(self, tmp_path):
        pack(tmp_path / "ada_1_10_lab.zip", {STEPS[0]: "old"})
        pack(tmp_path / "ada_1_20_lab-1.zip", within("lab", {STEPS[0]: "new"}))
        put(tmp_path, {"ada_1_21_answers.md": "mine", "ada_1_5_step1_cam.py": "oldest"})
        (ada,) = find(tmp_path).submissions
        assert files_of(ada) == {STEPS[0]: "new", "answers.md": "mine"}
        assert set(ada.older) == {"ada_1_10_lab.zip", "ada_1_5_step1_cam.py"}

    def test_two_students_of_one_name_and_an_anonymous_one(self, tmp_path):
        put(tmp_path, {f"ada_{number}_7{number}_{STEPS[0]}": "x" for number in (1, 2)})
        put(tmp_path, {f"anon_Ab3x9_77_{STEPS[0]}": "x"})
        assert names(tmp_path) == ["ada", "ada (2)", "anon_Ab3x9"]

    def test_one_who_handed_in_something_else_is_a_student_and_told_so(self, tmp_path):
        put(tmp_path, {"ada_1_10_essay.pdf": "x", f"bob_2_11_{STEPS[0]}": "x"})
        ada = find(tmp_path).submissions[0]
        with pytest.raises(LabError, match="no step file"):
            files_of(ada)

    @pytest.mark.parametrize(
        "given", [("ada_2026_11", "bob_2026_12"), ("ada_2026_12", "bob_2026_12"), ("hw_1_2_ada", "hw_1_2_bob")]
    )
    @pytest.mark.parametrize("packed", [True, False])
    def test_dates_and_numbers_in_other_names_join_nobody(self, tmp_path, given, packed):
        for name in given:
            texts = {STEPS[0]: name, "IMG_2024_11_30.jpg": ""}
            pack(tmp_path / f"{name}_lab.zip", texts) if packed else put(tmp_path / f"{name}_lab", texts)
        found = find(tmp_path).submissions
        assert [files_of(one)[STEPS[0]] for one in found] == list(given)


class TestMoodle:
    def test_flat_files_and_folders(self, tmp_path):
        put(tmp_path, {f"Ada Lovelace_12345_assignsubmission_file_{STEPS[0]}": "ada"})
        put(tmp_path / "Alan Turing_12346_assignsubmission_file_", {f"my-lab/{STEPS[0]}": "alan"})
        pack(tmp_path / "Jo_hann_12347_assignsubmission_file_" / "lab.zip", {STEPS[0]: "jo"})
        put(tmp_path / "Jo_hann_12347_assignsubmission_onlinetext_", {"onlinetext.html": "see my file"})
        found = find(tmp_path).submissions
        assert [(one.name, one.people[0].id) for one in found] == [
            ("Ada Lovelace", "12345"),
            ("Alan Turing", "12346"),
            ("Jo_hann", "12347"),
        ]
        assert [files_of(one)[STEPS[0]] for one in found] == ["ada", "alan", "jo"]


METADATA = """
submission_12345:
  :submitters:
  - :name: Ada Lovelace
    :sid: '3001'
    :email: ada@example.edu
  - :name: Bob
    :sid: 3002
    :email:
  :created_at: 2026-12-02 10:00:00.5 +01:00
  :score: 4.0
  :history: []
submission_9:
  :submitters:
  - :name: Cem
    :sid:
    :email: cem@example.edu
  :created_at: '2026-11-30T10:00:00Z'
"""


class TestGradescope:
    def test_names_and_times_come_from_its_metadata(self, tmp_path):
        put(tmp_path, {"submission_metadata.yml": METADATA})
        for name in ("submission_12345", "submission_9", "submission_77"):
            put(tmp_path / name, {STEPS[0]: name})
        pair, cem, unknown = find(tmp_path).submissions
        assert (pair.name, cem.name, unknown.name) == ("Ada Lovelace and Bob", "Cem", "submission_77")
        assert [(person.id, person.email) for person in pair.people] == [("3001", "ada@example.edu"), ("3002", "")]
        assert pair.handed_in == datetime(2026, 12, 2, 9, 0, 0, 500_000, tzinfo=UTC)
        assert cem.handed_in == datetime(2026, 11, 30, 10, tzinfo=UTC)
        assert find(tmp_path).others == ("submission_metadata.yml",)

    @pytest.mark.parametrize("text", ["[1", "- a", "a: 1", "x: [&a [*a]]"])
    def test_metadata_that_are_none_are_one_sentence(self, tmp_path, text):
        put(tmp_path, {"submission_metadata.yml": text})
        put(tmp_path / "submission_1", {STEPS[0]: ""})
        with pytest.raises(LabError, match="is not Gradescope's metadata"):
            find(tmp_path)


def test_a_folder_that_cannot_be_read_is_that_students_problem(tmp_path, monkeypatch):
    put(tmp_path / "ada", {STEPS[0]: ""})
    put(tmp_path / "bob", {STEPS[0]: ""})
    whole = Path.iterdir

    def refuse(self):
        if self.name == "bob":
            raise PermissionError(13, "Permission denied")
        return whole(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert names(tmp_path) == ["ada", "bob"]


def test_the_archive_of_a_class_has_to_be_unpacked(tmp_path):
    pack(tmp_path / "submissions.zip", {f"ada_1_2_{STEPS[0]}": ""})
    with pytest.raises(LabError, match="is a file: unpack it, and name the folder that holds the submissions"):
        find(tmp_path / "submissions.zip")


def test_the_archive_of_a_class_among_the_submissions_says_so(tmp_path):
    pack(tmp_path / "all.zip", {f"ada_1_2_{STEPS[0]}": "", f"x/bob_2_3_{STEPS[0]}": ""})
    pack(tmp_path / "photos.zip", {"IMG_2024_11_30.jpg": "", "IMG_2023_11_30.jpg": ""})
    found, photos = find(tmp_path).submissions
    with pytest.raises(LabError, match="no step file"):
        files_of(photos)
    with pytest.raises(LabError, match="what 2 students have handed in: unpack it, and grade that folder"):
        files_of(found)


@pytest.mark.parametrize("make", [put, lambda path, texts: pack(path.with_suffix(".zip"), texts)])
def test_step_files_with_a_browsers_number_or_in_capitals_are_read(tmp_path, make):
    names_of = {
        "step1_cam (1).py": "older",
        "step1_cam (2).py": "newest",
        "Step2_GradCAM.PY": "capitals",
        "step3_boxes.py": "plain",
        "step3_boxes-1.py": "not this",
    }
    make(tmp_path / "ada", {f"lab/{name}": text for name, text in names_of.items()})
    (ada,) = find(tmp_path).submissions
    assert files_of(ada) == {"step1_cam.py": "newest", "step2_gradcam.py": "capitals", "step3_boxes.py": "plain"}


class TestSections:
    def test_folders_of_sections_are_gone_through(self, tmp_path):
        for place in ("section A/ada", "section A/bob/my-lab", "section B/ada"):
            put(tmp_path / place, {STEPS[0]: place})
        pack(tmp_path / "section B" / "cem.tgz.zip", {STEPS[0]: ""})
        put(tmp_path / "section B", {"list.csv": ""})
        found = find(tmp_path)
        assert [one.name for one in found.submissions] == [
            "section A/ada",
            "section A/bob",
            "section B/ada",
            "section B/cem.tgz",
        ]
        assert files_of(found.submissions[2]) == {STEPS[0]: "section B/ada"}
        assert found.others == ("section B/list.csv",)

    def test_a_platforms_names_in_folders_of_sections(self, tmp_path):
        put(tmp_path / "A", {f"ada_1_10_{STEPS[0]}": "", f"bob_2_11_{STEPS[0]}": ""})
        put(tmp_path / "B", {f"cem_3_12_{STEPS[0]}": ""})
        assert names(tmp_path) == ["A/ada", "A/bob", "B/cem"]

    def test_one_student_with_two_folders_is_no_section(self, tmp_path):
        for place in ("anna/lab1", "anna/lab2", "bob/lab", "cem/lab"):
            put(tmp_path / place, {STEPS[0]: ""})
        assert names(tmp_path) == ["anna", "bob", "cem"]

    def test_deep_folders_are_found(self, tmp_path):
        put(tmp_path / "anna" / "hw" / "week 1" / "my-lab", {STEPS[0]: "deep"})
        put(tmp_path / "bob", {STEPS[0]: ""})
        anna, _ = find(tmp_path).submissions
        assert files_of(anna) == {STEPS[0]: "deep"}


class TestAgain:
    def test_archives_with_the_number_of_a_browser(self, tmp_path):
        for name in ("ada.zip", "ada (2).zip", "ada (1).zip", "group-1.zip", "group-2.zip"):
            pack(tmp_path / name, {STEPS[0]: name})
        found = find(tmp_path).submissions
        assert [(one.name, one.older) for one in found] == [
            ("ada (2)", ("ada (1).zip", "ada.zip")),
            ("group-1", ()),
            ("group-2", ()),
        ]

    def test_archives_inside_a_folder(self, tmp_path):
        pack(tmp_path / "ada" / "lab.zip", {STEPS[0]: "old"})
        pack(tmp_path / "ada" / "lab-1.zip", {STEPS[0]: "new"})
        put(tmp_path / "bob", {STEPS[0]: ""})
        ada, _ = find(tmp_path).submissions
        assert (files_of(ada), ada.older) == ({STEPS[0]: "new"}, ("lab.zip",))


class TestOthers:
    def test_tables_pages_and_metadata_are_no_students(self, tmp_path):
        put(tmp_path / "ada", {STEPS[0]: ""})
        put(tmp_path, {"grades.csv": "", "results.json": "{}", "junit.xml": "", "notes.txt": "", "report.pdf": ""})
        put(tmp_path / "pages", {"index.html": "", "ada-123.html": ""})
        put(tmp_path / "sheets", {"1.5.csv": "", "2.8.csv": ""})
        found = find(tmp_path)
        assert [one.name for one in found.submissions] == ["ada"]
        assert found.others == ("grades.csv", "junit.xml", "notes.txt", "pages", "report.pdf", "results.json", "sheets")

    def test_an_empty_folder_and_what_cannot_be_opened_are_students(self, tmp_path):
        (tmp_path / "ada").mkdir()
        put(tmp_path, {"bob.rar": "Rar!\x1a\x07\x00", "cem.zip": "x"})
        (tmp_path / "dora").write_bytes(b"PK\x03\x04")
        assert names(tmp_path) == ["ada", "bob", "cem", "dora"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
    def test_a_pipe_is_not_waited_for(self, tmp_path):
        put(tmp_path / "ada", {STEPS[0]: ""})
        os.mkfifo(tmp_path / "pipe.zip")
        os.mkfifo(tmp_path / "pipe")
        _, *pipes = find(tmp_path).submissions
        assert [one.name for one in pipes] == ["pipe", "pipe.zip"]
        for one in pipes:
            with pytest.raises(LabError, match="is a pipe, a socket or a device, not an archive: take it away"):
                files_of(one)

    def test_nothing_but_others_is_one_sentence(self, tmp_path):
        put(tmp_path, {"grades.csv": ""})
        with pytest.raises(LabError, match=r"no submissions in .* \(grades.csv cannot be one\)"):
            find(tmp_path)
