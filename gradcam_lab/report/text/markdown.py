"""Markdown to HTML, with formulas between dollar signs and without any raw HTML."""

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from gradcam_lab.report.text.formula import formula

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$^:])")


def to_html(text: str) -> Markup:
    """Render Markdown (CommonMark with tables) to HTML; HTML inside the text is shown as text."""
    return Markup(parser().render(text))  # nothing of `text` passes as HTML: the parser runs with html=False


@cache
def parser(html: bool = False) -> MarkdownIt:
    """A parser of CommonMark with tables and formulas.

    Args:
        html: whether HTML is told apart from text; whoever renders its tokens has to take it out.
    """
    parser = MarkdownIt("commonmark", {"html": html, "typographer": True}).enable(
        ["table", "replacements", "smartquotes"]
    )
    return parser.use(dollarmath_plugin, allow_labels=False, allow_space=False, double_inline=True, renderer=_math)


def _math(latex: str, options: dict[str, Any]) -> str:
    return str(formula(latex, options["display_mode"]))


def literal(value: object) -> object:
    """Make a value plain text inside Markdown: no character of it is markup, and it stays on one line.

    `&`, `<`, `>` and quotes are left to Jinja's autoescape, which runs after this. `Markup` passes unchanged.
    """
    if isinstance(value, Markup):
        return value
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def scientific(value: float) -> Markup:
    """Set a number as a formula inside Markdown, with two digits and a power of ten."""
    digits, power = f"{value:.1e}".split("e")
    return Markup(rf"${digits} \times 10^{{{int(power)}}}$") if value else Markup("0")


def code(value: object) -> Markup:
    """Set a value as a code span inside Markdown, whatever backticks it holds."""
    text = " ".join(str(value).split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return Markup(f"{fence} {text} {fence}") if text else Markup("")
