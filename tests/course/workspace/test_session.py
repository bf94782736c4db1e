"""start, check, status and bare `gradcam-lab`: what a student sees, and that the last line is the next thing to do."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab import __version__
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps, lesson_folder
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace import check, failure_picture, screen, start
from gradcam_lab.course.workspace import status as where
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from tests.students import line_with, solved, step_of, write, write_answers

NO_RELU = "return (weights[:, :, None, None] * features).sum(dim=1)"


@pytest.fixture
def run(root, judge, capsys):
    """Check with a judge that is warm; returns whether it passed, and the lines on the screen."""

    def run(*words, json=False):
        passed = check.check(list(words), json=json, judge=judge)
        out = capsys.readouterr().out
        return passed, out.splitlines()

    return run


def row(lines, task):
    """The words of a task's row, by its number or as "all together"."""
    (line,) = [line for line in lines if line.strip().startswith(f"{task}  ")]
    return [cell.strip() for cell in line.strip().split("  ") if cell]


def remember(root, statuses, chain=None, printed=""):
    """Remember verdicts on step 2 as if its checks had come out like this."""
    step = step_of("2")
    workspace = Workspace(root)
    rows = [
        Verdict(c.name, c.task, c.points, statuses[c.task], "four", "five", "a slip", printed=printed)
        for c in step.checks
        if c.task in statuses
    ]
    if chain:
        rows.append(Verdict(step.chain.name, "2", 0, chain, "four", "five", "a slip"))
    workspace.record(step, rows)


class TestStart:
    def test_everything_is_there(self, root):
        names = {path.name for path in root.iterdir()}
        code = {step.file for step in all_steps()} | {step.test_file for step in all_steps()}
        assert names == code | {"answers.md", "README.md", "pytest.ini", ".gradcam-lab"}
        for step in all_steps():
            stub = cut.stub(step.source)
            assert (root / step.file).read_text(encoding="utf-8") == stub
            assert (root / ".gradcam-lab" / "stubs" / step.file).read_text(encoding="utf-8") == stub
        assert json.loads((root / ".gradcam-lab" / "state.json").read_text())["version"] == __version__
        assert "{{" not in (root / "README.md").read_text(encoding="utf-8")

    def test_no_answer_and_no_path_to_one_is_in_it(self, root):
        texts = [path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()]
        lines = {line.strip() for text in texts for line in text.splitlines()}
        for step in all_steps():
            source = step.source.splitlines()
            secret: set[str] = set()
            for region in cut.regions(step.source):
                secret |= {line.strip() for line in source[region.first : region.last - 1]}
            public = {line.strip() for line in cut.stub(step.source).splitlines()}
            assert len(secret - public) > 5
            assert not lines & (secret - public)
        for place in (lesson_folder(), lesson_folder().resolve(), lesson_folder().resolve().parent):
            assert not any(str(place) in text for text in texts)

    def test_it_says_how_to_go_on(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        start.start(Path("my-lab"))
        start.start(Path("my other lab"))
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"Your workspace is in 'my-lab': 6 steps, {sum(s.points for s in all_steps())} points."
        assert lines[1] == "Next: cd my-lab, then gradcam-lab"
        assert lines[3].replace('"', "'") == "Next: cd 'my other lab', then gradcam-lab"

    def test_an_empty_folder_will_do_also_the_current_one(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        start.start(Path())
        assert Workspace.find() is not None
        assert capsys.readouterr().out.splitlines()[-1] == "Next: gradcam-lab"
        assert {path.name for path in tmp_path.parent.iterdir() if path.name.startswith(".new-")} == set()

    def test_what_is_there_is_not_overwritten(self, tmp_path):
        (tmp_path / "essay.txt").write_text("mine")
        with pytest.raises(LabError, match="not empty"):
            start.start(tmp_path)
        with pytest.raises(LabError, match="is a file"):
            start.start(tmp_path / "essay.txt")
        assert [path.name for path in tmp_path.iterdir()] == ["essay.txt"]

    def test_not_inside_another_workspace(self, root):
        with pytest.raises(LabError, match="lies in the workspace"):
            start.start(root / "deeper" / "lab")
        assert not (root / "deeper").exists()

    def test_whole_or_not_at_all(self, tmp_path, monkeypatch):
        def full_disk(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(start, "write_json", full_disk)
        with pytest.raises(LabError, match="No space left"):
            start.start(tmp_path / "lab")
        assert list(tmp_path.iterdir()) == []


class TestCheck:
    def test_a_fresh_workspace_has_no_points_and_is_not_started(self, run, root):
        passed, lines = run()
        assert not passed
        for step in all_steps():
            assert f"Step {step.number}: 0/{step.points} points." in lines
            for task in step.tasks:
                assert row(lines, task.id)[2:] == ["not started", f"0/{task.points}"]
        line = line_with(root / "step1_cam.py", "task 1.1:")
        assert lines[-1] == f"Next: task 1.1, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.1"
        assert not any("expected" in line for line in lines)

    def test_the_reference_has_all_points(self, run, root):
        for step in all_steps():
            (root / step.file).write_text(step.source, encoding="utf-8")
        passed, lines = run()
        assert not passed  # the written tasks
        answers = (root / "answers.md").read_text(encoding="utf-8").splitlines()
        place = f"answers.md line {answers.index('<!-- your answer -->') + 1}"
        assert lines[-1] == f"Next: task 1.5 in {place}. Stuck? gradcam-lab hint 1.5"
        write_answers(root)
        passed, lines = run()
        assert passed
        for step in all_steps():
            assert f"Step {step.number}: {step.points}/{step.points} points." in lines
            assert all(row(lines, task.id)[2] in ("passed", "answered") for task in step.tasks)
        assert lines[-1] == "Next: gradcam-lab run-all, which makes the report with your code."

    def test_a_wrong_body_is_answered_in_three_lines_and_a_picture(self, run, root):
        path = write(root, 2, "2.1", {"2.2": NO_RELU})
        passed, lines = run("2")
        assert not passed
        assert row(lines, "2.1")[2:] == ["passed", "1/1"]
        assert row(lines, "2.2")[2:] == ["failed", "0/1"]
        assert row(lines, "2.3")[2:] == ["waiting (needs 2.2)", "0/3"]
        assert row(lines, "all together")[1].startswith("waiting (needs 2.2, ")
        place = f"step2_gradcam.py line {line_with(path, 'def weighted_map(')}"
        begin = lines.index(f"Task 2.2: failed, {place}")
        assert [line[:12] for line in lines[begin + 2 : begin + 5]] == ["  expected  ", "  got       ", "  likely    "]
        assert "ReLU" in lines[begin + 4] or "zero" in lines[begin + 4]
        assert lines[begin + 5].split()[0] == "picture"
        assert Image.open(root / lines[begin + 5].split()[1]).size == (1200, 440)
        assert lines[-1] == f"Next: task 2.2, {place}. Stuck? gradcam-lab hint 2.2"

    def test_one_task_is_checked_alone_and_remembered(self, run, root):
        write(root, 2, "2.1", {"2.2": NO_RELU, "2.5": "import os\nos._exit(0)"})
        passed, lines = run("2.1")
        assert passed
        assert row(lines, "2.2")[2] == "not checked"
        assert "Step 2: 1/11 points, changed since the last check." in lines
        assert lines[-1] == "Next: gradcam-lab check 2"
        passed, lines = run("2.2")
        assert not passed
        assert (row(lines, "2.1")[2], row(lines, "2.2")[2], row(lines, "2.5")[2]) == ("passed", "failed", "not checked")
        assert "Next: task 2.2" in lines[-1]

    def test_after_a_change_nothing_is_known(self, run, root, capsys):
        path = write(root, 2, "2.1")
        run("2")
        assert "Step 2: 1/11 points." in _status(capsys)
        path.write_text(path.read_text(encoding="utf-8") + "\n# later\n", encoding="utf-8")
        lines = _status(capsys)
        assert "Step 2: 0/11 points, changed since the last check." in lines
        assert row(lines, "2.1")[2] == "not checked"
        assert row(lines, "2.2")[2] == "not started"
        assert "changed" not in " ".join(lines).replace("Step 2: 0/11 points, changed since the last check.", "")

    def test_what_the_code_prints_is_shown_in_part_and_without_its_tricks(self, run, root):
        body = r"""
print("[bold]größer[/bold]\x1b[2J")
for i in range(9): print("row", i)
return 1 / 0
"""
        write(root, 2, "", {"2.1": body})
        _, lines = run("2.1")
        begin = next(i for i, line in enumerate(lines) if line.startswith("  printed"))
        assert lines[begin : begin + 4] == [
            "  printed   [bold]größer[/bold] [2J",
            "            row 0",
            "            row 1",
            "            ...",
        ]
        assert "ZeroDivisionError" in lines[begin - 2]
        assert row(lines, "2.1")[2] == "error"

    def test_json_and_nothing_else(self, run, root):
        write(root, 2, "2.1", {"2.2": NO_RELU})
        passed, lines = run("2", "step3_boxes.py", json=True)
        answer = json.loads("\n".join(lines))
        assert not passed
        assert list(answer) == ["steps", "points", "possible", "next"]
        assert [step["step"] for step in answer["steps"]] == ["step2_gradcam", "step3_boxes"]
        assert (answer["points"], answer["possible"]) == (1, 21)
        tasks = {task["id"]: task for task in answer["steps"][0]["tasks"]}
        assert tasks["2.2"]["status"] == "failed"
        assert tasks["2.2"]["first_failure"]["reason"]
        assert "Next: task 2.2" in answer["next"]

    def test_words(self, root):
        two, three = step_of("2"), step_of("3")
        assert check.select([]) == dict.fromkeys(all_steps())
        assert check.select(["3.1", "step2_gradcam", "3.2"]) == {two: None, three: ["3.1", "3.2"]}
        assert list(check.select(["3", "2"])) == [two, three]
        assert check.select(["2.1", "./step2_gradcam.py", "2.2"]) == {two: None}
        for word in ("7", "2.9", "weights", ""):
            with pytest.raises(LabError, match=f"no step or task '{word}'"):
                check.select([word])

    def test_one_document_or_none(self, root):
        with pytest.raises(LabError, match="--json"):
            check.check([], watch=True, json=True)

    def test_outside_a_workspace(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(LabError, match="gradcam-lab start"):
            check.check([])

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "there is no file step3_boxes.py"),
            (b"caf\xe9 = 1", "is not UTF-8 text"),
            (b"", "is empty"),
            (b"import numpy\n\ndef nms(:\n", "step3_boxes.py, line 3"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_a_row_and_no_traceback(self, run, root, content, says):
        path = root / "step3_boxes.py"
        path.unlink() if content is None else path.write_bytes(content)
        passed, lines = run("3")
        assert not passed
        assert row(lines, "3.1")[2:] == ["error", "0/1"]
        assert says in "\n".join(lines)
        line = " line 3" if content and b"nms" in content else ""
        assert lines[-1] == f"Next: task 3.1, step3_boxes.py{line}. Stuck? gradcam-lab hint 3.1"

    def test_a_stray_file_costs_every_point_and_is_named(self, run, root):
        write(root, 2, "all")
        (root / "torch.py").write_text("raise SystemExit(0)")
        passed, lines = run("2")
        assert not passed
        assert "Step 2: 0/11 points." in lines
        assert "  got       torch.py lies beside your files" in lines

    def test_a_file_saved_while_it_is_checked(self, root, judge, capsys):
        path = write(root, 2, "2.1")

        class Meanwhile(Judge):
            def judge(self, *words, **options):
                for verdict in judge.judge(*words, **options):
                    path.write_text(solved(2, "2.1 2.2"), encoding="utf-8")
                    yield verdict

        assert not check.check(["2"], judge=Meanwhile(Limits()))
        lines = capsys.readouterr().out.splitlines()
        assert row(lines, "2.1")[2] == "not checked"
        assert lines[-1] == "Next: gradcam-lab check 2"


class TestScreen:
    @pytest.mark.parametrize("status", [Status.failed, Status.error, Status.timed_out, Status.crashed])
    def test_every_way_to_fail_has_its_word(self, root, capsys, status):
        write(root, 2, "all")
        remember(root, {"2.1": Status.passed, "2.2": status})
        lines = _status(capsys)
        assert row(lines, "2.1")[2] == "passed"
        assert row(lines, "2.2")[2] == str(status)

    def test_the_failure_that_is_shown_comes_next_even_if_others_come_before_it(self, root):
        write(root, 2, "2.1 2.3")
        remember(root, {"2.1": Status.passed, "2.2": Status.not_started, "2.3": Status.failed})
        views = screen.views(Workspace(root))
        failed = screen.first_failure(views[1])
        assert failed
        assert failed.id == "2.3"
        assert "task 2.3" in screen.next_line(views, [views[1].step], failed)
        assert "task 2.2" in screen.next_line(views, [views[1].step])
        assert "task 1.1" in screen.next_line(views)

    def test_the_line_is_that_of_the_function_that_does_not_pass(self, root):
        path = write(root, 2, "all")
        remember(root, {"2.1": Status.passed, "2.2": Status.passed, "2.3": Status.passed})
        step, workspace = step_of("2"), Workspace(root)
        lines = {"test_select_scores_takes_one_score_an_image": "def select_scores("}
        lines["test_all_classes_in_one_forward_pass"] = "def all_classes("
        for name, function in lines.items():
            rows = [
                Verdict(c.name, c.task, c.points, Status.failed if c.name == name else Status.passed)
                for c in step.checks_of("2.4")
            ]
            workspace.record(step, [*workspace.verdicts(step), *rows])
            failed = screen.first_failure(screen.view(workspace, step))
            expected = f"Next: task 2.4, step2_gradcam.py line {line_with(path, function)}."
            assert screen.next_line(screen.views(workspace), [step], failed).startswith(expected)

    def test_one_function_of_two_is_not_a_failure(self, root, run):
        path = write(root, 2, "", {"2.4a": "return scores", "2.1": "return gradients.mean(dim=(2, 3))"})
        text = cut.replace_unit(
            path.read_text(encoding="utf-8"),
            "select_scores",
            cut.unit_text(step_of("2").source, "select_scores") or "",
        )
        path.write_text(text, encoding="utf-8")
        _, lines = run("2.4")
        assert row(lines, "2.4")[2:] == ["not finished", "1/2"]
        assert not any("expected" in line for line in lines)

    def test_when_only_the_chain_fails(self, root, capsys):
        write(root, 2, "all")
        remember(root, {task.id: Status.passed for task in step_of("2").coded}, Status.failed)
        view = screen.view(Workspace(root), step_of("2"))
        failed = screen.first_failure(view)
        assert failed == view.result.chain
        assert "do not work together" in screen.next_line([view], [], failed)
        assert failed.first_failure
        assert screen.failure(view, failed.first_failure)[0] == "Step 2, all together: failed, step2_gradcam.py"

    def test_a_chain_that_has_not_run_is_not_checked(self, root, capsys):
        write(root, 2, "all")
        remember(root, {task.id: Status.passed for task in step_of("2").coded})
        view = screen.view(Workspace(root), step_of("2"))
        assert screen.word(view, view.result.chain) == "not checked"
        assert screen.next_line([view]) == "Next: gradcam-lab check 2"

    def test_a_heading_that_was_deleted(self, root):
        for step in all_steps():
            (root / step.file).write_text(step.source, encoding="utf-8")
        (root / "answers.md").write_text("# nothing\n", encoding="utf-8")
        remember(root, {task.id: Status.passed for task in step_of("2").coded}, Status.passed)
        view = screen.view(Workspace(root), step_of("2"))
        assert screen.next_line([view]) == "Next: task 2.6 in answers.md. Stuck? gradcam-lab hint 2.6"

    def test_colours_in_a_terminal_only_and_no_bracket_is_lost(self, monkeypatch):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        lines = ["  2.1  a [red]title[/red]  failed  0/1", "  2.2  all has failed  waiting (needs 2.1)  0/1"]
        with redirect_stdout(Terminal()) as terminal:
            screen.show(lines)
        assert "[red]title[/red]" in terminal.getvalue()
        assert terminal.getvalue().count("\x1b[31m") == 1
        with redirect_stdout(io.StringIO()) as pipe:
            screen.show(lines)
        assert pipe.getvalue() == "\n".join(lines) + "\n"

    def test_a_pipe_that_knows_ascii_only(self):
        raw = io.BytesIO()
        pipe = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
        with redirect_stdout(pipe):
            screen.show(["größer → kleiner"])
        assert raw.getvalue().split() == [b"gr??er", b"?", b"kleiner"]


def _status(capsys, json=False):
    where.status(json)
    return capsys.readouterr().out.splitlines()


class TestWhere:
    def test_inside_without_running_anything(self, root, monkeypatch, capsys):
        write(root, 2, "2.1")
        remember(root, {"2.1": Status.passed, "2.2": Status.not_started})
        (root / "notes").mkdir()
        monkeypatch.chdir(root / "notes")
        where.where()
        out = capsys.readouterr().out.splitlines()
        line = line_with(root / "step1_cam.py", "task 1.1:")
        assert out == [
            "Workspace 'my lab'.",
            "Step 1: 0/8 points.",
            "Step 2: 1/11 points.",
            "Step 3: 0/10 points.",
            "Step 4: 0/12 points.",
            "Step 5: 0/9 points.",
            "Step 6: 0/8 points.",
            "Together: 1/58 points.",
            f"Next: task 1.1, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.1",
        ]

    def test_a_newer_course_is_mentioned(self, root, capsys):
        (root / ".gradcam-lab" / "stubs" / "step1_cam.py").write_text("old", encoding="utf-8")
        where.where()
        assert "gradcam-lab upgrade" in capsys.readouterr().out

    def test_outside(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        where.where()
        assert capsys.readouterr().out.splitlines()[-1] == "Next: gradcam-lab start my-lab"

    def test_beside_a_workspace(self, root, monkeypatch, capsys):
        monkeypatch.chdir(root.parent)
        where.where()
        assert capsys.readouterr().out.splitlines()[-1] == "Next: cd 'my lab', then gradcam-lab"

    def test_status_as_json(self, root, capsys):
        write(root, 2, "2.1")
        answer = json.loads("\n".join(_status(capsys, json=True)))
        assert [step["number"] for step in answer["steps"]] == [1, 2, 3, 4, 5, 6]
        assert [step["changed"] for step in answer["steps"]] == [False, True, False, False, False, False]
        assert (answer["points"], answer["possible"]) == (0, 58)

    def test_torch_and_matplotlib_are_not_imported_for_it(self, root):
        code = (
            "import sys; from gradcam_lab.course.workspace import check, start, status; "
            "status.where(); status.status(); "
            "sys.exit(bool({'torch', 'matplotlib', 'pytest', 'numpy'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr


class TestWatch:
    def test_only_what_is_saved_is_checked_again(self, root, judge, monkeypatch, capsys):
        asked = []
        original = Workspace.check

        def noted(self, step, *rest):
            asked.append(step.number)
            return original(self, step, *rest)

        monkeypatch.setattr(Workspace, "check", noted)
        screens = []

        def student():
            screens.append(capsys.readouterr().out.splitlines())
            if len(screens) == 2:
                write(root, 2, "2.1")
            if len(screens) == 3:
                write_answers(root)
            if len(screens) == 4:
                raise KeyboardInterrupt

        monkeypatch.setattr(check, "_pause", student)
        assert not check.check(["2", "3"], watch=True, judge=judge)
        assert asked == [2, 3, 2]
        assert screens[0][0] == "Watching step2_gradcam.py, step3_boxes.py and answers.md. Ctrl-C ends this."
        assert screens[1] == []
        assert row(screens[2], "2.1")[2] == "passed"
        assert row(screens[3], "2.6")[2] == "answered"

    @pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent in another way")
    def test_ctrl_c_ends_it_calmly(self, root):
        code = (
            "import sys; from gradcam_lab.course.workspace.check import check; check(['2'], watch=True); print('ended')"
        )
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout
        for line in process.stdout:
            if line.startswith("Next: "):
                break
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out.split(), err) == (0, ["ended"], "")


class TestPictures:
    @staticmethod
    def drawn(tmp_path, yours, expected):
        path = tmp_path / "größer" / "2.2.png"
        failure_picture.draw([np.asarray(yours).tolist(), np.asarray(expected).tolist()], path)
        return np.asarray(Image.open(path).convert("RGB")).astype(int)

    def test_maps_share_one_scale_and_the_difference_is_white_where_there_is_none(self, tmp_path):
        expected = np.zeros((20, 20))
        expected[:, 10:] = 1
        yours = expected.copy()
        yours[:10] = expected[:10] - 1
        picture = self.drawn(tmp_path, yours, expected)
        colours = [set(map(tuple, part.reshape(-1, 3))) for part in np.array_split(picture, 3, axis=1)]
        low, middle, high = (68, 1, 84), (32, 144, 140), (253, 231, 36)
        near = [
            [min(abs(np.array(c) - want).max() for c in part) < 4 for want in (low, middle, high)] for part in colours
        ]
        assert near[0] == [True, True, True], "yours holds -1, 0 and 1"
        assert near[1][1:] == [True, True], "so 0 and 1 have the same colours in what was expected"
        less, none = ((abs(picture[:, 800:1080] - c).max(axis=2) < 4) for c in ((5, 48, 97), (247, 247, 247)))
        above, below = np.nonzero(less.mean(axis=1) > 0.5)[0], np.nonzero(none.mean(axis=1) > 0.5)[0]
        assert len(above) > 50
        assert len(below) > 50
        assert above.max() < below.min(), "yours is less in the upper half, and the same in the lower"

    def test_boxes_lie_where_they_are_with_y_downwards(self, tmp_path):
        picture = self.drawn(tmp_path, [[1, 1, 10, 10]], [[31, 41, 40, 50]])
        yours = np.array([0xD5, 0x5E, 0x00])
        expected = np.array([0x00, 0x72, 0xB2])
        mine, theirs = ((abs(picture - colour).max(axis=2) < 12) for colour in (yours, expected))
        thirds = [slice(0, 400), slice(400, 800), slice(800, 1200)]
        assert [bool(mine[:, third].any()) for third in thirds] == [True, False, True]
        assert [bool(theirs[:, third].any()) for third in thirds] == [False, True, True]
        both = thirds[2]
        assert np.nonzero(mine[:, both])[0].max() < np.nonzero(theirs[:, both])[0].min(), "yours is higher up"
        assert np.nonzero(mine[:, both])[1].max() < np.nonzero(theirs[:, both])[1].min(), "and further to the left"

    def test_what_is_a_box(self):
        assert failure_picture.are_boxes(np.array([[1, 1, 3, 4], [5, 5, 5, 5]]))
        assert failure_picture.are_boxes(np.array([[1, 1, 3, 4, 0.25]]))
        assert failure_picture.are_boxes(np.zeros((0, 5)))
        assert not failure_picture.are_boxes(np.zeros((6, 4)))
        assert not failure_picture.are_boxes(np.ones((6, 7)))
        assert not failure_picture.are_boxes(np.array([[4, 1, 3, 4]]))

    @pytest.mark.parametrize(("yours", "expected"), [([], [[1, 1, 4, 4, 0.5]]), ([], []), ([[0.0]], [[1e-9]])])
    def test_next_to_nothing_can_be_drawn_too(self, tmp_path, yours, expected):
        assert self.drawn(tmp_path, yours, expected).shape == (440, 1200, 3)
