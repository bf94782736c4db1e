"""A student's work as a run needs it: whose code runs in each step, and what the report may show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradcam_lab.lesson_modules import STEP_NAMES, StudentsFile, reference_text
from gradcam_lab.own_modules import OwnModules, paths_of
from gradcam_lab.report.results import StepProgress


@dataclass(frozen=True)
class StepCode:
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
        modules: the student's own modules that the text imports.
    """

    step: str
    source: str | None
    file: Path | None
    points: int
    possible: int
    passed: tuple[str, ...]
    stub: str | None
    own: str | None = None
    modules: OwnModules = field(default_factory=dict)

    @property
    def shown(self) -> Path:
        """The file that messages and tracebacks name."""
        return self.file or Path(f"{self.step}.py")

    def __str__(self) -> str:
        score = f"{self.points}/{self.possible} points" if self.possible else ""
        if self.source is not None:
            return f"{self.step}: your code" + (f" ({score})" if score else "")
        return f"{self.step}: the reference" + (f" ({score} of yours)" if score and self.stub is not None else "")

    @property
    def progress(self) -> StepProgress:
        """What `results.json` says of it."""
        passed = list(self.passed)
        return {"points": self.points, "possible": self.possible, "passed": passed, "stub": self.stub is not None}

    def texts(self) -> Iterator[tuple[str, str]]:
        """The files that the report needs, relative to `code/`; the reference's text is none of them in a workspace."""
        ran = reference_text(self.step) if self.source is None and self.stub is None else self.source
        kept = {f"{self.step}.py": ran, f"stubs/{self.step}.py": self.stub}
        if self.source is None:
            kept[f"yours/{self.step}.py"] = self.own
        for name, module in self.modules.items():
            kept["modules/" + paths_of(name)[module.package]] = module.text
        yield from ((name, text) for name, text in kept.items() if text is not None)


@dataclass(frozen=True)
class StudentsWork:
    """What a run knows of a student's work.

    Attributes:
        chosen: whose code runs, by step; the reference, for a step that is not named.
        answers: the student's written answers: task -> (question, answer).
        impl: what was asked for: "auto", "reference" or "mine".
    """

    chosen: Mapping[str, StepCode]
    answers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    impl: str = "auto"

    @property
    def steps(self) -> list[StepCode]:
        """The steps that the pipeline runs, in order."""
        return [self.chosen[name] for name in STEP_NAMES if name in self.chosen]

    @property
    def students(self) -> dict[str, StudentsFile]:
        """The student's files that run, by step."""
        return {
            code.step: StudentsFile(code.source, code.shown, code.modules)
            for code in self.steps
            if code.source is not None
        }

    @property
    def texts(self) -> dict[str, str]:
        """The files that the report needs, relative to `code/`."""
        return {name: text for chosen in self.steps for name, text in chosen.texts()}
