"""`verify` finds every way in which a course can be out of order; `make test` runs it on the real one."""

from dataclasses import replace

import pytest

from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.authoring.manifest import EqualMutants, RightAnswer, WrongAnswer
from gradcam_lab.course.authoring.rubric import Criterion, read_rubric
from gradcam_lab.course.judging import verify


@pytest.fixture(scope="module")
def step():
    return manifest.find_step("2")


def with_task(step, task_id, **changes):
    tasks = tuple(replace(task, **changes) if task.id == task_id else task for task in step.tasks)
    return replace(step, tasks=tasks)


def with_checks(step, *checks):
    return replace(step, checks=checks)


def test_nothing_is_wrong_with_the_steps_as_they_are():
    for step in manifest.all_steps():
        assert list(verify.read_through(step)) == []


SLIPS = {
    "a misspelt marker": (
        lambda s: replace(s, source=s.source.replace("### END SOLUTION 2.1", "### END SOLUTION 2.11")),
        "2.11",
    ),
    "an unknown task": (
        lambda s: replace(s, source=s.source.replace("SOLUTION 2.7", "SOLUTION 2.12")),
        "2.12 is marked",
    ),
    "a rubric with other points": (
        lambda s: with_task(s, "2.8", points=2, rubric=s.task("2.8").rubric[:3]),
        "1.5 points",
    ),
    "no rubric": (lambda s: with_task(s, "2.8", rubric=()), "2 to 4 criteria, and not 0"),
    "a rubric of five": (lambda s: with_task(s, "2.8", rubric=s.task("2.8").rubric * 2), "criteria, and not 8"),
    "a criterion twice": (lambda s: with_task(s, "2.8", rubric=s.task("2.8").rubric[:1] * 4), "same criterion twice"),
    "a criterion of no points": (
        lambda s: with_task(s, "2.8", rubric=(Criterion("a", 2), Criterion("b", 0))),
        "a number above 0",
    ),
    "points that are a word": (
        lambda s: with_task(s, "2.8", rubric=read_rubric([{"text": "a", "points": "two"}, {"text": "b"}])),
        "a number above 0",
    ),
    "a criterion without a text": (
        lambda s: with_task(s, "2.8", rubric=read_rubric([{"points": 1}, {"text": "b", "points": 1}])),
        "has no text",
    ),
    "a rubric of code": (
        lambda s: with_task(s, "2.1", rubric=s.task("2.8").rubric),
        "judged by checks and has a rubric",
    ),
    "other points": (lambda s: with_task(s, "2.5", points=3), "docstring"),
    "points without checks": (
        lambda s: with_checks(s, *(c for c in s.checks if c.task != "2.2")),
        "2.2 are worth 0 points",
    ),
    "a check of nothing": (
        lambda s: with_checks(s, *s.checks, manifest.Check("x", "2.8", 0)),
        "2.8, which is no coded",
    ),
    "no chain": (lambda s: with_checks(s, *(c for c in s.checks if c.task != "2")), "exactly one chain"),
    "a chain with points": (
        lambda s: with_checks(s, *(replace(c, points=1) if c.task == "2" else c for c in s.checks)),
        "exactly one chain",
    ),
    "a figure that is not there": (
        lambda s: replace(s, source=s.source.replace("# ## 2.4", "# ![Two maps](figure:two_maps)\n\n# ## 2.4")),
        "no file gradcam_lab/report/figures/lessons/two_maps.py",
    ),
    "a notation of two cells": (lambda s: replace(s, notation=(("`features`", "$A$"),)), "2 cells"),
    "a name that only the answer has": (lambda s: replace(s, notation=(("`one_hot`", "e", "(C,)"),)), "'one_hot'"),
    "too few hints": (lambda s: with_task(s, "2.1", hints=("One.", "Two.")), "2 hints"),
    "a hint that gives it away": (
        lambda s: with_task(s, "2.1", hints=("a", "b", "Write  return gradients.mean(dim=(2, 3))  there.")),
        "gives away",
    ),
    "a need that comes later": (lambda s: with_task(s, "2.1", needs=("2.3",)), "needs 2.3"),
    "too few wrong answers": (
        lambda s: replace(s, wrong_answers=tuple(w for w in s.wrong_answers if w.task != "2.2")),
        "2.2 has 0 wrong answers",
    ),
    "a mutant that is none": (
        lambda s: replace(s, equal_mutants=(EqualMutants("2.1", "no reason", ("return 1 -> return 2",)),)),
        "there is no such mutant",
    ),
    "one message twice": (
        lambda s: replace(s, wrong_answers=(*s.wrong_answers, s.wrong_answers[0])),
        "the same message",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_of_the_author_is_found_without_running_anything(slip, step):
    change, words = SLIPS[slip]
    problems = list(verify.read_through(change(step)))
    assert any(words in problem for problem in problems), problems


def test_a_reference_that_fails_is_found(step, judge):
    broken = replace(step, source=cut.graft(step.source, {"2.1": "return gradients.sum(dim=(2, 3))"}))
    problems = list(verify.try_reference(broken, judge, seed=0))
    assert problems
    assert all("test_channel_weights" in problem for problem in problems)


def test_a_slow_check_is_found(step, judge, monkeypatch):
    monkeypatch.setattr(verify, "SLOW", 0.0)
    assert len(list(verify.try_reference(step, judge, seed=0))) == len(step.checks)


def test_a_stub_that_earns_something_is_found(step, judge, monkeypatch):
    kept = cut.graft(cut.stub(step.source), {})
    right = cut.unit_text(step.source, "channel_weights") or ""
    monkeypatch.setattr(verify.cut, "stub", lambda source: cut.replace_unit(kept, "channel_weights", right))
    problems = list(verify.try_stub(step, judge))
    assert "the stub earns 1 points" in problems
    assert any("'passed'" in problem for problem in problems)


@pytest.mark.parametrize(
    ("mark", "body", "says", "words"),
    [
        ("2.1", "return gradients.mean((2, 3))", "x", "loses no point"),
        ("2.1", "return gradients.sum((2, 3))", "no such words", "is not told"),
        ("2.1", "torch.mean = 3\nreturn gradients.sum((2, 3))", "replaced", None),
        ("2.1", "return gradients.sum((2, 3))", "sums over space", None),
    ],
)
def test_a_wrong_answer_must_lose_and_hear_why(mark, body, says, words, step, judge):
    problems = list(verify.try_wrong(step, WrongAnswer("2.1", mark, "a mistake", body, says), judge))
    assert bool(problems) == bool(words)
    assert all(words in problem for problem in problems)


def test_a_wrong_answer_that_costs_another_task_is_found(step, judge):
    wrong = WrongAnswer("2.5", "2.1", "counted for another task", "return gradients.sum((2, 3))", "sums over space")
    problems = list(verify.try_wrong(step, wrong, judge))
    assert any("loses points of task 2.1 too" in problem for problem in problems)
    assert any("loses no point" in problem for problem in problems)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return gradients.flatten(2).mean(dim=2)", None),
        ("return gradients.sum((2, 3))", "fails test_channel_weights_average_over_space"),
    ],
)
def test_another_right_answer_must_pass(body, words, step, judge):
    problems = list(verify.try_right(step, RightAnswer("2.1", "another way", body), judge))
    assert bool(problems) == bool(words)
    assert all(f"the right answer 'another way' (2.1) {words}" in problem for problem in problems)


def test_mutants_are_tried_if_asked_for(step, monkeypatch, capsys):
    monkeypatch.setattr(verify, "all_steps", lambda: (replace(step, wrong_answers=(), right_answers=()),))
    monkeypatch.setattr(verify, "VERIFIED_SEEDS", ())
    monkeypatch.setattr(verify, "try_mutants", lambda *_: iter(["the mutant 'x' (2.1) passes with seed 0"]))
    verify.verify(jobs=1, mutants=True)
    out = capsys.readouterr().out
    assert "step2_gradcam: the mutant 'x' (2.1) passes" in out
    assert " mutants: " in out


def test_it_says_what_it_looked_at_and_whether_all_is_well(step, monkeypatch, capsys, tmp_path):
    short = replace(with_task(step, "2.1", hints=("One.",)), wrong_answers=step.wrong_answers[:1])
    short = replace(short, right_answers=step.right_answers[:1])
    monkeypatch.setattr(verify, "all_steps", lambda: (short,))
    monkeypatch.setattr(verify, "VERIFIED_SEEDS", (0,))
    monkeypatch.setattr(verify, "sample_folder", lambda: tmp_path)  # a sample without results
    monkeypatch.setattr(verify, "try_mutants", lambda *_: iter(["mutants, which nobody has asked for"]))
    assert not verify.verify(jobs=1)
    out = capsys.readouterr().out.splitlines()
    assert "step2_gradcam: task 2.1 has 1 hints, and 3 are the least" in out
    assert any(line.startswith("step2_gradcam: the sample cannot be read: ") for line in out)
    assert "mutants" not in "".join(out)
    assert out[-1].startswith("1 steps, 12 points, 11 checks, 1 wrong answers, 1 right ones: ")
