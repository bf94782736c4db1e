"""The worker process that runs a student's code: it answers one line of JSON for each request.

Requests and answers travel on the pipes that were its stdin and stdout; for the student's code stdin is empty, and
everything printed goes to a file. What the code changes in the libraries is put back after each check. This guards
against accidents, not against attackers.
"""

import gc
import json
import os
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from gradcam_lab import own_modules

PRINTED = 2000
"""Number of characters of the student's output that are passed on."""


def serve(output_limit: int) -> None:
    """Answer requests until there are no more."""
    requests, answers = _private_channels()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    gc.disable()  # imports leave nothing to collect, and looking for it would take a sixth of their time
    import torch

    torch.set_num_threads(1)  # the same numbers on every machine, and workers do not compete for cores
    import_module("gradcam_lab.lessons.checks.checking")
    from gradcam_lab.course.judging.exceptions import problem

    gc.freeze()
    gc.enable()
    watchdog = _Watchdog(answers)
    answers.write('{"ready": true}\n')
    for line in requests:
        request = json.loads(line)
        _clear_printed()
        streams = sys.stdin, sys.stdout, sys.stderr
        folder = Path.cwd()
        start = time.perf_counter()
        timer = watchdog.watch(request)
        answer = _answer(request)
        timer.cancel()
        answer["seconds"] = time.perf_counter() - start
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(folder)
        size, lines, text = _printed(output_limit)
        if size > output_limit:
            answer.update(problem(f"your code printed {size / 1e6:.0f} MB", "print less: a few lines are enough"))
            answer["status"] = "crashed"  # as if we had been too slow to notice: the parent then ends the process
        answer.update(token=request["token"], printed=text, printed_lines=lines)
        watchdog.say(answer)
    os._exit(0)  # threads that the student's code left behind must not keep the process alive


def _end_with(parent: int) -> None:
    """End when the parent has ended, also out of an endless loop: nobody waits for the answer."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _private_channels() -> tuple[TextIO, TextIO]:
    """Duplicate the pipes for requests and answers; the student's code gets an empty stdin, and prints into a file."""
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)  # the parent has pointed stderr at a file
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    return requests, answers


def _clear_printed() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)


def _printed(limit: int) -> tuple[int, int, str]:
    """The number of bytes that were printed, of lines (up to the limit), and the beginning of the text."""
    sys.stdout.flush()
    sys.stderr.flush()
    size = os.fstat(2).st_size
    os.lseek(2, 0, os.SEEK_SET)
    text = os.read(2, limit)
    return size, len(text.splitlines()), text[:PRINTED].decode("utf-8", errors="replace")


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from gradcam_lab.course.judging import exceptions, student_module
    from gradcam_lab.lesson_modules import execute
    from gradcam_lab.lessons.checks import checking

    if "prepare" in request:
        return _prepared(request)
    file = Path(request["file"])
    checking.last_call.clear()
    try:
        own_modules.install({name: own_modules.OwnModule(*row) for name, row in request["modules"].items()})
        with checking.unchanged():
            mine = execute(request["source"], file, request["step"])
        if request["check"] is None:
            return {"status": "passed"}
        if request["upstream"] == "reference":
            reference = import_module(f"gradcam_lab.lessons.{request['step']}")
            student_module.compose(mine, reference, set(request["own"]))
        if "look" in request:
            return {"status": "passed", "got": _looked(mine, request)}
        checks = import_module(f"gradcam_lab.lessons.checks.test_{request['step']}")
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


class _Watchdog:
    """Tells the parent, when the time of a check is over, which line of the student's runs; the parent ends us.

    Args:
        answers: the channel to the parent.
    """

    def __init__(self, answers: TextIO) -> None:
        self.answers = answers
        self.judging = threading.get_ident()
        self.speaking = threading.Lock()

    def watch(self, request: dict[str, Any]) -> threading.Timer:
        """Begin to count the seconds of a request; cancel what is returned when it is answered."""
        timer = threading.Timer(request["seconds"], self._tell, [request])
        timer.daemon = True
        timer.start()
        return timer

    def _tell(self, request: dict[str, Any]) -> None:
        from gradcam_lab.course.judging import places

        texts = texts_of(request)
        place = places.as_verdict(places.running_points(sys._current_frames().get(self.judging), texts), texts)
        loop = None
        if place:
            text = next(text for path, text in texts.items() if Path(path).name == place["file"])
            loop = places.loop_around(text, place["line"])
        self.say({"token": request["token"], "hung": place, "loop": loop})

    def say(self, message: dict[str, Any]) -> None:
        """Write one line to the parent."""
        with self.speaking:
            self.answers.write(json.dumps(message) + "\n")
