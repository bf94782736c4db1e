"""Hints come one at a time, and the answer only after a pass or three tries."""

from gradcam_lab.course.authoring.manifest import find_task
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace import hints
from tests.course.workspace.helpers import ANSWER, MINE, TODO, judged, refusal, replace, said


def plain(text):
    return " ".join(text.split())


def test_each_call_shows_the_next_hint_and_what_comes_after(workspace, capsys):
    all_hints = find_task("2.1")[1].hints
    for number, hint in enumerate(all_hints, start=1):
        hints.hint("2.1")
        out = said(capsys)
        assert f"hint {number} of {len(all_hints)}" in out
        assert plain(hint) in plain(out)
        assert not any(plain(other) in plain(out) for other in all_hints if other != hint)
        assert (f"shows hint {number + 1} of {len(all_hints)}" in out) == (number < len(all_hints))
        assert out.endswith("Next: gradcam-lab check 2.1\n")
    assert workspace.state()["hints"] == {"2.1": len(all_hints)}
    assert ANSWER not in out
    assert "the answer is shown once the task has passed or was tried 3 times" in out


def show_all_hints(task, capsys):
    """Show every hint of a task."""
    for _ in find_task(task)[1].hints:
        hints.hint(task)
    capsys.readouterr()


def test_each_task_counts_its_own_hints(workspace, capsys):
    show_all_hints("2.1", capsys)
    hints.hint("2.2")
    assert "hint 1 of" in said(capsys)
    assert workspace.state()["hints"]["2.1"] == len(find_task("2.1")[1].hints)


def test_the_answer_is_not_shown_before_three_tries(workspace, file, capsys):
    show_all_hints("2.1", capsys)
    todo = TODO
    for number in range(3):
        hints.hint("2.1")
        out = said(capsys)
        assert ANSWER not in out
        assert f"after {3 - number} more {'try' if number == 2 else 'tries'}." in out
        assert out.endswith("Next: gradcam-lab check 2.1\n")
        replace(file, todo, todo := f"return gradients.sum(dim={number})")
        judged(workspace, outcome=Status.failed)
        judged(workspace, outcome=Status.failed)  # the same text twice is one try
    hints.hint("2.1")
    out = said(capsys)
    assert ANSWER in out
    assert "SOLUTION" not in out
    assert "shape (N, K)." not in out  # the docstring is cut to its first line
    assert out.endswith("Next: gradcam-lab check 2.1\n")


def test_the_answer_is_shown_once_exactly_this_text_has_passed(workspace, file, capsys):
    show_all_hints("2.1", capsys)
    replace(file)
    judged(workspace)
    hints.hint("2.1")
    out = said(capsys)
    assert ANSWER in out
    assert out.endswith("Next: gradcam-lab diff 2.1\n")
    replace(file, MINE, "return gradients")
    hints.hint("2.1")
    assert ANSWER not in said(capsys)


def test_all_functions_of_a_task_are_its_answer(workspace, file, capsys):
    show_all_hints("1.4", capsys)
    judged(workspace, "1.4")
    hints.hint("1.4")
    out = said(capsys)
    assert "    def normalize_map(" in out
    assert "cv2.COLOR_BGR2RGB" in out
    assert "    def overlay(" in out


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
    show_all_hints("2.8", capsys)
    workspace.update_state(tries={"2.8": ["a", "b", "c"]})
    hints.hint("2.8")
    out = said(capsys)
    assert "the answer is yours to find" in out
    assert "reference" not in out
    assert out.endswith("Next: answer task 2.8 in answers.md, then gradcam-lab check 2.8\n")


def test_hints_fit_into_the_terminal(workspace, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    for _ in range(3):
        hints.hint("2.5")
    lines = said(capsys).split("Task 2.5")[-1].split("\n\n")[0].splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60
