"""Markdown without raw HTML, and values that are only text in it."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from gradcam_lab.report.text.markdown import code, literal, scientific, to_html
from tests.report.page_text import text_of

printable = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)


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


def test_a_link_of_the_texts_is_a_link_and_nothing_else_is():
    """Neither a bare address nor a script is one, and a value that looks like a link stays the text that it is."""
    assert '<a href="https://arxiv.org/abs/1610.02391">paper</a>' in to_html(
        "[paper](https://arxiv.org/abs/1610.02391)"
    )
    value = escape(literal("[paper](https://arxiv.org/abs/1610.02391)"))
    for text in ("https://arxiv.org", "[a](javascript:alert(1))", '<a href="https://a.b">x</a>', str(value)):
        assert "<a " not in to_html(text)
