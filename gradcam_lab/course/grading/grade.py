"""Grading a folder of submissions: each in processes of its own, each result stored for exactly these files.

Where bubblewrap works, a wall stands around each submission. Without it, a submission runs under limits on time, memory
and output, but with the rights of whoever grades.
"""

import json as json_text
import tempfile
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock
from typing import Any, Literal

from gradcam_lab.console import progress, say, warn
from gradcam_lab.course.authoring.consistent import require_consistent
from gradcam_lab.course.authoring.course import course_files, followed
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading.comparing import compare
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.grading.grades import Grade, Grading
from gradcam_lab.course.grading.hand_in import Gradebooks, HandIns
from gradcam_lab.course.grading.lateness import Deadline
from gradcam_lab.course.grading.marks import Marking
from gradcam_lab.course.grading.sheets import write_sheets
from gradcam_lab.course.grading.submissions import RECORD, read
from gradcam_lab.course.grading.submitted_files import SubmittedFiles, lay_out
from gradcam_lab.course.grading.summary import summary
from gradcam_lab.course.grading.verdict_store import Verdicts, VerdictStore, state_folder
from gradcam_lab.course.integrity.look_at import look_at
from gradcam_lab.course.integrity.work_record import read_record
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.processes.sandbox import OPEN, Sandbox
from gradcam_lab.course.judging.processes.sources import Source, new_source
from gradcam_lab.course.judging.verdicts import Status, Verdict, summarise
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.course.submissions.class_archive import unpacked
from gradcam_lab.course.submissions.find import find
from gradcam_lab.course.submissions.submission import Submission
from gradcam_lab.course.submissions.text import clean
from gradcam_lab.course.workspace.folder import ANSWERS, Problem, StudentFolder
from gradcam_lab.course.workspace.workspace import checks_hash
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest

LISTEN = 0.2
"""Seconds after which a Ctrl-C is heard, at the latest, on systems where waiting cannot be interrupted."""

TRIES = 2
"""How often a check is run that uses up its time, before this counts."""

Wall = Literal["auto", "bwrap", "none"]


def grade(
    folder: Path,
    *,
    jobs: int = 1,
    requested: Exports = Exports(),  # noqa: B008 - it is frozen
    seed: int | None = None,
    limits: Limits = Limits(),  # noqa: B008
    bounds: Bounds = Bounds(),  # noqa: B008
    wall: Wall = "auto",
    only: Sequence[str] = (),
    retry: bool = False,
    books: Gradebooks = Gradebooks(),  # noqa: B008
    deadline: Deadline | None = None,
    json: bool = False,
) -> None:
    """Grade every submission in a folder; what has not changed since an earlier grading is not judged again.

    Args:
        folder: holds a folder or an archive for each student, or is one workspace itself, and is only read; or the
            archive of a class, which is unpacked beside itself.
        jobs: number of submissions judged in parallel.
        requested: the files and pages to write.
        seed: the seed of the checks' random cases; by default that of the grading stored here, or a fresh one.
        limits: limits of each check.
        bounds: limits of a submission's size.
        wall: what stands around each submission: bubblewrap, nothing, or bubblewrap where it works.
        only: the names of the students to grade; all where there are none.
        retry: judge again whose checks timed out or crashed; where `only` names students, these whatever they have.
        books: the gradebooks to write, and the roster.
        deadline: when the submissions are due, and what lateness costs.
        json: print JSON and nothing else.

    Raises:
        LabError: there are no submissions, a result cannot be written, or there is no such student.
        KeyboardInterrupt: the same command goes on from there.
    """
    require_consistent(all_steps())
    requested.require_places()
    books.require_places()
    folder = unpacked(folder)
    found = find(folder, besides=[*requested.paths(), *books.paths()])
    submissions = _chosen(found.submissions, only)
    hand_ins = HandIns(found.submissions, books, deadline)
    sandbox = _sandbox(wall, folder)
    marking = Marking(requested.written) if requested.written else None  # a slip in a sheet is found before the work
    store = VerdictStore(folder, seed)
    if not json:
        number = "one submission" if len(submissions) == 1 else f"{len(submissions)} submissions"
        say(f"Grading {number} in '{clean(str(folder))}' with seed {store.seed}.\n")
    again = None if not retry else {submission.name for submission in submissions} if only else set()
    grader = Grader(store, limits, bounds, sandbox, again)
    grades = grader.grade_all(submissions, jobs)
    if store.problem:
        warn(store.problem)
    if marking:
        grades = [replace(grade, marks=marking.marks(grade.answers)) for grade in grades]
    grades = [*map(hand_ins.with_remarks, grades)]
    compared, pairs = compare(grades)
    unit = deadline.unit if deadline else ""
    grading = Grading(store.seed, limits, compared, pairs, walled=sandbox.walled, late=unit)
    requested.write(grading)
    notes = write_sheets(marking, grading.grades) if marking and not only else []  # a sheet is of the whole class
    lines = [*hand_ins.write(grading.grades), *found.lines()]
    if json:
        table = {**grading.as_json(), "remarks": lines}
        say(json_text.dumps(table, indent=1))  # plain ASCII: any terminal and any pipe takes it
    else:
        written = [*(path for path in requested.paths() if path != requested.written), *books.written()]
        places = [f"Written: {clean(str(path))}" for path in written]
        say("\n".join([*summary(grading), *notes, *lines, *places]))


def _chosen(submissions: Sequence[Submission], only: Sequence[str]) -> list[Submission]:
    """The submissions of the students who are named; all where nobody is."""
    names = [submission.name for submission in submissions]
    for name in only:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"do you mean '{near[0]}'?" if near else "the first column of the table has the names."
            raise LabError(f"There is no submission of '{clean(name)}': {hint}")
    return [submission for submission in submissions if not only or submission.name in only]


def _sandbox(wall: Wall, folder: Path) -> Sandbox:
    """The wall that was asked for.

    Raises:
        LabError: it was asked for expressly, and cannot be built.
    """
    if wall == "none":
        return OPEN
    course = followed()
    shown = course_files(course) if course else ()
    sandbox = Sandbox(walled=True, hidden=(folder, state_folder()), shown=tuple(shown))
    problem = sandbox.problem()
    if problem and wall == "bwrap":
        raise LabError(f"There can be no wall around the submissions: {problem}.")
    if problem:
        warn(f"No wall stands around the submissions: {problem}. Grade strangers' work in a container.")
    return OPEN if problem else sandbox


class Grader:
    """Judges submissions, several at a time; threads do, because they only wait for the processes that work.

    Args:
        store: the verdicts of earlier gradings.
        limits: limits of each check.
        bounds: limits of a submission's size.
        sandbox: the wall around each submission, or none.
        again: None to judge nothing a second time; else the names of those who are judged whatever is stored, besides
            those whose checks timed out or crashed.
    """

    def __init__(
        self,
        store: VerdictStore,
        limits: Limits,
        bounds: Bounds,
        sandbox: Sandbox = OPEN,
        again: set[str] | None = None,
    ) -> None:
        self.store, self.limits, self.bounds, self.sandbox, self.again = store, limits, bounds, sandbox, again
        self.stopped = Event()
        self.writing = Lock()  # making a file changes the umask for a moment, and with it the other threads' files
        self.sources: list[Source] = []
        self.free: SimpleQueue[Source] = SimpleQueue()

    def grade_all(self, submissions: Sequence[Submission], jobs: int) -> list[Grade]:
        """Grade the submissions; each result is stored as soon as it is there.

        Raises:
            KeyboardInterrupt: the processes are ended, and what is finished is kept.
        """
        self.sources = [new_source(self.limits, self.sandbox) for _ in range(min(jobs, len(submissions)))]
        for source in self.sources:
            self.free.put(source)
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
                self.stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)  # no further submission begins
                raise
            finally:
                self._close_sources()  # where they still work, their threads then end by themselves
        return [future.result() for future in futures]

    def _close_sources(self) -> None:
        with ThreadPoolExecutor(max_workers=len(self.sources)) as pool:
            list(pool.map(lambda source: source.close(), self.sources))

    def grade(self, submission: Submission) -> Grade:
        """Grade one submission, and store the verdicts; an error becomes the problem of this submission alone."""
        try:
            files = read(submission.path, self.bounds, submission.loose)
            record = files.pop(RECORD, None)
            with tempfile.TemporaryDirectory(prefix="gradcam-lab-", ignore_cleanup_errors=True) as place:
                grade = self._grade(submission.name, files, lay_out(files, Path(place)))
            return _looked_at(grade, files, record)
        except LabError as error:
            return Grade(submission.name, clean(str(error)))
        except Exception as error:
            sentence = f"It could not be graded ({type(error).__name__}: {error})."
            return Grade(submission.name, clean(sentence))

    def _grade(self, name: str, files: SubmittedFiles, folder: StudentFolder) -> Grade:
        key = self.key(files)
        known = self._known(name, key)
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
            answers_problem=clean(problem.what) if problem else "",
            remarks=tuple(map(clean, folder.strays())),
            unchanged=known is not None,
        )

    def key(self, files: SubmittedFiles) -> str:
        """A hash of everything that decides the verdicts."""
        texts = {name: _hash(content) for name, content in files.items() if name != ANSWERS}
        checks = [checks_hash(step) for step in all_steps()]
        return digest(texts, checks, self.store.seed, asdict(self.limits), self.sandbox.walled)

    def _known(self, name: str, key: str) -> Verdicts | None:
        """The stored verdicts, unless they are to be judged again."""
        known = self.store.verdicts(name, key)
        if known is None or self.again is None:
            return known
        accident = {Status.timed_out, Status.crashed} & {v.status for found in known.values() for v in found}
        return None if accident or name in self.again else known

    def judge(self, folder: StudentFolder) -> Verdicts:
        """Judge all steps, by a source of processes that serves nobody else meanwhile."""
        found: dict[str, list[Verdict]] = {}
        source = self.free.get()
        try:
            with Judge(self.limits, source, tries=TRIES) as judge:
                for step in all_steps():
                    found[step.name] = []
                    for verdict in folder.judge(step, judge, seed=self.store.seed):
                        if self.stopped.is_set():
                            raise KeyboardInterrupt
                        found[step.name].append(_plain(verdict))
        finally:
            self.free.put(source)
        return found


def _hash(content: bytes | Problem) -> str:
    return f"not read: {content}" if isinstance(content, Problem) else sha256(content).hexdigest()


def _looked_at(grade: Grade, files: SubmittedFiles, record: bytes | Problem | None) -> Grade:
    """The grade with the code, how the student worked, and what is worth a look."""
    code = {
        clean(name): clean(content.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n"))
        for name, content in files.items()
        if name.endswith(".py") and isinstance(content, bytes)
    }
    work = read_record(record) if isinstance(record, bytes) else None
    return replace(grade, code=code, record=work, to_look_at=look_at(code, work))


def _plain(verdict: Verdict) -> Verdict:
    """A verdict that every export can hold: texts may be of any characters, pictures of any numbers."""
    texts: dict[str, Any] = {
        name: clean(getattr(verdict, name)) for name in ("expected", "got", "reason", "printed", "function")
    }
    lists: dict[str, Any] = {name: list(map(clean, getattr(verdict, name))) for name in ("code", "variables", "inputs")}
    return replace(verdict, picture=None, **texts, **lists)
