"""`gradcam-lab verify`: check the course itself, for its authors: markers, points, hints, checks, typical mistakes.

It belongs to the authors, and lies here because it runs the checks: `authoring` stands below `judging`.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gradcam_lab.console import Advance, progress, say
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.consistent import step_problems
from gradcam_lab.course.authoring.course import followed
from gradcam_lab.course.authoring.manifest import RightAnswer, Step, WrongAnswer, all_steps
from gradcam_lab.course.authoring.model_answers import examine_answers, sample_folder
from gradcam_lab.course.authoring.mutants import mutants as mutants_of
from gradcam_lab.course.judging.judge import Judge
from gradcam_lab.course.judging.try_mutants import stale, try_mutants
from gradcam_lab.course.judging.verdicts import Status, Verdict, summarise
from gradcam_lab.errors import LabError
from gradcam_lab.report.pages import drawings

LEAST = 3
"""Number of hints and of wrong answers that a task of this package has at least; in a teacher's course it is one."""

SLOW = 5.0
"""Seconds that no check may take; far more than any does, because machines differ."""

VERIFIED_SEEDS = (0, 1, 2, 3)
"""The seed of a student's own checks, and some that an instructor might draw."""

_ROW = re.compile(r"^\| (\d+\.\d+) \| .* \| (\d+) \|$", re.MULTILINE)


def verify(*, jobs: int = 2, mutants: bool = False) -> bool:
    """Examine every step, print the problems found, and return whether there are none.

    Args:
        jobs: number of steps examined in parallel.
        mutants: whether to try every mechanical mutant of the graded bodies too, which takes some minutes.
    """
    start = time.perf_counter()
    steps = all_steps()
    answers = sum(len(step.wrong_answers) + len(step.right_answers) for step in steps)
    mutated = sum(1 for step in steps for _ in mutants_of(step.source)) if mutants else 0
    total = len(steps) * (len(VERIFIED_SEEDS) + 1) + answers + mutated
    with progress("judging", total) as advance, ThreadPoolExecutor(min(jobs, os.cpu_count() or 1)) as pool:
        found = list(pool.map(lambda step: examine(step, advance, mutants=mutants), steps))
    problems = [problem for part in found for problem in part]
    for problem in problems:
        say(problem)
    wrong = sum(len(step.wrong_answers) for step in steps)
    checks = sum(len(step.checks) for step in steps)
    points = sum(step.points for step in steps)
    verdict = f"{len(problems)} problems" if problems else "all in order"
    seconds = time.perf_counter() - start
    tried = f"{checks} checks, {wrong} wrong answers, {answers - wrong} right ones" + f", {mutated} mutants" * mutants
    say(f"{len(steps)} steps, {points} points, {tried}: {verdict} ({seconds:.0f} s)")
    return not problems


def examine(step: Step, advance: Advance, *, mutants: bool = False) -> list[str]:
    """Examine one step: its text and model answers, then the verdicts of its checks on right, empty and wrong answers.

    Args:
        step: the step.
        advance: moves a progress bar; called after each answer that was judged.
        mutants: whether to try the mutants of its bodies too.

    Returns:
        A sentence for each thing that is out of order.
    """
    problems = list(read_through(step))
    if any(task.written for task in step.tasks) and (step.answers_path.exists() or not step.own):
        problems += examine_answers(step, step.answers_path, sample_folder())
    with Judge() as judge:
        for seed in VERIFIED_SEEDS:
            problems += try_reference(step, judge, seed)
            advance()
        problems += try_stub(step, judge)
        advance()
        for wrong in step.wrong_answers:
            problems += try_wrong(step, wrong, judge)
            advance()
        for right in step.right_answers:
            problems += try_right(step, right, judge)
            advance()
        if mutants:
            problems += try_mutants(step, judge, VERIFIED_SEEDS, advance)
    return [f"{step.name}: {problem}" for problem in problems]


def read_through(step: Step) -> Iterator[str]:
    """Check without running anything: markers, points, checks, hints, typical mistakes."""
    try:
        cut.stub(step.source)
    except LabError as error:
        yield str(error)
        return
    least = 1 if followed() else LEAST
    table = {task: int(points) for task, points in _ROW.findall(step.source)}
    if list(table.items()) != [(task.id, task.points) for task in step.tasks]:
        yield f"the table in the docstring ({table}) is not the manifest's"
    marked = {region.task for region in cut.regions(step.source)}
    if stray := marked - {task.id for task in step.tasks}:
        yield f"solution {min(stray)} is marked, but is no task of the manifest"
    yield from step_problems(step)
    before: list[str] = []
    for task in step.tasks:
        yield from (
            f"task {task.id} needs {need}, which does not come before it" for need in task.needs if need not in before
        )
        before.append(task.id)
        if len(task.hints) < least:
            yield f"task {task.id} has {len(task.hints)} hints, and {least} are the least"
        yield from (f"a hint of task {task.id} gives away '{line}'" for line in _given_away(step, task.hints))
    for task in step.coded:
        says = [wrong.says for wrong in step.wrong_answers if wrong.task == task.id]
        if len(says) < least:
            yield f"task {task.id} has {len(says)} wrong answers, and {least} are the least"
        if len(set(says)) < len(says):
            yield f"two wrong answers of task {task.id} are to get the same message"
    yield from (drawings.problem(name) for name in drawings.missing(drawings.names_in(step.source)))
    yield from _notation_slips(step)
    yield from stale(step)


def _notation_slips(step: Step) -> Iterator[str]:
    """What is wrong with the notation table: each row has three cells, and its names stand in the stub."""
    words = set(re.findall(r"\w+", cut.stub(step.source)))
    for row in step.notation:
        if len(row) != 3:
            yield f"a row of the notation has {len(row)} cells, and not 3: {row}"
        for name in re.findall(r"`(\w+)`", row[0]):
            if name not in words:
                yield f"the notation has the name '{name}', which the stub has not"


def _given_away(step: Step, hints: Sequence[str]) -> list[str]:
    """The lines of the step's solutions that stand in a hint; very short ones give nothing away."""
    lines = step.source.splitlines()
    secret = [line.strip() for region in cut.regions(step.source) for line in lines[region.first : region.last - 1]]
    return [line for line in secret if len(line) > 12 and any(line in " ".join(hint.split()) for hint in hints)]


def try_reference(step: Step, judge: Judge, seed: int) -> Iterator[str]:
    """Check that the lesson itself passes every check, and that none is slow."""
    for verdict in _judged(step, step.source, judge, seed):
        if verdict.status is not Status.passed:
            yield f"the reference fails {verdict.check} with seed {seed}: {verdict.got}; {verdict.reason}"
        if verdict.seconds > SLOW:
            yield f"{verdict.check} takes {verdict.seconds:.1f} s"


def try_stub(step: Step, judge: Judge) -> Iterator[str]:
    """Check that the stub earns no point, and that nothing in it counts as begun."""
    verdicts = _judged(step, cut.stub(step.source), judge)
    result = summarise(step, "", verdicts, {})
    if result.points:
        yield f"the stub earns {result.points} points"
    for verdict in verdicts:
        if verdict.status is not Status.not_started:
            yield f"the stub is '{verdict.status}' in {verdict.check}: {verdict.got}; {verdict.reason}"


def try_wrong(step: Step, wrong: WrongAnswer, judge: Judge) -> Iterator[str]:
    """Check that a wrong answer loses points of its own task only, and that the verdict gives the likely reason."""
    name = f"the wrong answer '{wrong.name}' ({wrong.mark})"
    verdicts = _judged(step, cut.graft(step.source, {wrong.mark: wrong.body}), judge)
    lost = [verdict for verdict in verdicts if verdict.status is not Status.passed and "." in verdict.task]
    if not any(verdict.points for verdict in lost if verdict.task == wrong.task):
        yield f"{name} loses no point"
    for other in sorted({verdict.task for verdict in lost} - {wrong.task}):
        yield f"{name} loses points of task {other} too"
    heard = [f"{verdict.got} {verdict.reason}" for verdict in lost if verdict.task == wrong.task]
    if lost and not any(wrong.says in text for text in heard):
        yield f"{name} is not told '{wrong.says}', but: {'; '.join(heard)}"


def try_right(step: Step, right: RightAnswer, judge: Judge) -> Iterator[str]:
    """Check that another right answer passes every check."""
    for verdict in _judged(step, cut.graft(step.source, {right.mark: right.body}), judge):
        if verdict.status is not Status.passed:
            yield (
                f"the right answer '{right.name}' ({right.mark}) fails {verdict.check}: {verdict.got}; {verdict.reason}"
            )


def _judged(step: Step, source: str, judge: Judge, seed: int = 0) -> list[Verdict]:
    return list(judge.judge(step, source, Path(step.file), seed=seed))
