"""Hints, diff, reset and upgrade: the ladder goes up step by step, and no letter of a student's is ever lost."""

import codecs
import io
import re
import shutil
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab import __version__
from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.authoring.manifest import all_steps, find_task
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace import backup, hints, start, upgrade
from gradcam_lab.course.workspace import diff as compare
from gradcam_lab.course.workspace import reset as resetting
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_json

FILE = "step2_gradcam.py"
ANSWER = "return gradients.mean(dim=(2, 3))"
TODO = 'raise NotImplementedError("task 2.1: channel_weights")'
MINE = "return gradients.flatten(2).mean(-1)  # größer"


@pytest.fixture
def workspace(root):
    return Workspace(root)


@pytest.fixture
def file(workspace):
    return workspace.root / FILE


@pytest.fixture
def newer(tmp_path, monkeypatch):
    """Install a newer package: the lessons of today with some words replaced."""
    folder = tmp_path / "newer lessons"
    shutil.copytree(manifest.lesson_folder(), folder)
    monkeypatch.setattr(manifest, "lesson_folder", lambda: folder)

    def install(old: str, new: str, name: str = FILE) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")
        all_steps.cache_clear()

    yield install
    all_steps.cache_clear()


def write(file, old=TODO, new=MINE):
    """Write a student's solution."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def judged(workspace, id="2.1", status=Status.passed):
    """Remember what a check found out about the text that is there now."""
    step, _ = find_task(id)
    workspace.record(step, [Verdict(c.name, id, c.points, status) for c in step.checks_of(id)])


def said(capsys):
    return capsys.readouterr().out


def refusal(action, *arguments, **named):
    with pytest.raises(LabError) as error:
        action(*arguments, **named)
    return str(error.value)


# Hints


def plain(text):
    return " ".join(text.split())


def test_each_call_shows_the_next_hint_and_what_comes_after(workspace, capsys):
    ladder = find_task("2.1")[1].hints
    for number, hint in enumerate(ladder, start=1):
        hints.hint("2.1")
        out = said(capsys)
        assert f"hint {number} of {len(ladder)}" in out
        assert plain(hint) in plain(out)
        assert not any(plain(other) in plain(out) for other in ladder if other != hint)
        assert (f"shows hint {number + 1} of {len(ladder)}" in out) == (number < len(ladder))
        assert out.endswith("Next: gradcam-lab check 2.1\n")
    assert workspace.state()["hints"] == {"2.1": len(ladder)}
    assert ANSWER not in out
    assert "the answer is shown once the task has passed or was tried 3 times" in out


def climb(task, capsys):
    """Go up to the last hint."""
    for _ in find_task(task)[1].hints:
        hints.hint(task)
    capsys.readouterr()


def test_the_ladders_of_two_tasks_are_two(workspace, capsys):
    climb("2.1", capsys)
    hints.hint("2.2")
    assert "hint 1 of" in said(capsys)
    assert workspace.state()["hints"]["2.1"] == len(find_task("2.1")[1].hints)


def test_the_answer_is_not_shown_before_three_tries(workspace, file, capsys):
    climb("2.1", capsys)
    todo = TODO
    for number in range(3):
        hints.hint("2.1")
        out = said(capsys)
        assert ANSWER not in out
        assert f"after {3 - number} more {'try' if number == 2 else 'tries'}." in out
        assert out.endswith("Next: gradcam-lab check 2.1\n")
        write(file, todo, todo := f"return gradients.sum(dim={number})")
        judged(workspace, status=Status.failed)
        judged(workspace, status=Status.failed)  # the same text twice is one try
    hints.hint("2.1")
    out = said(capsys)
    assert ANSWER in out
    assert "SOLUTION" not in out
    assert "shape (N, K)." not in out  # the docstring is cut to its first line
    assert out.endswith("Next: gradcam-lab check 2.1\n")


def test_the_answer_is_shown_once_exactly_this_text_has_passed(workspace, file, capsys):
    climb("2.1", capsys)
    write(file)
    judged(workspace)
    hints.hint("2.1")
    out = said(capsys)
    assert ANSWER in out
    assert out.endswith("Next: gradcam-lab diff 2.1\n")
    write(file, MINE, "return gradients")
    hints.hint("2.1")
    assert ANSWER not in said(capsys)


def test_all_functions_of_a_task_are_its_answer(workspace, file, capsys):
    climb("2.3", capsys)
    judged(workspace, "2.3")
    hints.hint("2.3")
    out = said(capsys)
    assert "    def watched(" in out
    assert "return features.clone()" in out
    assert "    def __call__(self" in out


def test_again_shows_what_was_shown_and_goes_no_further(workspace, capsys):
    assert "'gradcam-lab hint 2.1' shows the first" in refusal(hints.hint, "2.1", again=True)
    hints.hint("2.1")
    hints.hint("2.1")
    both = said(capsys)
    hints.hint("2.1", again=True)
    out = said(capsys)
    assert [line for line in out.splitlines() if ": hint" in line] == [x for x in both.splitlines() if ": hint" in x]
    assert workspace.state()["hints"] == {"2.1": 2}


def test_a_written_task_has_hints_and_never_an_answer(workspace, capsys):
    climb("2.6", capsys)
    workspace.update_state(tries={"2.6": ["a", "b", "c"]})
    hints.hint("2.6")
    out = said(capsys)
    assert "the answer is yours to find" in out
    assert "reference" not in out
    assert out.endswith("Next: answer task 2.6 in answers.md, then gradcam-lab check 2.6\n")


def test_hints_fit_into_the_terminal(workspace, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    for _ in range(3):
        hints.hint("2.3")
    lines = said(capsys).split("Task 2.3")[-1].split("\n\n")[0].splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("action", [hints.hint, compare.diff, resetting.reset])
def test_an_unknown_task_is_named(workspace, action):
    assert "There is no task '9.9': the tasks are" in refusal(action, "9.9")


@pytest.mark.parametrize("action", [hints.hint, compare.diff, resetting.reset])
def test_outside_a_workspace_it_says_how_to_make_one(tmp_path, monkeypatch, action):
    monkeypatch.chdir(tmp_path)
    assert "gradcam-lab start my-lab" in refusal(action, "2.1")


# Diff


def test_no_diff_before_exactly_this_text_has_passed(workspace, file, capsys):
    assert "gradcam-lab check 2.1" in refusal(compare.diff, "2.1")
    write(file)
    judged(workspace)
    compare.diff("2.1")
    write(file, MINE, "return gradients")
    assert f"has not passed for the text that is in {FILE} now" in refusal(compare.diff, "2.1")
    assert ANSWER not in said(capsys).rpartition("Next")[2]


def test_no_diff_of_words(workspace):
    assert "answered in words" in refusal(compare.diff, "2.6")


def test_in_a_pipe_the_two_stand_one_after_the_other(workspace, file, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    write(file)
    judged(workspace)
    compare.diff("2.1")
    assert said(capsys) == (
        "channel_weights: yours\n"
        "  def channel_weights(gradients: Tensor) -> Tensor:\n"
        '      r"""Average the gradient over space: one weight per channel."""\n'
        f"|     {MINE}\n"
        "\n"
        "channel_weights: the reference\n"
        "  def channel_weights(gradients: Tensor) -> Tensor:\n"
        '      r"""Average the gradient over space: one weight per channel."""\n'
        f"|     {ANSWER}\n"
        "\n"
        "'|' marks lines that differ. Yours passed: another way is not a worse way.\n"
        "Next: gradcam-lab\n"
    )


@pytest.mark.parametrize(("columns", "together"), [(120, True), (90, False)])
def test_a_wide_terminal_shows_them_side_by_side(workspace, file, monkeypatch, capsys, columns, together):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write(file, new="return gradients.mean(dim=[2, 3])")
    judged(workspace)
    compare.diff("2.1")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said(capsys).splitlines()]
    beside = [line for line in lines if "[2, 3]" in line and ANSWER in line]
    assert bool(beside) == together
    assert not together or re.search(r"\[2, 3\]\) +\| +return gradients.mean\(dim=\(2, 3\)\)", beside[0])
    assert max(map(len, lines)) <= columns


def test_a_function_made_without_def_is_said_to_be_one(workspace, file, capsys):
    text = file.read_text(encoding="utf-8")
    text = text.replace(cut.unit_text(text, "channel_weights"), "channel_weights = lambda g: g.mean(dim=(2, 3))\n")
    file.write_text(text, encoding="utf-8")
    judged(workspace)
    compare.diff("2.1")
    assert f"there is no 'def' of this name in {FILE}" in said(capsys)


def test_an_excerpt_keeps_every_letter_but_the_docstrings_end():
    source = (
        "class A:\n"
        "    @property\n"
        "    def b(self):\n"
        "        '''First.\n\n        Second.'''\n"
        "# a comment at the left\n"
        "        def inner():\n"
        '            "one line"\n'
        "            return '''\n   text'''\n"
        "        return inner()\n"
        "x = 1\n"
    )
    assert compare.of_unit(source, "A.b") == [
        "@property",
        "def b(self):",
        "    '''First.'''",
        "# a comment at the left",
        "    def inner():",
        '        "one line"',
        "        return '''",
        "text'''",
        "    return inner()",
    ]
    assert compare.of_unit(source, "A.c") is None


def test_no_excerpt_of_the_reference_has_a_marker():
    for step in all_steps():
        for task in step.coded:
            for unit in task.units:
                text = "\n".join(compare.reference(step, unit))
                assert "SOLUTION" not in text
                assert text.startswith(("def ", "@"))
                assert "NotImplementedError" not in text


def test_a_form_feed_ends_no_line():
    assert cut.unit_text("x = '\x0c\u2028'\ndef f():\n    return 1\n", "f") == "def f():\n    return 1\n"


# Reset


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


def test_every_function_of_a_task_becomes_a_stub(workspace, file):
    fresh = file.read_text(encoding="utf-8")
    step, task = find_task("2.3")
    file.write_text(step.source, encoding="utf-8")
    resetting.reset("2.3", yes=True)
    text = file.read_text(encoding="utf-8")
    for unit in task.units:
        assert cut.unit_text(text, unit) == cut.unit_text(fresh, unit)
    assert cut.unit_text(text, "GradCAM.all_classes") == cut.unit_text(step.source, "GradCAM.all_classes")


@pytest.mark.parametrize("word", ["2", "step2_gradcam", FILE])
def test_a_step_becomes_a_stub(workspace, file, word, capsys):
    fresh = file.read_bytes()
    file.write_bytes("kaputt (\n".encode("latin-1") + b"\xff")
    resetting.reset(word, yes=True)
    assert file.read_bytes() == fresh
    resetting.undo()
    assert file.read_bytes() == b"kaputt (\n\xff"


def test_the_backup_is_where_the_screen_says(workspace, file, capsys):
    write(file)
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
    write(file)
    before = file.read_bytes()
    assert "add --yes" in refusal(resetting.reset, "2.1")
    assert file.read_bytes() == before


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("answer", "reset"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_student_is_asked(workspace, file, monkeypatch, capsys, answer, reset):
    write(file)
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
    assert f"there is no file {FILE}: mend this first, or" in refusal(resetting.reset, "2.1")
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
    assert "indented in another way" in refusal(resetting.reset, "2.3", yes=True)
    assert file.read_text(encoding="utf-8") == narrow


def test_words_are_not_reset(workspace):
    assert "change them in answers.md" in refusal(resetting.reset, "2.6", yes=True)


def test_undo_twice_swaps_and_loses_nothing(workspace, file, capsys):
    write(file)
    mine = file.read_bytes()
    resetting.reset("2.1", yes=True)
    stub = file.read_bytes()
    for expected in (mine, stub, mine):
        resetting.undo()
        assert file.read_bytes() == expected
    assert FILE in said(capsys)


def test_undo_brings_back_a_deleted_file(workspace, file):
    write(file)
    mine = file.read_bytes()
    resetting.reset("2", yes=True)
    file.unlink()
    resetting.undo()
    assert file.read_bytes() == mine


def test_nothing_to_undo(workspace):
    assert "There is no backup" in refusal(resetting.undo)


def test_no_backup_overwrites_an_older_one(workspace, file, monkeypatch):
    class Clock(datetime):
        hours = iter([12, 12, 11, 13])  # twice in a second, then put back

        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 21, next(cls.hours), 0, 0, 500)

    monkeypatch.setattr(backup, "datetime", Clock)
    for number in range(4):
        file.write_text(f"x = {number}\n", encoding="utf-8")
        resetting.reset("2", yes=True)
    backups = backup.all_backups(workspace)
    assert [b.name[11:] for b in backups] == ["12-00-00", "12-00-01", "12-00-02", "13-00-00"]
    assert [(b / FILE).read_text(encoding="utf-8") for b in backups] == [f"x = {n}\n" for n in range(4)]


def test_without_a_backup_nothing_is_changed(workspace, file):
    write(file)
    before = file.read_bytes()
    (workspace.state_folder / "backups").write_text("a file in the way", encoding="utf-8")
    assert "nothing was changed" in refusal(resetting.reset, "2.1", yes=True)
    assert file.read_bytes() == before


# Upgrade


def snapshot(workspace):
    """All files but the memory's state."""
    files = [path for path in workspace.root.rglob("*") if path.is_file() and path.name != "state.json"]
    return {path.relative_to(workspace.root).as_posix(): path.read_bytes() for path in files}


def test_nothing_to_upgrade(workspace, file, capsys):
    write(file)
    before = snapshot(workspace)
    assert not upgrade.is_newer(workspace)
    upgrade.upgrade()
    assert said(capsys) == (
        f"The workspace is up to date with gradcam-lab {__version__}: there is nothing to do.\nNext: gradcam-lab\n"
    )
    assert snapshot(workspace) == before


OLD_WORDS = "Average the gradient over space: one weight per channel."
NEW_WORDS = "Average the gradient over all positions: a weight for each channel, größer."


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_the_lessons_new_words_come_in_and_the_students_stay(workspace, file, newer, ending, last, capsys):
    text = file.read_text(encoding="utf-8").replace(TODO, MINE) + "\n\nown = 'Grüße'" + last
    file.write_bytes(text.replace("\n", ending).encode())
    workspace.update_state(version="0.0.1")
    newer(OLD_WORDS, NEW_WORDS)
    assert upgrade.is_newer(workspace)
    upgrade.upgrade()
    expected = text.removesuffix("\n").replace(OLD_WORDS, NEW_WORDS) + "\n"
    assert file.read_bytes() == expected.replace("\n", ending).encode()
    out = said(capsys)
    assert f"{FILE}: brought up to date; your text is kept.\n" in out
    assert out.endswith("Next: gradcam-lab check\n")
    assert workspace.state()["version"] == __version__
    assert not upgrade.is_newer(workspace)
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


def test_an_unchanged_file_becomes_the_new_stub(workspace, file, newer, capsys):
    newer(OLD_WORDS, NEW_WORDS)
    upgrade.upgrade()
    assert file.read_text(encoding="utf-8") == cut.stub(find_task("2.1")[0].source)
    assert f"{FILE}: brought up to date.\n" in said(capsys)


def test_a_new_function_comes_in_below_the_students(workspace, file, newer):
    write(file)
    newer("def weighted_map(", 'def helper() -> int:\n    """New."""\n    return 1\n\n\ndef weighted_map(')
    upgrade.upgrade()
    text = file.read_text(encoding="utf-8")
    assert MINE in text
    assert set(cut.unit_lines(text)) >= {"channel_weights", "helper", "weighted_map", "GradCAM.__call__"}


def test_where_both_changed_a_line_the_students_stays_and_is_named(workspace, file, newer, capsys):
    write(file, OLD_WORDS, "Meine Worte.")
    mine = file.read_bytes()
    newer(OLD_WORDS, NEW_WORDS)
    newer("def weighted_map(", "# A new comment.\ndef weighted_map(")
    upgrade.upgrade()
    text = file.read_text(encoding="utf-8")
    assert "Meine Worte." in text
    assert NEW_WORDS not in text
    assert "# A new comment." in text
    line = text.splitlines().index('    r"""Meine Worte.') + 1
    out = said(capsys)
    assert f"{FILE} line {line}." in out
    assert f"The new one to compare: .gradcam-lab/new/{FILE}." in out
    assert NEW_WORDS in (workspace.root / f".gradcam-lab/new/{FILE}").read_text(encoding="utf-8")
    resetting.undo()
    assert file.read_bytes() == mine
    newer(NEW_WORDS, OLD_WORDS)  # the next package has no quarrel: no stale file is left to compare with
    upgrade.upgrade()
    assert not (workspace.root / f".gradcam-lab/new/{FILE}").exists()


def test_an_upgrade_can_be_undone_and_done_again(workspace, file, newer, capsys):
    write(file)
    before = snapshot(workspace)
    newer(OLD_WORDS, NEW_WORDS)
    upgrade.upgrade()
    assert "To bring them back: gradcam-lab reset --undo\n" in said(capsys)
    after = file.read_bytes()
    resetting.undo()
    assert {name: data for name, data in snapshot(workspace).items() if "/backups/" not in name} == before
    assert upgrade.is_newer(workspace)
    upgrade.upgrade()
    assert file.read_bytes() == after


def test_a_file_of_the_lab_is_renewed_only_where_the_student_has_not_changed_it(workspace, monkeypatch, capsys):
    test = workspace.root / "test_step2_gradcam.py"
    test.write_text(test.read_text(encoding="utf-8") + "\n\ndef test_mine(): ...\n", encoding="utf-8")
    mine = test.read_bytes()
    monkeypatch.setattr(start, "TEST_FILE", start.TEST_FILE + "\n# newer\n")
    monkeypatch.setattr(start, "PYTEST_INI", start.PYTEST_INI + "# newer\n")
    monkeypatch.setattr(start, "_readme", lambda: "# Newer\n")
    (workspace.root / "README.md").write_text("Meins.\n", encoding="utf-8")
    upgrade.upgrade()
    out = said(capsys)
    assert test.read_bytes() == mine
    assert "test_step2_gradcam.py: you have changed it, so it stays as it is" in out
    assert (workspace.root / ".gradcam-lab/new/test_step2_gradcam.py").read_text(encoding="utf-8").endswith("# newer\n")
    assert (workspace.root / "README.md").read_text(encoding="utf-8") == "Meins.\n"
    assert (workspace.root / "test_step3_boxes.py").read_text(encoding="utf-8").endswith("# newer\n")
    assert (workspace.root / "pytest.ini").read_text(encoding="utf-8").endswith("# newer\n")
    assert "pytest.ini: brought up to date.\n" in out
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


QUESTION = "# (a) What does CAM need"
ANSWERED = (
    "> my own quote\n\nMy *answer*, größer,   \nwith <!-- a comment --> and\n\n### a heading\n\n> another quote\n"
)


def answered(workspace, ending="\n"):
    path = workspace.root / "answers.md"
    head, mark, rest = path.read_text(encoding="utf-8").partition("## 2.6")
    rest = rest.replace("<!-- your answer -->\n", ANSWERED, 1)
    path.write_bytes((head + mark + rest).replace("\n", ending).encode())
    return path


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_questions_are_renewed_and_answers_stay_word_for_word(workspace, newer, ending, capsys):
    path = answered(workspace, ending)
    before = path.read_bytes().decode()
    newer(QUESTION, "# A new line.\n# (a) What now does CAM need")
    upgrade.upgrade()
    old = "> (a) What does CAM need"
    assert path.read_bytes().decode() == before.replace(old, f"> A new line.{ending}> (a) What now does CAM need")
    assert "answers.md: new questions; your answers stay word for word.\n" in said(capsys)


def test_a_shorter_question_and_a_new_heading(workspace, newer):
    path = answered(workspace)
    (last,) = re.findall(r"\n# [^\n]*task 2\.3 travel\?", find_task("2.6")[0].source)
    newer(last, "")
    newer('title = "Written: ', 'title = "Newly written: ', "checks/step2_gradcam.toml")
    upgrade.upgrade()
    text = path.read_text(encoding="utf-8")
    assert last[3:] not in text
    assert "\n## 2.6 Newly written: " in text
    assert ANSWERED in text


def test_a_new_question_is_appended(workspace, newer, capsys):
    path = answered(workspace)
    text = path.read_text(encoding="utf-8")
    old = text[: text.index("## 3.6")].rstrip("\n")  # as if the workspace were from before 3.6
    path.write_text(old, encoding="utf-8")
    (workspace.state_folder / "stubs" / "answers.md").write_text(old, encoding="utf-8")
    upgrade.upgrade()
    new = path.read_text(encoding="utf-8")
    assert new.startswith(old + "\n\n## 3.6 ")
    assert "<!-- your answer -->" in new[len(old) :]


def test_a_question_that_the_student_changed_stays(workspace, newer, capsys):
    path = answered(workspace)
    path.write_text(path.read_text(encoding="utf-8").replace("> (a)", "> my (a)"), encoding="utf-8")
    before = path.read_bytes()
    newer(QUESTION, "# (a) What now does CAM need")
    upgrade.upgrade()
    assert path.read_bytes() == before
    assert "so does what you have changed at 2.6; the new one to compare: .gradcam-lab/new/answers.md" in said(capsys)
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


def test_interrupted_anywhere_nothing_is_lost_and_the_same_command_does_the_rest(workspace, file, newer, monkeypatch):
    write(file)
    answered(workspace)
    newer(OLD_WORDS, NEW_WORDS)
    newer("task 2.3 travel?", "task 2.3 travel? And\n# (c) why?")
    begun = snapshot(workspace)
    upgrade.upgrade()
    wanted = {name: data for name, data in snapshot(workspace).items() if "/backups/" not in name}
    for stop in range(100):
        shutil.rmtree(workspace.state_folder / "backups", ignore_errors=True)
        for name, data in begun.items():
            (workspace.root / name).write_bytes(data)
        with monkeypatch.context() as patch:
            interrupt_after(stop, patch)
            try:
                upgrade.upgrade()
                break
            except KeyboardInterrupt:
                pass
        assert MINE in file.read_text(encoding="utf-8")
        assert ANSWERED in (workspace.root / "answers.md").read_text(encoding="utf-8")
        assert not [name for name in snapshot(workspace) if "-answers-" in name]  # no half-written file
        upgrade.upgrade()
        assert {name: data for name, data in snapshot(workspace).items() if "/backups/" not in name} == wanted
    assert stop > 5


def interrupt_after(count, patch):
    """Press Ctrl-C when the next file after so many is to get its name."""
    done = iter(range(count))

    def interrupted(real):
        def move(source, target):
            if next(done, None) is None:
                raise KeyboardInterrupt
            return real(source, target)

        return move

    patch.setattr(Path, "replace", interrupted(Path.replace))
    patch.setattr(Path, "rename", interrupted(Path.rename))


def test_an_older_package_is_refused(workspace, newer):
    newer(OLD_WORDS, NEW_WORDS)
    workspace.update_state(version="99.0.0")
    before = snapshot(workspace)
    assert "made by gradcam-lab 99.0.0" in refusal(upgrade.upgrade)
    assert not upgrade.is_newer(workspace)
    assert snapshot(workspace) == before


def test_a_workspace_that_forgot_its_base_keeps_the_students_file(workspace, file, capsys):
    write(file)
    mine = file.read_bytes()
    shutil.rmtree(workspace.state_folder / "stubs")
    write_json(workspace.state_file, {})
    upgrade.upgrade()
    assert file.read_bytes() == mine
    assert f".gradcam-lab/new/{FILE}" in said(capsys)
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


def test_files_that_cannot_be_read_and_files_that_are_gone(workspace, file, newer, capsys):
    file.write_bytes(b"\xff\xfe")
    (workspace.root / "answers.md").unlink()
    newer(OLD_WORDS, NEW_WORDS)
    newer(QUESTION, "# (a) What now does CAM need")
    upgrade.upgrade()
    assert file.read_bytes() == b"\xff\xfe"
    out = said(capsys)
    assert f"{FILE}: cannot be read as UTF-8 text, so it stays as it is" in out
    assert "answers.md: was not there, and is written.\n" in out


def test_a_merge_that_would_not_parse_is_not_made(workspace, file, newer, capsys):
    unit = cut.unit_text(file.read_text(encoding="utf-8"), "channel_weights")
    write(file, unit, f"'''\n{unit}'''\nchannel_weights = abs\n")
    mine = file.read_bytes()
    newer(OLD_WORDS, "Average '''over''' space.")
    upgrade.upgrade()
    assert file.read_bytes() == mine
    assert f"{FILE}: your text and the new one do not fit together, so yours stays as it is" in said(capsys)
    assert "'''over'''" in (workspace.root / f".gradcam-lab/new/{FILE}").read_text(encoding="utf-8")


LINES = st.lists(st.sampled_from(["", "def f():", "    return 1", "x = 1", '    """', "y = 2"]), max_size=12)


@given(base=LINES, new=LINES, data=st.data())
def test_no_line_of_the_students_is_lost_in_a_merge(base, new, data):
    mine = list(base)
    written = [f"mine {i}" for i in range(data.draw(st.integers(0, 4)))]
    for line, place in zip(written, sorted(data.draw(st.lists(st.integers(0, len(mine)), min_size=4))), strict=False):
        mine.insert(min(place, len(mine)), line)
    text, won = upgrade.merge(*("\n".join(lines) + "\n" for lines in (base, mine, new)))
    kept = text.splitlines()
    assert sorted(line for line in kept if line.startswith("mine")) == written
    assert all(1 <= line <= len(kept) + 1 for line in won)
    if not written:
        assert text.removesuffix("\n").split("\n") == (new or [""])
