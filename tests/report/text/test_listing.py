"""Listings of the graded functions."""

import ast
from typing import Any

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.report.results import OLD_STEP, STEP
from gradcam_lab.report.text.listing import MARKER, code_of, listings, mixed, reference, stubs
from tests.report.page_text import text_of
from tests.synthetic_run import STEPS, results

LESSON = '''"""Lesson."""
import torch


def helper(x):
    """Stay away."""
    return x


@torch.no_grad()
def double(x):
    r"""Double it.

    Args:
        x: a number < 10.
    """
    ### BEGIN SOLUTION 9.1
    y = "### BEGIN SOLUTION 9.9"

    return 2 * x
    ### END SOLUTION 9.1


class Model:
    """A class."""

    def run(self, x):
        """Run it.

        More.
        """
        def inner():
            ### BEGIN SOLUTION 9.2a
            return x
            ### END SOLUTION 9.2a

        ### BEGIN SOLUTION 9.3
        return inner()
        ### END SOLUTION 9.3
'''


def test_listings_are_the_graded_functions():
    found = listings(LESSON)
    assert [(item.tasks, item.name) for item in found] == [(("9.1",), "double"), (("9.2", "9.3"), "Model.run")]
    assert found[0].code == (
        "@torch.no_grad()\ndef double(x):\n"
        '    r"""Double it."""\n    y = "### BEGIN SOLUTION 9.9"\n\n    return 2 * x\n'
    )
    assert found[1].code.startswith('def run(self, x):\n    """Run it."""\n    def inner():\n        return x\n')


def test_a_listing_is_set_line_by_line():
    html = listings(LESSON)[0].html
    assert html.count('class="line"') == 6
    assert '<span class="line" style="padding-left:8ch;text-indent:-8ch">' in html
    assert text_of(html).startswith("@torch.no_grad()def double(x):")


@pytest.mark.parametrize("step", STEPS)
def test_listings_of_a_lesson_are_complete_and_valid_python(step):
    text = reference(step)
    found = listings(text)
    marked = {match[1].rstrip("abcdef") for line in text.splitlines() if (match := MARKER.match(line))}
    assert marked
    assert {task for item in found for task in item.tasks} == marked
    for item in found:
        function = ast.parse(item.code).body[0]
        assert isinstance(function, ast.FunctionDef)
        assert "\n" not in (ast.get_docstring(function) or "")
        assert "SOLUTION" not in item.code


def test_an_unknown_step_is_refused():
    with pytest.raises(LabError, match=r"'step9_more\.py' is missing"):
        reference("step9_more")


def test_a_workspace_that_does_not_know_a_step_shows_none_of_it(tmp_path):
    entry = {"points": 0, "possible": 9, "passed": [], "stub": True}
    content: Any = {**results(), "course": {"step1_cam": entry}}
    with pytest.raises(KeyError):
        code_of(tmp_path, content, "step5_segmentation")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", [OLD_STEP, STEP])
def test_a_step_that_has_been_renamed_is_found_under_either_name(tmp_path, name, encoding):
    entry = {"points": 0, "possible": 9, "passed": [], "stub": True}
    (tmp_path / "code" / "stubs").mkdir(parents=True)
    (tmp_path / "code" / "stubs" / f"{name}.py").write_text(TestMixed.STUB, encoding=encoding)
    content: Any = {**results(), "course": {STEP: entry}}
    assert [item.tasks for item in code_of(tmp_path, content, STEP).listings] == [("9.1",), ("9.2",)]


class TestMixed:
    """A student's functions where they pass, and stubs in place of the others."""

    STUB = (
        'class A:\n    def f(self):\n        """Do it."""\n        raise NotImplementedError("task 9.1: f")\n\n\n'
        'def g():\n    raise NotImplementedError("task 9.2: g")\n'
    )

    def shown(self, text, passed=("9.1", "9.2"), ran=True):
        return mixed(text, stubs(self.STUB), set(passed), ran=ran)

    def test_stubs_name_their_tasks(self):
        assert [(item.tasks, item.name) for item in stubs(self.STUB)] == [(("9.1",), "A.f"), (("9.2",), "g")]

    def test_any_text_is_shown_line_by_line(self):
        text = (
            "class A:\r\tdef f(self):\r\n\t\tx = 'a\x0cb\u2028c'\r\n# left\r\n"
            f"\t\ty = '''\nä{'z' * 5000}\n'''\r\n\t\treturn x\r\n"
        )
        item = self.shown(text)[0]
        assert item.code.split("\n") == [
            "def f(self):",
            "    x = 'a\x0cb\u2028c'",
            "# left",
            "    y = '''",
            f"ä{'z' * 5000}",
            "'''",
            "    return x",
            "",
        ]
        assert item.html.count('class="line"') == 7
        assert "\t" not in item.html

    @pytest.mark.parametrize(
        "text", ["def g(:", "def g():\n    return '\0'", "(" * 5000, "x = " + "-" * 100_000 + "1", "", None, "f = 3\n"]
    )
    def test_a_text_without_the_function_shows_none_of_the_answer(self, text):
        late, early = self.shown(text, ran=False), self.shown(text, passed=(), ran=False)
        assert [item.code for item in late + early] == [item.code for item in stubs(self.STUB)] * 2
        assert all("yours to write" in item.note for item in early)
        assert not any(item.yours for item in late + early)

    def test_a_docstring_is_cut_only_where_nothing_is_lost(self):
        cut_, whole = '    """One.\n\n    Two.\n    """\n', "    '''One.\n\n    Two.'''; x = 1\n"
        assert self.shown(f"def g():\n{cut_}    return 1\n")[1].code == 'def g():\n    """One."""\n    return 1\n'
        assert "Two.'''; x = 1" in self.shown(f"def g():\n{whole}    return 1\n")[1].code

    def test_of_two_definitions_the_last_counts(self):
        assert "return 2" in self.shown("def g():\n    return 1\n\n\ndef g():\n    return 2\n")[1].code
