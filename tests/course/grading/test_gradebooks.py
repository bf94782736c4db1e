"""Rosters, and the tables that Canvas and Moodle import, read as these read them."""

import csv
import io
from dataclasses import replace

import pytest

from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading import gradebooks, rosters
from gradcam_lab.course.grading.grades import coded_possible, possible
from gradcam_lab.course.grading.hand_in import Gradebooks
from gradcam_lab.course.grading.lateness import Deadline, Rule
from gradcam_lab.course.submissions.submission import Person, Submission
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import put, solved

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (77),gradcam-lab (4711),Current Score
    Points Possible,,,,,10,46,(read only)
"Lovelace, Ada",12345,s3001,ada1,Section A,5,,
"Turing, Alan",12346,s3002,alan1,Section A,,,
"Käse, Jürgen",12347,s3003,=cmd,Section B,,,
"Student, Test",1,,x,,,,
"""
MOODLE = f"""{",".join(gradebooks.MOODLE)}
Participant 900,Ada Lovelace,ada@example.edu,Submitted for grading,,58.00,Yes,"Wednesday, 2 December 2026, 11:30 PM",-,
Participant 901,Alan Turing,alan@example.edu,No submission,,58.00,Yes,-,-,
"""


def table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def people(*found):
    return [
        Submission(one.name, None, people=(one,)) if isinstance(one, Person) else Submission(one, None) for one in found
    ]


class TestRosters:
    @pytest.fixture
    def canvas(self, tmp_path):
        put(tmp_path, {"gradebook.csv": CANVAS})
        return rosters.read(tmp_path / "gradebook.csv")

    def test_canvas_gradebook_is_one(self, canvas):
        assert [row.name for row in canvas.rows] == ["Lovelace, Ada", "Turing, Alan", "Käse, Jürgen"]

    @pytest.mark.parametrize(
        "who",
        [
            Person("anyone", "12345"),
            Person("", "S3001"),
            Person("anyone", "", "ada1"),
            Person("Ada Lovelace"),
            Person("lovelaceada", "999"),
            "Ada Lovelace",
            "section A/lovelace_ada",
            "hw1_s3001",
            "ada1",
        ],
    )
    def test_a_student_is_known_by_number_login_or_name(self, canvas, who):
        if isinstance(who, Person) and who.email:
            who = replace(who, id=who.email, email="")
        matches = rosters.match(canvas, people(who))
        ((_, row),) = next(iter(matches.rows.values()))
        assert row.name == "Lovelace, Ada"
        assert matches.submissions == ()
        assert matches.students == ("Turing, Alan", "Käse, Jürgen")

    @pytest.mark.parametrize("who", ["jurgen kase", "Jürgen Käse", "Ka\u0308se Ju\u0308rgen"])
    def test_accents_and_order_do_not_matter(self, canvas, who):
        assert list(rosters.match(canvas, people(who)).rows) == [who]

    def test_what_did_not_match_is_named_in_both_directions(self, canvas):
        matches = rosters.match(canvas, people("Ada Lovelace", "lovelace ada", "Bob"))
        assert matches.lines() == [
            "Not on the roster: lovelace ada (the same student as Ada Lovelace); Bob.",
            "On the roster without a submission: Turing, Alan; Käse, Jürgen.",
        ]

    def test_a_line_that_stands_there_twice_is_one_student(self, tmp_path):
        put(tmp_path, {"r.csv": "name,id\nAda L,11\nAda L,11\n"})
        matches = rosters.match(rosters.read(tmp_path / "r.csv"), people("Ada L"))
        assert (matches.submissions, matches.students) == ((), ())

    def test_a_name_that_two_have_is_nobodys(self, tmp_path):
        put(tmp_path, {"r.csv": "name;email\nAda L;a@x.edu\nAda L;b@x.edu\n"})
        roster = rosters.read(tmp_path / "r.csv")
        assert rosters.match(roster, people("Ada L")).submissions == ("Ada L",)
        ((_, row),) = rosters.match(roster, people(Person("Ada L", "", "B@x.edu"))).rows["Ada L"]
        assert row.cells["email"] == "b@x.edu"

    def test_a_group_has_a_row_for_each(self, canvas):
        pair = Submission("Ada and Bob", None, people=(Person("Ada Lovelace"), Person("Bob"), Person("Alan Turing")))
        matches = rosters.match(canvas, [pair])
        assert [row.name for _, row in matches.rows["Ada and Bob"]] == ["Lovelace, Ada", "Turing, Alan"]
        assert matches.submissions == ("Ada and Bob (Bob)",)

    @pytest.mark.parametrize(
        ("text", "words"),
        [("", "no column of names"), ("a,b\n1,2\n", "no column of names"), ("name\n", "names no student")],
    )
    def test_what_is_no_roster_is_one_sentence(self, tmp_path, text, words):
        put(tmp_path, {"r.csv": text})
        with pytest.raises(LabError, match=words):
            rosters.read(tmp_path / "r.csv")

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
    def test_encodings_of_spreadsheets_are_read(self, tmp_path, encoding):
        (tmp_path / "r.csv").write_text("Vorname;First name;Last name\n;Jürgen;Käse\n", encoding=encoding)
        assert rosters.read(tmp_path / "r.csv").rows[0].name == "Jürgen Käse"


@pytest.fixture
def canvas_class(tmp_path):
    folder = tmp_path / "hand ins"
    step = all_steps()[1].file
    for name, user in (("lovelaceada", 12345), ("kasejurgen", 12347), ("nobody", 5)):
        texts = {**solved(), step: "# wrong 2.1"} if user == 12347 else solved()
        put(
            folder,
            {f"{name}_{user}_{number}_{file}": text for number, (file, text) in enumerate(texts.items(), 100 * user)},
        )
    put(folder, {"gradebook.csv": CANVAS})
    return folder


class TestCanvas:
    """Read as Canvas' GradebookImporter does."""

    def grade(self, folder, capsys, **more):
        books = Gradebooks(canvas=folder.parent / "canvas.csv", roster=folder / "gradebook.csv")
        grading.grade(folder, books=replace(books, **more))
        return table(folder.parent / "canvas.csv"), capsys.readouterr().out

    def test_the_file_is_what_the_import_takes(self, canvas_class, capsys, quick):
        rows, out = self.grade(canvas_class, capsys)
        head, maximum, *students = rows
        assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "gradcam-lab (4711)"]
        assert "Points Possible" in maximum[0]
        assert (maximum[1:5], float(maximum[5])) == ([""] * 4, possible())
        assert students == [
            ["Käse, Jürgen", "12347", "s3003", "'=cmd", "Section B", str(coded_possible() - lost())],
            ["Lovelace, Ada", "12345", "s3001", "ada1", "Section A", str(coded_possible())],
        ]
        assert not (canvas_class.parent / "canvas.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        assert "Not on the roster: nobody." in out
        assert "On the roster without a submission: Turing, Alan." in out
        assert "Written: " in out.splitlines()[-1]

    def test_without_a_roster_the_numbers_of_the_files_do(self, canvas_class, capsys, quick):
        put(canvas_class / "dora", solved())
        rows, out = self.grade(canvas_class, capsys, roster=None, assignment="Lab 1")
        assert rows[0][-1] == "Lab 1"
        assert [row[:2] for row in rows[2:]] == [["kasejurgen", "12347"], ["lovelaceada", "12345"], ["nobody", "5"]]
        assert "Without a number, so in no gradebook: dora. Give --roster." in out

    def test_a_folder_in_its_place_is_found_out_first(self, canvas_class, capsys, quick):
        with pytest.raises(LabError, match="is a folder"):
            grading.grade(canvas_class, books=Gradebooks(canvas=canvas_class))
        assert quick.judged == []


def lost():
    return sum(task.points for task in all_steps()[1].coded if task.id == "2.1")


class TestMoodle:
    """Read as Moodle's assignfeedback_offline does."""

    @pytest.fixture
    def folder(self, tmp_path):
        folder = tmp_path / "hand ins"
        put(folder / "Ada Lovelace_900_assignsubmission_file_", {**solved(), all_steps()[1].file: "# wrong 2.1"})
        put(folder, {"worksheet.csv": MOODLE})
        return folder

    @pytest.mark.parametrize("with_roster", [True, False])
    def test_the_worksheet_is_filled(self, folder, capsys, quick, with_roster):
        roster = folder / "worksheet.csv" if with_roster else None
        grading.grade(folder, books=Gradebooks(moodle=folder.parent / "moodle.csv", roster=roster))
        head, *rows = table(folder.parent / "moodle.csv")
        assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= set(head)
        (ada,) = [dict(zip(head, row, strict=True)) for row in rows]
        assert ada["Identifier"].removeprefix("Participant ") == "900"
        assert float(ada["Grade"]) == coded_possible() - lost()
        assert float(ada["Maximum Grade"]) == possible()
        assert "2.1 " in ada["Feedback comments"]
        assert "a likely reason" in ada["Feedback comments"]
        if with_roster:
            assert ada["Email address"] == "ada@example.edu"
            assert ada["Last modified (grade)"] == "-"

    def test_its_time_of_the_submission_counts(self, folder, capsys, quick):
        deadline = Deadline.parse("2026-12-01T23:59", "10%/day")
        assert deadline == replace(deadline, rule=Rule(10, True)) if deadline else False
        books = Gradebooks(moodle=folder.parent / "moodle.csv", roster=folder / "worksheet.csv")
        grading.grade(folder, books=books, deadline=deadline)
        head, ada = table(folder.parent / "moodle.csv")
        points = coded_possible() - lost()
        assert float(ada[head.index("Grade")]) == pytest.approx(points - 0.1 * possible())
        assert f"1 day late: {points} points before" in ada[head.index("Feedback comments")]

    def test_a_submission_that_cannot_be_read_has_a_reason_and_no_points(self, folder, capsys, quick):
        put(folder / "Alan Turing_901_assignsubmission_file_", {"notes.txt": "x"})
        books = Gradebooks(moodle=folder.parent / "moodle.csv", canvas=folder.parent / "canvas.csv")
        grading.grade(folder, books=books)
        head, *rows = table(folder.parent / "moodle.csv")
        alan = next(dict(zip(head, row, strict=True)) for row in rows if "901" in row[0])
        assert (alan["Grade"], "no step file" in alan["Feedback comments"]) == ("", True)
        assert [row[-1] for row in table(folder.parent / "canvas.csv") if "901" in row] == [""]

    def test_no_cell_is_a_formula(self, folder, capsys, quick):
        text = MOODLE.replace("Ada Lovelace", "=HYPERLINK(1)")
        put(folder, {"worksheet.csv": text})
        books = Gradebooks(moodle=folder.parent / "moodle.csv", roster=folder / "worksheet.csv")
        grading.grade(folder, books=books)
        content = (folder.parent / "moodle.csv").read_text(encoding="utf-8")
        cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
        assert "'=HYPERLINK(1)" in cells
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells if cell != "-")
