"""A lesson file taken apart: the prose of its comments and docstrings, each piece with the code that it is about."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from itertools import pairwise
from textwrap import dedent

from gradcam_lab.excerpts import parse
from gradcam_lab.report.text.listing import MARKER

_HEADING = re.compile(r"^#{1,3} ", re.MULTILINE)
_IMPORT = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Piece:
    """Prose, and the code beside it.

    Attributes:
        prose: the comment before it, in Markdown; of the first piece the lesson's own docstring.
        name: of the function, method, class or constant, with its class in front; "" where there is none.
        doc: its docstring.
        code: it, without docstring and markers, moved to the left.
    """

    prose: str = ""
    name: str = ""
    doc: str = ""
    code: str = ""


def pieces(source: str) -> list[Piece]:
    r"""Take a lesson file apart, in the file's order.

    Raises:
        SyntaxError: it is no Python.

    Examples:
        >>> found = pieces('"\""# Title"\""\n\n# ## One\n#\n# Why.\n\n\ndef f():\n    "Do."\n    return 1\n')
        >>> [piece.prose for piece in found]
        ['# Title', '## One\n\nWhy.']
        >>> found[1].name, found[1].doc, found[1].code
        ('f', 'Do.', 'def f():\n    return 1')
    """
    tree, lines = parse(source), source.split("\n")
    opening = ast.get_docstring(tree)
    body = tree.body if opening is None else tree.body[1:]
    first = 1 if opening is None else (tree.body[0].end_lineno or 1) + 1
    found = [Piece(prose=opening)] if opening else []
    found += _joined(_walk(lines, body, first, len(lines), ""))
    if opening and len(found) > 1 and not (found[1].prose or found[1].name):  # the imports stand beside the title
        found[:2] = [Piece(prose=opening, code=found[1].code)]
    return found


def _walk(lines: Sequence[str], nodes: list[ast.stmt], first: int, last: int, prefix: str) -> Iterator[Piece]:
    """The pieces of the statements of a module or a class, between two lines."""
    for node, following in zip(nodes, [*nodes[1:], None], strict=True):
        if _text(node) is not None:
            continue  # it is the docstring of the constant before it
        start = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        *sections, prose = _sections(lines[first - 1 : start - 1], prefix)
        yield from (Piece(prose=section) for section in sections)
        end = node.end_lineno or node.lineno
        first = end + 1
        if isinstance(node, ast.ClassDef):
            yield from _class(lines, node, start, prefix, prose)
        elif isinstance(node, ast.FunctionDef):
            yield Piece(prose, prefix + node.name, ast.get_docstring(node) or "", _code(lines, start, end, node))
        else:
            doc = _text(following) if isinstance(node, ast.Assign | ast.AnnAssign) else None
            name = prefix + _names(node)
            code = _code(lines, start, end)
            yield Piece(prose, name, cleandoc(doc), code) if doc is not None else Piece(prose, code=code)
            if doc is not None and following:
                first = (following.end_lineno or first) + 1
    yield from (Piece(prose=section) for section in _sections(lines[first - 1 : last], prefix) if section)


def _class(lines: Sequence[str], node: ast.ClassDef, start: int, prefix: str, prose: str) -> Iterator[Piece]:
    """A class: its head with its fields, and then its methods one by one."""
    methods = [place for place, one in enumerate(node.body) if isinstance(one, ast.FunctionDef)]
    head = node.body[: methods[0]] if methods else node.body
    end = (head[-1].end_lineno or start) if head else node.lineno
    yield Piece(prose, prefix + node.name, ast.get_docstring(node) or "", _code(lines, start, end, node))
    if methods:
        yield from _walk(lines, node.body[methods[0] :], end + 1, node.end_lineno or end, f"{prefix}{node.name}.")


def _names(node: ast.stmt) -> str:
    """The names that a statement gives values to, with commas between them."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return ", ".join(ast.unparse(target).strip("()") for target in targets)


def _text(node: ast.stmt | None) -> str | None:
    """The text of a statement that is nothing but a string."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return None


def _sections(lines: Sequence[str], prefix: str) -> list[str]:
    """The comments among some lines as Markdown, cut before its headings; the last is nearest to what follows.

    Comments that stand further to the right belong to the function above.
    """
    sign = "    #" if prefix else "#"
    comments = [
        line.removeprefix(sign).removeprefix(" ") for line in lines if line.startswith(sign) or not line.strip()
    ]
    text = "\n".join(line.rstrip() for line in comments).strip()
    places = [match.start() for match in _HEADING.finditer(text)]
    cuts = [0, *(place for place in places if place), len(text)]
    return [text[begin:end].strip() for begin, end in pairwise(cuts)]


def _code(lines: Sequence[str], first: int, last: int, node: ast.FunctionDef | ast.ClassDef | None = None) -> str:
    """Some lines without markers, and without the docstring of a function or class that has lines for itself."""
    dropped = range(0)
    if node and ast.get_docstring(node) is not None and node.body[0].lineno > node.lineno:
        dropped = range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    kept = [lines[n - 1] for n in range(first, last + 1) if n not in dropped]
    return dedent("\n".join(line for line in kept if not MARKER.match(line))).strip("\n")


def _joined(found: Iterator[Piece]) -> list[Piece]:
    """Put code that follows code without a word between into one piece."""
    joined: list[Piece] = []
    for piece in found:
        before = joined[-1] if joined else None
        if before and before.code and not before.name and not (piece.prose or piece.name):
            joined[-1] = Piece(before.prose, code=f"{before.code}\n{piece.code}")
        else:
            joined.append(piece)
    return joined
