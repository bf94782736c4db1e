"""The listings of the report: the graded functions of a step, from the file that ran, or what may be shown of it."""

import ast
import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import PythonLexer

from gradcam_lab.errors import LabError
from gradcam_lab.excerpts import excerpt, parse
from gradcam_lab.files import text_sha256
from gradcam_lab.report.results import OLD_STEP, STEP, Results, StepProgress

MARKER = re.compile(r"^\s*### (?:BEGIN|END) SOLUTION (\d+\.\d+)\S*\s*$")
TODO = re.compile(r'^\s*raise NotImplementedError\("task (\d+\.\d+): ')


@dataclass(frozen=True)
class CodeListing:
    """One graded function.

    Attributes:
        tasks: the numbers of the tasks that it answers, such as `("2.3",)`.
        name: its name, with its class in front where it is a method.
        code: its source, without markers and with docstrings cut to their first line.
        note: what there is to say about it, if anything.
        yours: whether it is the student's own.
    """

    tasks: tuple[str, ...]
    name: str
    code: str
    note: str = ""
    yours: bool = False

    @cached_property
    def html(self) -> Markup:
        """The highlighted source, see `highlighted`."""
        return highlighted(self.code, PythonLexer())


def highlighted(code: str, lexer: Lexer) -> Markup:
    """Highlight code for a `<pre>`: each line is a block whose overlong end hangs below its own beginning."""
    coloured = highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip("\n").split("\n")
    plain = code.rstrip("\n").split("\n")
    return Markup("").join(_line(line, text) for line, text in zip(coloured, plain, strict=True))


def _line(coloured: str, text: str) -> Markup:
    hang = len(text) - len(text.lstrip()) + 4
    return Markup('<span class="line" style="padding-left:{}ch;text-indent:-{}ch">{}</span>').format(
        hang, hang, Markup(coloured)
    )


def reference(step: str) -> str:
    """Read the package's own file of a step.

    Raises:
        LabError: there is no such step.
    """
    try:
        return resources.files("gradcam_lab.lessons").joinpath(f"{step}.py").read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"The lesson file '{step}.py' is missing: install gradcam-lab again.") from error


@dataclass(frozen=True)
class Code:
    """What is shown of one step.

    Attributes:
        badge: whose code ran, and the student's points.
        origin: where the listings come from.
        listings: its graded functions.
        same: whether the text is still the one that ran.
        yours: whether the student's file ran.
    """

    badge: str
    origin: str
    listings: list[CodeListing]
    same: bool = True
    yours: bool = False


def code_of(run: Path, results: Results, step: str) -> Code:
    """Gather what may be shown of a step's code.

    Args:
        run: the folder of a finished run.
        results: its results.
        step: such as "step2_gradcam".

    Raises:
        LabError: a file is missing.
        KeyError: the results lack something.
    """
    course = results.get("course")
    entry = course[step] if course else None  # no entry, no listing: it might hold answers
    sha256 = results["provenance"]["code_sha256"][step]
    if results["implementation"][step] == "mine":
        if entry is None:
            raise KeyError("course")
        return _students_code(run, step, entry, sha256)
    if entry and entry["stub"]:
        return _hidden_code(run, step, entry)
    text = _kept(run, f"{step}.py") if entry else reference(step)
    return Code("Reference code", f"From {step}.py", listings(text), same=text_sha256(text) == sha256)


def _students_code(run: Path, step: str, entry: StepProgress, sha256: str) -> Code:
    """The student's file, which ran."""
    text = _kept(run, f"{step}.py")
    graded = stubs(_kept(run, f"stubs/{step}.py")) if entry["stub"] else listings(reference(step))
    judged = bool(entry["possible"])  # otherwise nothing is known of any task, and nothing is said
    passed = set(entry["passed"]) if judged else {task for item in graded for task in item.tasks}
    shown = mixed(text, graded, passed, ran=True)
    badge = f"Your code, {entry['points']}/{entry['possible']} points" if judged else "Your code"
    return Code(badge, f"From your {step}.py, which ran", shown, same=text_sha256(text) == sha256, yours=True)


def _hidden_code(run: Path, step: str, entry: StepProgress) -> Code:
    """In a workspace, where the reference ran: what the student has passed, and stubs."""
    name = f"yours/{step}.py"
    text = _kept(run, name) if (run / "code" / name).is_file() else None
    shown = mixed(text, stubs(_kept(run, f"stubs/{step}.py")), set(entry["passed"]), ran=False)
    badge = f"Reference code; you have {entry['points']}/{entry['possible']} points"
    return Code(badge, f"The reference's {step}.py ran; what you have passed is shown as you wrote it", shown)


def _kept(run: Path, name: str) -> str:
    path = run / "code" / name
    if not path.exists():
        path = run / "code" / name.replace(STEP, OLD_STEP)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"'{path}' cannot be read, and the report shows it: make the run again.") from error


@cache  # a lesson is the same in every report, and reading it takes as long as all the rest of a page
def listings(text: str) -> list[CodeListing]:
    """Cut the graded functions out of a lesson file, in the file's order.

    Args:
        text: the source of a step, with its `### BEGIN SOLUTION` and `### END SOLUTION` lines.
    """
    return _tasks_by(MARKER, text)


def stubs(text: str) -> list[CodeListing]:
    """Cut the functions that a student has to write out of a stub, in the file's order."""
    return _tasks_by(TODO, text)


def functions(text: str | None) -> dict[str, str]:
    """Functions and methods of a student's file by name, as `CodeListing.code`; none where it does not parse."""
    try:
        text, found = _parsed(text or "")
    except SyntaxError:
        return {}
    return {name: _code(text, *place) for name, place in found}


def mixed(text: str | None, stub: list[CodeListing], passed: set[str], *, ran: bool) -> list[CodeListing]:
    """What the report shows of a step: the solution of a task only where the student has passed it.

    Args:
        text: the student's file, if there is one.
        stub: what there is to write.
        passed: the tasks that passed for this very text.
        ran: whether the student's file ran, and not the reference.
    """
    mine = functions(text)
    return [_shown(item, mine.get(item.name), [t for t in item.tasks if t not in passed], ran) for item in stub]


def _shown(item: CodeListing, code: str | None, missing: list[str], ran: bool) -> CodeListing:
    """One function: the student's where it ran or passed, else the stub."""
    tasks = f"Task{'s' if len(missing) > 1 else ''} {' and '.join(missing)}"
    if ran and code is None:
        return replace(item, code="", note="Your file has no plain function of this name; the whole of it ran.")
    if code is not None and (ran or not missing):
        late = f"{tasks} {'have' if len(missing) > 1 else 'has'} not passed the checks yet." if missing else ""
        return replace(item, code=code, note=late, yours=True)
    if not missing:
        return replace(item, note="You have passed this task, but the file has no plain function of this name.")
    verb = "are" if len(missing) > 1 else "is"
    return replace(item, note=f"{tasks} {verb} yours to write: the reference ran in its place.")


def _tasks_by(pattern: re.Pattern[str], text: str) -> list[CodeListing]:
    """The functions that hold a line with a task's number."""
    text, functions = _parsed(text)
    lines = text.split("\n")
    found = []
    for name, (first, last) in functions:
        tasks = dict.fromkeys(match[1] for line in lines[first - 1 : last] if (match := pattern.match(line)))
        if tasks:
            found.append(CodeListing(tuple(tasks), name, _code(text, first, last)))
    return found


def _parsed(text: str) -> tuple[str, list[tuple[str, tuple[int, int]]]]:
    """A text with plain newlines, and its functions and methods with their first and last line.

    Functions inside functions belong to the outer one.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for node in parse(text).body:
        prefix, inside = (f"{node.name}.", node.body) if isinstance(node, ast.ClassDef) else ("", [node])
        for item in inside:
            if isinstance(item, ast.FunctionDef):
                first = min([item.lineno, *(decorator.lineno for decorator in item.decorator_list)])
                found.append((prefix + item.name, (first, item.end_lineno or first)))
    return text, found


def _code(text: str, first: int, last: int) -> str:
    """A function to read, without markers."""
    return "\n".join(line for line in excerpt(text, first, last) if not MARKER.match(line)) + "\n"
