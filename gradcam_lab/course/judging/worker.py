"""What a worker answers: a step file is read and a check runs, or a picture is drawn.

What the code changes around itself is put back before and after each check.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcam_lab import own_modules
from gradcam_lab.course.judging.surroundings import Surroundings


@cache
def surroundings() -> Surroundings:
    """The process as it was before any of the student's code has run."""
    return Surroundings()


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Judge one check of a step file, or look at a function of it: the beginning of a verdict, as a dictionary."""
    return _prepared(request) if "prepare" in request else _answer(request, surroundings())


def clean_up(answer: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Put back what the student's code has changed; "replace" asks for another process, if that cannot be done."""
    return answer if "prepare" in request else _cleaned_up(answer, request, surroundings())


def _answer(request: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    """Judge one check; what the file has changed at its top is put back before it begins."""
    own = {name: own_modules.OwnModule(*row) for name, row in request["modules"].items()}
    changed: list[str] = []
    by_own_modules = own_modules.install(own)
    return {**_judged(request, surroundings, changed), "changed": by_own_modules + changed}


def _judged(request: dict[str, Any], surroundings: Surroundings, changed: list[str]) -> dict[str, Any]:
    from gradcam_lab.course.judging import exceptions, student_module
    from gradcam_lab.lesson_modules import execute
    from gradcam_lab.lessons import own
    from gradcam_lab.lessons.checks import checking

    own.follow(Path(request["own_folder"]) if request["own_folder"] else None)
    file = Path(request["file"])
    checks = import_module(request["checks"])
    reference = student_module.Reference.of(import_module(request["lesson"]))
    checking.last_call.clear()
    try:
        with checking.unchanged():
            try:
                mine = execute(request["source"], file, request["step"])
            finally:
                changed += surroundings.after_loading("\n".join(texts_of(request).values()))
        if request["check"] is None:
            return {"status": "passed"}
        if request["upstream"] == "reference":
            student_module.compose(mine, reference, set(request["own"]))
        if "look" in request:
            return {"status": "passed", "got": _looked(mine, request)}
        with checking.unchanged():
            getattr(checks, request["check"])(mine, checking.Case(request["seed"]))
        return {"status": "passed"}
    except checking.Wrong as wrong:
        picture = [array.tolist() for array in wrong.picture] if wrong.picture else None
        said = {"expected": wrong.expected, "got": wrong.got, "reason": wrong.reason, "picture": picture}
        untouched = not isinstance(wrong, checking.Misbehaved)  # else the inputs are no longer what they were
        return {"status": "failed", **said, **_called(with_inputs=untouched)}
    except student_module.Missing as error:
        reason = f"was it renamed or deleted? 'gradcam-lab reset' brings the stub in {file.name} back"
        return exceptions.problem(str(error), reason)
    except BaseException as error:
        call = checking.last_call[0] if checking.last_call else None
        returned = (call.name, call.returned[0]) if call and call.returned else None
        judged = exceptions.judged(error, str(file), texts_of(request), returned)
        return judged if judged["status"] == "not started" else {**_called(with_inputs=True), **judged}


def _cleaned_up(answer: dict[str, Any], request: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    """Put back what the student's code has changed; "replace" asks for another process, if that cannot be done."""
    from gradcam_lab.lessons.checks import checking

    text = "\n".join(texts_of(request).values())
    folder = Path(request["file"]).parent
    changed, damage, replaced = surroundings.after_check(text, folder, request["modules"])
    if replaced and answer["status"] == "passed":
        wrong = checking.Misbehaved(replaced)
        answer.update(status="failed", expected=wrong.expected, got=wrong.got, reason=wrong.reason)
    answer["changed"] = list(dict.fromkeys([*answer["changed"], *changed, *damage]))
    answer["replace"] = bool(damage or replaced)
    return answer


def _prepared(request: dict[str, Any]) -> dict[str, Any]:
    """Compute what a view of a function needs, before any of the student's code is read."""
    from gradcam_lab.course.views import look
    from gradcam_lab.errors import LabError

    try:
        look.prepare(request["step"], request["prepare"], look.Wish(**request["wish"]))
    except LabError as error:
        return {"status": "passed", "problem": str(error)}
    return {"status": "passed"}


def _looked(mine: ModuleType, request: dict[str, Any]) -> str:
    """Draw what a function of the student's returns, and say what the picture shows."""
    from gradcam_lab.course.views import look
    from gradcam_lab.lessons.checks import checking

    try:
        with checking.unchanged():
            wish, path = look.Wish(**request["wish"]), Path(request["path"])
            return look.look(mine, request["step"], request["look"], wish, path)
    except BaseException:
        look.forget()
        raise


def texts_of(request: dict[str, Any]) -> dict[str, str]:
    """The student's texts of a request, by the paths of their files."""
    own = {path: text for text, path, _ in request["modules"].values()}
    return {**own, request["file"]: request["source"]}


def _called(*, with_inputs: bool) -> dict[str, Any]:
    """The function that the check called last, and its arguments."""
    from gradcam_lab.course.judging import values
    from gradcam_lab.lessons.checks import checking

    if not checking.last_call:
        return {}
    call = checking.last_call[0]
    inputs = values.inputs(call.function, call.args, call.kwargs) if with_inputs else []
    return {"function": call.name, "inputs": inputs}
