"""The lines on the screen: every outcome has its word, and the last line is the next thing to do."""

import io
from contextlib import redirect_stdout

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace import screen
from gradcam_lab.course.workspace.workspace import Workspace
from tests.course.workspace.helpers import Terminal, record, row, status_lines
from tests.students import line_with, step_of, write


@pytest.mark.parametrize("status", [Status.failed, Status.error, Status.timed_out, Status.crashed])
def test_every_way_to_fail_has_its_word(root, capsys, status):
    write(root, 2, "all")
    record(root, {"2.1": Status.passed, "2.2": status})
    lines = status_lines(capsys)
    assert row(lines, "2.1")[2] == "passed"
    assert row(lines, "2.2")[2] == str(status)


def test_the_failure_that_is_shown_comes_next_even_if_others_come_before_it(root):
    write(root, 2, "2.1 2.3")
    record(root, {"2.1": Status.passed, "2.2": Status.not_started, "2.3": Status.failed})
    views = screen.views(Workspace(root))
    failed = screen.first_failure(views[1], views[1].step.ids)
    assert failed
    assert failed.id == "2.3"
    assert "task 2.3" in screen.next_line(views, [views[1].step], failed)
    assert "task 2.2" in screen.next_line(views, [views[1].step])
    assert "task 1.1" in screen.next_line(views)


def test_the_line_is_that_of_the_function_that_does_not_pass(root):
    path = write(root, 1, "all")
    record(root, {"1.1": Status.passed, "1.2": Status.passed, "1.3": Status.passed})
    step, workspace = step_of("1"), Workspace(root)
    lines = {"test_maps_are_normalised": "def normalize_map(", "test_maps_are_drawn": "def overlay("}
    for name, function in lines.items():
        rows = [
            Verdict(c.name, c.task, c.points, Status.failed if c.name == name else Status.passed)
            for c in step.checks_of("1.4")
        ]
        workspace.record(step, rows, workspace.code(step)[0])
        failed = screen.first_failure(screen.view(workspace, step), step.ids)
        expected = f"Next: task 1.4, step1_cam.py line {line_with(path, function)}."
        assert screen.next_line(screen.views(workspace), [step], failed).startswith(expected)


def test_one_function_of_two_is_not_a_failure(root, checked):
    path = write(root, 1)
    text = cut.replace_unit(
        path.read_text(encoding="utf-8"),
        "normalize_map",
        cut.unit_text(step_of("1").source, "normalize_map") or "",
    )
    path.write_text(text, encoding="utf-8")
    _, lines = checked("1.4")
    assert row(lines, "1.4")[2:] == ["not finished", "1/2"]
    assert not any("expected" in line for line in lines)


def test_when_only_the_chain_fails(root, capsys):
    write(root, 2, "all")
    record(root, {task.id: Status.passed for task in step_of("2").coded}, Status.failed)
    view = screen.view(Workspace(root), step_of("2"))
    failed = screen.first_failure(view, view.step.ids)
    assert failed == view.result.chain
    assert "do not work together" in screen.next_line([view], [], failed)
    assert failed.first_failure
    assert screen.failure(view, failed.first_failure)[0] == "Step 2, all together: failed, step2_gradcam.py"


def test_a_chain_that_has_not_run_is_not_checked(root, capsys):
    write(root, 2, "all")
    record(root, {task.id: Status.passed for task in step_of("2").coded})
    view = screen.view(Workspace(root), step_of("2"))
    assert screen.word(view, view.result.chain) == "not checked"
    assert screen.next_line([view]) == "Next: gradcam-lab check 2"


def test_a_heading_that_was_deleted(root):
    for step in all_steps():
        (root / step.file).write_text(step.source, encoding="utf-8")
    (root / "answers.md").write_text("# nothing\n", encoding="utf-8")
    record(root, {task.id: Status.passed for task in step_of("2").coded}, Status.passed)
    view = screen.view(Workspace(root), step_of("2"))
    assert screen.next_line([view]) == "Next: task 2.8 in answers.md. Stuck? gradcam-lab hint 2.8"


def test_colours_in_a_terminal_only_and_no_bracket_is_lost(monkeypatch):
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


def test_a_pipe_that_knows_ascii_only():
    raw = io.BytesIO()
    pipe = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with redirect_stdout(pipe):
        screen.show(["größer → kleiner"])
    assert raw.getvalue().split() == [b"gr??er", b"?", b"kleiner"]
