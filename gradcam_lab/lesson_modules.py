"""The one place where the lab takes hold of the lessons, or of a student's files in their stead."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

NAMES = ("step1_cam", "step2_gradcam", "step3_boxes", "step4_metrics", "step5_segmentation", "step6_faithfulness")


@dataclass(frozen=True)
class Chosen:
    """One step: whose code runs, and what the report may show of it.

    Attributes:
        step: its name, such as "step2_gradcam".
        source: the student's text if it is to run, or None: the reference runs.
        file: where the student's file lies, for messages.
        points: what the student has earned in this step, written tasks included.
        possible: all its points.
        passed: the tasks that passed for exactly this text.
        stub: what to show of a task that has not passed; None outside a workspace, where everything may be shown.
        own: the student's text where the reference runs, so that the tasks that passed can be shown all the same.
    """

    step: str
    source: str | None
    file: Path | None
    points: int
    possible: int
    passed: tuple[str, ...]
    stub: str | None
    own: str | None = None

    def __str__(self) -> str:
        score = f"{self.points}/{self.possible} points" if self.possible else ""
        if self.source is not None:
            return f"{self.step}: your code" + (f" ({score})" if score else "")
        return f"{self.step}: the reference" + (f" ({score} of yours)" if score and self.stub is not None else "")

    def as_json(self) -> dict[str, Any]:
        """What `results.json` says of it."""
        passed = list(self.passed)
        return {"points": self.points, "possible": self.possible, "passed": passed, "stub": self.stub is not None}

    def texts(self) -> Iterator[tuple[str, str]]:
        """The files that the report needs, relative to `code/`; the reference's text is none of them in a workspace."""
        ran = _reference_text(self.step) if self.source is None and self.stub is None else self.source
        kept = {f"{self.step}.py": ran, f"stubs/{self.step}.py": self.stub}
        if self.source is None:
            kept[f"yours/{self.step}.py"] = self.own
        yield from ((name, text) for name, text in kept.items() if text is not None)


@dataclass(frozen=True)
class Course:
    """What a run knows of a student's work.

    Attributes:
        chosen: whose code runs, by step; the reference, for a step that is not named.
        answers: the student's written answers: task -> (question, answer).
        impl: what was asked for: "auto", "reference" or "mine".
    """

    chosen: Mapping[str, Chosen]
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    impl: str = "auto"

    @property
    def steps(self) -> list[Chosen]:
        """The steps that the pipeline runs, in order."""
        return [self.chosen[name] for name in NAMES if name in self.chosen]

    @property
    def students(self) -> dict[str, Path]:
        """The steps in which the student's code runs, with their files."""
        return {c.step: file_of(c) for c in self.steps if c.source is not None}

    @property
    def texts(self) -> dict[str, str]:
        """The files that the report needs, relative to `code/`."""
        return {name: text for chosen in self.steps for name, text in chosen.texts()}


@dataclass(frozen=True)
class Steps:
    """The modules that do the work, and of each step which implementation it is and the hash of its text."""

    cam: ModuleType
    gradcam: ModuleType
    boxes: ModuleType
    metrics: ModuleType
    segmentation: ModuleType
    truth: ModuleType
    implementation: dict[str, str]
    sha256: dict[str, str]


def load_steps(chosen: Mapping[str, Chosen] | None = None) -> Steps:
    """Load the steps.

    Args:
        chosen: whose code runs, by step; the package's own lesson files where there is no entry.

    Returns:
        The modules; `implementation` says "mine" or "reference" of each, `sha256` is of the text that ran.

    Raises:
        Exception: whatever a student's file raises when it is executed.
    """
    students = {name: c for name, c in (chosen or {}).items() if c.source is not None}
    texts = {name: students[name].source if name in students else _reference_text(name) for name in NAMES}
    cam, gradcam, boxes, metrics, segmentation, truth = (
        _execute(students[name]) if name in students else import_module(f"gradcam_lab.lessons.{name}") for name in NAMES
    )
    implementation = {name: "mine" if name in students else "reference" for name in NAMES}
    hashes = {name: sha256(str(text).encode()).hexdigest() for name, text in texts.items()}
    return Steps(cam, gradcam, boxes, metrics, segmentation, truth, implementation, hashes)


def file_of(chosen: Chosen) -> Path:
    """The file that messages and tracebacks name."""
    return chosen.file or Path(f"{chosen.step}.py")


def _execute(chosen: Chosen) -> ModuleType:
    """Run a student's text as a module: the text that was judged, not what the file may hold by now."""
    module = ModuleType(chosen.step)
    module.__file__ = str(file_of(chosen))
    sys.modules[chosen.step] = module  # where dataclasses and pickle look their module up
    exec(compile(str(chosen.source), module.__file__, "exec"), module.__dict__)
    return module


def _reference_text(name: str) -> str:
    module = import_module(f"gradcam_lab.lessons.{name}")
    return Path(str(module.__file__)).read_text(encoding="utf-8")  # universal newlines: a checkout may change them
