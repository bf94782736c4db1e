"""The worker process that runs a student's code: it answers one line of JSON for each request.

Requests and answers travel on the pipes that were its stdin and stdout; for the student's code stdin is empty, and
everything printed goes to a file. What the code changes in the libraries is put back after each check. This guards
against accidents, not against attackers.
"""

import json
import os
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

PRINTED = 2000
"""Number of characters of the student's output that are passed on."""

SENTENCES: dict[str, tuple[str, str]] = {
    "SystemExit": ("your code called sys.exit()", "take it out: a function returns its result"),
    "Skipped": ("your code called pytest.skip", "take it out: a check that is skipped earns nothing"),
    "Exit": ("your code called pytest.exit", "take it out: a function returns its result"),
    "KeyboardInterrupt": ("your code raised KeyboardInterrupt", "take it out: a function returns its result"),
    "EOFError": ("your code reads from the keyboard (stdin)", "nobody types here: take its values from the arguments"),
    "MemoryError": ("your code asks for more memory than there is", "look at the shapes that it builds"),
    "RecursionError": ("your code calls itself without end", "look for the call that never stops"),
}
"""For some exceptions, by their names: what was got, and what to do."""


def serve(output_limit: int) -> None:
    """Answer requests until there are no more."""
    requests, answers = _private_channels()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    import torch

    torch.set_num_threads(1)  # the same numbers on every machine, and workers do not compete for cores
    import_module("gradcam_lab.lessons.checks.checking")
    answers.write('{"ready": true}\n')
    for line in requests:
        request = json.loads(line)
        _clear_printed()
        streams = sys.stdin, sys.stdout, sys.stderr
        folder = Path.cwd()
        start = time.perf_counter()
        answer = _answer(request)
        answer["seconds"] = time.perf_counter() - start
        sys.stdin, sys.stdout, sys.stderr = streams
        os.chdir(folder)
        size, text = _printed()
        if size > output_limit:
            answer.update(_error(f"your code printed {size / 1e6:.0f} MB", "print less: a few lines are enough"))
            answer["status"] = "crashed"  # as if we had been too slow to notice: the parent then ends the process
        answer.update(token=request["token"], printed=text)
        answers.write(json.dumps(answer) + "\n")
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


def _printed() -> tuple[int, str]:
    sys.stdout.flush()
    sys.stderr.flush()
    size = os.fstat(2).st_size
    os.lseek(2, 0, os.SEEK_SET)
    return size, os.read(2, PRINTED).decode("utf-8", errors="replace")


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from gradcam_lab.course.judging import student_module
    from gradcam_lab.lesson_modules import execute
    from gradcam_lab.lessons.checks import checking

    file = Path(request["file"])
    try:
        with checking.unchanged():
            mine = execute(request["source"], file, request["step"])
        if request["check"] is None:
            return {"status": "passed"}
        if request["upstream"] == "reference":
            reference = import_module(f"gradcam_lab.lessons.{request['step']}")
            student_module.compose(mine, reference, set(request["own"]))
        checks = import_module(f"gradcam_lab.lessons.checks.test_{request['step']}")
        with checking.unchanged():
            getattr(checks, request["check"])(mine, checking.Case(request["seed"]))
        return {"status": "passed"}
    except checking.Wrong as wrong:
        picture = [array.tolist() for array in wrong.picture] if wrong.picture else None
        return {"status": "failed", **vars(wrong), "picture": picture}
    except student_module.Missing as error:
        name = file.name
        return _error(str(error), f"was it renamed or deleted? 'gradcam-lab reset' brings the stub in {name} back")
    except SyntaxError as error:
        return _error(f"{file.name}, line {error.lineno}: {error.msg}", "Python cannot read the file: mend this line")
    except BaseException as error:
        return _judge_exception(error, file)


def _judge_exception(error: BaseException, file: Path) -> dict[str, Any]:
    kind = type(error).__name__
    text = _text(error)
    if isinstance(error, NotImplementedError) and text.startswith("task "):
        return {"status": "not started", "reason": text.removeprefix("task ")}
    place = _place(error, file)
    if kind in SENTENCES:
        came, remedy = SENTENCES[kind]
        return _error(came, f"{place}{remedy}")
    if "can't allocate memory" in text:
        return _error(*SENTENCES["MemoryError"])
    reason = place.rstrip(": ") or "the value that your function returned causes it"
    return _error(f"{kind}: {text}".rstrip(": "), reason)


def _text(error: BaseException) -> str:
    """The first line of an error's message; it may be the student's own class."""
    try:
        return str(error).strip().split("\n")[0][:300]
    except Exception:
        return ""


def _place(error: BaseException, file: Path) -> str:
    """The line of the student's file that raised it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"{file.name}, line {frames[-1].lineno}, in {frames[-1].name}: " if frames else ""


def _error(got: str, reason: str) -> dict[str, Any]:
    return {"status": "error", "expected": "a result", "got": got, "reason": reason}
