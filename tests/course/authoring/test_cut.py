"""Stubs: what is cut, what must stay, and every way in which a lesson file can be marked wrongly."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.course.authoring import cut, manifest
from gradcam_lab.errors import LabError

LESSON = '''"""A lesson."""

import math


def double(x: int) -> int:
    """Twice x."""
    ### BEGIN SOLUTION 1.1
    twice = 2 * x
    return twice
    ### END SOLUTION 1.1


class Shape:
    """Has an area."""

    def area(self, r: float) -> float:
        """Of a circle."""
        if r < 0:
            raise ValueError("r")
        ### BEGIN SOLUTION 1.2a
        return math.pi * r**2
        ### END SOLUTION 1.2a


def outer() -> object:
    """With a function inside."""

    def inner() -> int:
        ### BEGIN SOLUTION 1.2b
        return 7
        ### END SOLUTION 1.2b

    return inner
'''

STUB = '''"""A lesson."""

import math


def double(x: int) -> int:
    """Twice x."""
    raise NotImplementedError("task 1.1: double")


class Shape:
    """Has an area."""

    def area(self, r: float) -> float:
        """Of a circle."""
        if r < 0:
            raise ValueError("r")
        raise NotImplementedError("task 1.2: area")


def outer() -> object:
    """With a function inside."""

    def inner() -> int:
        raise NotImplementedError("task 1.2: inner")

    return inner
'''

STEPS = sorted(manifest.lesson_folder().glob("step*.py"))


def test_a_stub_keeps_everything_but_the_solutions():
    assert cut.stub(LESSON) == STUB


def test_a_body_knows_its_function_its_task_and_what_a_student_hands_in():
    found = [(region.mark, region.task, region.function, region.unit) for region in cut.regions(LESSON)]
    assert found == [
        ("1.1", "1.1", "double", "double"),
        ("1.2a", "1.2", "Shape.area", "Shape.area"),
        ("1.2b", "1.2", "outer.inner", "outer"),
    ]


@pytest.mark.parametrize("file", STEPS, ids=lambda file: file.stem)
def test_every_lesson_is_cut_cleanly(file):
    source = file.read_text(encoding="utf-8")
    stub = cut.stub(source)
    marks = [region.mark for region in cut.regions(source)]
    assert stub.count("raise NotImplementedError(") == len(marks) >= 5
    assert "SOLUTION" not in stub
    compile(stub, file.name, "exec")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("### BEGIN SOLUTION 1.1", "### BEGIN SOLUTOIN 1.1", "looks like a marker"),
        ("### BEGIN SOLUTION 1.1", "## BEGIN SOLUTION 1.1", "looks like a marker"),
        ("### BEGIN SOLUTION 1.1", "### begin solution 1.1", "looks like a marker"),
        ("### BEGIN SOLUTION 1.1", "### BEGIN SOLUTION", "looks like a marker"),
        ("### BEGIN SOLUTION 1.1", "# nothing", "ends no solution"),
        ("### END SOLUTION 1.1", "### END SOLUTION 1.2", "ends no solution"),
        ("### END SOLUTION 1.1", "### END SOLUTION 1.1 ", "looks like a marker"),
        ("    ### END SOLUTION 1.1\n", "", "has not ended"),
        ("        ### END SOLUTION 1.2b\n", "", "never ends"),
        ("1.2b", "1.1", "marked twice"),
    ],
)
def test_a_marker_out_of_order_is_an_error_that_says_where(old, new, sentence):
    with pytest.raises(LabError, match=sentence):
        cut.stub(LESSON.replace(old, new))


def test_a_solution_outside_of_any_function_is_an_error():
    with pytest.raises(LabError, match="inside a function"):
        cut.stub("### BEGIN SOLUTION 1.1\nx = 1\n### END SOLUTION 1.1\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import math\n", ""),
        ("import math", "import cmath"),
        ("x: int) -> int", "x: int, y: int = 0) -> int"),
        ("x: int) -> int", "x: int) -> float"),
        ("Twice x.", "Thrice x."),
        ("A lesson.", "Another lesson."),
        ("def outer", "@math.floor\ndef outer"),
        ("class Shape:", "class Shape(dict):"),
        ("    def inner() -> int:", "    def inside() -> int:"),
        ("\n\nclass Shape", "\n\nPI = 3\n\n\nclass Shape"),
    ],
)
def test_a_stub_that_differs_elsewhere_is_refused(old, new):
    assert old in STUB
    with pytest.raises(LabError, match="differ in more"):
        cut.require_clean(LESSON, STUB.replace(old, new))


@pytest.mark.parametrize("line", ["twice = 2 * x", "return math.pi * r**2", "return 7", "### BEGIN SOLUTION 1.1"])
def test_a_line_of_a_solution_in_a_stub_is_refused(line):
    with pytest.raises(LabError, match="survived"):
        cut.require_clean(
            LESSON,
            STUB.replace('raise NotImplementedError("task 1.1', f'{line}\n    raise NotImplementedError("task 1.1'),
        )


def test_a_graft_replaces_one_body_and_nothing_else():
    grafted = cut.graft(LESSON, {"1.2a": "\nif r:\n    return 0.0\n\nreturn 1.0\n"})
    expected = "        if r:\n            return 0.0\n\n        return 1.0\n"
    assert grafted == LESSON.replace("        return math.pi * r**2\n", expected)
    assert cut.stub(grafted) == STUB


def test_units_are_found_with_their_decorators_and_replaced_whole():
    source = "import functools\n\n\n@functools.cache\ndef f() -> int:\n    return 1\n\n\nx = 2\n"
    assert cut.unit_text(source, "f") == "@functools.cache\ndef f() -> int:\n    return 1\n"
    assert cut.unit_text(source, "g") is None
    assert cut.replace_unit(source, "f", "def f() -> int:\n    return 3\n") == (
        "import functools\n\n\ndef f() -> int:\n    return 3\n\n\nx = 2\n"
    )


NAMES = st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=1, max_size=6, unique=True)
BODIES = st.sampled_from(["return 1", "x = [\n    3,\n]\nreturn x", "for i in range(3):\n    print(i)", "pass"])


@given(names=NAMES, body=BODIES)
def test_whatever_is_marked_is_gone_and_whatever_is_not_is_there(names, body):
    parts = []
    for number, name in enumerate(names, start=1):
        lines = [f"### BEGIN SOLUTION 9.{number}", *body.splitlines(), f"### END SOLUTION 9.{number}"]
        text = "\n".join(f"    {line}" for line in lines)
        parts.append(f'def f_{name}(a, *b):\n    """Doc of {name}."""\n{text}\n')
    source = "\n\n".join(parts)
    stub = cut.stub(source)
    functions = {node.name: node for node in ast.parse(stub).body if isinstance(node, ast.FunctionDef)}
    assert list(functions) == [f"f_{name}" for name in names]
    for number, (name, node) in enumerate(functions.items(), start=1):
        assert len(node.body) == 2
        assert ast.unparse(node.body[1]) == f"raise NotImplementedError('task 9.{number}: {name}')"


def test_a_form_feed_ends_no_line():
    assert cut.unit_text("x = '\x0c\u2028'\ndef f():\n    return 1\n", "f") == "def f():\n    return 1\n"
