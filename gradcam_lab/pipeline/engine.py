"""Stages that know when they have nothing to do.

A stage is a value: its name, its artifact, what it reads, and the function that writes it. `stages.json` keeps, for
each, the key of everything that went in and the hash of every file that came out. If both still hold, the stage is
skipped. Nothing here knows what the stages compute.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from gradcam_lab.console import say
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, require_writable, sha256, write_json
from gradcam_lab.pipeline.import_closure import ROOT, closure_hash

RECORDS = "stages.json"
EVERY_MEASUREMENT = ("every measurement",)
"""As `reads`: every stage before that does not itself read every measurement."""


OR = " or "
"""In an entry of `reads`: the first of these stages that is part of the run."""


class UndecidedError(Exception):
    """A field of the run that only an earlier stage decides; the text names that stage."""


class Context(Protocol):
    """What the engine asks of a run."""

    folder: Path
    pending: set[str]
    """The stages whose artifacts are not to be read, because a plan says that they may change."""

    def value_of(self, field: str) -> Any:
        """Return a field of the run, JSON-able: what a stage depends on beside what it reads."""

    def lesson_hash(self, lesson: str) -> str:
        """Return the hash of the text of a lesson that runs."""

    def before(self, stage: "Stage", runs: bool) -> None:
        """Be told which stage comes next, and whether it runs or is skipped."""


Make = Callable[[Any, Path], Sequence[Path] | None]
"""Writes the artifact of a run at this path, and returns what else it wrote."""


def always(run: Any) -> bool:
    """Say that the stage is part of every run."""
    return True


@dataclass(frozen=True)
class Stage:
    """One artifact of a run.

    Attributes:
        name: as the user reads it.
        output: the artifact, relative to the run's folder.
        make: writes it; its module's import closure is part of the key.
        reads: the stages whose artifacts go in. One that is not part of the run does not count; of "maps or heatmaps"
            the first counts that is.
        depends: the fields of the run that go in.
        lessons: the lessons that run, or a function of the run that names them.
        when: whether the stage is part of a run.
        together: whether every process of `torchrun` takes part.
    """

    name: str
    output: str
    make: Make
    reads: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    lessons: Sequence[str] | Callable[[Any], Sequence[str]] = ()
    when: Callable[[Any], bool] = always
    together: bool = False

    def lessons_of(self, run: Any) -> Sequence[str]:
        """Name the lessons that run in this stage."""
        return self.lessons(run) if callable(self.lessons) else self.lessons


class Planned(NamedTuple):
    """A row of the plan: whether a stage would run, and why; "perhaps" where an earlier stage decides."""

    stage: Stage
    runs: Literal["yes", "no", "perhaps"]
    reason: str


class Engine:
    """Runs stages in one output folder.

    Args:
        run: the run; its folder is made if need be.
        stages: all of them, in order.
        root: the folder of the package whose code the stages run.

    Raises:
        ValueError: a stage reads what no stage before it writes.
    """

    def __init__(self, run: Context, stages: Sequence[Stage], root: Path = ROOT) -> None:
        for place, stage in enumerate(stages):
            known = {EVERY_MEASUREMENT[0], *(other.name for other in stages[:place])}
            if unknown := {name for entry in stage.reads for name in entry.split(OR)} - known:
                raise ValueError(f"the stage '{stage.name}' reads {sorted(unknown)}, which no stage before it writes")
        self.run, self.stages, self.root = run, stages, root
        self.folder = run.folder
        self.records: dict[str, Any] = read_records(self.folder)

    def execute(self, stages: Sequence[Stage]) -> None:
        """Run some of the stages, in order, each one skipped where nothing has changed."""
        require_writable(self.folder)
        for stage in stages:
            if stage.when(self.run):
                self._execute(stage)

    def _execute(self, stage: Stage) -> None:
        reason = self.reason(stage)
        self.run.before(stage, bool(reason))
        if not reason:
            say(f"  {stage.name:<13} unchanged  {stage.output}")
            return
        key, start = self._key(stage), time.perf_counter()
        path = self.folder / stage.output
        written = [path, *(stage.make(self.run, path) or ())]
        seconds = time.perf_counter() - start
        hashes = {item.relative_to(self.folder).as_posix(): sha256(item) for item in written}
        self.records[stage.name] = {"inputs": key, "files": hashes}
        write_json(self.folder / RECORDS, self.records)
        say(f"  {stage.name:<13} {seconds:7.1f} s  {stage.output}  ({reason})")

    def plan(self) -> Iterator[Planned]:
        """Say of every stage whether it would run, without running any."""
        pending = self.run.pending
        for stage in self.stages:
            try:
                row = self._planned(stage, pending)
            except UndecidedError as error:
                row = Planned(stage, "perhaps", f"{error} decides")
            if row.runs != "no":
                pending.add(stage.name)
            yield row

    def _planned(self, stage: Stage, pending: set[str]) -> Planned:
        if not stage.when(self.run):
            return Planned(stage, "no", "not part of this run")
        waits = [name for name in self.reads_of(stage) if name in pending]
        if waits:
            return Planned(stage, "perhaps", f"{' and '.join(waits)} may change")
        reason = self.reason(stage)
        return Planned(stage, "yes" if reason else "no", reason or "unchanged")

    def reads_of(self, stage: Stage) -> list[str]:
        """Name the stages of this run whose artifacts a stage reads."""
        before = self.stages[: self.stages.index(stage)]
        if stage.reads == EVERY_MEASUREMENT:
            return [other.name for other in before if other.reads != EVERY_MEASUREMENT and other.when(self.run)]
        choices = [entry.split(OR) for entry in stage.reads]
        asked = {name for choice in choices for name in choice}
        part = {other.name for other in before if other.name in asked and other.when(self.run)}
        return [name for choice in choices for name in [name for name in choice if name in part][:1]]

    def _key(self, stage: Stage) -> str:
        """Digest everything that decides what comes out."""
        return digest(
            stage.name,
            {name: self.records[name]["files"] for name in self.reads_of(stage)},
            {field: self.run.value_of(field) for field in stage.depends},
            {lesson: self.run.lesson_hash(lesson) for lesson in stage.lessons_of(self.run)},
            closure_hash(stage.make.__module__, self.root),
        )

    def reason(self, stage: Stage) -> str:
        """Say why a stage has to run; nothing where it has not."""
        record = self.records.get(stage.name)
        if record is None:
            return "not there yet"
        if record["inputs"] != self._key(stage):
            return "its inputs changed"
        for file, expected in record["files"].items():
            path = self.folder / file
            if not path.is_file():
                return f"{file} was missing"
            if sha256(path) != expected:
                return f"{file} was changed"
        return ""


def read_records(folder: Path) -> dict[str, Any]:
    """Read what the stages of a folder wrote, by stage; a damaged record is as good as none: its stage runs again."""
    try:
        records = read_json(folder / RECORDS)
    except LabError:
        return {}
    return {name: record for name, record in records.items() if _is_whole(record)} if isinstance(records, dict) else {}


def _is_whole(record: Any) -> bool:
    return isinstance(record, dict) and "inputs" in record and isinstance(record.get("files"), dict)
