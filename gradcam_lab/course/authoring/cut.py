"""Cutting a lesson file into the stub that a student fills in, and checking that no solution is left in it.

A graded body stands between `### BEGIN SOLUTION 2.1` and `### END SOLUTION 2.1`. A task with two bodies letters them:
`1.4a` and `1.4b` are both of task 1.4.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradcam_lab.errors import LabError
from gradcam_lab.excerpts import parse

BEGIN = re.compile(r"^(?P<indent> *)### BEGIN SOLUTION (?P<mark>(?P<task>\d+\.\d+)[a-z]?)$")
END = re.compile(r"^ *### END SOLUTION (?P<mark>\d+\.\d+[a-z]?)$")
LOOKS_LIKE_A_MARKER = re.compile(r"#\s*(BEGIN|END)\b|\bSOLUTION\b", re.IGNORECASE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Region:
    """One graded body.

    Attributes:
        mark: its number, such as "2.3a".
        task: the task it belongs to, such as "2.3".
        function: the innermost function around it, such as "GradCAM.__call__" or "watched.hook".
        first: the line of its BEGIN marker, counted from 1.
        last: the line of its END marker.
        indent: how far it is indented.
    """

    mark: str
    task: str
    function: str
    first: int
    last: int
    indent: str

    @property
    def unit(self) -> str:
        """The outermost function around it, or the method: what a student's version replaces as a whole."""
        parts = self.function.split(".")
        return ".".join(parts[: 2 if parts[0][:1].isupper() else 1])


def regions(source: str) -> list[Region]:
    """Find the graded bodies of a lesson file.

    Raises:
        LabError: a marker is misspelt, stands alone, is used twice, or is not inside a function.
    """
    functions = dict(_functions(parse(source)))
    found: list[Region] = []
    begun: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(source.splitlines(), start=1):
        begin, end = BEGIN.match(line), END.match(line)
        if begin and begun:
            raise LabError(f"Line {number}: solution {begun[1]['mark']} has not ended: write its END marker first.")
        if begin:
            begun = number, begin
        elif end:
            if not begun or begun[1]["mark"] != end["mark"]:
                raise LabError(f"Line {number}: '{line.strip()}' ends no solution that was begun: mend the number.")
            first, match = begun
            name = _innermost(functions, first, number)
            found.append(Region(match["mark"], match["task"], name, first, number, match["indent"]))
            begun = None
        elif line.lstrip().startswith("#") and LOOKS_LIKE_A_MARKER.search(line):
            raise LabError(f"Line {number}: '{line.strip()}' looks like a marker and is none: mend its spelling.")
    if begun:
        raise LabError(f"Line {begun[0]}: solution {begun[1]['mark']} never ends: write its END marker.")
    marks = [region.mark for region in found]
    if twice := sorted({mark for mark in marks if marks.count(mark) > 1}):
        raise LabError(f"The solution {twice[0]} is marked twice: numbers must be unique.")
    return found


def _innermost(functions: Mapping[str, Function], first: int, last: int) -> str:
    around = [name for name, node in functions.items() if node.lineno < first and last <= (node.end_lineno or 0) + 1]
    if not around:
        raise LabError(f"Line {first}: a solution must stand inside a function.")
    return max(around, key=lambda name: functions[name].lineno)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """All functions with their dotted names, also methods and functions inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield prefix + node.name, node
        if isinstance(node, (Function, ast.ClassDef)):
            yield from _functions(node, f"{prefix}{node.name}.")


def graft(source: str, bodies: Mapping[str, str]) -> str:
    """Put other bodies between the markers.

    Args:
        source: a lesson file.
        bodies: new text by mark, not indented; the other bodies stay.
    """
    lines = source.splitlines()
    for region in reversed(regions(source)):
        if region.mark in bodies:
            new = [region.indent + line if line else "" for line in bodies[region.mark].strip("\n").splitlines()]
            lines[region.first : region.last - 1] = new
    return "\n".join(lines) + "\n"


def stub(source: str) -> str:
    """Cut a lesson file: every graded body becomes `raise NotImplementedError("task 2.1: channel_weights")`.

    Raises:
        LabError: the markers are not in order, or the cut is not clean (see `require_clean`).
    """
    lines = source.splitlines()
    for region in reversed(regions(source)):
        name = region.function.rpartition(".")[2]
        todo = f'raise NotImplementedError("task {region.task}: {name}")'
        lines[region.first - 1 : region.last] = [region.indent + todo]
    result = "\n".join(lines) + "\n"
    require_clean(source, result)
    return result


def require_clean(source: str, cut: str) -> None:
    """Check a stub against the file it was cut from.

    Raises:
        LabError: imports, functions, signatures, decorators or docstrings differ, or a line of a solution survived.
    """
    if _skeleton(source) != _skeleton(cut):
        raise LabError("The stub and the lesson differ in more than the solutions: look at the markers' places.")
    inside = Counter[str]()
    lines = [line.strip() for line in source.splitlines()]
    for region in regions(source):
        inside.update(lines[region.first : region.last - 1])
    allowed = Counter(lines) - inside  # a line such as "with torch.no_grad():" may stand outside of a solution too
    survivors = (Counter(line.strip() for line in cut.splitlines()) - allowed).keys() & inside.keys()
    if survivors or "SOLUTION" in cut:
        raise LabError(f"A line of a solution survived in the stub: '{min(survivors, default='a marker')}'.")


def _skeleton(source: str) -> str:
    """Everything of a module that a stub must share with it: all but the statements in its functions."""
    tree = parse(source)
    for _, node in list(_functions(tree)):
        docstring = node.body[:1] if ast.get_docstring(node) is not None else []
        node.body = docstring + [part for part in node.body if isinstance(part, (Function, ast.ClassDef))]
    return ast.dump(tree)


def unit_lines(source: str) -> dict[str, tuple[int, int]]:
    """Where each function and method stands: its first (decorators included) and last line, counted from 1."""
    places = {}
    for name, node in _functions(parse(source)):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        places[name] = first, node.end_lineno or first
    return places


def unit_text(source: str, unit: str) -> str | None:
    """The text of a function or method, or None where the file has none of that name."""
    places = unit_lines(source)
    if unit not in places:
        return None
    first, last = places[unit]
    return "\n".join(source.split("\n")[first - 1 : last]) + "\n"  # splitlines also breaks at form feeds


def replace_unit(source: str, unit: str, text: str) -> str:
    """Put another text in the place of a function or method, which must be there."""
    first, last = unit_lines(source)[unit]
    lines = source.split("\n")
    lines[first - 1 : last] = text.rstrip("\n").split("\n")
    return "\n".join(lines)
