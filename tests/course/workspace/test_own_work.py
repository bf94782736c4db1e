"""What lies beside the step files: own modules, files that are missing or not UTF-8, a copy without hidden files."""

import json
import os
import shutil

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import diff, hints, reset, status, upgrade
from gradcam_lab.course.workspace.whose_code import students_work
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.files import text_sha256, write_json
from tests.course.workspace.helpers import FILE, record, refusal, row, said, status_lines
from tests.students import solved, step_of, write

LATIN = "# größer\n".encode("latin-1")
SAVE = f"{FILE} is not UTF-8 text (line 3): save it as UTF-8 in your editor"


class TestOwnModules:
    @pytest.fixture
    def helped(self, root):
        write(root, 2, "", {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
        (root / "helpers.py").write_text("def mean(x):\n    return x.mean(dim=(2, 3))\n", encoding="utf-8")
        return root

    def test_a_check_imports_them_and_their_text_counts(self, helped, checked, capsys):
        assert checked("2.1")[0]
        helpers = helped / "helpers.py"
        helpers.write_text(f"# better\n{helpers.read_text(encoding='utf-8')}", encoding="utf-8")
        assert row(status_lines(capsys), "2.1")[2] == "passed"
        helpers.write_text("def mean(x):\n    return x.sum(dim=(2, 3))\n", encoding="utf-8")
        assert row(status_lines(capsys), "2.1")[2] == "not checked"
        passed, lines = checked("2.1")
        assert not passed
        assert any("these are sums over space" in line for line in lines)

    def test_another_step_is_one_too(self, root, checked):
        write(root, 3, "3.2")
        body = "from step3_boxes import threshold_mask\nthreshold_mask(gradients[0, 0].numpy(), 0.5)\n"
        write(root, 2, "", {"2.1": f"{body}return gradients.mean(dim=(2, 3))"})
        assert checked("2.1")[0]
        write(root, 3)
        passed, lines = checked("2.1")
        assert not passed
        assert any("step3_boxes.py stops at task 3.2, which is not written yet" in line for line in lines)

    def test_a_run_gets_them_with_the_step_that_imports_them(self, helped):
        write(helped, 2, "2.2 2.3 2.4 2.5 2.6 2.7", {"2.1": "import helpers\nreturn helpers.mean(gradients)"})
        step = step_of("2")
        record(helped, {task.id: Status.passed for task in step.coded}, Status.passed)
        for number in (1, 3, 4, 5, 6):
            other = step_of(str(number))
            record(helped, {task.id: Status.not_started for task in other.coded})
        work = students_work("auto")
        assert work
        assert list(work.students) == [step.name]
        modules = work.students[step.name].modules
        assert {name: module.file for name, module in modules.items()} == {"helpers": str(helped / "helpers.py")}
        assert "return x.mean(dim=(2, 3))" in work.texts["modules/helpers.py"]

    def test_one_that_is_not_utf8_is_named(self, helped, checked):
        (helped / "helpers.py").write_bytes(b"\n" + LATIN)
        _, lines = checked("2.1")
        assert "  got       helpers.py is not UTF-8 text (line 2)" in lines

    def test_a_stray_is_none_of_them(self, root, checked):
        write(root, 2, "", {"2.1": "import random\nreturn gradients.mean(dim=(2, 3))"})
        (root / "random.py").write_text("", encoding="utf-8")
        passed, lines = checked("2.1")
        assert passed
        assert any(line.startswith("random.py is ignored, because `import random` is to find") for line in lines)


class TestVerdictsOfAnOlderVersion:
    """They were recorded for the whole text of a file."""

    @pytest.fixture
    def old(self, root):
        write(root, 2, "2.1 2.2")
        record(root, {"2.1": Status.passed, "2.2": Status.passed})
        workspace, step = Workspace(root), step_of("2")
        state = workspace.state()
        entry = state["verdicts"][step.name]
        entry["sha256"] = text_sha256(workspace.source(step)[0])
        later = ("key", "printed_lines", "function", "file", "line", "code", "variables", "inputs", "saved")
        entry["rows"] = [{name: value for name, value in old.items() if name not in later} for old in entry["rows"]]
        write_json(workspace.state_file, state)
        return workspace

    def test_they_count_for_this_text(self, old, capsys):
        assert [row(status_lines(capsys), task)[2] for task in ("2.1", "2.2")] == ["passed", "passed"]
        old.file(step_of("2")).write_text(solved(2, "2.1 2.2") + "# one more\n", encoding="utf-8")
        assert row(status_lines(capsys), "2.1")[2] == "not checked"

    def test_after_the_next_check_they_are_as_new_ones(self, old, checked, capsys):
        checked("2.1")
        old.file(step_of("2")).write_text(solved(2, "2.1 2.2") + "# one more\n", encoding="utf-8")
        assert [row(status_lines(capsys), task)[2] for task in ("2.1", "2.2")] == ["passed", "passed"]


class TestNotUtf8:
    """Nobody is told to take the work away."""

    @pytest.fixture
    def latin(self, root):
        (root / FILE).write_bytes(b"import torch\n\n" + LATIN + solved(2, "2.1").encode())
        return root

    def test_check(self, latin, checked):
        passed, lines = checked("2")
        assert not passed
        begin = lines.index(f"  got       {FILE} is not UTF-8 text (line 3)")
        assert lines[begin + 1] == "  likely    save it as UTF-8 in your editor"
        assert not any("reset" in line for line in lines)

    def test_status_and_the_first_word(self, latin, capsys):
        assert f"{SAVE}." in " ".join(status_lines(capsys))
        status.where()
        assert f"{SAVE}." in said(capsys)

    def test_json(self, latin, capsys):
        status.status(json=True)
        assert json.loads(said(capsys))["notes"] == [f"{SAVE}."]

    def test_diff_reset_of_a_task_and_mine(self, latin):
        for action in (diff.diff, reset.reset):
            assert refusal(action, "2.1") == f"{SAVE}."
        assert refusal(students_work, "mine") == f"In '{latin}', {SAVE}."

    def test_hint_helps_all_the_same_and_says_it(self, latin, capsys):
        hints.hint("2.1")
        out = said(capsys)
        assert "hint 1 of" in out
        assert f"{SAVE}." in out

    def test_a_run_goes_on_with_the_reference_and_says_it(self, latin, capsys):
        for number in range(1, 7):
            step = step_of(str(number))
            record(latin, {task.id: Status.not_started for task in step.coded})
        work = students_work("auto")
        assert work
        assert work.students == {}
        assert f"{SAVE}." in capsys.readouterr().err

    def test_answers_are_read_as_far_as_they_go_and_it_is_said(self, root, capsys):
        (root / "answers.md").write_bytes(b"# Answers\n" + LATIN)
        status.where()
        assert "answers.md is not UTF-8 text (line 2): save it as UTF-8" in said(capsys)


class TestMissingAnswers:
    def test_it_is_said_and_reset_brings_the_questions_back(self, root, checked, capsys):
        fresh = (root / "answers.md").read_bytes()
        (root / "answers.md").unlink()
        sentence = "There is no file answers.md: 'gradcam-lab reset answers.md' brings the questions back."
        assert sentence in checked("1")[1]
        assert sentence in status_lines(capsys)
        status.where()
        assert sentence in said(capsys)
        reset.reset("answers.md")
        assert "answers.md was missing: it is there again" in said(capsys)
        assert (root / "answers.md").read_bytes() == fresh
        assert sentence not in status_lines(capsys)

    def test_upgrade_brings_every_missing_file_back(self, root, capsys):
        names = ("answers.md", "pytest.ini", "test_step3_boxes.py", "step4_metrics.py")
        fresh = {name: (root / name).read_bytes() for name in names}
        for name in names:
            (root / name).unlink()
        upgrade.upgrade()
        assert {name: (root / name).read_bytes() for name in names} == fresh
        assert "answers.md: was not there, and is written." in said(capsys)

    def test_a_reset_of_answers_keeps_them(self, root, capsys):
        file = root / "answers.md"
        fresh = file.read_bytes()
        file.write_text("mine\n", encoding="utf-8")
        reset.reset("answers.md", yes=True)
        assert file.read_bytes() == fresh
        assert "The whole of answers.md is blank again." in said(capsys)
        reset.undo()
        assert file.read_text(encoding="utf-8") == "mine\n"


class TestCopiedWithoutItsHiddenFolder:
    """`cp -r lab/* other/` leaves `.gradcam-lab` behind."""

    @pytest.fixture
    def copy(self, root, monkeypatch):
        write(root, 2, "2.1")
        other = root.parent / "other"
        shutil.copytree(root, other, ignore=shutil.ignore_patterns(".gradcam-lab"))
        monkeypatch.chdir(other)
        return other

    def test_it_is_a_workspace_and_its_record_is_made_anew(self, copy, checked, capsys):
        mine = (copy / FILE).read_bytes()
        status.where()
        captured = capsys.readouterr()
        assert "was missing and is made anew" in captured.err
        assert "newer course" not in captured.out
        assert "Step 2: 0/12 points, changed since the last check." in captured.out
        assert "made anew" not in capsys.readouterr().err
        assert row(checked("2.1")[1], "2.1")[2] == "passed"
        upgrade.upgrade()
        assert "there is nothing to do" in said(capsys)
        assert (copy / FILE).read_bytes() == mine

    def test_also_where_pytest_has_left_its_cache(self, copy, capsys):
        (copy / ".gradcam-lab" / "pytest").mkdir(parents=True)
        status.where()
        assert "newer course" not in said(capsys)

    def test_a_folder_of_lessons_is_none(self, tmp_path, monkeypatch):
        step = step_of("2")
        (tmp_path / step.file).write_text(step.source, encoding="utf-8")
        (tmp_path / "test_step2_gradcam.py").write_text("", encoding="utf-8")
        assert Workspace.find(tmp_path) is None

    def test_a_copy_of_an_older_workspace_is_upgraded_first(self, copy, capsys):
        (copy / "step6_faithfulness.py").rename(copy / "step6_truth.py")
        assert "gradcam-lab upgrade" in refusal(Workspace.require)
        upgrade.upgrade()
        assert (copy / "step6_faithfulness.py").is_file()
        assert b"gradients.mean" in (copy / FILE).read_bytes()


class TestWhatIsUnknown:
    """`run-all` judges what has no verdict, and nothing else."""

    def test_the_chain_is_asked_only_where_nothing_failed(self, root):
        step, workspace = step_of("2"), Workspace(root)
        write(root, 2, "all")
        assert workspace.unknown(step) == [*step.checks]
        record(root, {task.id: Status.passed for task in step.coded})
        assert workspace.unknown(step) == [step.chain]
        record(root, {"2.1": Status.failed})
        assert workspace.unknown(step) == []

    def test_a_changed_function_is_asked_again_and_the_chain_with_it(self, root):
        step, workspace = step_of("2"), Workspace(root)
        write(root, 2, "all")
        record(root, {task.id: Status.passed for task in step.coded}, Status.passed)
        assert workspace.result(step).code_passed
        body = cut.graft(step.source, {"2.1": "return gradients.mean((2, 3))"})
        workspace.file(step).write_text(body, encoding="utf-8")
        assert not workspace.result(step).code_passed
        assert {check.task for check in workspace.unknown(step)} == {"2.1", "2"}


class TestOddFiles:
    """What is no text is named and never waited for."""

    @pytest.mark.parametrize("name", ["answers.md", FILE])
    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
    def test_a_pipe(self, root, capsys, name):
        (root / name).unlink()
        os.mkfifo(root / name)
        assert f"{name} is a pipe or a device, not a file: take it away, and save your text there." in [
            *status_lines(capsys)
        ]

    @pytest.mark.parametrize("name", ["answers.md", FILE])
    def test_a_folder_and_what_is_too_large(self, root, capsys, name):
        (root / name).write_bytes(b"#" * 1_000_001)
        assert f"{name} is larger than 1 MB: keep nothing but your text there." in status_lines(capsys)
        (root / name).unlink()
        (root / name).mkdir()
        assert f"{name} is a folder, not a file: take it away, and save your text there." in status_lines(capsys)

    def test_a_link_works_and_is_named_before_it_is_handed_in(self, root, checked):
        write(root, 2, "2.1")
        (root / FILE).rename(root / "elsewhere.txt")
        (root / FILE).symlink_to(root / "elsewhere.txt")
        passed, lines = checked("2.1")
        assert passed
        assert f"{FILE} is a link: hand in the file itself, because a link is not graded." in lines
