"""The process that runs a student's code: it answers one line of JSON for each request.

For the student's code stdin is empty, and everything printed goes to a file.
"""

import gc
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from gradcam_lab.course.judging.surroundings import OURS

PRINTED = 2000
"""Number of characters of the student's output that are passed on."""


def load() -> None:
    """Import torch and what the checks need, once and without starting a thread; the reference is closed to others."""
    import torch

    torch.set_num_threads(1)  # the same numbers on every machine, and workers do not compete for cores
    from gradcam_lab.course.judging import exceptions, import_guard, student_module, values, worker  # noqa: F401
    from gradcam_lab.lessons.checks import checking  # noqa: F401

    import_guard.install()  # before anybody takes down how Python's own functions are


def serve(requests: TextIO, answers: TextIO, output_limit: int, parent: int, *, walled: bool = False) -> None:
    """Answer requests until there are no more, and end the process.

    Args:
        requests: a line of JSON each.
        answers: the channel for the answers.
        output_limit: number of bytes that the code may print.
        parent: the process with which this one ends.
        walled: whether the student's files lie where this process does not see them.
    """
    from gradcam_lab.course.judging.exceptions import problem
    from gradcam_lab.course.judging.worker import answer as answer_of
    from gradcam_lab.course.judging.worker import clean_up, surroundings

    surroundings().begin()
    threading.Thread(target=_end_with, args=(parent,), daemon=True, name=f"{OURS} parent").start()
    watchdog = _Watchdog(answers)
    myself = os.getpid()
    for line in requests:
        request = json.loads(line)
        _clear_printed()
        streams = sys.stdin, sys.stdout, sys.stderr
        if walled:
            _lay_out(request)
        start = time.perf_counter()
        done = watchdog.watch(request)
        answer = answer_of(request)
        done.set()
        if os.getpid() != myself:
            os._exit(0)  # the student's code has forked, and this is the copy
        answer["seconds"] = time.perf_counter() - start
        sys.stdin, sys.stdout, sys.stderr = streams
        answer = clean_up(answer, request)
        size, lines, text = _printed(output_limit)
        if size > output_limit:
            answer.update(problem(f"your code printed {size / 1e6:.0f} MB", "print less: a few lines are enough"))
            answer["status"] = "crashed"  # as if we had been too slow to notice: the parent then ends the process
        answer.update(token=request["token"], printed=text, printed_lines=lines)
        watchdog.say(answer)
    os._exit(0)  # threads that the student's code left behind must not keep the process alive


def serve_alone(output_limit: int) -> None:
    """Serve on stdin and stdout, as the only thing that this interpreter was started for."""
    gc.disable()  # imports leave nothing to collect, and looking for it would take a sixth of their time
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    point_streams_at(2)  # the parent has pointed stderr at a file
    load()
    gc.freeze()
    gc.enable()
    answers.write('{"ready": true}\n')
    serve(requests, answers, output_limit, os.getppid())


def point_streams_at(printed: int) -> None:
    """Give the student's code an empty stdin, and a file for what it prints, by its descriptor."""
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (printed, 1), (printed, 2)):
        os.dup2(source, target)
    os.close(empty)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def _end_with(parent: int) -> None:
    """End when the parent has ended, also out of an endless loop: nobody waits for the answer."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _lay_out(request: dict[str, Any]) -> None:
    """Write the student's files where they are not: inspect.getsource, for one, reads them."""
    for path, text in _texts(request).items():
        if not Path(path).exists():
            with suppress(OSError, UnicodeError):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text, encoding="utf-8")


def _texts(request: dict[str, Any]) -> dict[str, str]:
    from gradcam_lab.course.judging.worker import texts_of

    return texts_of(request) if "source" in request else {}


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


class _Watchdog:
    """Tells the parent, when the time of a check is over, which line of the student's runs; the parent ends us.

    Args:
        answers: the channel to the parent.
    """

    def __init__(self, answers: TextIO) -> None:
        self.answers = answers
        self.judging = threading.get_ident()
        self.speaking = threading.Lock()

    def watch(self, request: dict[str, Any]) -> threading.Event:
        """Begin to count the time of a request; set what is returned when it is answered."""
        done = threading.Event()
        name = f"{OURS} watchdog"
        threading.Thread(target=self._count, args=(request, done), daemon=True, name=name).start()
        return done

    def _count(self, request: dict[str, Any], done: threading.Event) -> None:
        """Wait until the CPU time of this process is used up, or the patience of the wall clock is at its end."""
        cpu, wall = time.process_time(), time.monotonic() + request["patience"]
        left = request["seconds"]
        while left > 0:
            if done.wait(max(left / (os.cpu_count() or 1), 0.01)):  # that many threads may use it up at once
                return
            left = min(request["seconds"] - (time.process_time() - cpu), wall - time.monotonic())
        self._tell(request, time.process_time() - cpu)

    def _tell(self, request: dict[str, Any], computed: float) -> None:
        from gradcam_lab.course.judging import places

        texts = _texts(request)
        place = places.as_verdict(places.running_points(sys._current_frames().get(self.judging), texts), texts)
        loop = None
        if place:
            text = next(text for path, text in texts.items() if Path(path).name == place["file"])
            loop = places.loop_around(text, place["line"])
        self.say({"token": request["token"], "hung": place, "loop": loop, "computed": computed})

    def say(self, message: dict[str, Any]) -> None:
        """Write one line to the parent."""
        with self.speaking:
            self.answers.write(json.dumps(message) + "\n")
