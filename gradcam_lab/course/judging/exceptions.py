"""What a verdict says of an exception: the whole message, the student's line, the variables, the likely reason."""

import re
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from gradcam_lab.course.integrity.reference import REMEDY
from gradcam_lab.course.judging.exception_reasons import likely_reason
from gradcam_lab.course.judging.places import Point, Texts, as_verdict, line_of, points_of, work_below
from gradcam_lab.course.judging.troubles import Trouble

MESSAGE = 2000
"""Number of characters of a message; what to do about it often stands at its end."""

SENTENCES: dict[str, tuple[str, str]] = {
    "ReferenceImported": ("your code imports the reference", REMEDY),
    "SystemExit": ("your code called sys.exit()", "take it out: a function returns its result"),
    "Skipped": ("your code called pytest.skip", "take it out: a check that is skipped earns nothing"),
    "Exit": ("your code called pytest.exit", "take it out: a function returns its result"),
    "KeyboardInterrupt": ("your code raised KeyboardInterrupt", "take it out: a function returns its result"),
    "EOFError": ("your code reads from the keyboard (stdin)", "nobody types here: take its values from the arguments"),
    "MemoryError": ("your code asks for more memory than there is", "look at the shapes that it builds"),
    "RecursionError": ("your code calls itself without end", "look for the call that never stops"),
}
"""For some exceptions, by their names: what was got, and what to do."""

TASK = re.compile(r"task ((\d+)\.\d+): \w+$")


def problem(got: str, reason: str) -> dict[str, Any]:
    """The part of a verdict that says what was got instead of a result, and why."""
    return {"status": "error", "expected": "a result", "got": got, "reason": reason}


def judged(error: BaseException, file: str, texts: Texts, returned: tuple[str, Any] | None) -> dict[str, Any]:
    """Judge an exception that ended a check.

    Args:
        error: what was raised.
        file: the path of the step file.
        texts: it and the student's own modules.
        returned: the function that the check called last, and what it returned; None where it did not return.
    """
    if isinstance(error, SyntaxError):
        return _unreadable(error, file, texts)
    kind, message = type(error).__name__, message_of(error)
    points = points_of(error, texts)
    place = as_verdict(points, texts)
    if isinstance(error, NotImplementedError) and (task := TASK.match(message)):
        return {**_not_written(message, task, points, file, texts), **place}
    if "can't allocate memory" in message:
        kind = "MemoryError"
    if kind in SENTENCES:
        came, remedy = SENTENCES[kind]
        return {**problem(came, _located(points, remedy)), **place}
    got = f"{'cv2.' if type(error).__module__ == 'cv2' else ''}{kind}: {message}".rstrip(": ")
    reason = likely_reason(_trouble(error, kind, message, points, texts))
    if not points:
        reason = _without_place(returned, reason)
    return {**problem(got, _located(points, reason)), **place}


def message_of(error: BaseException) -> str:
    """The whole message, and Python's proposal of another name; the exception may be the student's own class."""
    try:
        said = "".join(traceback.TracebackException.from_exception(error).format_exception_only())
        whole = str(error).strip() or ""
        proposal = re.search(r"\. Did you mean: .*$", said.strip())
        return (whole + (proposal[0] if proposal and proposal[0] not in whole else ""))[:MESSAGE]
    except Exception:
        return ""


def _not_written(message: str, task: "re.Match[str]", points: list[Point], file: str, texts: Texts) -> dict[str, Any]:
    """Nothing yet, or something below a line that stops before it."""
    if points and work_below(texts[points[-1].file], points[-1].line):
        line = f"line {points[-1].line}"
        return problem(
            f"`raise NotImplementedError(...)` still stands above your code, in {line}",
            f"delete {line} of {Path(points[-1].file).name}: what is below it is never run",
        )
    if points and points[-1].file != file:
        return problem(
            f"{Path(points[-1].file).name} stops at task {task[1]}, which is not written yet",
            f"write task {task[1]} first, or do without this import",
        )
    return {"status": "not started", "reason": message.removeprefix("task ")}


def _unreadable(error: SyntaxError, file: str, texts: Texts) -> dict[str, Any]:
    name = str(error.filename or file)
    if nul := next((path for path, text in texts.items() if "\0" in text), "") if not error.lineno else "":
        line = texts[nul].count("\n", 0, texts[nul].index("\0")) + 1
        remedy = "this line holds a NUL byte, which editors hardly show: delete the line and write it anew"
        found = problem(f"{Path(nul).name}, line {line}: {error.msg}", remedy)
        return {**found, "file": Path(nul).name, "line": line, "code": []}
    rows: list[str] = []
    if error.lineno and (text := line_of(texts.get(name, ""), error.lineno)).strip():
        indent = len(text) - len(text.lstrip())
        rows = [f"{Path(name).name}, line {error.lineno}:", f"    {text.strip()}"]
        if error.offset and error.offset > indent:
            end = error.end_offset if error.end_lineno == error.lineno and error.end_offset else 0
            rows.append("    " + " " * (error.offset - 1 - indent) + "^" * max(end - error.offset, 1))
    found = problem(
        f"{Path(name).name}, line {error.lineno}: {error.msg}", "Python cannot read the file: mend this line"
    )
    return {**found, "file": Path(name).name, "line": error.lineno or 0, "code": rows}


def _trouble(error: BaseException, kind: str, message: str, points: list[Point], texts: Texts) -> Trouble:
    if not points:
        return Trouble(kind, message)
    last = points[-1]
    return Trouble(kind, message, line_of(texts[last.file], last.line), last.names, tuple(_within(error)))


def _within(error: BaseException) -> list[str]:
    """The modules of all frames of an error."""
    found = []
    part: TracebackType | None = error.__traceback__
    while part:
        found.append(str(part.tb_frame.f_globals.get("__name__", "")))
        part = part.tb_next
    return found


def _located(points: list[Point], reason: str) -> str:
    """A reason, or, where there is none, the line at least."""
    if reason or not points:
        return reason
    last = points[-1]
    where = "" if last.function == "<module>" else f", in {last.function.replace('.<locals>', '')}"
    return f"look at {Path(last.file).name}, line {last.line}{where}"


def _without_place(returned: tuple[str, Any] | None, reason: str) -> str:
    """The reason of an exception outside the student's lines: of the call itself, or of what it returned."""
    if returned and returned[1] is None:
        return f"your {returned[0]} returned None, and None cannot be used: a `return` is missing"
    if returned:
        return f"what your {returned[0]} returned causes it"
    return reason or "the value that your function returned causes it"
