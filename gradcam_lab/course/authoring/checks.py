"""The checks of a step, as its test file lists them; they are read, and not run."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gradcam_lab.course.authoring.edits import shared
from gradcam_lab.excerpts import parse


@dataclass(frozen=True)
class Check:
    """One check: the name of its function, the task (or, for a chain, the step) it judges, and its points."""

    name: str
    task: str
    points: int


def read_checks(source: str) -> Iterator[Check]:
    """List the checks of a file: its functions under `@check("2.1", points=1)`."""
    functions = [node for node in parse(source).body if isinstance(node, ast.FunctionDef)]
    for function in functions:
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "check":
                named = {word.arg: ast.literal_eval(word.value) for word in decorator.keywords}
                yield Check(function.name, ast.literal_eval(decorator.args[0]), named.get("points", 0))


def with_points(checks: Iterable[Check], points: Mapping[str, int]) -> list[Check]:
    """Share the points of some tasks among their checks, as nearly as they are shared now."""
    found = list(checks)
    for task, wanted in points.items():
        of_task = [check for check in found if check.task == task]
        shares = dict(zip(of_task, shared(wanted, [check.points for check in of_task]), strict=True))
        found = [replace(check, points=shares[check]) if check in shares else check for check in found]
    return found
