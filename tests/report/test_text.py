"""The report's text: formulas, Markdown and listings."""

import ast
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from gradcam_lab.errors import LabError
from gradcam_lab.report.text.formula import formula
from gradcam_lab.report.text.listing import MARKER, listings, reference
from gradcam_lab.report.text.markdown import code, literal, scientific, to_html
from gradcam_lab.report.text.wording import Bounds, compared, decimal, listed, signed
from tests.synthetic_run import STEPS

TEMPLATES = Path(str(resources.files("gradcam_lab.templates")))

printable = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


def text_of(html: str) -> str:
    """Return what a browser shows of a piece of HTML."""
    shown: list[str] = []
    parser = HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign, assignment]
    parser.feed(html)
    parser.close()
    return "".join(shown)


# Formulas


def style_of(image: str) -> dict[str, float]:
    style = re.search(r'style="([^"]*)"', image)
    assert style
    return {name: float(value[:-2]) for name, value in (item.split(":") for item in style[1].split(";"))}


def test_formula_stands_on_the_baseline():
    plain, deep = style_of(formula("x")), style_of(formula("y_g"))
    assert -0.1 < plain["vertical-align"] <= 0
    assert deep["vertical-align"] < -0.15
    assert deep["height"] > plain["height"]


def test_formula_carries_its_latex_and_is_the_same_every_time():
    first = formula(r"\alpha^c_k")
    formula.cache_clear()
    assert first == formula(r"\alpha^c_k")
    assert r'alt="\alpha^c_k"' in first
    assert 'src="data:image/svg+xml;base64,' in first


def test_display_formula_is_larger_than_inline():
    latex = r"\frac{a}{b}"
    width = style_of(formula(latex, display=True))["width"]
    assert "height" not in style_of(formula(latex, display=True))
    assert width > 0.3


def test_formula_that_mathtext_cannot_draw_is_shown_as_text():
    assert formula(r"\nonsense<b>") == Markup(r"<code>\nonsense&lt;b&gt;</code>")


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*/*.md.j2")), ids=lambda path: path.name)
def test_every_formula_of_the_templates_can_be_drawn(path):
    text = path.read_text(encoding="utf-8")
    for display, latex in re.findall(r"(\$\$?)(\S(?:[^$]*\S)?)\1", text):
        assert formula(latex, display == "$$").startswith("<img"), latex


# Markdown


def test_markdown_draws_formulas_and_tables():
    html = to_html("Let $x$ be\n\n$$y = x$$\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert html.count('<img class="math"') == 2
    assert "<td>1</td>" in html


def test_raw_html_is_shown_and_not_obeyed():
    assert to_html("a <script>alert(1)</script>") == "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"


def test_a_price_is_not_a_formula():
    assert "<img" not in to_html("It costs 5 $ or 6 $ here")


@given(printable)
def test_a_value_inside_markdown_is_plain_text(value):
    html = to_html(f"before {escape(literal(value))} after")
    assert text_of(html) == " ".join(f"before {' '.join(value.split())} after".split(" ")) + "\n"
    assert re.findall(r"<\w+", html) == ["<p"]


@given(printable)
def test_a_code_span_shows_its_value(value):
    html = to_html(f"before {code(value)} after")
    shown = " ".join(value.split())
    assert text_of(html) == f"before {shown} after\n"
    assert html.count("<code>") == bool(shown)


def test_scientific():
    assert scientific(1.94e-7) == r"$1.9 \times 10^{-7}$"
    assert scientific(0.0) == "0"


# Comparisons in words


def test_a_difference_is_ahead_behind_or_level():
    low, high = Bounds(0.3, 0.2, 0.4), Bounds(0.51, 0.41, 0.6)
    assert compared(high, low) == {
        **{"ours": 0.51, "theirs": 0.3, "ahead": True},
        **{"lead": "21.0 points ahead", "than": "21.0 points better than", "verdict": "ahead of", "apart": True},
    }
    assert compared(low, high)["lead"] == "21.0 points behind"
    assert compared(low, high)["than"] == "21.0 points worse than"
    assert compared(low, high)["apart"]
    assert compared(low, low)["lead"] == "level"
    assert compared(low, low)["verdict"] == compared(low, low)["than"] == "level with"
    assert compared(Bounds(0.31, 0.21, 0.41), low)["lead"] == "1.0 point ahead"


@pytest.mark.parametrize("other", [Bounds(0.5, 0.4, 0.6), Bounds(0.5, None, None), Bounds(None, None, None)])
def test_intervals_that_touch_or_are_missing_are_not_apart(other):
    mine = Bounds(0.3, 0.2, 0.4)
    assert not compared(mine, other)["apart"]
    assert not compared(other, mine)["apart"]


def test_numbers_have_a_true_minus():
    assert [signed(-0.0123), signed(0.5), signed(-0.0123, percent=False)] == ["−1.2", "+50.0", "−0.01"]
    assert decimal(-0.126) == "−0.13"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words, text):
    assert listed(words) == text


# Listings

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
