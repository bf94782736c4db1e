"""An upgrade brings the package's new text in, and no letter of the student's is lost."""

import re
import shutil

import pytest

from gradcam_lab import __version__
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import find_task
from gradcam_lab.course.workspace import fresh_files, upgrade
from gradcam_lab.course.workspace import reset as resetting
from gradcam_lab.files import write_json
from tests.course.workspace.helpers import FILE, MINE, TODO, interrupted_upgrades, refusal, replace, said, snapshot


def test_nothing_to_upgrade(workspace, file, capsys):
    replace(file)
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
    replace(file)
    newer("def weighted_map(", 'def helper() -> int:\n    """New."""\n    return 1\n\n\ndef weighted_map(')
    upgrade.upgrade()
    text = file.read_text(encoding="utf-8")
    assert MINE in text
    assert set(cut.unit_lines(text)) >= {"channel_weights", "helper", "weighted_map", "GradCAM.__call__"}


@pytest.mark.parametrize("helper", ["", "\n\ndef helper(x):\n    return x\n"], ids=["plain", "a helper at the end"])
def test_a_task_that_is_new_comes_into_a_workspace_of_the_version_before(workspace, file, helper, capsys):
    """Task 2.9, the last of its file; whoever has written something below the older file's end keeps both."""
    heading = "\n# ## 2.9 The same map by hand\n"
    older, rest = file.read_text(encoding="utf-8").split(heading)
    (workspace.root / upgrade.BASE / FILE).write_text(older, encoding="utf-8", newline="\n")
    file.write_text(older.replace(TODO, MINE) + helper, encoding="utf-8", newline="\n")
    upgrade.upgrade()
    assert f"{FILE}: brought up to date; your text is kept.\n" in said(capsys)
    text = file.read_text(encoding="utf-8")
    assert text == older.replace(TODO, MINE) + heading + rest + helper
    assert find_task("2.9")[1].units[0] in cut.unit_lines(text)


def test_where_both_changed_a_line_the_students_stays_and_is_named(workspace, file, newer, capsys):
    replace(file, OLD_WORDS, "Meine Worte.")
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
    replace(file)
    before = snapshot(workspace)
    newer(OLD_WORDS, NEW_WORDS)
    upgrade.upgrade()
    assert "To bring them back: gradcam-lab reset --undo\n" in said(capsys)
    after = file.read_bytes()
    resetting.undo()
    assert snapshot(workspace, backups=False) == before
    assert upgrade.is_newer(workspace)
    upgrade.upgrade()
    assert file.read_bytes() == after


def test_a_file_of_the_lab_is_renewed_only_where_the_student_has_not_changed_it(workspace, newer, monkeypatch, capsys):
    test = workspace.root / "test_step2_gradcam.py"
    test.write_text(test.read_text(encoding="utf-8") + "\n\ndef test_mine(): ...\n", encoding="utf-8")
    mine = test.read_bytes()
    monkeypatch.setattr(fresh_files, "TEST_FILE", fresh_files.TEST_FILE + "\n# newer\n")
    monkeypatch.setattr(fresh_files, "PYTEST_INI", fresh_files.PYTEST_INI + "# newer\n")
    newer('"""# Step 2: Grad-CAM', '"""# Step 2: Grad-CAM anew')  # stands in the README too
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
    head, mark, rest = path.read_text(encoding="utf-8").partition("## 2.8")
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
    (last,) = re.findall(r"\n# [^\n]*task 2\.5 travel\?", find_task("2.8")[0].source)
    newer(last, "")
    newer('title = "Written: ', 'title = "Newly written: ', "checks/step2_gradcam.toml")
    upgrade.upgrade()
    text = path.read_text(encoding="utf-8")
    assert last[3:] not in text
    assert "\n## 2.8 Newly written: " in text
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
    assert "so does what you have changed at 2.8; the new one to compare: .gradcam-lab/new/answers.md" in said(capsys)
    upgrade.upgrade()
    assert "there is nothing to do" in said(capsys)


def test_interrupted_anywhere_nothing_is_lost_and_the_same_command_does_the_rest(workspace, file, newer, monkeypatch):
    replace(file)
    answered(workspace)
    newer(OLD_WORDS, NEW_WORDS)
    newer("task 2.5 travel?", "task 2.5 travel? And\n# (c) why?")
    begun = snapshot(workspace)
    upgrade.upgrade()
    wanted = snapshot(workspace, backups=False)
    stops = 0
    for _ in interrupted_upgrades(workspace, begun, monkeypatch):
        stops += 1
        assert MINE in file.read_text(encoding="utf-8")
        assert ANSWERED in (workspace.root / "answers.md").read_text(encoding="utf-8")
        assert not [name for name in snapshot(workspace) if "-answers-" in name]  # no half-written file
        upgrade.upgrade()
        assert snapshot(workspace, backups=False) == wanted
    assert stops > 5


def test_an_older_package_is_refused(workspace, newer):
    newer(OLD_WORDS, NEW_WORDS)
    workspace.update_state(version="99.0.0")
    before = snapshot(workspace)
    assert "made by gradcam-lab 99.0.0" in refusal(upgrade.upgrade)
    assert not upgrade.is_newer(workspace)
    assert snapshot(workspace) == before


def test_a_workspace_that_forgot_its_base_keeps_the_students_file(workspace, file, capsys):
    replace(file)
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
    assert f"{FILE}: cannot be read, so it stays as it is ({FILE} is not UTF-8 text but UTF-16: save it as UTF-8" in out
    assert "answers.md: was not there, and is written.\n" in out


@pytest.mark.parametrize("package_is_newer", [False, True])
def test_of_a_file_that_was_not_there_no_backup_is_spoken_of(workspace, file, newer, capsys, package_is_newer):
    replace(file)
    resetting.reset("2.1", yes=True)
    (workspace.root / "answers.md").unlink()
    if package_is_newer:
        newer(QUESTION, "# (a) What now does CAM need")
        file.write_text(cut.stub(find_task("2.1")[0].source), encoding="utf-8", newline="\n")
    said(capsys)
    upgrade.upgrade()
    assert said(capsys) == "answers.md: was not there, and is written.\nNext: gradcam-lab check\n"
    if not package_is_newer:  # then nothing was replaced, and undo is still that of the reset
        resetting.undo()
        assert MINE in file.read_text(encoding="utf-8")


def test_a_merge_that_would_not_parse_is_not_made(workspace, file, newer, capsys):
    unit = cut.unit_text(file.read_text(encoding="utf-8"), "channel_weights")
    replace(file, unit, f"'''\n{unit}'''\nchannel_weights = abs\n")
    mine = file.read_bytes()
    newer(OLD_WORDS, "Average '''over''' space.")
    upgrade.upgrade()
    assert file.read_bytes() == mine
    assert f"{FILE}: your text and the new one do not fit together, so yours stays as it is" in said(capsys)
    assert "'''over'''" in (workspace.root / f".gradcam-lab/new/{FILE}").read_text(encoding="utf-8")
