"""Whose code runs in `run-all`: the student's where it has passed every check, else the reference."""

from gradcam_lab.console import say, warn
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step, all_steps
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status
from gradcam_lab.course.workspace.folder import question_of
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.pipeline.students_work import StepCode, StudentsWork


def students_work(implementation: str) -> StudentsWork | None:
    """Decide for each step whose code runs, and what the report may show of the student's work.

    Args:
        implementation: "auto" (the student's file where all its checks passed for this code; outside a
            workspace the reference), "reference", or "mine" (the student's files, whatever the checks say).

    Returns:
        The student's work; None outside a workspace: the reference runs, and all of it may be shown.

    Raises:
        LabError: "mine" outside a workspace, a workspace that has to be upgraded first, or a file that cannot be read.
    """
    if Workspace.find() is None and implementation != "mine":
        return None
    workspace = Workspace.require()
    if implementation == "auto":
        _check_unknown(workspace)
    if implementation != "reference":
        for note in [*workspace.notes(), *workspace.remarks(all_steps())]:
            warn(note)
    chosen = {name: _reference(name) for name in STEP_NAMES}  # of a step that the course leaves out
    chosen |= {step.name: _choice(workspace, step, implementation) for step in all_steps() if step.name in STEP_NAMES}
    return StudentsWork(chosen, _written_answers(workspace), implementation)


def _check_unknown(workspace: Workspace) -> None:
    """Judge what has no verdict: only code that has passed may run."""
    unknown = {step: checks for step in all_steps() if (checks := workspace.unknown(step))}
    if unknown:
        say(f"checking {', '.join(step.file for step in unknown)}")
        with Judge() as judge:
            for step, checks in unknown.items():
                workspace.check(step, judge, checks)


def _choice(workspace: Workspace, step: Step, implementation: str) -> StepCode:
    result = workspace.result(step)
    use = implementation == "mine" or (implementation == "auto" and result.code_passed)
    code, problem = workspace.code(step)
    if implementation == "mine" and problem:
        raise LabError(f"In '{workspace.root}', {problem}.")
    return StepCode(
        step=step.name,
        source=code.source if use else None,
        file=workspace.file(step),
        points=result.points,
        possible=result.possible,
        passed=tuple(task.id for task in result.tasks if task.status is Status.passed),
        stub=cut.stub(step.source),
        own=code.source,
        modules=dict(code.modules) if use else {},
    )


def _reference(name: str) -> StepCode:
    return StepCode(step=name, source=None, file=None, points=0, possible=0, passed=(), stub=None)


def _written_answers(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """The student's written answers by task, each with its question."""
    given = workspace.answers()
    return {
        task.id: (" ".join(question_of(step.source, task.id)), given[task.id])
        for step in all_steps()
        for task in step.tasks
        if task.id in given
    }
