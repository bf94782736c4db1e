"""Docstrings taken apart, and put together again from what the package itself has."""

import ast
from pathlib import Path

import pytest

import gradcam_lab
from gradcam_lab.report.text.docstring import Part, parse_docstring

ROOT = Path(gradcam_lab.__file__).parent

TEXT = """Do it.

    More of it, over
    two lines.

    Args:
        first: what comes first, also
            over two lines: with a colon.
        second, third: the others.

    Returns:
        A number.

        Or none.

    Raises:
        LabError: it cannot.

    Examples:
        >>> do(1)
        2

        And another:

        >>> for x in (1,):
        ...     print(x)
        1
    """


def test_a_docstring_has_a_text_and_sections():
    found = parse_docstring(TEXT)
    assert found.text == "Do it.\n\nMore of it, over\ntwo lines."
    assert [section.title for section in found.sections] == ["Args", "Returns", "Raises", "Examples"]
    arguments, returns, raises, examples = found.sections
    assert arguments.entries == (
        ("first", "what comes first, also over two lines: with a colon."),
        ("second, third", "the others."),
    )
    assert returns.parts == (Part("A number."), Part("Or none."))
    assert raises.entries == (("LabError", "it cannot."),)
    assert examples.parts == (
        Part(">>> do(1)\n2", True),
        Part("And another:"),
        Part(">>> for x in (1,):\n...     print(x)\n1", True),
    )


def test_one_line_is_all_text():
    assert parse_docstring("Do it.").sections == ()
    assert parse_docstring("").text == ""


def docstrings():
    for path in sorted((ROOT / "api").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                yield pytest.param(text, id=f"{path.stem}.{node.name}")


@pytest.mark.parametrize("text", list(docstrings()))
def test_no_word_of_a_docstring_is_lost(text):
    found = parse_docstring(text)
    told = [found.text]
    for section in found.sections:
        told += [f"{section.title}:", *(f"{name}: {its}" for name, its in section.entries)]
        told += [part.text for part in section.parts]
    assert " ".join(" ".join(told).split()) == " ".join(text.split())
