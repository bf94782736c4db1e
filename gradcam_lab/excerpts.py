"""Functions cut out of Python source for display: moved to the left, long docstrings cut to their first line."""

import ast
import re
import threading
import warnings
from collections.abc import Iterator

_OPENING = re.compile(r'\s*[rRuU]?("""|\'\'\')')


_parsing = threading.Lock()
"""Held while a text is parsed: Python 3.11 counts the depth for all threads together, and then takes it for a fault."""


def parse(source: str) -> ast.Module:
    """Parse Python source of unknown origin, without warnings.

    Raises:
        SyntaxError: it is no Python, or Python cannot parse it.

    Examples:
        >>> [type(node).__name__ for node in parse("x = 1").body]
        ['Assign']
    """
    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a backslash in a string
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL, brackets nested a thousand deep
        raise SyntaxError(str(error)) from error


def excerpt(source: str, first: int, last: int) -> list[str]:
    r"""Return the lines of a function, moved to the left, with long docstrings cut to their first line.

    Args:
        source: the whole text, whose lines end in plain newlines.
        first: the function's first line, counted from 1.
        last: its last line.

    Examples:
        >>> excerpt("class A:\n    def one(self):\n        return 1", 2, 3)
        ['def one(self):', '    return 1']
    """
    lines = source.split("\n")  # not splitlines, which also ends lines at a form feed, where Python does not
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    dropped: set[int] = set()
    for start, end, quotes in _long_docstrings(source, lines):
        dropped.update(range(start + 1, end + 1))
        lines[start - 1] += quotes
    return [_outdented(lines[n - 1], indent) for n in range(first, last + 1) if n not in dropped]


def _long_docstrings(source: str, lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """First line, last line and quotes of every docstring of several lines that has its last line for itself."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            opening = _OPENING.match(lines[docstring.lineno - 1])
            end = docstring.end_lineno or docstring.lineno
            if opening and end > docstring.lineno and lines[end - 1].rstrip().endswith(opening[1]):
                yield docstring.lineno, end, opening[1]


def _outdented(line: str, indent: int) -> str:
    """A comment may stand further to the left than the function: it keeps all its letters."""
    return re.sub(rf"^[ \t]{{0,{indent}}}", "", line).expandtabs(4).rstrip()
