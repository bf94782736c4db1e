"""A folder with a student's work: the step files, the written answers, and files that must not lie beside them."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from gradcam_lab.course.authoring.manifest import Check, Step, all_steps
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, Verdict
from gradcam_lab.files import text_sha256

ANSWERS = "answers.md"
ENOUGH_WORDS = 20
"""Number of words from which a written answer counts as given; a person reads it."""

STEERING = frozenset({"conftest", "sitecustomize", "usercustomize"})
"""Files that change how pytest or Python works."""

LIBRARIES = frozenset({"torch", "torchvision", "numpy", "cv2", "pytest", "gradcam_lab", "matplotlib", "PIL", "sklearn"})

TAKEN = STEERING | LIBRARIES | sys.stdlib_module_names
"""Names that no module of a student's may have."""

_HEADING = re.compile(r"^## +(\d+\.\d+)\b.*$", re.MULTILINE)


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

    def source(self, step: Step) -> tuple[str, str]:
        """The text of a step file, and what is wrong with the file ("" if nothing)."""
        try:
            return self.file(step).read_text(encoding="utf-8-sig"), ""
        except FileNotFoundError:
            return "", f"there is no file {step.file}"
        except UnicodeDecodeError:
            return "", f"{step.file} is not UTF-8 text"
        except OSError as error:
            return "", f"{step.file} cannot be read ({error.strerror})"

    def hash(self, step: Step) -> str:
        """The SHA-256 of the text of a step file."""
        return text_sha256(self.source(step)[0])

    def strays(self) -> list[str]:
        """Files that would stand in for a library, or change how Python and pytest work."""
        names = [
            path for path in sorted(self.root.iterdir()) if path.suffix == ".py" or (path / "__init__.py").exists()
        ]
        return [path.name for path in names if path.stem in TAKEN]

    def answers_text(self) -> str:
        """The text of `answers.md`; empty where the file is missing or cannot be read."""
        try:
            return (self.root / ANSWERS).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            return ""

    def answers(self) -> dict[str, str]:
        """The written answers that are given, by task."""
        pieces = _HEADING.split(self.answers_text())  # what is before the first heading, then number and text by turns
        answers = {number: _own_words(piece) for number, piece in zip(pieces[1::2], pieces[2::2], strict=True)}
        return {number: words for number, words in answers.items() if len(words.split()) >= ENOUGH_WORDS}

    def judge(self, step: Step, judge: Judge, *, seed: int = 0, checks: list[Check] | None = None) -> Iterator[Verdict]:
        """Judge one step file; what is wrong with the file or the folder as a whole is every check's verdict."""
        text, problem = self.source(step)
        if not problem and not text.strip():
            problem = f"{step.file} is empty"
        remedy = f"'gradcam-lab reset {step.number}' brings the stub back"
        if strays := self.strays():
            problem = f"{strays[0]} lies beside your files"
            remedy = "it would stand in for a library, or steer pytest: rename it or take it away"
        if not problem:
            yield from judge.judge(step, text, self.file(step), seed=seed, checks=checks)
            return
        for check in step.checks if checks is None else checks:
            yield Verdict(
                check.name, check.task, check.points, Status.error, f"a file {step.file} alone", problem, remedy
            )


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
