"""`gradcam-lab verify --mutants`: every mutant of a graded body must lose a point, or be listed as right too."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gradcam_lab.console import Advance
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.course.authoring.mutants import Mutant, mutants
from gradcam_lab.course.authoring.step_files import task_of
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.verdicts import Status


def stale(step: Step) -> Iterator[str]:
    """Name what the step's list of equal mutants holds and no mutant is; nothing is run."""
    made = {(mutant.mark, mutant.change) for mutant in mutants(step.source)}
    for mark, change in _listed(step):
        if (mark, change) not in made:
            yield f"'{step.name}.mutants.toml' lists '{change}' of {mark}, and there is no such mutant"


def try_mutants(step: Step, judge: Judge, seeds: Sequence[int], advance: Advance) -> Iterator[str]:
    """Check that each mutant loses a point whatever the seed, but for those that are listed as right too.

    Args:
        step: the step.
        judge: runs its checks.
        seeds: of the checks' random cases; a mutant that one of them lets pass is a matter of luck.
        advance: called after each mutant.

    Yields:
        A sentence for each mutant that passes and is not listed, or is listed and does not pass.
    """
    listed = _listed(step)
    for mutant in mutants(step.source):
        passes = next((seed for seed in seeds if _passes(step, mutant, judge, seed)), None)
        name = f"the mutant '{mutant.change}' ({mutant.mark})"
        if passes is not None and (mutant.mark, mutant.change) not in listed:
            yield f"{name} passes with seed {passes}: add a case, or list it in '{step.name}.mutants.toml'"
        if passes is None and (mutant.mark, mutant.change) in listed:
            yield f"{name} is listed in '{step.name}.mutants.toml' as right, and loses points"
        advance()


def _listed(step: Step) -> list[tuple[str, str]]:
    return [(entry.mark, change) for entry in step.equal_mutants for change in entry.changes]


def _passes(step: Step, mutant: Mutant, judge: Judge, seed: int) -> bool:
    source = cut.graft(step.source, {mutant.mark: mutant.body})
    checks = step.checks_of(task_of(mutant.mark))
    verdicts = judge.judge(step, source, Path(step.file), seed=seed, checks=checks)
    return all(verdict.status is Status.passed for verdict in verdicts)
