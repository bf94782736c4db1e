"""`gradcam-lab check`: what is judged, what is shown, and watching."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.workspace import check, screen
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from tests.course.workspace.helpers import row, status_lines
from tests.students import line_with, solved, step_of, write, write_answers

NO_RELU = "return (weights[:, :, None, None] * features).sum(dim=1)"


def test_a_fresh_workspace_has_no_points_and_is_not_started(checked, root):
    passed, lines = checked()
    assert not passed
    for step in all_steps():
        assert f"Step {step.number}: 0/{step.points} points." in lines
        for task in step.tasks:
            assert row(lines, task.id)[2:] == ["not started", f"0/{task.points}"]
    line = line_with(root / "step1_cam.py", "task 1.1:")
    assert lines[-1] == f"Next: task 1.1, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.1"
    assert not any("expected" in line for line in lines)


def test_the_reference_has_all_points(checked, root):
    for step in all_steps():
        (root / step.file).write_text(step.source, encoding="utf-8")
    passed, lines = checked()
    assert not passed  # the written tasks
    answers = (root / "answers.md").read_text(encoding="utf-8").splitlines()
    place = f"answers.md line {answers.index('<!-- your answer -->') + 1}"
    assert lines[-1] == f"Next: task 1.5 in {place}. Stuck? gradcam-lab hint 1.5"
    write_answers(root)
    passed, lines = checked()
    assert passed
    for step in all_steps():
        assert f"Step {step.number}: {step.points}/{step.points} points." in lines
        assert all(row(lines, task.id)[2] in ("passed", "answered") for task in step.tasks)
    assert lines[-1] == "Next: gradcam-lab run-all, which makes the report with your code."


def test_a_wrong_body_is_answered_in_three_lines_and_a_picture(checked, root):
    path = write(root, 2, "2.1", {"2.2": NO_RELU})
    passed, lines = checked("2")
    assert not passed
    assert row(lines, "2.1")[2:] == ["passed", "1/1"]
    assert row(lines, "2.2")[2:] == ["failed", "0/1"]
    assert row(lines, "2.5")[2:] == ["waiting (needs 2.2, 2.3, 2.4)", "0/2"]
    assert row(lines, "all together")[1].startswith("waiting (needs 2.2, ")
    place = f"step2_gradcam.py line {line_with(path, 'def weighted_map(')}"
    begin = lines.index(f"Task 2.2: failed, {place}")
    assert [line[:12] for line in lines[begin + 2 : begin + 5]] == ["  expected  ", "  got       ", "  likely    "]
    assert "ReLU" in lines[begin + 4] or "zero" in lines[begin + 4]
    inputs = lines[begin + 5 : lines.index("", begin) - 1]
    assert [line[:12].strip() for line in inputs] == ["input", ""]
    assert "features: shape (" in inputs[0]
    assert ", float32" in inputs[0]
    picture = lines[begin + 5 + len(inputs)].split()
    assert picture[0] == "picture"
    assert Image.open(root / picture[1]).size == (1200, 440)
    assert lines[-1] == f"Next: task 2.2, {place}. Stuck? gradcam-lab hint 2.2"


def test_the_row_of_a_task_that_is_begun_ends_with_the_command_that_draws_it(checked, root):
    write(root, 2, "2.1", {"2.2": NO_RELU})
    lines = checked("2")[1]
    ends = {task.id: f"  gradcam-lab look {task.id}" for task in step_of("2").tasks}
    shown = [task for task, end in ends.items() if any(line.endswith(end) for line in lines)]
    assert shown == ["2.1", "2.2"]
    assert not any("gradcam-lab look" in line for line in screen.table(screen.view(Workspace(root), step_of("2"))))


def test_one_task_is_checked_alone_and_remembered(checked, root):
    write(root, 2, "2.1", {"2.2": NO_RELU, "2.5": "import os\nos._exit(0)"})
    passed, lines = checked("2.1")
    assert passed
    assert row(lines, "2.2")[2] == "not checked"
    assert "Step 2: 1/12 points, changed since the last check." in lines
    assert lines[-1] == "Next: gradcam-lab check 2"
    passed, lines = checked("2.2")
    assert not passed
    assert (row(lines, "2.1")[2], row(lines, "2.2")[2], row(lines, "2.5")[2]) == ("passed", "failed", "not checked")
    assert "Next: task 2.2" in lines[-1]


def test_after_a_change_of_its_code_a_task_is_not_checked(checked, root, capsys):
    path = write(root, 2, "2.1")
    checked("2")
    assert "Step 2: 1/12 points." in status_lines(capsys)
    write(root, 2, "", {"2.1": "return gradients.mean(dim=(2, 3)) + 0"})
    lines = status_lines(capsys)
    assert "Step 2: 0/12 points, changed since the last check." in lines
    assert row(lines, "2.1")[2] == "not checked"
    assert row(lines, "2.2")[2] == "not started"
    assert "changed" not in " ".join(lines).replace("Step 2: 0/12 points, changed since the last check.", "")
    write(root, 2, "2.1")
    assert "Step 2: 1/12 points." in status_lines(capsys), "what was known of this code is known again"
    path.write_text("# first\n" + path.read_text(encoding="utf-8") + "\n# later\n", encoding="utf-8")
    assert "Step 2: 1/12 points." in status_lines(capsys), "a comment changes nothing"


def test_solving_the_next_task_keeps_the_points_of_the_one_before(checked, root):
    write(root, 1, "1.1")
    checked("1.1")
    write(root, 1, "1.1 1.2")
    _, lines = checked("1.2")
    assert (row(lines, "1.1")[2], row(lines, "1.2")[2]) == ("passed", "passed")
    assert "Step 1: 2/7 points." in lines
    write(root, 1, "1.1 1.2", {"1.3": "return features"})
    _, lines = checked("1.3")
    assert [row(lines, task)[2] for task in ("1.1", "1.2", "1.3")] == ["passed", "passed", "failed"]
    assert "Step 1: 2/7 points." in lines


def test_what_the_code_prints_is_shown_in_part_and_without_its_tricks(checked, root):
    body = r"""
print("[bold]größer[/bold]\x1b[2J")
for i in range(20): print("row", i)
return 1 / 0
"""
    write(root, 2, "", {"2.1": body})
    _, lines = checked("2.1")
    begin = next(i for i, line in enumerate(lines) if line.startswith("  printed"))
    assert lines[begin : begin + 11] == [
        "  printed   [bold]größer[/bold] [2J",
        *(f"            row {i}" for i in range(9)),
        "            ... 11 more lines",
    ]
    assert any(line.startswith("  got       ZeroDivisionError") for line in lines)
    assert row(lines, "2.1")[2] == "error"


def test_json_and_nothing_else(checked, root):
    write(root, 2, "2.1", {"2.2": NO_RELU})
    passed, lines = checked("2", "step3_boxes.py", json=True)
    answer = json.loads("\n".join(lines))
    assert not passed
    assert list(answer) == ["steps", "points", "possible", "exam", "notes", "next"]
    assert [step["step"] for step in answer["steps"]] == ["step2_gradcam", "step3_boxes"]
    assert (answer["points"], answer["possible"]) == (1, step_of("2").points + step_of("3").points)
    tasks = {task["id"]: task for task in answer["steps"][0]["tasks"]}
    assert tasks["2.2"]["status"] == "failed"
    assert tasks["2.2"]["first_failure"]["reason"]
    assert "Next: task 2.2" in answer["next"]


def test_words(root):
    two, three = step_of("2"), step_of("3")
    assert check.select([]) == {step: step.ids for step in all_steps()}
    assert check.select(["3.1", "step2_gradcam", "3.2"]) == {two: two.ids, three: {"3.1", "3.2"}}
    assert list(check.select(["3", "2"])) == [two, three]
    assert check.select(["2.1", "./step2_gradcam.py", "2.2"]) == {two: two.ids}
    for word in ("7", "2.10", "weights", ""):
        with pytest.raises(LabError, match=f"no step or task '{word}'"):
            check.select([word])


def test_one_document_or_none(root):
    with pytest.raises(LabError, match="--json"):
        check.check([], watch=True, json=True)


def test_outside_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LabError, match="gradcam-lab start"):
        check.check([])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file step3_boxes.py"),
        (b"1\n\ncaf\xe9 = 1", "step3_boxes.py is not UTF-8 text (line 3)"),
        (b"", "is empty"),
        (b"import numpy\n\ndef nms(:\n", "step3_boxes.py, line 3"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_row_and_no_traceback(checked, root, content, says):
    path = root / "step3_boxes.py"
    path.unlink() if content is None else path.write_bytes(content)
    passed, lines = checked("3")
    assert not passed
    assert row(lines, "3.1")[2:] == ["error", "0/1"]
    assert says in "\n".join(lines)
    line = " line 3" if content and b"nms" in content else ""
    assert lines[-1] == f"Next: task 3.1, step3_boxes.py{line}. Stuck? gradcam-lab hint 3.1"


def test_a_stray_file_is_ignored_and_named(checked, root):
    write(root, 2, "2.1")
    (root / "torch.py").write_text("raise SystemExit(0)")
    passed, lines = checked("2.1")
    assert passed
    assert any(line.startswith("torch.py is ignored, because `import torch` is to find the library") for line in lines)


def test_a_setting_at_the_top_is_named_once_until_it_is_taken_out(checked, root):
    path = write(root, 2, "2.1 2.2")
    text = path.read_text(encoding="utf-8")
    path.write_text(f"import torch\ntorch.manual_seed(0)\n{text}", encoding="utf-8")
    said = f"{path.name} changed torch's global random seed: every check begins without this, and it costs no points."
    for words in (("2.1", "2.2"), ("2.1",)):
        passed, lines = checked(*words)
        assert (passed, lines.count(said)) == (True, 1)
    assert said in json.loads("\n".join(checked("2.1", json=True)[1]))["notes"]
    path.write_text(text, encoding="utf-8")
    assert said not in checked("2.1", "2.2")[1]


def test_a_file_saved_while_it_is_checked(root, judge, capsys):
    path = write(root, 2, "2.1")

    class Meanwhile(Judge):
        def judge(self, *words, **options):
            for verdict in judge.judge(*words, **options):
                path.write_text(solved(2, "2.1 2.2"), encoding="utf-8")
                yield verdict

    assert not check.check(["2"], judge=Meanwhile(Limits()))
    lines = capsys.readouterr().out.splitlines()
    assert row(lines, "2.1")[2] == "passed"  # it is the same in the new text
    assert row(lines, "2.2")[2] == "not checked"
    assert lines[-1] == "Next: gradcam-lab check 2"


def test_only_what_is_saved_is_checked_again(root, judge, monkeypatch, capsys):
    asked = []
    original = Workspace.check

    def noted(self, step, *rest):
        asked.append(step.number)
        return original(self, step, *rest)

    monkeypatch.setattr(Workspace, "check", noted)
    screens = []

    def student(seconds):
        assert seconds == check.PAUSE
        screens.append(capsys.readouterr().out.splitlines())
        if len(screens) == 2:
            write(root, 2, "2.1")
        if len(screens) == 3:
            write_answers(root)
        if len(screens) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", student)
    assert not check.check(["2", "3"], watch=True, judge=judge)
    assert asked == [2, 3, 2]
    assert screens[0][0] == "Watching step2_gradcam.py, step3_boxes.py and answers.md. Ctrl-C ends this."
    assert screens[1] == []
    assert row(screens[2], "2.1")[2] == "passed"
    assert row(screens[3], "2.8")[2] == "answered"


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent in another way")
def test_ctrl_c_ends_it_calmly(root):
    code = "import sys; from gradcam_lab.course.workspace.check import check; check(['2'], watch=True); print('ended')"
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


class TestWhatIsShown:
    def test_the_code_of_the_check_that_fails(self, checked, root):
        write(root, 1, "", {"1.3": "return features.sum(dim=1)"})
        _, plain = checked("1.3")
        assert "def test_cam_sums" not in "\n".join(plain)
        _, lines = checked("1.3", show_test=True)
        shown = [line for line in lines if line.startswith("def ")]
        parts = ("one_image", "several_images", "negative_cells")
        names = ["test_cam_sums_the_channels_by_the_classs_row", *(f"_judge_{part}" for part in parts)]
        assert [line.partition("(")[0] for line in shown] == [f"def {name}" for name in names]
        assert lines[lines.index(shown[0]) - 1] == '@check("1.3", points=1)'
        assert "Next: task 1.3" in lines[-1]

    def test_the_code_of_all_that_was_asked_for_where_nothing_fails(self, checked, root):
        write(root, 1, "1.3")
        lines = checked("1.3", show_test=True)[1]
        assert len([line for line in lines if line.startswith("def test_")]) == len(step_of("1").checks_of("1.3"))

    def test_it_is_no_part_of_a_json_document(self, root):
        with pytest.raises(LabError, match="--show-test"):
            check.check([], json=True, show_test=True)

    def test_what_the_code_prints_and_saves_where_it_passes(self, checked, root):
        body = "from PIL import Image\nImage.new('L', (3, 2)).save('heat.png')\nprint('größer')\n"
        write(root, 2, "", {"2.1": f"{body}return gradients.mean(dim=(2, 3))"})
        passed, lines = checked("2.1")
        assert passed
        begin = lines.index("Your code printed in task 2.1:")
        assert lines[begin + 1] == "  größer"
        assert "Your code saved in task 2.1: .gradcam-lab/saved/2.1/heat.png" in lines
        assert Image.open(root / ".gradcam-lab/saved/2.1/heat.png").size == (3, 2)

    def test_an_exception_names_its_line_in_the_heading_and_below(self, checked, root):
        path = write(root, 1, "", {"1.3": "return (features * weight[class_index]).sum(1)"})
        line = line_with(path, "return (features * weight[class_index])")
        _, lines = checked("1.3")
        begin = lines.index(f"Task 1.3: error, step1_cam.py line {line}")
        code = lines.index(f"  code      step1_cam.py, line {line}, in compute_cam:")
        assert lines[code + 1 : code + 3] == [
            "                return (features * weight[class_index]).sum(1)",
            "                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        ]
        assert lines[code + 3].startswith(
            "  locals    features: shape (1, 2, 1, 3), float32: [[[[1, 2, 0]], [[0, 3, 1]]]]"
        )
        assert begin < code
        path.write_text("# above\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
        view = screen.view(Workspace(root), step_of("1"))
        failed = screen.first_failure(view, {"1.3"})
        assert f"step1_cam.py line {line + 1}." in screen.next_line([view], [view.step], failed)

    def test_of_two_functions_one_is_still_to_be_written(self, checked, root):
        path = write(root, 1)
        text = cut.replace_unit(
            path.read_text(encoding="utf-8"),
            "normalize_map",
            cut.unit_text(step_of("1").source, "normalize_map") or "",
        )
        path.write_text(text, encoding="utf-8")
        _, lines = checked("1.4")
        assert row(lines, "1.4")[2] == "not finished"
        line = line_with(path, '"task 1.4: overlay"')
        assert lines[-1] == f"Next: task 1.4, step1_cam.py line {line}. Stuck? gradcam-lab hint 1.4"

    @pytest.mark.parametrize(
        ("mark", "body", "task", "function"),
        [
            ("1.4a", "return heatmap", "1.4", "normalize_map"),
            ("1.4b", "return image", "1.4", "overlay"),
            ("6.3a", "return 0.0", "6.3", "rank_correlation"),
            ("6.3b", "return model", "6.3", "reinitialised"),
            ("5.3b", "return 0.0", "5.3", None),
            ("6.2b", "return 0.0", "6.2", "area_under"),
            ("6.2a", "return start", "6.2", "replacement_curve"),
        ],
    )
    def test_the_function_that_is_wrong_is_named(self, checked, root, mark, body, task, function):
        """Both are written, and one is wrong: the place is its own, also where one check judges both."""
        step = step_of(mark)
        region = next(region for region in cut.regions(step.source) if region.mark == mark)
        path = write(root, step.number, "all", {mark: body})
        _, lines = checked(task)
        line = line_with(path, f"def {(function or region.unit).rpartition('.')[2]}(")
        heading = next(line for line in lines if line.startswith(f"Task {task}"))
        assert heading == f"Task {task}, {function or region.unit}: failed, {step.file} line {line}"
