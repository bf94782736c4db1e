"""Formulas as pictures."""

import re
from importlib import resources
from pathlib import Path

import pytest
from markupsafe import Markup

from gradcam_lab.report.text.formula import formula

TEMPLATES = Path(str(resources.files("gradcam_lab.templates")))


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


def test_formula_may_go_over_several_lines():
    assert formula("a\n  + b", display=True) == formula("a + b", display=True)


@pytest.mark.parametrize("kind", ["", "p", "b"])
def test_a_matrix_of_two_rows_is_drawn(kind):
    drawn = formula(rf"\begin{{{kind}matrix}} 2 & 0 \\ 0 & -2 \end{{{kind}matrix}}")
    assert drawn.startswith("<img")
    assert "matrix" in drawn  # its alternative text is what was written
    assert style_of(drawn)["height"] > 2 * style_of(formula("2"))["height"]


@pytest.mark.parametrize("latex", [r"\begin{bmatrix} 1 \\ 2 \\ 3 \end{bmatrix}", r"\begin{bmatrix} 1 \end{bmatrix}"])
def test_other_matrices_are_shown_as_text(latex):
    assert formula(latex) == Markup("<code>{}</code>").format(latex)


def test_formula_that_mathtext_cannot_draw_is_shown_as_text():
    assert formula(r"\nonsense<b>") == Markup(r"<code>\nonsense&lt;b&gt;</code>")


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*/*.md.j2")), ids=lambda path: path.name)
def test_every_formula_of_the_templates_can_be_drawn(path):
    text = path.read_text(encoding="utf-8")
    for display, latex in re.findall(r"(\$\$?)(\S(?:[^$]*\S)?)\1", text):
        assert formula(latex, display == "$$").startswith("<img"), latex
