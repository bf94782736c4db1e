"""A student's workspace: a folder that records the verdicts on exactly these texts, the tries and the hints shown."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.console import Advance, warn
from gradcam_lab.course import integrity
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Check, Step, Task, all_steps, lesson_folder
from gradcam_lab.course.integrity import work_record
from gradcam_lab.course.judging.code_key import code_keys
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status, StepResult, Verdict, remarks, summarise
from gradcam_lab.course.workspace import renamed
from gradcam_lab.course.workspace.course_around import COURSE
from gradcam_lab.course.workspace.folder import ANSWERS, StudentFolder
from gradcam_lab.course.workspace.fresh_files import COURSE_LINE, EXAM_LINE, SETTINGS, fresh_files
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, sha256, text_sha256, write_json, write_text
from gradcam_lab.lesson_modules import StudentsFile

STATE_FOLDER = ".gradcam-lab"
STUBS = "stubs"
"""Below it: every file as it was first written, so that an upgrade can tell what the student has changed."""

UPGRADE_DUE = (
    "This workspace is from an older gradcam-lab: 'gradcam-lab upgrade' brings it up to date, and your text stays."
)

SAVED = "saved"
"""Below it: the files that the student's code has saved while it was checked, by task."""

KEPT = 4
"""Number of verdicts of one check that are remembered, each on other code."""

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
        self.state_file = root / work_record.RECORD_FILE

    @classmethod
    def find(cls, start: Path | None = None) -> "Workspace | None":
        """The workspace around a folder (by default the current one), or None."""
        here = (start or Path.cwd()).resolve()
        return next((cls(folder) for folder in (here, *here.parents) if _is_workspace(folder)), None)

    @classmethod
    def require(cls, *, old_names: bool = False) -> "Workspace":
        """The workspace around the current folder.

        Args:
            old_names: whether its files may still have the names that an older gradcam-lab gave them, and its record
                may be missing.

        Raises:
            LabError: there is none, or it has to be upgraded first.
        """
        found = cls.find()
        if not found:
            where = f"'{Path.cwd()}' is not inside a workspace"
            raise LabError(f"{where}: 'gradcam-lab start my-lab' makes one; then cd into it.")
        if found.has_old_names() and not old_names:
            raise LabError(UPGRADE_DUE)
        if not old_names:
            found.rebuild()
        return found

    def rebuild(self) -> None:
        """Begin the record anew where it is missing: whoever copies a workspace by `*` leaves its hidden folder behind.

        Nothing of the student's is touched. A workspace of an older gradcam-lab is left to `upgrade`.
        """
        if self.has_old_names() or (self.state_folder / STUBS).is_dir():
            return
        self.require_course()
        exam = self.exam
        for name, text in fresh_files(exam=exam).items():
            write_text(self.state_folder / STUBS / name, text)
        self.update_state(version=__version__, numbering=renamed.NUMBERING, exam=exam)
        warn(
            f"The folder '{STATE_FOLDER}' of '{self.root}' was missing and is made anew: your files are as they were, "
            "and 'gradcam-lab check' brings your points back."
        )

    def require_course(self) -> None:
        """Refuse a workspace whose copy of the teacher's course is lost.

        Raises:
            LabError: it is.
        """
        if COURSE_LINE in self.read(SETTINGS, "")[0].splitlines() and not (self.root / COURSE).is_dir():
            raise LabError(
                f"The workspace '{self.root}' follows a course of your teacher's, and its folder '{STATE_FOLDER}' is "
                "missing: copy it too, or run 'gradcam-lab upgrade --course DIR' with the teacher's folder."
            )

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
        """Change some entries of the recorded state, and sign it."""
        write_json(self.state_file, work_record.signed(self.state(), changes))

    @cached_property
    def exam(self) -> bool:
        """Whether this is the workspace of an exam; its files say so too, should the record be lost."""
        return self.state().get("exam") is True or EXAM_LINE in self.read(SETTINGS, "")[0].splitlines()

    def hints(self, task: Task) -> tuple[str, ...]:
        """The hints of a task that may be shown here: in an exam all but the last, which names the code."""
        return task.hints[:-1] if self.exam else task.hints

    def result(self, step: Step) -> StepResult:
        """The result of the code that is there now; tasks without verdicts are not started."""
        return summarise(step, self.hash(step), self.verdicts(step), self.answers())

    def verdicts(self, step: Step) -> list[Verdict]:
        """The recorded verdicts on the code that is there now, by exactly these checks."""
        code = self.code(step)[0]
        keys = code_keys(step, code.source, code.modules)
        found: dict[str, Verdict] = {}
        for row in self._rows(step, code):
            if row["key"] == keys[row["task"]]:
                found.setdefault(row["check"], Verdict.from_json(row))  # the newest comes first
        return [found[check.name] for check in step.checks if check.name in found]

    def remarks(self, steps: Iterable[Step]) -> list[str]:
        """Sentences about what the code that is there now has changed around itself, by the recorded verdicts."""
        return [f"{said}." for said in remarks({step.file: self.verdicts(step) for step in steps})]

    def unknown(self, step: Step) -> list[Check]:
        """The checks that have no verdict on the code that is there now; the chain only where every task has passed."""
        verdicts = {verdict.check: verdict for verdict in self.verdicts(step)}
        missing = [check for check in step.checks if check.name not in verdicts]
        failed = any(verdict.status is not Status.passed for verdict in verdicts.values())
        return [check for check in missing if check != step.chain or not failed]

    def check(
        self, step: Step, judge: Judge, checks: list[Check] | None = None, advance: Advance | None = None
    ) -> list[Verdict]:
        """Judge a step file, or only some of its checks, and record the verdicts with the keys of the code they judge.

        Args:
            step: the step.
            judge: the judge that runs the checks.
            checks: only these; by default all.
            advance: moves a progress bar; called after each verdict.

        Returns:
            The new verdicts.
        """
        code = self.code(step)[0]
        verdicts = []
        for verdict in self.judge(step, judge, checks=checks, saved=self.state_folder / SAVED):
            verdicts.append(self.within(verdict))
            if advance:
                advance()
        self.record(step, verdicts, code)
        return verdicts

    def within(self, verdict: Verdict) -> Verdict:
        """A verdict whose saved files are named by their paths inside the workspace."""
        saved = [Path(path).relative_to(self.root).as_posix() for path in verdict.saved]
        return replace(verdict, saved=saved) if saved else verdict

    def record(self, step: Step, verdicts: Iterable[Verdict], code: StudentsFile) -> None:
        """Record new verdicts on some code before those that are known already, and count the tries.

        The file may have been saved over while it was judged: then they say nothing about the new code, and something
        again when the old one comes back.
        """
        keys = code_keys(step, code.source, code.modules)
        new = list(verdicts)
        rows = [{**asdict(verdict), "key": keys[verdict.task]} for verdict in new]
        entry = {"checks": checks_hash(step), "rows": list(_newest([*rows, *self._rows(step, code)]))}
        state = self.state()
        tries = state.get("tries", {})
        for task in step.coded:
            if any(v.task == task.id and v.status not in (Status.passed, Status.not_started) for v in new):
                texts = tries.setdefault(task.id, [])
                if (key := hash_of_task(code.source, task)) not in texts:
                    texts.append(key)
        self.update_state(verdicts={**state.get("verdicts", {}), step.name: entry}, tries=tries)

    def _rows(self, step: Step, code: StudentsFile) -> list[dict[str, Any]]:
        """The recorded rows of a step by exactly these checks, each with the key of the code that it judges.

        An older gradcam-lab recorded the hash of the whole text instead: its rows count for exactly this text.
        """
        entry = self.state().get("verdicts", {}).get(step.name, {})
        if entry.get("checks") != checks_hash(step):
            return []
        names = {check.name for check in step.checks}
        rows = [row for row in entry["rows"] if row["check"] in names]
        if "sha256" not in entry:
            return rows
        keys = code_keys(step, code.source, code.modules)
        return [{**row, "key": keys[row["task"]]} for row in rows if entry["sha256"] == text_sha256(code.source)]

    def tries(self, task: Task) -> int:
        """How many different texts were judged and did not pass."""
        return len(self.state().get("tries", {}).get(task.id, []))


def _newest(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of each check the newest rows, one for each key: an undone change brings its verdicts back."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        keys = seen.setdefault(row["check"], set())
        if row["key"] not in keys and len(keys) < KEPT:
            keys.add(row["key"])
            yield row


def _is_workspace(folder: Path) -> bool:
    """Whether a folder has the record of a workspace, or at least its files, as a copy by `*` has."""
    if (folder / STATE_FOLDER).is_dir():
        return True
    if not any((folder / name).is_file() for name in (ANSWERS, SETTINGS)):
        return False
    return any((folder / name).is_file() for name in (*(step.file for step in all_steps()), *renamed.FILES))


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
        step.test_path,
        folder / "checking.py",
        folder / "networks.py",
        step.folder / step.file,
    ]
    files += [Path(integrity.__file__).with_name(name) for name in ("imports.py", "reference.py")]  # what is refused
    points = [(check.name, check.points) for check in step.checks]
    return digest([sha256(file) for file in files], points)
