"""`verify --mutants`: a mutant that passes is found, and so is a list that is out of date."""

from dataclasses import replace

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import EqualMutants
from gradcam_lab.course.authoring.mutants import mutants
from gradcam_lab.course.judging import try_mutants
from tests.students import step_of

BODY = "return gradients.mean(dim=(2, 3))"
SPARE = f"spare = 3\n{BODY}"
"""A body whose first line nobody needs: its mutants pass."""


@pytest.fixture(scope="module")
def step():
    """Step 2 with one task, to be quick."""
    whole = step_of("2")
    task = whole.task("2.1")
    return replace(whole, tasks=(task,), source=only(whole.source), equal_mutants=())


def only(source, body=BODY):
    """The lesson with the markers of one body."""
    text = cut.graft(source, {"2.1": body})
    kept = [line for line in text.splitlines() if "SOLUTION" not in line or "SOLUTION 2.1" in line]
    return "\n".join(kept) + "\n"


def tried(step, judge, *changes):
    equal = (EqualMutants("2.1", "for the test", changes),) if changes else ()
    return list(try_mutants.try_mutants(replace(step, equal_mutants=equal), judge, (0, 1), lambda steps=1: None))


def test_every_mutant_of_the_lesson_loses_a_point(step, judge):
    assert len(list(mutants(step.source))) >= 6
    assert tried(step, judge) == []


def test_a_mutant_that_passes_is_found_unless_it_is_listed(step, judge):
    spare = replace(step, source=only(step.source, SPARE))
    problems = tried(spare, judge)
    assert len(problems) == 2
    assert all("(2.1) passes with seed 0: add a case, or list it" in problem for problem in problems)
    assert "'spare = 3 -> spare = 4'" in problems[0]
    assert tried(spare, judge, "spare = 3 -> spare = 4", "spare = 3 -> spare = 2") == []


def test_what_passes_with_one_seed_only_is_found_too(step, judge):
    """A check that is a matter of luck is no check."""
    lucky = only(step.source, f"if gradients.shape[1] > 4:\n    {BODY}\n{BODY}")
    sentences = tried(replace(step, source=lucky), judge)
    assert any("passes with seed" in sentence for sentence in sentences)


def test_a_listed_mutant_that_loses_points_is_found(step, judge):
    change = f"{BODY} -> return gradients.sum(dim=(2, 3))"
    assert [sentence.partition(" (2.1) ")[2] for sentence in tried(step, judge, change)] == [
        "is listed in 'step2_gradcam.mutants.toml' as right, and loses points"
    ]


def test_a_listed_mutant_that_is_none_is_found_without_running_anything(step):
    listed = replace(step, equal_mutants=(EqualMutants("2.1", "for the test", ("return 1 -> return 2",)),))
    assert list(try_mutants.stale(step)) == []
    assert list(try_mutants.stale(listed)) == [
        "'step2_gradcam.mutants.toml' lists 'return 1 -> return 2' of 2.1, and there is no such mutant"
    ]
