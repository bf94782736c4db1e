"""The listings of the report: the graded functions of a step, from the very file that ran."""

import ast
import hashlib
import re
from dataclasses import dataclass
from importlib import resources

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from gradcam_lab.errors import LabError

MARKER = re.compile(r"^\s*### (?:BEGIN|END) SOLUTION (\S+)\s*$")
_TASK = re.compile(r"(\d+\.\d+)")


@dataclass(frozen=True)
class Listing:
    """One graded function.

    Attributes:
        tasks: the numbers of the tasks that it answers, such as `("2.3",)`.
        name: its name, with its class in front where it is a method.
        code: its source, without markers and with docstrings cut to their first line.
    """

    tasks: tuple[str, ...]
    name: str
    code: str

    @property
    def html(self) -> Markup:
        """The highlighted source, for a `<pre>`: each line a block whose overlong end hangs below its own beginning."""
        coloured = highlight(self.code, PythonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
        plain = self.code.rstrip("\n").split("\n")
        return Markup("").join(_line(line, text) for line, text in zip(coloured, plain, strict=True))


def _line(coloured: str, text: str) -> Markup:
    hang = len(text) - len(text.lstrip()) + 4
    return Markup('<span class="line" style="padding-left:{}ch;text-indent:-{}ch">{}</span>').format(
        hang, hang, Markup(coloured)
    )


def source(step: str, implementation: str) -> str:
    """Read the file of a step as the named implementation ran it.

    Raises:
        LabError: there is no such implementation or step.
    """
    if implementation != "reference":
        raise LabError(
            f"The run used the implementation '{implementation}' of {step}: this version has only 'reference'."
        )
    try:
        return resources.files("gradcam_lab.lessons").joinpath(f"{step}.py").read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"The lesson file '{step}.py' is missing: install gradcam-lab again.") from error


def sha256_of(text: str) -> str:
    """The SHA-256 of a source text, as its file's bytes have it where lines end in plain newlines."""
    return hashlib.sha256(text.encode()).hexdigest()


def listings(text: str) -> list[Listing]:
    """Cut the graded functions out of a lesson file, in the file's order.

    Args:
        text: the source of a step, with its `### BEGIN SOLUTION` and `### END SOLUTION` lines.
    """
    lines = text.splitlines()
    found = []
    for name, function in _functions(ast.parse(text)):
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        last = function.end_lineno or first
        marked = [match[1] for line in lines[first - 1 : last] if (match := MARKER.match(line))]
        if marked:
            tasks = dict.fromkeys(match[1] for mark in marked if (match := _TASK.match(mark)))
            found.append(Listing(tuple(tasks), name, _cut(lines, first, last, function)))
    return found


def _functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """The functions and methods of a module; functions inside functions belong to the outer one."""
    result = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            result.append((node.name, node))
        elif isinstance(node, ast.ClassDef):
            result += [(f"{node.name}.{item.name}", item) for item in node.body if isinstance(item, ast.FunctionDef)]
    return result


def _cut(lines: list[str], first: int, last: int, function: ast.FunctionDef) -> str:
    """The lines of a function, dedented, without markers, each docstring cut to its first line."""
    indent = function.col_offset
    dropped: set[int] = set()
    closed = {}
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            start, end = docstring.lineno, docstring.end_lineno or docstring.lineno
            if end > start:
                dropped.update(range(start + 1, end + 1))
                closed[start] = '"""'
    kept = []
    for number in range(first, last + 1):
        line = lines[number - 1]
        if number not in dropped and not MARKER.match(line):
            kept.append(line[indent:].rstrip() + closed.get(number, ""))
    return "\n".join(kept) + "\n"
