"""Mutants: every place of a body changed once, and nothing else."""

import ast
from collections import Counter

import pytest

from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.course.authoring.mutants import mutants

LESSON = """
def share(heat: int, other: int, limit: float = 0.5, *, name: str = "x") -> int:
    ### BEGIN SOLUTION 1.1
{body}
    ### END SOLUTION 1.1
"""


def mutated(body):
    """The mutants of a body, one line each."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return [mutant.body for mutant in mutants(LESSON.format(body=indented))]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", {"return a <= b", "return a > b"}),
        ("return a in b", {"return a not in b"}),
        ("return a / b", {"return a * b", "return a"}),
        ("return a and b", {"return a or b"}),
        ("return not a", {"return a"}),
        ("return -a", {"return a"}),
        ("return True", {"return False"}),
        ("return 3", {"return 4", "return 2"}),
        ("return 2.0", {"return 2.02"}),
        ("return 'a'", {"return ''"}),
        ("return a[1:b]", {"return a[:b]", "return a[1:]", "return a[2:b]", "return a[0:b]"}),
        ("return a if b else c", {"return a", "return c"}),
        ("return a.max(dim=b)", {"return a.min(dim=b)", "return a.max()", "return a"}),
        ("return np.stack(a, b)", {"return np.stack(b, a)", "return np.stack(a)", "return a"}),
        ("return np.maximum(a, b)", {"return np.minimum(a, b)", "return np.maximum(a)", "return a"}),
        ("return f(a, device=b, strict=True)", {"return a"}),
        ("a += b", {"pass"}),
        ("a[b] = c", {"pass"}),
        ("print()", {"pass"}),
        ("return limit", {"return 0.5"}),
        ("return name", {"return 'x'"}),
        ("return heat", {"return other"}),
        ("a: list[int] = b", set()),
    ],
)
def test_each_place_is_changed_once(body, expected):
    assert set(mutated(body)) == expected
    assert max(Counter(mutated(body)).values(), default=1) == 1


def test_a_condition_is_always_true_or_never():
    assert set(mutated("if a:\n    return b")) == {"if True:\n    return b", "if False:\n    return b"}


def test_a_mutant_is_named_by_the_line_that_differs():
    named = {
        (mutant.mark, mutant.change) for mutant in mutants(LESSON.format(body="    x = f(heat)\n    return x == 1"))
    }
    assert ("1.1", "return x == 1 -> return x != 1") in named
    assert ("1.1", "x = f(heat) -> x = heat") in named


@pytest.mark.parametrize("step", manifest.all_steps(), ids=lambda step: step.name)
def test_the_lessons_have_mutants_of_every_body_and_each_can_stand_in_its_place(step):
    made = list(mutants(step.source))
    assert {mutant.mark for mutant in made} == {region.mark for region in cut.regions(step.source)}
    assert len(set(made)) == len(made)
    names = Counter((mutant.mark, mutant.change) for mutant in made)
    assert max(names.values()) == 1, names.most_common(2)
    for mutant in made:
        assert ast.parse(cut.graft(step.source, {mutant.mark: mutant.body}))


@pytest.mark.parametrize("step", manifest.all_steps(), ids=lambda step: step.name)
def test_every_equal_mutant_has_a_reason(step):
    for entry in step.equal_mutants:
        assert len(entry.reason.split()) >= 3
        assert entry.changes
