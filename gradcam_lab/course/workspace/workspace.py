"""A student's workspace: a folder with a memory of what was found out about exactly these texts."""

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, Task, lessons
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, StepResult, Verdict, summarise
from gradcam_lab.course.workspace.folder import Folder, text_hash
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, sha256, write_json

MEMORY = ".gradcam-lab"
TRIES = 3
"""So often a task has to be tried before its answer is shown."""


class Workspace(Folder):
    """A folder that `gradcam-lab start` made.

    Args:
        root: the folder that holds `.gradcam-lab`.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.memory = root / MEMORY
        self.state_file = self.memory / "state.json"

    @classmethod
    def find(cls, start: Path | None = None) -> "Workspace | None":
        """The workspace around a folder (by default the current one), or None."""
        here = (start or Path.cwd()).resolve()
        return next((cls(folder) for folder in (here, *here.parents) if (folder / MEMORY).is_dir()), None)

    @classmethod
    def require(cls, start: Path | None = None) -> "Workspace":
        """The workspace around a folder.

        Raises:
            LabError: there is none.
        """
        if found := cls.find(start):
            return found
        where = (start or Path.cwd()).resolve()
        raise LabError(f"'{where}' is not inside a workspace: 'gradcam-lab start my-lab' makes one; then cd into it.")

    def state(self) -> dict[str, Any]:
        """What is remembered; damaged or missing, it is as good as empty."""
        try:
            state = read_json(self.state_file)
        except LabError:
            return {}
        return state if isinstance(state, dict) else {}

    def remember(self, **changes: Any) -> None:
        """Change some entries of the memory."""
        write_json(self.state_file, {**self.state(), **changes})

    def result(self, step: Step) -> StepResult:
        """What is known about exactly the text that is there now; tasks of which nothing is known are not started."""
        return summarise(step, self.hash(step), self.verdicts(step), self.answers())

    def verdicts(self, step: Step) -> list[Verdict]:
        """The remembered verdicts on exactly this text, by exactly these checks."""
        known = self.state().get("verdicts", {}).get(step.name, {})
        if known.get("sha256") != self.hash(step) or known.get("checks") != checks_hash(step):
            return []
        return [Verdict.from_json(row) for row in known["rows"]]

    def check(self, step: Step, judge: Judge, checks: list[Check] | None = None) -> list[Verdict]:
        """Judge a step file, or only some of its checks, and remember the verdicts with the hash of the text."""
        text = self.source(step)[0]
        known = {verdict.check: verdict for verdict in self.verdicts(step)}
        new = list(self.judge(step, judge, checks=checks))
        self.keep(step, [*{**known, **{verdict.check: verdict for verdict in new}}.values()], text)
        return new

    def keep(self, step: Step, verdicts: list[Verdict], text: str | None = None) -> None:
        """Remember verdicts on a text (by default the one that is there now), and count the tries.

        The text may have been saved over while it was judged: then its verdicts say nothing about the new one.
        """
        text = self.source(step)[0] if text is None else text
        rows = [asdict(verdict) for verdict in verdicts]
        entry = {"sha256": text_hash(text), "checks": checks_hash(step), "rows": rows}
        state = self.state()
        tries = state.get("tries", {})
        for task in step.coded:
            if any(v.task == task.id and v.status not in (Status.passed, Status.not_started) for v in verdicts):
                texts = tries.setdefault(task.id, [])
                if (key := hash_of_task(text, task)) not in texts:
                    texts.append(key)
        self.remember(verdicts={**state.get("verdicts", {}), step.name: entry}, tries=tries)

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
    folder = lessons() / "checks"
    files = [folder / f"test_{step.name}.py", folder / "checking.py", folder / "networks.py", lessons() / step.file]
    return digest([sha256(file) for file in files])
