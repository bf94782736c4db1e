"""A workspace whose files have old names: every command asks for an upgrade, which renames them."""

import re
import shutil
import subprocess
import sys

import pytest

from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import check, diff, fresh_files, hints, renamed, reset, start, status, upgrade
from gradcam_lab.course.workspace.whose_code import students_work
from tests.course.workspace.helpers import interrupted_upgrades, record, refusal, row, said, snapshot, status_lines

STEP, TEST = "step6_faithfulness.py", "test_step6_faithfulness.py"
OLD_STEP, OLD_TEST = "step6_truth.py", "test_step6_truth.py"
TODO = 'raise NotImplementedError("task 6.1: pointing_game")'
MINE = "return HIT  # größer"
OWN_TEST = "\n\ndef test_mine(mine):\n    assert mine.HIT\n"
OWN_SETTING = "testpaths = .\n"
SENTENCE = (
    "This workspace is from an older gradcam-lab: 'gradcam-lab upgrade' brings it up to date, and your text stays."
)


def with_old_names(text):
    """A text as the older package wrote it."""
    for old, new in {**renamed.STEMS, **renamed.MODULES}.items():
        text = re.sub(rf"\b{re.escape(new)}\b", old, text)
    return text


@pytest.fixture
def old(workspace):
    """A workspace that the older package has made and nobody has touched; its step 6 has one other word."""
    for folder in (workspace.root, workspace.state_folder / start.STUBS):
        for name in fresh_files.fresh_files():
            text = (folder / name).read_text(encoding="utf-8")
            if name == STEP:
                assert "hottest" in text
                text = text.replace("hottest", "warmest", 1)
            old_name = renamed.OLD_NAMES.get(name, name)
            (folder / name).unlink()
            (folder / old_name).write_text(with_old_names(text), encoding="utf-8", newline="\n")
    return workspace


@pytest.fixture
def used(old):
    """The same after a student has worked in it."""
    for name, addition in ((OLD_TEST, OWN_TEST), ("pytest.ini", OWN_SETTING)):
        with (old.root / name).open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(addition)
    text = (old.root / OLD_STEP).read_text(encoding="utf-8")
    assert TODO in text
    (old.root / OLD_STEP).write_text(text.replace(TODO, MINE), encoding="utf-8", newline="\n")
    return old


def test_an_untouched_one_becomes_a_fresh_one(old, fresh, capsys):
    upgrade.upgrade()
    out = said(capsys)
    assert f"{OLD_STEP}: is called {STEP} now.\n" in out
    assert f"{STEP}: brought up to date.\n" in out
    assert "To bring them back: gradcam-lab reset --undo\n" in out
    files = {path.relative_to(fresh).as_posix(): path.read_bytes() for path in fresh.rglob("*") if path.is_file()}
    files.pop(".gradcam-lab/state.json")
    assert snapshot(old, backups=False) == files
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


def test_what_the_student_wrote_stays(used, capsys):
    upgrade.upgrade()
    text = (used.root / STEP).read_text(encoding="utf-8")
    assert text == fresh_files.fresh_files()[STEP].replace(TODO, MINE)
    assert (used.root / TEST).read_text(encoding="utf-8") == fresh_files.fresh_files()[TEST] + OWN_TEST
    assert (used.root / "pytest.ini").read_text(encoding="utf-8") == fresh_files.PYTEST_INI + OWN_SETTING
    assert not list(used.root.rglob("new"))
    assert not (used.root / OLD_STEP).exists()
    assert not (used.root / OLD_TEST).exists()


def test_a_test_file_that_differs_in_more_keeps_its_text_with_the_new_names(used, monkeypatch, capsys):
    monkeypatch.setattr(fresh_files, "TEST_FILE", fresh_files.TEST_FILE + "\n# newer\n")
    upgrade.upgrade()
    text = (used.root / TEST).read_text(encoding="utf-8")
    assert f"from gradcam_lab.lessons.checks.{TEST[:-3]} import *" in text
    assert OWN_TEST in text
    assert f"it stays but for the new names of modules; the new one to compare: .gradcam-lab/new/{TEST}." in said(
        capsys
    )


def test_verdicts_hints_and_tries_still_count(workspace, request, capsys):
    text = (workspace.root / STEP).read_text(encoding="utf-8").replace(TODO, MINE)
    (workspace.root / STEP).write_text(text, encoding="utf-8", newline="\n")
    record(workspace.root, {"6.1": Status.passed, "6.2": Status.failed})
    hints.hint("6.2")
    state = workspace.state()
    old = request.getfixturevalue("old")
    stub = old.state_folder / start.STUBS / OLD_STEP
    (old.root / OLD_STEP).write_text(text, encoding="utf-8", newline="\n")  # the text that was judged
    stub.write_text(text.replace(MINE, TODO), encoding="utf-8", newline="\n")
    old.update_state(verdicts={OLD_STEP[:-3]: state["verdicts"][STEP[:-3]]})
    upgrade.upgrade()
    said(capsys)
    assert row(status_lines(capsys), "6.1")[2:] == ["passed", "2/2"]
    hints.hint("6.2", again=True)
    assert "hint 1 of" in said(capsys)
    assert old.state()["tries"] == state["tries"]
    assert list(state["tries"]) == ["6.2"]


def test_interrupted_anywhere_nothing_is_lost_and_the_same_command_does_the_rest(used, monkeypatch, capsys):
    begun = snapshot(used)
    upgrade.upgrade()
    wanted = snapshot(used, backups=False)
    stops = 0
    for _ in interrupted_upgrades(used, begun, monkeypatch):
        stops += 1
        assert refusal(status.status) == SENTENCE  # until all is done
        assert any(MINE.encode() in data for name, data in snapshot(used, backups=False).items() if "step6" in name)
        upgrade.upgrade()
        assert snapshot(used, backups=False) == wanted
    assert stops > 8


def test_undo_brings_the_old_names_back_and_undo_again_the_new_ones(used, capsys):
    before = snapshot(used)
    upgrade.upgrade()
    after = snapshot(used, backups=False)
    for expected in (before, after, before):
        reset.undo()
        assert snapshot(used, backups=False) == expected
    upgrade.upgrade()
    assert snapshot(used, backups=False) == after


def test_a_file_that_has_the_new_name_already_is_never_overwritten(used, capsys):
    (used.root / STEP).write_text("x = 1\n", encoding="utf-8")
    upgrade.upgrade()
    assert MINE in (used.root / OLD_STEP).read_text(encoding="utf-8")
    assert "x = 1\n" in (used.root / STEP).read_text(encoding="utf-8")
    assert not used.has_old_names()


def test_without_its_stubs_it_is_renamed_and_stays_as_it_is(used, capsys):
    mine = (used.root / OLD_STEP).read_bytes()
    shutil.rmtree(used.state_folder / start.STUBS)
    upgrade.upgrade()
    assert (used.root / STEP).read_bytes() == mine
    assert f".gradcam-lab/new/{STEP}" in said(capsys)


def test_one_that_was_deleted_is_written_under_the_new_name(old, capsys):
    (old.root / OLD_STEP).unlink()
    assert old.has_old_names()
    upgrade.upgrade()
    assert (old.root / STEP).read_text(encoding="utf-8") == fresh_files.fresh_files()[STEP]
    assert f"{STEP}: was not there, and is written.\n" in said(capsys)


def test_every_command_says_in_one_sentence_to_upgrade(old):
    before = snapshot(old)
    assert refusal(check.check, []) == SENTENCE
    assert refusal(status.status) == SENTENCE
    assert refusal(hints.hint, "6.1") == SENTENCE
    assert refusal(diff.diff, "6.1") == SENTENCE
    assert refusal(reset.reset, "6", yes=True) == SENTENCE
    assert refusal(students_work, "auto") == refusal(students_work, "mine") == SENTENCE
    assert snapshot(old) == before


def test_the_next_thing_to_do_is_to_upgrade(old, capsys):
    status.where()
    assert said(capsys).splitlines() == ["Workspace 'my lab'.", SENTENCE, "Next: gradcam-lab upgrade"]


def test_pytest_says_so_too(old):
    done = subprocess.run([sys.executable, "-m", "pytest"], cwd=old.root, capture_output=True, encoding="utf-8")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "run 'gradcam-lab upgrade', and your text stays." in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
