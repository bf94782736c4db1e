"""pytest in a workspace: each check is judged in a process of its own, and the last lines are points and what is next.

A workspace's pytest.ini loads this plugin. The student's code never runs in pytest's process, except where `--pdb` or
`--trace` asks for a debugger that can step through it.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

# `python -m pytest` lets every import look into the current folder first: a stray torch.py must not stand in for torch.
sys.path[:] = [
    entry
    for entry in sys.path
    if not ((Path(entry) / ".gradcam-lab").is_dir() or (Path(entry) / "test_step1_cam.py").is_file())
]

import pytest  # noqa: E402

from gradcam_lab import own_modules  # noqa: E402
from gradcam_lab.course.authoring.course import following_copy  # noqa: E402
from gradcam_lab.course.authoring.manifest import Check, Step, all_steps, find_step  # noqa: E402
from gradcam_lab.course.judging import student_module  # noqa: E402
from gradcam_lab.course.judging.judge import Judge  # noqa: E402
from gradcam_lab.course.judging.verdicts import Status, Verdict, summarise  # noqa: E402
from gradcam_lab.course.workspace import screen  # noqa: E402
from gradcam_lab.course.workspace.course_around import course_around  # noqa: E402
from gradcam_lab.course.workspace.workspace import SAVED, Workspace  # noqa: E402
from gradcam_lab.errors import LabError  # noqa: E402
from gradcam_lab.lesson_modules import execute  # noqa: E402
from gradcam_lab.process_settings import Settings  # noqa: E402

LETTERS = {"not started": "n", "waiting": "w"}
"""Tasks that nobody has begun are failures, but need no section of their own in pytest's output."""


class StepVerdicts:
    """The verdicts on one step file, each fetched when pytest comes to it.

    Args:
        workspace: the student's workspace.
        step: the step.
        judge: the judge of this pytest run.
        checks: the checks that pytest is going to ask for.
    """

    def __init__(self, workspace: Workspace, step: Step, judge: Judge, checks: list[Check]) -> None:
        self.workspace, self.step = workspace, step
        self.code = workspace.code(step)[0]
        self.verdicts = {verdict.check: verdict for verdict in workspace.verdicts(step)}
        self.fresh: dict[str, Verdict] = {}
        self.coming = workspace.judge(step, judge, checks=checks, saved=workspace.state_folder / SAVED)

    def verdict(self, check: Check) -> Verdict | None:
        """The verdict of one check; None for a chain whose tasks have not all passed."""
        while check.name not in self.fresh and (verdict := next(self.coming, None)):
            self.verdicts[verdict.check] = self.fresh[verdict.check] = self.workspace.within(verdict)
        return self.fresh.get(check.name)

    def needs(self) -> tuple[str, ...]:
        """The tasks that the chain still waits for."""
        return summarise(self.step, "", [*self.verdicts.values()], {}).chain.needs

    def record(self) -> None:
        """Record the verdicts on the code that was judged."""
        if self.fresh:
            self.workspace.record(self.step, self.fresh.values(), self.code)


class CheckRun:
    """One run of pytest.

    Args:
        config: pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.judge = Judge()
        self.asked: dict[tuple[Path, str], StepVerdicts] = {}
        self.selected: dict[tuple[Path, str], set[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which checks of a step will be asked for: they are judged in one go."""
        for item in session.items:
            if found := check_of(item):
                workspace, step, check = found
                self.selected.setdefault((workspace.root, step.name), set()).add(check.name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Ask the judge instead of calling the check."""
        found = check_of(pyfuncitem)
        if not found or debugging(self.config):
            return None
        workspace, step, check = found
        asked = self._asked(workspace, step)
        try:
            verdict = asked.verdict(check)
        except LabError as error:  # without a worker no check can run
            pytest.exit(str(error), returncode=pytest.ExitCode.INTERNAL_ERROR)
        if check == step.chain and (needs := asked.needs()):
            pytest.fail(screen.waiting(needs), pytrace=False)
        if verdict is None or verdict.status is Status.not_started:
            pytest.fail("not started", pytrace=False)
        if verdict.status is not Status.passed:
            view = screen.view(workspace, step)
            pytest.fail("\n".join(screen.failure(view, verdict)), pytrace=False)
        for line in screen.outputs([verdict]):
            print(line)  # which `pytest -rP` and `pytest -s` show
        return True

    def _asked(self, workspace: Workspace, step: Step) -> StepVerdicts:
        key = workspace.root, step.name
        if key not in self.asked:
            checks = [check for check in step.checks if check.name in self.selected[key]]
            self.asked[key] = StepVerdicts(workspace, step, self.judge, checks)
        return self.asked[key]

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count tasks that are not begun apart from failures."""
        kind = report.longreprtext.partition(" (")[0] if report.when == "call" and report.failed else ""
        return (kind, LETTERS[kind], kind.upper()) if kind in LETTERS else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """Record the verdicts; the points are the last lines, below pytest's own."""
        result = yield
        self.judge.close()
        for asked in self.asked.values():
            asked.record()
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            for line in self._summary():
                reporter.write_line(line)
        return result

    def _summary(self) -> Iterator[str]:
        roots = dict.fromkeys(root for root, _ in self.asked)
        for root in roots:
            views = screen.views(Workspace(root))
            ran = [view for view in views if (root, view.step.name) in self.asked]
            lines = [screen.points(view) for view in ran]
            judged = [{verdict.task for verdict in self.asked[root, view.step.name].fresh.values()} for view in ran]
            failed = next(filter(None, map(screen.first_failure, ran, judged)), None)
            yield from Workspace(root).strays()
            yield from Workspace(root).remarks(view.step for view in ran)
            yield from lines[:-1]
            yield f"{lines[-1]} {screen.next_line(views, [view.step for view in ran], failed)}"


class StepTests(pytest.Module):
    """A workspace's test file of one step."""

    def collect(self) -> list[Any]:
        """Collect as usual; a file without a single check is an error, because it would pass.

        Raises:
            CollectError: there is none.
        """
        found = list(super().collect())
        if not any(check_of(item) for item in found if isinstance(item, pytest.Function)):
            step = next(step for step in all_steps() if step.test_file == self.path.name)
            line = f"from {step.test_module} import *"
            raise self.CollectError(f"There is no check in {self.path.name}: it needs the line '{line}'.")
        return found


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run, by the course that the workspace follows."""
    course = ExitStack()
    try:
        if folder := course_around(config.rootpath):
            course.enter_context(following_copy(folder))
            all_steps()  # a damaged copy is said before anything is collected
    except LabError as error:
        raise pytest.UsageError(str(error)) from None
    config.add_cleanup(course.close)
    config.pluginmanager.register(CheckRun(config), "gradcam-lab")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the test files of a workspace's steps as `StepTests`, and all others as usual."""
    workspace = Workspace.find(module_path.parent)
    if workspace and module_path.name in {step.test_file for step in all_steps()}:
        workspace.rebuild()
        return StepTests.from_parent(parent, path=module_path)
    return None


def check_of(item: pytest.Item) -> tuple[Workspace, Step, Check] | None:
    """Which check of which step and workspace an item stands for; None if it is a test of the student's own."""
    function = getattr(item, "function", None)
    module = getattr(function, "__module__", "")
    step = next((step for step in all_steps() if step.test_module == module), None)
    workspace = Workspace.find(item.path.parent)
    if not (step and workspace):
        return None
    check = next((check for check in step.checks if check.name == getattr(function, "__name__", "")), None)
    return (workspace, step, check) if check else None


def debugging(config: pytest.Config) -> bool:
    """Whether a debugger is asked for."""
    return bool(config.getoption("usepdb") or config.getoption("trace"))


@pytest.fixture
def mine(request: pytest.FixtureRequest) -> ModuleType | None:
    """The student's step file as a module.

    In a check the other tasks are the reference's, as when it is judged; and there it is None unless someone is
    debugging, because a child process runs the check.
    """
    found = check_of(request.node)
    if found and not debugging(request.config):
        return None
    workspace, step = found[:2] if found else _beside(request.path)
    code, problem = workspace.code(step)
    if problem:
        pytest.fail(str(problem), pytrace=False)
    own_modules.install(code.modules)
    settings = Settings()
    student = execute(code.source, code.file, step.name)
    settings.put_back(code.source)
    if found and found[2] != step.chain:
        reference = student_module.Reference.of(import_module(step.lesson_module))
        student_module.compose(student, reference, set(step.task(found[2].task).units))
    return student


def _beside(path: Path) -> tuple[Workspace, Step]:
    """The step that a test of the student's own is about: its file is named after it."""
    step, workspace = find_step(path.stem), Workspace.find(path.parent)
    if not (step and workspace):
        pytest.fail("'mine' is there for the test files of the steps, in a workspace", pytrace=False)
    return workspace, step


@pytest.fixture
def case() -> Any:
    """Random inputs, always the same."""
    from gradcam_lab.lessons.checks.checking import Case

    return Case(0)
