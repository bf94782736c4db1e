"""Grading a folder of submissions: each in a process of its own, each result stored for exactly these files.

This guards against accidents, not against attackers: a submission runs under limits on time, memory and output, but
with the rights of whoever grades. Grade work of strangers on a machine that may be lost.
"""

import json as json_text
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from threading import Event, Lock
from typing import Any

from gradcam_lab.console import progress, say
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.exports import Exports, file_name
from gradcam_lab.course.grading.grades import GUARD, Grade, Grading, coded_possible, written_tasks
from gradcam_lab.course.grading.submissions import Bounds, Submission, SubmittedFiles, clean, find, lay_out, read
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.verdicts import Verdict, summarise
from gradcam_lab.course.workspace.folder import ANSWERS, StudentFolder
from gradcam_lab.course.workspace.workspace import checks_hash
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, read_json, require_writable, write_json

STORE = ".gradcam-lab-grades"
"""The folder of the stored verdicts, inside the folder of submissions."""

SEED = ".seed.json"
"""Begins with a dot, as no student's file does."""

LISTEN = 0.2
"""Seconds after which a Ctrl-C is heard, at the latest, on systems where waiting cannot be interrupted."""

Verdicts = Mapping[str, Sequence[Verdict]]


def grade(
    folder: Path,
    *,
    jobs: int = 1,
    requested: Exports = Exports(),  # noqa: B008 - it is frozen
    seed: int | None = None,
    limits: Limits = Limits(),  # noqa: B008
    bounds: Bounds = Bounds(),  # noqa: B008
    json: bool = False,
) -> None:
    """Grade every submission in a folder; what has not changed since an earlier grading is not judged again.

    Args:
        folder: holds a folder or a zip for each student, or is one workspace itself.
        jobs: number of submissions judged in parallel.
        requested: the files and pages to write.
        seed: the seed of the checks' random cases; by default that of the grading stored here, or a fresh one.
        limits: limits of each check.
        bounds: limits of a submission's size.
        json: print JSON and nothing else.

    Raises:
        LabError: there are no submissions, or a result cannot be written.
        KeyboardInterrupt: the same command goes on from there.
    """
    requested.require_places()
    submissions = find(folder, besides=requested.paths())
    store = VerdictStore(folder, seed)
    if not json:
        number = "one submission" if len(submissions) == 1 else f"{len(submissions)} submissions"
        say(f"Grading {number} in '{clean(str(folder))}' with seed {store.seed}.\n")
    grades = Grader(store, limits, bounds).grade_all(submissions, jobs)
    grading = Grading(store.seed, limits, tuple(grades))
    requested.write(grading)
    if json:
        say(json_text.dumps(grading.as_json(), indent=1))  # plain ASCII: any terminal and any pipe takes it
    else:
        say("\n".join([*summary(grading), *(f"Written: {clean(str(path))}" for path in requested.paths())]))


class VerdictStore:
    """The verdicts on disk, each under a hash of the files that it judges, the checks, the seed and the limits.

    Args:
        folder: the folder of submissions.
        seed: given by the instructor, or None.

    Raises:
        LabError: the folder cannot be written.
    """

    def __init__(self, folder: Path, seed: int | None) -> None:
        require_writable(folder)  # else the sentence would speak of the folder inside it
        self.folder = folder / STORE
        self.seed = self._stored_seed() if seed is None else seed
        write_json(self.folder / SEED, {"seed": self.seed})

    def _stored_seed(self) -> int:
        """The seed of the grading that began here: everybody is asked the same, also after an interruption."""
        try:
            return int(read_json(self.folder / SEED)["seed"])
        except (LabError, LookupError, TypeError, ValueError):
            return 1 + secrets.randbits(32)  # a student's own checks have seed 0

    def verdicts(self, name: str, key: str) -> Verdicts | None:
        """The verdicts that were stored under exactly this key, or None."""
        try:
            kept = read_json(self._file(name))
            if kept["key"] != key:
                return None
            return {step.name: [Verdict.from_json(row) for row in kept["verdicts"][step.name]] for step in all_steps()}
        except (LabError, LookupError, TypeError, ValueError, AttributeError):
            return None

    def write(self, name: str, key: str, verdicts: Verdicts) -> None:
        """Store the verdicts on a submission."""
        rows = {step: [asdict(verdict) for verdict in found] for step, found in verdicts.items()}
        write_json(self._file(name), {"name": name, "key": key, "seed": self.seed, "verdicts": rows})

    def _file(self, name: str) -> Path:
        return self.folder / f"{file_name(name)}.json"


class Grader:
    """Judges submissions, several at a time; threads do, because they only wait for the processes that work.

    Args:
        store: the verdicts of earlier gradings.
        limits: limits of each check.
        bounds: limits of a submission's size.
    """

    def __init__(self, store: VerdictStore, limits: Limits, bounds: Bounds) -> None:
        self.store, self.limits, self.bounds = store, limits, bounds
        self.stopped = Event()
        self.writing = Lock()  # making a file changes the umask for a moment, and with it the other threads' files
        self.judges: list[Judge] = []

    def grade_all(self, submissions: Sequence[Submission], jobs: int) -> list[Grade]:
        """Grade the submissions; each result is stored as soon as it is there.

        Raises:
            KeyboardInterrupt: the processes are ended, and what is finished is kept.
        """
        with progress("grading", len(submissions)) as advance, ThreadPoolExecutor(max_workers=jobs) as pool:
            futures = [pool.submit(self.grade, submission) for submission in submissions]
            waiting = set(futures)
            try:
                while waiting:
                    done, waiting = wait(waiting, timeout=LISTEN, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                        advance()
            except BaseException:
                self.stop(pool)
                raise
        return [future.result() for future in futures]

    def stop(self, pool: ThreadPoolExecutor) -> None:
        """Start no further submission, and end the processes that run: their threads then end by themselves."""
        self.stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
        for judge in self.judges:
            if judge.worker:
                judge.worker.process.kill()

    def grade(self, submission: Submission) -> Grade:
        """Grade one submission, and store the verdicts; an error becomes the problem of this submission alone."""
        try:
            files = read(submission.path, self.bounds)
            with tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True) as place:
                lay_out(files, Path(place))
                return self._grade(submission.name, files, StudentFolder(Path(place)))
        except LabError as error:
            return Grade(submission.name, clean(str(error)))
        except Exception as error:
            sentence = f"It could not be graded ({type(error).__name__}: {error})."
            return Grade(submission.name, clean(sentence))

    def _grade(self, name: str, files: SubmittedFiles, folder: StudentFolder) -> Grade:
        key = self.key(files)
        known = self.store.verdicts(name, key)
        verdicts = self.judge(folder) if known is None else known
        if known is None:
            with self.writing:
                self.store.write(name, key, verdicts)
        given = folder.answers()
        results = [summarise(step, folder.hash(step), verdicts[step.name], given) for step in all_steps()]
        problem = folder.answers_problem()
        return Grade(
            name,
            "",
            tuple(results),
            verdicts,
            answers={task: clean(text) for task, text in folder.begun_answers().items()},
            short_answers=folder.short_answers(),
            answers_problem=problem.what if problem else "",
            unchanged=known is not None,
        )

    def key(self, files: SubmittedFiles) -> str:
        """A hash of everything that decides the verdicts."""
        texts = {name: sha256(content).hexdigest() for name, content in files.items() if name != ANSWERS}
        return digest(texts, [checks_hash(step) for step in all_steps()], self.store.seed, asdict(self.limits))

    def judge(self, folder: StudentFolder) -> Verdicts:
        """Judge all steps in one process, which ends with them."""
        found: dict[str, list[Verdict]] = {}
        with Judge(self.limits) as judge:
            self.judges.append(judge)
            for step in all_steps():
                found[step.name] = []
                for verdict in folder.judge(step, judge, seed=self.store.seed):
                    if self.stopped.is_set():
                        raise KeyboardInterrupt
                    found[step.name].append(_plain(verdict))
        return found


def _plain(verdict: Verdict) -> Verdict:
    """A verdict that every export can hold: texts may be of any characters, pictures of any numbers."""
    texts: dict[str, Any] = {
        name: clean(getattr(verdict, name)) for name in ("expected", "got", "reason", "printed", "function")
    }
    lists: dict[str, Any] = {name: list(map(clean, getattr(verdict, name))) for name in ("code", "variables", "inputs")}
    return replace(verdict, picture=None, **texts, **lists)


def summary(grading: Grading) -> list[str]:
    """The lines for the screen: a row for each student, the class, and the conditions of the grading."""
    unchanged = sum(grade.unchanged for grade in grading.grades)
    written = written_tasks()
    return [
        *_students(grading),
        "",
        f"Points are those of the coded tasks, {coded_possible()} in all. The {len(written)} written tasks "
        f"({sum(task.points for task in written)} points) are for a person to read.",
        *([f"{unchanged} of {len(grading.grades)} unchanged since the last grading."] if unchanged else []),
        "",
        *_class(grading),
        "",
        grading.conditions(),
        GUARD,
    ]


def _students(grading: Grading) -> Iterator[str]:
    from rich.cells import cell_len, set_cell_size  # a Chinese letter is two columns wide

    width = max(cell_len(name) for name in ("student", *(grade.name for grade in grading.grades)))
    steps = "".join(f"{f'step {step.number}':>8}" for step in all_steps())
    yield f"{'student':<{width}}{steps}{'total':>8}{'to read':>9}"
    for grade in grading.grades:
        yield set_cell_size(grade.name, width) + _points(grade)
        yield from (f"    {line}" for line in [grade.problem, *grade.notes()] if line)


def _points(grade: Grade) -> str:
    if grade.problem:
        return f"{'-':>8}" * (len(all_steps()) + 1) + f"{'-':>9}"
    steps = "".join(f"{f'{step.coded_points}/{step.coded_possible}':>8}" for step in grade.steps)
    return f"{steps}{f'{grade.points}/{coded_possible()}':>8}{len(grade.to_read):>9}"


def _class(grading: Grading) -> Iterator[str]:
    yield f"{'task':<6}{'passed':>7}{'failed':>8}{'not started':>13}"
    for count in grading.counts():
        yield f"{count.id:<6}{count.passed:>7}{count.failed:>8}{count.not_started:>13}  {count.title}"
    if hardest := grading.hardest():
        yield ""
        yield f"Task {hardest.id} fails most often: {hardest.failed} of {hardest.students} students."
        yield hardest.why()
