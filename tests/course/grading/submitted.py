"""Submissions for the tests of grading, and a judge that reads its verdicts from the text."""

import json
import threading
import zipfile
from dataclasses import replace

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.grades import Grade, written_tasks
from gradcam_lab.course.judging.verdicts import Status, Verdict, summarise
from gradcam_lab.course.submissions.text import clean
from gradcam_lab.course.workspace.folder import blank_answers
from tests.students import answers

WORDS = "Grad-CAM needs no average at the end, because it weighs channels by gradients. " * 3


NASTY = "<script>alert(1)</script>"


def solved() -> dict[str, str]:
    return {**{step.file: step.source for step in all_steps()}, "answers.md": blank_answers()}


def stubs() -> dict[str, str]:
    return {**{step.file: cut.stub(step.source) for step in all_steps()}, "answers.md": blank_answers()}


def with_body(mark, body) -> dict[str, str]:
    """The right answers but for one body."""
    return {
        step.file: cut.graft(step.source, {mark: body}) if mark[0] == str(step.number) else step.source
        for step in all_steps()
    }


def put(folder, texts):
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def pack(path, texts, packing=zipfile.ZIP_DEFLATED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return path


def within(prefix, texts):
    return {f"{prefix}/{name}": text for name, text in texts.items()}


def answered() -> dict[str, str]:
    return {"answers.md": answers({written_tasks()[0].id: WORDS + "<img src=x onerror=alert(1)>"})}


class Quick:
    """Stands in for a judge where only the bookkeeping matters: a file passes unless it says "wrong 2.1"."""

    def __init__(self):
        self.judged = []
        self.seeds = set()
        self.stop_at = None
        self.lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def judge(self, step, source, file, *, seed, checks=None, **options):
        with self.lock:
            self.judged.append((step.name, source))
            self.seeds.add(seed)
        if self.stop_at and self.stop_at in source:
            raise KeyboardInterrupt
        for check in step.checks:
            yield self.verdict(check, source)

    def verdict(self, check, source):
        if f"wrong {check.task} " in f"{source} ":
            text = "half a pair \ud83d, a bell \x07"
            return Verdict(check.name, check.task, check.points, Status.failed, "3", text, "a likely reason", 0.1, text)
        for status in (Status.crashed, Status.timed_out):
            if f"{status} {check.task}\n" in f"{source}\n":
                return Verdict(check.name, check.task, check.points, status)
        started = "NotImplementedError" not in source
        return Verdict(check.name, check.task, check.points, Status.passed if started else Status.not_started)

    def students(self) -> float:
        """So many were judged since the last call."""
        number = len(self.judged) / len(all_steps())
        self.judged.clear()
        return number


def graded(folder, capsys, **options):
    """Grade, and return what `--json` prints, by the student's name."""
    capsys.readouterr()
    grading.grade(folder, json=True, **{"wall": "none", **options})
    table = json.loads(capsys.readouterr().out)
    return table, {row["name"]: row for row in table["students"]}


def status_of(row, task):
    return next(t["status"] for step in row["steps"] for t in step["tasks"] if t["id"] == task)


def a_grade(name, source="", answers=None):
    quick = Quick()
    verdicts = {step.name: [_clean(quick.verdict(check, source)) for check in step.checks] for step in all_steps()}
    steps = tuple(summarise(step, "0" * 64, verdicts[step.name], answers or {}) for step in all_steps())
    return Grade(name, "", steps, verdicts, answers or {})


def _clean(verdict):
    """A verdict as grading stores it."""
    return replace(verdict, got=clean(verdict.got), printed=clean(verdict.printed))
