"""A folder with a student's work: the step files, the written answers, and files that must not lie beside them."""

import codecs
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gradcam_lab.course.authoring.manifest import Check, Step, all_steps
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace.renamed import with_new_headings
from gradcam_lab.files import text_sha256
from gradcam_lab.lesson_modules import StudentsFile
from gradcam_lab.own_modules import OwnModule, closure, imports, paths_of

ANSWERS = "answers.md"
ENOUGH_WORDS = 20
"""Number of words from which a written answer counts as given; a person reads it."""

STEERING = frozenset({"conftest", "sitecustomize", "usercustomize"})
"""Files that change how pytest or Python works."""

LIBRARIES = frozenset({"torch", "torchvision", "numpy", "cv2", "pytest", "gradcam_lab", "matplotlib", "PIL"})

TAKEN = STEERING | LIBRARIES | sys.stdlib_module_names
"""Names that no module of a student's may have."""

_HEADING = re.compile(r"^## +(\d+\.\d+)\b.*$", re.MULTILINE)


class Problem(NamedTuple):
    """What is wrong with a file as a whole, and what to do about it."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}"

    def sentence(self) -> str:
        """Both as a sentence; the name of a file at its beginning stays as it is."""
        first = self.what.partition(" ")[0]
        return f"{self}." if "." in first else f"{str(self)[0].upper()}{str(self)[1:]}."


class StudentFolder:
    """The work of one student.

    Args:
        root: where the step files lie.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, step: Step) -> Path:
        """The student's file of a step."""
        return self.root / step.file

    def source(self, step: Step) -> tuple[str, Problem | None]:
        """The text of a step file, and what is wrong with the file, if anything."""
        remedy = f"'gradcam-lab reset {step.number}' brings the stub back"
        text, problem = self.read(step.file, remedy)
        if not problem and not text.strip():
            problem = Problem(f"{step.file} is empty", remedy)
        return text, problem

    def code(self, step: Step) -> tuple[StudentsFile, Problem | None]:
        """The text of a step file with the student's own modules that it imports, and what is wrong with one of them.

        A module that cannot be read counts as empty.
        """
        text, problem = self.source(step)
        problems = [problem] if problem else []

        def read(name: str) -> OwnModule | None:
            if name.partition(".")[0] in TAKEN:
                return None
            for path, package in zip(paths_of(name), (False, True), strict=True):
                if (self.root / path).is_file():
                    found, trouble = self.read(path, "")
                    problems.extend([trouble] if trouble else [])
                    return OwnModule(found, str(self.root / path), package)
            folder = self.root / name.replace(".", "/")
            if folder.is_dir() and any(folder.glob("*.py")):  # a package needs no __init__.py
                return OwnModule("", str(folder / "__init__.py"), True)
            return None

        modules = closure(imports(text), read)
        return StudentsFile(text, self.file(step), modules), problems[0] if problems else None

    def read(self, name: str, missing: str) -> tuple[str, Problem | None]:
        """The text of a file, and what is wrong with it; `missing` is what to do where it is not there."""
        try:
            data = (self.root / name).read_bytes()
        except FileNotFoundError:
            return "", Problem(f"there is no file {name}", missing)
        except OSError as error:
            return "", Problem(f"{name} cannot be read ({error.strerror})", "check its permissions")
        try:
            return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), None
        except UnicodeDecodeError as error:
            return "", _not_utf8(name, data, error.start)

    def notes(self) -> list[str]:
        """Sentences about files that are missing or cannot be read."""
        found = [self.code(step)[1] for step in all_steps()]
        found.append(self.answers_problem())
        return list(dict.fromkeys(problem.sentence() for problem in found if problem))

    def hash(self, step: Step) -> str:
        """The SHA-256 of the text of a step file."""
        return text_sha256(self.source(step)[0])

    def strays(self) -> list[str]:
        """Files that would stand in for a library, or change how Python and pytest work."""
        names = [
            path for path in sorted(self.root.iterdir()) if path.suffix == ".py" or (path / "__init__.py").exists()
        ]
        return [path.name for path in names if path.stem in TAKEN]

    def answers_problem(self) -> Problem | None:
        """What is wrong with `answers.md` as a whole, if anything."""
        return self.read(ANSWERS, f"'gradcam-lab reset {ANSWERS}' brings the questions back")[1]

    def answers_text(self) -> str:
        """The text of `answers.md`; empty where the file is missing or cannot be read."""
        try:
            return (self.root / ANSWERS).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return ""

    def answers(self) -> dict[str, str]:
        """The written answers that are given, by task."""
        return {task: words for task, words in self.begun_answers().items() if len(words.split()) >= ENOUGH_WORDS}

    def short_answers(self) -> dict[str, str]:
        """What to say of the written answers that are begun and too short to count as given, by task."""
        counts = {task: len(words.split()) for task, words in self.begun_answers().items()}
        return {
            task: f"too short ({count} of {ENOUGH_WORDS} words)"
            for task, count in counts.items()
            if count < ENOUGH_WORDS
        }

    def begun_answers(self) -> dict[str, str]:
        """The written answers of a word or more, by task."""
        pieces = _HEADING.split(
            with_new_headings(self.answers_text())
        )  # what is before the first heading, then number and text by turns
        words = {number: _own_words(piece) for number, piece in zip(pieces[1::2], pieces[2::2], strict=True)}
        return {number: text for number, text in words.items() if text}

    def judge(
        self,
        step: Step,
        judge: Judge,
        *,
        seed: int = 0,
        checks: list[Check] | None = None,
        saved: Path | None = None,
    ) -> Iterator[Verdict]:
        """Judge one step file; what is wrong with the file or the folder as a whole is every check's verdict.

        Args:
            step: the step.
            judge: the judge that runs the checks.
            seed: of the random cases.
            checks: only these.
            saved: a folder in which to keep, by task, the files that the student's code saves.
        """
        code, problem = self.code(step)
        if strays := self.strays():
            remedy = "it would stand in for a library, or steer pytest: rename it or take it away"
            problem = Problem(f"{strays[0]} lies beside your files", remedy)
        if not problem:
            yield from judge.judge(
                step, code.source, code.file, modules=code.modules, seed=seed, checks=checks, saved=saved
            )
            return
        for check in step.checks if checks is None else checks:
            expected = f"a file {step.file} alone"
            yield Verdict(check.name, check.task, check.points, Status.error, expected, problem.what, problem.remedy)


def _not_utf8(name: str, data: bytes, start: int) -> Problem:
    """What to say of a file in another encoding."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(f"{name} is not UTF-8 text but UTF-16", "save it as UTF-8 in your editor, and nothing is lost")
    line = data.count(b"\n", 0, start) + 1
    return Problem(f"{name} is not UTF-8 text (line {line})", "save it as UTF-8 in your editor")


def _own_words(piece: str) -> str:
    """The text of an answer: without the quoted question and the comment that says where to write."""
    lines = [line for line in piece.splitlines() if not line.startswith(">")]
    return re.sub(r"<!--.*?-->", "", "\n".join(lines), flags=re.DOTALL).strip()


def blank_answers() -> str:
    """The text of `answers.md`: each written task's question, and room for the answer."""
    parts = ["# Your answers\n\nWrite below each question; the words are yours, a person reads them.\n"]
    for step in all_steps():
        for task in step.tasks:
            if task.written:
                question = "\n".join(f"> {line}".rstrip() for line in question_of(step.source, task.id))
                parts.append(
                    f"## {task.id} {task.title} ({task.points} points)\n\n{question}\n\n<!-- your answer -->\n"
                )
    return "\n".join(parts)


def question_of(source: str, task: str) -> list[str]:
    """The question of a written task: the comment below its heading in the lesson file."""
    lines = source.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"# ## {task} "))
    question = []
    for line in lines[start + 1 :]:
        if not line.startswith("#") or line.startswith("# ##"):
            break
        question.append(line.removeprefix("#").strip())
    return "\n".join(question).strip().splitlines()
