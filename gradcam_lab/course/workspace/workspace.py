"""A student's workspace: a folder that records the verdicts on exactly these texts, the tries and the hints shown."""

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from gradcam_lab.console import Advance
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, Task, lesson_folder
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, StepResult, Verdict, summarise
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.folder import StudentFolder
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, sha256, text_sha256, write_json

STATE_FOLDER = ".gradcam-lab"
STUBS = "stubs"
"""Below it: every file as it was first written, so that an upgrade can tell what the student has changed."""

UPGRADE_DUE = (
    "This workspace is from an older gradcam-lab: 'gradcam-lab upgrade' brings it up to date, and your text stays."
)

TRIES = 3
"""Number of tries of a task after which its answer is shown."""


class Workspace(StudentFolder):
    """A folder that `gradcam-lab start` made.

    Args:
        root: the folder that holds `.gradcam-lab`.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.state_folder = root / STATE_FOLDER
        self.state_file = self.state_folder / "state.json"

    @classmethod
    def find(cls, start: Path | None = None) -> "Workspace | None":
        """The workspace around a folder (by default the current one), or None."""
        here = (start or Path.cwd()).resolve()
        return next((cls(folder) for folder in (here, *here.parents) if (folder / STATE_FOLDER).is_dir()), None)

    @classmethod
    def require(cls, *, old_names: bool = False) -> "Workspace":
        """The workspace around the current folder.

        Args:
            old_names: whether its files may still have the names that an older gradcam-lab gave them.

        Raises:
            LabError: there is none, or it has to be upgraded first.
        """
        found = cls.find()
        if not found:
            where = f"'{Path.cwd()}' is not inside a workspace"
            raise LabError(f"{where}: 'gradcam-lab start my-lab' makes one; then cd into it.")
        if found.has_old_names() and not old_names:
            raise LabError(UPGRADE_DUE)
        return found

    def has_old_names(self) -> bool:
        """Whether files here still have the names that an older gradcam-lab gave them, so that an upgrade is due."""
        stubs = self.state_folder / STUBS
        return bool(renamed.to_rename(self.root)) or any((stubs / old).exists() for old in renamed.FILES)

    def state(self) -> dict[str, Any]:
        """The recorded state; empty where its file is damaged or missing."""
        try:
            state = read_json(self.state_file)
        except LabError:
            return {}
        return state if isinstance(state, dict) else {}

    def update_state(self, **changes: Any) -> None:
        """Change some entries of the recorded state."""
        write_json(self.state_file, {**self.state(), **changes})

    def result(self, step: Step) -> StepResult:
        """The result of exactly the text that is there now; tasks without verdicts are not started."""
        return summarise(step, self.hash(step), self.verdicts(step), self.answers())

    def verdicts(self, step: Step) -> list[Verdict]:
        """The recorded verdicts on exactly this text, by exactly these checks."""
        known = self.state().get("verdicts", {}).get(step.name, {})
        if known.get("sha256") != self.hash(step) or known.get("checks") != checks_hash(step):
            return []
        return [Verdict.from_json(row) for row in known["rows"]]

    def check(
        self, step: Step, judge: Judge, checks: list[Check] | None = None, advance: Advance | None = None
    ) -> None:
        """Judge a step file, or only some of its checks, and record the verdicts with the hash of the text.

        Args:
            step: the step.
            judge: the judge that runs the checks.
            checks: only these; by default all.
            advance: moves a progress bar; called after each verdict.
        """
        text = self.source(step)[0]
        verdicts = {verdict.check: verdict for verdict in self.verdicts(step)}
        for verdict in self.judge(step, judge, checks=checks):
            verdicts[verdict.check] = verdict
            if advance:
                advance()
        self.record(step, [*verdicts.values()], text)

    def record(self, step: Step, verdicts: list[Verdict], text: str) -> None:
        """Record verdicts on a text, and count the tries.

        The text may have been saved over while it was judged: then its verdicts say nothing about the new one.
        """
        rows = [asdict(verdict) for verdict in verdicts]
        entry = {"sha256": text_sha256(text), "checks": checks_hash(step), "rows": rows}
        state = self.state()
        tries = state.get("tries", {})
        for task in step.coded:
            if any(v.task == task.id and v.status not in (Status.passed, Status.not_started) for v in verdicts):
                texts = tries.setdefault(task.id, [])
                if (key := hash_of_task(text, task)) not in texts:
                    texts.append(key)
        self.update_state(verdicts={**state.get("verdicts", {}), step.name: entry}, tries=tries)

    def tries(self, task: Task) -> int:
        """How many different texts were judged and did not pass."""
        return len(self.state().get("tries", {}).get(task.id, []))


def hash_of_task(source: str, task: Task) -> str:
    """A hash of the student's functions of one task: another text is another try."""
    try:
        return digest([cut.unit_text(source, unit) for unit in task.units])
    except SyntaxError:
        return digest(source)


@cache
def checks_hash(step: Step) -> str:
    """A hash of everything that decides a step's verdicts beside the student's text."""
    folder = lesson_folder() / "checks"
    files = [
        folder / step.test_file,
        folder / "checking.py",
        folder / "networks.py",
        lesson_folder() / step.file,
    ]
    return digest([sha256(file) for file in files])
