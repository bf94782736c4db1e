"""Whether the points and the tasks of a course agree with each other: else nobody may be graded by it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.course.authoring.rubric import rubric_problems
from gradcam_lab.errors import LabError


def require_consistent(steps: Sequence[Step], course: Path | None = None) -> None:
    """Refuse a course whose points or tasks contradict each other.

    Args:
        steps: of the course.
        course: the teacher's file that changes lessons of this package: what is wrong with these is mended there.

    Raises:
        LabError: they do; the sentence names the file.
    """
    files = {step.name: course if course and not step.own else step.manifest_path for step in steps}
    of_steps = (step_problems(step, files[step.name]) for step in steps)
    for problem in chain(_numbers(steps, files), *of_steps, _needs(steps, files)):
        raise LabError(f"{problem}.")


def _numbers(steps: Sequence[Step], files: Mapping[str, Path]) -> Iterator[str]:
    """What stands for two things at once."""
    by_number: dict[int, Step] = {}
    for step in steps:
        if step.number in by_number:
            twin = by_number[step.number].name
            yield f"'{files[step.name]}': {step.name} and {twin} are both step {step.number}: give one another number"
        by_number[step.number] = step
    tasks = Counter(task.id for step in steps for task in step.tasks)
    for step in steps:
        for task in step.tasks:
            if tasks[task.id] > 1:
                yield f"'{files[step.name]}': there are two tasks {task.id}: give one another number"


def step_problems(step: Step, place: Path | None = None) -> Iterator[str]:
    """What is wrong with the points of one step: a sentence without a full stop for each thing.

    Args:
        step: the step.
        place: the file in which its points are mended; by default its own manifest.
    """
    file = f"'{place or step.manifest_path}'"
    for task in step.tasks:
        if task.id.partition(".")[0] != str(step.number):
            yield f"{file}: task {task.id} is in step {step.number}: its number has to begin with {step.number}"
        if type(task.points) is not int or task.points < 1:
            yield f"{file}: task {task.id} is worth {task.points!r} points: it has to be a whole number from 1 on"
        if task.written and not (task.rubric and f"\n# ## {task.id} " in step.source):
            yield (
                f"'{step.folder / step.file}': task {task.id} has no '### BEGIN SOLUTION {task.id}', and a written "
                f"task needs a question below a heading '# ## {task.id} ...' and a rubric: write the one or the other"
            )
        yield from (
            f"{file}: {problem}" for problem in rubric_problems(task.id, task.points, task.written, task.rubric)
        )
    known = {task.id for task in step.coded} | {str(step.number)}
    for check in step.checks:
        if check.task not in known:
            yield f"'{step.test_path}': {check.name} is of {check.task}, which is no coded task: mend one of them"
        if type(check.points) is not int or check.points < 0:
            yield f"'{step.test_path}': {check.name} is worth {check.points!r} points: it has to be a whole number"
    for task in step.coded:
        points = sum(check.points for check in step.checks_of(task.id))
        if points != task.points:
            yield f"{file}: the checks of task {task.id} are worth {points} points together, and the task {task.points}"
    if [check.points for check in step.checks if check.task == str(step.number)] != [0]:
        yield f"'{step.test_path}': there must be exactly one chain, @check(\"{step.number}\"), worth nothing"


def _needs(steps: Sequence[Step], files: Mapping[str, Path]) -> Iterator[str]:
    """The tasks that wait for one that is not there."""
    tasks = {task.id for step in steps for task in step.tasks}
    for step in steps:
        for task in step.tasks:
            for need in task.needs:
                if need not in tasks:
                    yield (
                        f"'{files[step.name]}': task {task.id} needs {need}, which this course has not: keep {need}, "
                        f"or give task {task.id} other 'needs'"
                    )
