"""Where in a student's text something happened: the lines with a caret below them, and the arrays at hand.

Only frames in the student's own texts are told; a line of the reference may be an answer.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from gradcam_lab.course.judging.values import described
from gradcam_lab.excerpts import parse

FRAMES = 3
"""Number of lines that are quoted: the first one that was called, and the last ones."""

SHAPES = 8
"""Number of local variables that are shown."""

Texts = Mapping[str, str]
"""The student's texts, by the names of their files."""


class Point(NamedTuple):
    """A line of the student's that runs, or ran when something went wrong.

    Attributes:
        file: the path of its file.
        line: the number of the line.
        columns: what of the line it is about, in letters; None where this is not known.
        function: its function, as Python qualifies it, such as "GradCAM.__call__".
        names: the local variables.
    """

    file: str
    line: int
    columns: tuple[int, int] | None
    function: str
    names: Mapping[str, Any]


def points_of(error: BaseException, texts: Texts) -> list[Point]:
    """The student's lines through which an error came, the innermost last."""
    found = []
    part: TracebackType | None = error.__traceback__
    while part:
        if part.tb_frame.f_code.co_filename in texts:
            found.append(_point(part.tb_frame, part.tb_lasti, part.tb_lineno, texts))
        part = part.tb_next
    return found


def running_points(frame: FrameType | None, texts: Texts) -> list[Point]:
    """The student's lines that run at this moment, the innermost last."""
    found = []
    while frame:
        if frame.f_code.co_filename in texts:
            found.append(_point(frame, frame.f_lasti, frame.f_lineno, texts))
        frame = frame.f_back
    return found[::-1]


def _point(frame: FrameType, instruction: int, line: int, texts: Texts) -> Point:
    code = frame.f_code
    text = line_of(texts[code.co_filename], line)
    names = {name: value for name, value in frame.f_locals.items() if not name.startswith("__")}
    return Point(code.co_filename, line, _columns(code, instruction, line, text), code.co_qualname, names)


def _columns(code: CodeType, instruction: int, line: int, text: str) -> tuple[int, int] | None:
    """Python counts columns in bytes of UTF-8."""
    positions = list(code.co_positions())
    if not 0 <= instruction // 2 < len(positions):
        return None
    first, last, start, end = positions[instruction // 2]
    if first != line or start is None or end is None:
        return None
    raw = text.encode()
    stop = len(raw) if last != first else end
    return len(raw[:start].decode(errors="replace")), len(raw[:stop].decode(errors="replace"))


def line_of(text: str, number: int) -> str:
    """A line of a text, counted from 1; "" where there is none."""
    lines = text.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def as_verdict(points: list[Point], texts: Texts) -> dict[str, Any]:
    """What a verdict says of a place: the line, its text, the function, the lines on the way, the variables."""
    if not points:
        return {}
    last = points[-1]
    shown = points if len(points) <= FRAMES else [points[0], *points[1 - FRAMES :]]
    return {
        "file": Path(last.file).name,
        "line": last.line,
        "function": last.function.replace(".<locals>", ""),
        "code": [row for point in shown for row in quoted(point, texts)],
        "variables": list(variables(last, texts)),
    }


def quoted(point: Point, texts: Texts) -> list[str]:
    """A line with its place above it and a caret below it."""
    text = line_of(texts[point.file], point.line)
    indent = len(text) - len(text.lstrip())
    where = "" if point.function == "<module>" else f", in {point.function.replace('.<locals>', '')}"
    rows = [f"{Path(point.file).name}, line {point.line}{where}:", f"    {text.strip().expandtabs(4)}"]
    if point.columns and (width := point.columns[1] - point.columns[0]) > 0:
        start = max(point.columns[0] - indent, 0)
        rows.append("    " + " " * start + "^" * min(width, len(text.strip()) - start))
    return rows


def variables(point: Point, texts: Texts) -> Iterator[str]:
    """Name the tensors and arrays at hand, and other plain values that the line names; those of the line first."""
    named = names_in(line_of(texts[point.file], point.line))
    chosen = [
        name
        for name, value in point.names.items()
        if isinstance(value, Tensor | np.ndarray) or (name in named and _plain(value))
    ]
    for name in sorted(chosen, key=lambda name: name not in named)[:SHAPES]:
        yield f"{name}: {described(point.names[name])}"


def names_in(line: str) -> set[str]:
    """The names in a line, also where it is only the beginning of a statement."""
    for text in (line.strip(), f"{line.strip()} pass", f"if 1:\n  {line.strip()}\n  pass"):
        try:
            return {node.id for node in ast.walk(parse(text)) if isinstance(node, ast.Name)}
        except SyntaxError:
            continue
    return set("".join(c if c.isidentifier() or c.isdigit() else " " for c in line).split())


def _plain(value: Any) -> bool:
    return type(value) in (int, float, bool, str, list, tuple, dict, type(None))


def loop_around(text: str, line: int) -> int | None:
    """The first line of the innermost loop that holds a line, or None."""
    loops = [
        node.lineno
        for node in ast.walk(parse(text))
        if isinstance(node, ast.While | ast.For) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]
    return max(loops, default=None)


def work_below(text: str, line: int) -> bool:
    """Whether statements follow in the same block after the one that begins in this line."""
    for node in ast.walk(parse(text)):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
            if isinstance(block, list) and any(statement.lineno == line for statement in block[:-1]):
                return True
    return False
