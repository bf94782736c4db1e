"""Written answers: the sheets, and the points that are read back from them."""

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gradcam_lab.course.authoring import manifest
from gradcam_lab.course.authoring.manifest import find_task
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.grading.grades import coded_possible, written_tasks
from gradcam_lab.course.grading.marks import Marking, columns_of
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import NASTY, WORDS, graded, put, solved
from tests.students import answers

TASK = find_task("4.6")[1]
MINE = WORDS + "This is what I think of it myself."


@pytest.fixture
def folder(tmp_path, quick):
    """Three students of whom two have answered 4.6, one shortly."""
    folder = tmp_path / "hand ins"
    put(folder / "anna", {**solved(), "answers.md": answers({"4.6": MINE, "1.5": f"{WORDS} {NASTY}"})})
    put(folder / "bob", {**solved(), "answers.md": answers({"4.6": WORDS})})
    put(folder / "carl", {**solved(), "answers.md": answers({"4.6": "No idea."})})
    return folder


@pytest.fixture
def sheets(tmp_path):
    return tmp_path / "sheets"


def rows_of(sheets, task="4.6"):
    with (sheets / f"task-{task}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def fill(sheets, word, points, task="4.6", comment="", delimiter=","):
    """Give points as a person does in a spreadsheet."""
    rows = rows_of(sheets, task)
    columns = list(rows[0])
    for row in rows:
        if row["answer"] == word:
            row.update(dict(zip(columns_of(find_task(task)[1]), points, strict=True)), comment=comment)
    with (sheets / f"task-{task}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def word_of(sheets, text, task="4.6"):
    return Marking(sheets).word(task, text.strip())


def test_a_sheet_a_task_has_every_answer_once_and_no_name(folder, sheets, capsys):
    grading.grade(folder, requested=Exports(written=sheets))
    out = capsys.readouterr().out
    assert {path.name for path in sheets.iterdir()} == {"secret.json"} | {
        f"task-{task.id}{suffix}" for task in written_tasks() for suffix in (".csv", ".html")
    }
    assert f"Sheets of the written answers: {sheets} (answers with points: 0, waiting for a reader: 3)." in out
    rows = rows_of(sheets)
    assert {row["answer"] for row in rows} == {word_of(sheets, text) for text in (MINE, WORDS, "No idea.")}
    assert [column.rpartition(" [")[0].partition(" ")[2] for column in columns_of(TASK)] == [
        c.text for c in TASK.rubric
    ]
    page = (sheets / "task-4.6.html").read_text(encoding="utf-8")
    assert all(criterion.text.replace("'", "&#39;") in page for criterion in TASK.rubric)
    assert "Too short (2 of 20 words)" in page
    for path in sheets.iterdir():
        assert not any(name in path.read_text(encoding="utf-8") for name in ("anna", "bob", "carl"))


def test_a_page_escapes_what_students_write(folder, sheets):
    class Tags(HTMLParser):
        found: set[str]

        def handle_starttag(self, tag, attrs):
            self.found.add(tag)

    grading.grade(folder, requested=Exports(written=sheets))
    tags = Tags()
    tags.found = set()
    page = (sheets / "task-1.5.html").read_text(encoding="utf-8")
    assert "<code>gradcam-lab run-all --quick</code>" in page
    tags.feed(page)
    assert "table" in tags.found
    assert "script" not in tags.found


def test_the_order_is_random_and_stays(tmp_path):
    given = [{"4.6": f"{WORDS} {number}"} for number in range(12)]
    orders = []
    for name in ("one", "two"):
        for _ in range(2):
            marking = Marking(tmp_path / name)
            marking.write(given)
            words = {marking.word("4.6", answer["4.6"]): number for number, answer in enumerate(given)}
            orders.append([words[row["answer"]] for row in rows_of(tmp_path / name)])
    assert orders[0] == orders[1] != orders[2] == orders[3]
    assert sorted(orders[0]) == sorted(orders[2]) == list(range(12))


def test_points_come_back_with_the_next_grading_in_every_output(folder, sheets, tmp_path, capsys):
    requested = Exports(written=sheets)
    grading.grade(folder, requested=requested)
    fill(sheets, word_of(sheets, MINE), ["0.5", "0,5", "0", " 0.5 "], comment="Well <said>.")
    exports = replace(
        requested, csv=tmp_path / "g.csv", gradescope=tmp_path / "g.json", junit=tmp_path / "j.xml", html=tmp_path / "p"
    )
    capsys.readouterr()
    grading.grade(folder, requested=exports)
    out = capsys.readouterr().out
    assert f"{coded_possible()}/46" in out
    line = next(line for line in out.splitlines() if line.startswith("anna"))
    assert line.split()[7:11] == ["46/46", "1.5/12", "47.5/58", "1"]
    assert "46 points, the 6 written tasks 12, together 58" in out
    with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if row["student"] == "anna")
    assert (row["task 4.6"], row["task 1.5"], row["answers to read"]) == ("1.5", "answered", "1")
    sums = [row[name] for name in ("code", "code possible", "written", "written possible", "total", "possible")]
    assert sums == ["46", "46", "1.5", "12", "47.5", "58"]
    anna = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))["anna"]
    assert anna["score"] == sum(test["score"] for test in anna["tests"]) == 47.5
    assert (
        "Code 46 of 46 points, written answers 1.5 of 12 (1 still to be read), together 47.5 of 58." in anna["output"]
    )
    assert 'name="total points" value="47.5"' in (tmp_path / "j.xml").read_text(encoding="utf-8")
    (page,) = (tmp_path / "p").glob("anna-*.html")
    text = page.read_text(encoding="utf-8")
    assert "together 47.5 of 58." in text
    assert "Well &lt;said&gt;." in text
    index = (tmp_path / "p" / "index.html").read_text(encoding="utf-8")
    assert "46 points, the 6 written tasks 12, together 58" in index
    _, students = graded(folder, capsys, requested=requested)
    assert (students["anna"]["written_points"], students["anna"]["total"]) == (1.5, 47.5)
    assert (students["anna"]["written_possible"], students["anna"]["total_possible"]) == (12, 58)
    task = next(t for step in students["anna"]["steps"] for t in step["tasks"] if t["id"] == "4.6")
    assert (task["points"], task["status"], task["comment"]) == (1.5, "read", "Well <said>.")
    assert students["bob"]["answers_to_read"] == ["4.6"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheet_of_any_country_is_read(folder, sheets, delimiter, capsys):
    grading.grade(folder, requested=Exports(written=sheets))
    word = word_of(sheets, WORDS)
    fill(sheets, word, ["0,5"] * 4, delimiter=delimiter)
    assert Marking(sheets).sheets["4.6"].marks[word].points == 2
    before = (sheets / "task-4.6.csv").read_bytes()
    grading.grade(folder, requested=Exports(written=sheets))
    assert (sheets / "task-4.6.csv").read_bytes() == before  # there was nothing to add


def test_points_for_a_short_answer_count_too(folder, sheets, capsys):
    grading.grade(folder, requested=Exports(written=sheets))
    fill(sheets, word_of(sheets, "No idea."), ["0.5", "0", "0", "0"])
    _, students = graded(folder, capsys, requested=Exports(written=sheets))
    assert students["carl"]["written_points"] == 0.5


def test_another_text_has_no_points_yet_and_the_old_row_stays(folder, sheets, capsys):
    grading.grade(folder, requested=Exports(written=sheets))
    old = word_of(sheets, WORDS)
    fill(sheets, old, ["0.5"] * 4)
    put(folder / "bob", {"answers.md": answers({"4.6": WORDS + "Now I know more."})})
    capsys.readouterr()
    grading.grade(folder, requested=Exports(written=sheets))
    out = capsys.readouterr().out
    assert "has one answer that nobody has handed in any more: the rows stay, at the end." in out
    assert rows_of(sheets)[-1]["answer"] == old
    assert Marking(sheets).sheets["4.6"].marks[old].points == 2
    _, students = graded(folder, capsys, requested=Exports(written=sheets))
    assert students["bob"]["written_points"] == 0


def test_the_same_answer_of_two_has_one_row_and_a_note(folder, sheets, capsys):
    put(folder / "bob", {"answers.md": answers({"4.6": MINE})})
    _, students = graded(folder, capsys, requested=Exports(written=sheets))
    assert len(rows_of(sheets)) == 2
    assert "handed in 2 times" in (sheets / "task-4.6.html").read_text(encoding="utf-8")
    looks = [finding["what"] for finding in students["bob"]["to_look_at"]]
    assert "the answer to 4.6 is word for word that of anna" in looks


SLIPS = {
    "too many": (["3", "0", "0", "0"], "criterion 1: '3' is no number from 0 to 0.5."),
    "negative": (["0", "-1", "0", "0"], "criterion 2: '-1' is no number from 0 to 0.5."),
    "a word": (["good", "0", "0", "0"], "criterion 1: 'good' is no number"),
    "not a number": (["nan", "0", "0", "0"], "criterion 1: 'nan' is no number"),
    "one is missing": (["0.5", "", "0", "0"], "criterion 2 is empty"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_every_value_is_validated_before_anything_is_judged(folder, sheets, quick, slip):
    grading.grade(folder, requested=Exports(written=sheets))
    quick.students()
    points, sentence = SLIPS[slip]
    fill(sheets, word_of(sheets, MINE), points)
    put(folder / "bob", {"step1_cam.py": "# new"})
    with pytest.raises(LabError) as error:
        grading.grade(folder, requested=Exports(written=sheets))
    assert sentence in str(error.value)
    assert "task-4.6.csv" in str(error.value)
    assert quick.judged == []


def test_a_damaged_sheet_is_one_sentence(folder, sheets):
    grading.grade(folder, requested=Exports(written=sheets))
    path = sheets / "task-4.6.csv"
    good = path.read_text(encoding="utf-8-sig")
    header, first, *_ = good.splitlines()
    for text, sentence in (
        ("", "has no column 'answer'"),
        (good.replace(TASK.rubric[0].text, "Something else"), "has no column '1. "),
        (f"{good}{first}\n", "twice"),
        (f"{header}\n,0,0,0,0,\n", "a row with points and no answer"),
        (f"{header}\nbcdf,0,5,0,0,0,0,good\n", "more cells than the first line"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(LabError, match=r"task-4\.6\.csv") as error:
            Marking(sheets)
        assert sentence in str(error.value)


def test_the_secret_is_not_made_anew_beside_old_sheets(folder, sheets):
    grading.grade(folder, requested=Exports(written=sheets))
    (sheets / "secret.json").unlink()
    with pytest.raises(LabError, match="bring it back"):
        Marking(sheets)
    (sheets / "secret.json").write_text("[]")
    with pytest.raises(LabError, match="holds no secret"):
        Marking(sheets)


def test_a_file_in_the_place_of_the_folder_and_a_wrong_rubric_are_refused(tmp_path, folder):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LabError, match="is a file"):
        Marking(tmp_path / "file")
    step = manifest.all_steps()[0]
    tasks = tuple(replace(task, rubric=task.rubric[:1]) if task.written else task for task in step.tasks)
    steps = (replace(step, tasks=tasks),)
    with manifest.following(lambda: steps), pytest.raises(LabError, match="2 to 4 criteria, and not 1"):
        grading.grade(folder, requested=Exports(written=tmp_path / "sheets"))
    assert not (tmp_path / "sheets").exists()


def test_a_heading_of_no_written_task_is_ignored(folder, sheets, capsys):
    text = answers({"4.6": MINE}) + f"\n## 2.1 Mine\n\n{WORDS}\n\n## 9.9 More\n\n{WORDS}\n"
    put(folder / "bob", {"answers.md": text})
    _, students = graded(folder, capsys, requested=Exports(written=sheets))
    assert students["bob"]["problem"] == ""
    assert students["bob"]["answers_to_read"] == ["4.6"]
