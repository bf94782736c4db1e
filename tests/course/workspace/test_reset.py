"""A task or a step becomes a stub again, and undo brings the student's text back."""

import codecs
import re
import sys

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import find_task
from gradcam_lab.course.workspace import backup
from gradcam_lab.course.workspace import reset as resetting
from tests.course.workspace.helpers import FILE, MINE, TODO, Terminal, refusal, replace, said


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_task_becomes_a_stub_and_the_rest_stays_byte_for_byte(workspace, file, ending, mark, capsys):
    fresh = file.read_text(encoding="utf-8")
    other = fresh.replace('raise NotImplementedError("task 2.2: weighted_map")', "return None  # Grüße \x0c\u2028")
    other = ("x = '\x0c\u2028'  # form feed\n" + other).removesuffix("\n") + "  # no newline at the end"
    before = other.replace(TODO, MINE)
    file.write_bytes(mark + before.replace("\n", ending).encode())
    resetting.reset("2.1", yes=True)
    assert file.read_bytes() == mark + other.replace("\n", ending).encode()
    out = said(capsys)
    assert f"Task 2.1 in {FILE} is a stub again." in out
    assert "To bring it back: gradcam-lab reset --undo\n" in out
    resetting.undo()
    assert file.read_bytes() == mark + before.replace("\n", ending).encode()


def test_every_function_of_a_task_becomes_a_stub(workspace):
    step, task = find_task("1.4")
    path = workspace.file(step)
    fresh = path.read_text(encoding="utf-8")
    path.write_text(step.source, encoding="utf-8")
    resetting.reset("1.4", yes=True)
    text = path.read_text(encoding="utf-8")
    assert len(task.units) == 2
    for unit in task.units:
        assert cut.unit_text(text, unit) == cut.unit_text(fresh, unit)
    assert cut.unit_text(text, "compute_cam") == cut.unit_text(step.source, "compute_cam")


@pytest.mark.parametrize("word", ["2", "step2_gradcam", FILE])
def test_a_step_becomes_a_stub(workspace, file, word, capsys):
    fresh = file.read_bytes()
    file.write_bytes("kaputt (\n".encode("latin-1") + b"\xff")
    resetting.reset(word, yes=True)
    assert file.read_bytes() == fresh
    resetting.undo()
    assert file.read_bytes() == b"kaputt (\n\xff"


def test_the_backup_is_where_the_screen_says(workspace, file, capsys):
    replace(file)
    before = file.read_bytes()
    resetting.reset("2", yes=True)
    place = re.search(r"kept in (\.gradcam-lab/backups/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d/\S+)\.\n", said(capsys))
    assert place
    assert (workspace.root / place[1]).read_bytes() == before


def test_nothing_to_reset(workspace, file, capsys):
    before = file.read_bytes()
    resetting.reset("2.1")
    resetting.reset("2")
    assert said(capsys).count("there is nothing to reset") == 2
    assert file.read_bytes() == before
    assert backup.all_backups(workspace) == []


def test_nobody_to_ask(workspace, file):
    replace(file)
    before = file.read_bytes()
    assert "add --yes" in refusal(resetting.reset, "2.1")
    assert file.read_bytes() == before


@pytest.mark.parametrize(("answer", "reset"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_student_is_asked(workspace, file, monkeypatch, capsys, answer, reset):
    replace(file)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    resetting.reset("2.1")
    out = said(capsys)
    assert "a backup of your text is kept. Go on? [y/N]" in out
    assert (TODO in file.read_text(encoding="utf-8")) == reset
    assert ("Nothing was changed." in out) != reset
    assert len(backup.all_backups(workspace)) == reset


def test_a_missing_step_file_comes_back_without_asking(workspace, file, capsys):
    fresh = file.read_bytes()
    file.unlink()
    assert refusal(resetting.reset, "2.1") == f"There is no file {FILE}: 'gradcam-lab reset 2' brings the stub back."
    resetting.reset("2")
    assert file.read_bytes() == fresh
    assert "was missing" in said(capsys)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace("def channel_weights", "def weights"), "no function 'channel_weights' any more"),
        (lambda text: text + "\nif (:\n", "is not valid Python at line"),
        (lambda text: text + "\x00", "is not valid Python"),
        (lambda text: "def weighted_map(): ...\nclass channel_weights: ...\n", "no function 'channel_weights'"),
    ],
)
def test_where_a_function_cannot_be_found_the_whole_step_is_offered(workspace, file, change, problem):
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    before = file.read_bytes()
    message = refusal(resetting.reset, "2.1", yes=True)
    assert problem in message
    assert "'gradcam-lab reset 2', which keeps a backup" in message
    assert file.read_bytes() == before


def test_a_stub_that_would_land_inside_another_function_is_not_put_in(workspace, file):
    narrow = (
        "def watched(): ...\n"
        "class GradCAM:\n  def __init__(self):\n    self.x = 1\n  def __call__(self):\n    return 2\n"
    )
    file.write_text(narrow, encoding="utf-8")
    assert "indented in another way" in refusal(resetting.reset, "2.5", yes=True)
    assert file.read_text(encoding="utf-8") == narrow


def test_words_are_not_reset(workspace):
    assert "change them in answers.md" in refusal(resetting.reset, "2.8", yes=True)


def test_words_whose_file_is_gone_are_told_how_it_comes_back(workspace, capsys):
    answers = workspace.root / "answers.md"
    fresh = answers.read_bytes()
    answers.unlink()
    message = refusal(resetting.reset, "1.5", yes=True)
    assert message == "There is no file answers.md: 'gradcam-lab reset answers.md' brings the questions back."
    resetting.reset("answers.md")
    assert answers.read_bytes() == fresh


def test_undo_twice_swaps_and_loses_nothing(workspace, file, capsys):
    replace(file)
    mine = file.read_bytes()
    resetting.reset("2.1", yes=True)
    stub = file.read_bytes()
    for expected in (mine, stub, mine):
        resetting.undo()
        assert file.read_bytes() == expected
    assert FILE in said(capsys)


def test_undo_brings_back_a_deleted_file(workspace, file):
    replace(file)
    mine = file.read_bytes()
    resetting.reset("2", yes=True)
    file.unlink()
    resetting.undo()
    assert file.read_bytes() == mine


def test_nothing_to_undo(workspace):
    assert "There is no backup" in refusal(resetting.undo)
