"""A folder with a student's work: the step files, the written answers, and files that must not lie beside them."""

import codecs
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from types import MappingProxyType
from typing import NamedTuple

from gradcam_lab.course.authoring.manifest import Check, Step, all_steps
from gradcam_lab.course.integrity.written import shortcoming
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.course.workspace.renamed import with_new_headings
from gradcam_lab.files import text_sha256
from gradcam_lab.lesson_modules import StudentsFile
from gradcam_lab.own_modules import ANY, OwnModule, closure, imports, name_of, paths_of

ANSWERS = "answers.md"
LARGEST = 1_000_000
"""Number of bytes from which a file is none that a student has written."""

LEVELS = 4
"""A package may hold packages: so deep, from the folder of the step files on, are own modules looked for."""

STEERING = frozenset({"conftest", "sitecustomize", "usercustomize"})
"""Files that would change how pytest or Python works."""

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
        unreadable: what is wrong with files that were handed in and could not be laid there, by their paths.
    """

    def __init__(self, root: Path, unreadable: Mapping[str, Problem] = MappingProxyType({})) -> None:
        self.root = root
        self.unreadable = unreadable

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
        names = imports(text)
        others = self.module_names() if ANY in names else []
        modules = closure(names, partial(self._module, problems), others)
        return StudentsFile(text, self.file(step), modules), problems[0] if problems else None

    def _module(self, problems: list[Problem], name: str) -> OwnModule | None:
        """An own module by its dotted name, or None; what is wrong with its file is added to the problems."""
        if name.partition(".")[0] in TAKEN:
            return None
        for path, package in zip(paths_of(name), (False, True), strict=True):
            if path in self.unreadable or (self.root / path).exists():
                found, trouble = self.read(path, "")
                problems += [trouble] if trouble else []
                return OwnModule(found, str(self.root / path), package)
        folder = self.root / name.replace(".", "/")
        if folder.is_dir() and any(folder.glob("*.py")):  # a package needs no __init__.py
            return OwnModule("", str(folder / "__init__.py"), True)
        return None

    def module_names(self) -> list[str]:
        """The dotted names of all own modules, for texts that find them by words; tests are none."""
        paths = [path for depth in range(LEVELS) for path in sorted(self.root.glob("*/" * depth + "*.py"))]
        names = [name_of(path.relative_to(self.root).as_posix()) for path in paths]
        return [name for name in names if name and not name.startswith("test_")]

    def read(self, name: str, missing: str) -> tuple[str, Problem | None]:
        """The text of a file, and what is wrong with it; `missing` is what to do where it is not there."""
        data, problem = self._bytes(name, missing)
        if problem:
            return "", problem
        try:
            return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), None
        except UnicodeDecodeError as error:
            return "", _not_utf8(name, data, error.start)

    def _bytes(self, name: str, missing: str) -> tuple[bytes, Problem | None]:
        """The content of a file, and what is wrong with it; a pipe would be waited for without an end."""
        if problem := self.unreadable.get(name):
            return b"", problem
        path = self.root / name
        try:
            status = path.stat()
            if not S_ISREG(status.st_mode):
                kind = "folder" if S_ISDIR(status.st_mode) else "pipe or a device"
                return b"", Problem(f"{name} is a {kind}, not a file", "take it away, and save your text there")
            if status.st_size > LARGEST:
                return b"", Problem(f"{name} is larger than {LARGEST / 1e6:g} MB", "keep nothing but your text there")
            return path.read_bytes(), None
        except FileNotFoundError:
            return b"", Problem(f"there is no file {name}", missing)
        except OSError as error:
            return b"", Problem(f"{name} cannot be read ({error.strerror})", "check its permissions")

    def notes(self) -> list[str]:
        """Sentences about files that are missing, cannot be read, or are ignored."""
        found = [self.code(step)[1] for step in all_steps()]
        found.append(self.answers_problem())
        links = [name for name in (*(step.file for step in all_steps()), ANSWERS) if (self.root / name).is_symlink()]
        said = [problem.sentence() for problem in found if problem]
        said += [f"{name} is a link: hand in the file itself, because a link is not graded." for name in links]
        return list(dict.fromkeys([*said, *self.strays()]))

    def hash(self, step: Step) -> str:
        """The SHA-256 of the text of a step file."""
        return text_sha256(self.source(step)[0])

    def strays(self) -> list[str]:
        """Sentences about files whose names are taken: no check, no grading and no run looks at them."""
        paths = [path for path in sorted(self.root.iterdir()) if path.suffix == ".py" or _is_package(path)]
        return [_ignored(path) for path in paths if path.stem in TAKEN]

    def answers_problem(self) -> Problem | None:
        """What is wrong with `answers.md` as a whole, if anything."""
        return self.read(ANSWERS, f"'gradcam-lab reset {ANSWERS}' brings the questions back")[1]

    def answers_text(self) -> str:
        """The text of `answers.md`; empty where the file is missing or cannot be read."""
        text = self._bytes(ANSWERS, "")[0].decode("utf-8-sig", errors="replace")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def answers(self) -> dict[str, str]:
        """The written answers that are given, by task."""
        short = self.short_answers()
        return {task: words for task, words in self.begun_answers().items() if task not in short}

    def short_answers(self) -> dict[str, str]:
        """What to say of the written answers that are begun and do not count as given, by task."""
        found = {task: shortcoming(words, questions().get(task, "")) for task, words in self.begun_answers().items()}
        return {task: what for task, what in found.items() if what}

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
        """Judge one step file; what is wrong with the file as a whole is every check's verdict.

        Args:
            step: the step.
            judge: the judge that runs the checks.
            seed: of the random cases.
            checks: only these.
            saved: a folder in which to keep, by task, the files that the student's code saves.
        """
        code, problem = self.code(step)
        if not problem:
            yield from judge.judge(
                step, code.source, code.file, modules=code.modules, seed=seed, checks=checks, saved=saved
            )
            return
        for check in step.checks if checks is None else checks:
            expected = f"a file {step.file} that can be read"
            yield Verdict(check.name, check.task, check.points, Status.error, expected, problem.what, problem.remedy)


def _is_package(path: Path) -> bool:
    return (path / "__init__.py").is_file()


def _ignored(path: Path) -> str:
    """What to say of a file whose name is taken."""
    if path.stem in STEERING:
        return (
            f"{path.name} is ignored, because it would change how pytest or Python itself works: it costs no points, "
            "and nothing is lost if you take it away."
        )
    return (
        f"{path.name} is ignored, because `import {path.stem}` is to find the library of that name: rename it to "
        "import it; until then 'python -m pytest' may stumble over it."
    )


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


def questions() -> Mapping[str, str]:
    """The questions of all written tasks, by task."""
    return _questions(all_steps())


@lru_cache(maxsize=16)
def _questions(steps: tuple[Step, ...]) -> dict[str, str]:
    return {
        task.id: "\n".join(question_of(step.source, task.id)) for step in steps for task in step.tasks if task.written
    }


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
