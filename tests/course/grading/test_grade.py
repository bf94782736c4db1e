"""Grading: which submissions there are, what is read of them, what is judged again, and what the exports say."""

import csv
import json
import re
import shutil
import signal
import stat
import threading
import xml.etree.ElementTree as ET
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import exports
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.grades import GUARD, Grade, Grading, coded_possible, coded_tasks, written_tasks
from gradcam_lab.course.grading.submissions import Bounds, clean, find, read
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.judging.verdicts import Status, Verdict, summarise
from gradcam_lab.course.workspace.folder import blank_answers
from gradcam_lab.errors import LabError

WORDS = "Grad-CAM needs no average at the end, because it weighs channels by gradients. " * 3


def solved() -> dict[str, str]:
    return {step.file: step.source for step in all_steps()}


def stubs() -> dict[str, str]:
    return {step.file: cut.stub(step.source) for step in all_steps()}


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
    return {"answers.md": blank_answers({written_tasks()[0].id: WORDS + "<img src=x onerror=alert(1)>"})}


class Quick:
    """Stands in for a judge where only the bookkeeping matters: a file passes unless it says "wrong 2.1"."""

    worker: SimpleNamespace | None = None

    def __init__(self):
        self.judged = []
        self.seeds = set()
        self.stop_at = None
        self.lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def judge(self, step, source, file, *, seed, checks=None):
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
        started = "NotImplementedError" not in source
        return Verdict(check.name, check.task, check.points, Status.passed if started else Status.not_started)

    def students(self) -> float:
        """So many were judged since the last call."""
        number = len(self.judged) / len(all_steps())
        self.judged.clear()
        return number


@pytest.fixture
def quick(monkeypatch) -> Quick:
    quick = Quick()
    monkeypatch.setattr(grading, "Judge", lambda limits: quick)
    return quick


def graded(folder, capsys, **options):
    """Grade, and return what `--json` prints, by the student's name."""
    capsys.readouterr()
    grading.grade(folder, json=True, **options)
    table = json.loads(capsys.readouterr().out)
    return table, {row["name"]: row for row in table["students"]}


def status_of(row, task):
    return next(t["status"] for step in row["steps"] for t in step["tasks"] if t["id"] == task)


class TestFinding:
    def test_folders_and_zips_and_nothing_hidden(self, tmp_path):
        put(tmp_path / "Jürgen Käse", solved())
        pack(tmp_path / "li 李.ZIP", solved())
        put(tmp_path / ".git", {"config": ""})
        put(tmp_path / "__MACOSX", {"x": ""})
        (tmp_path / ".DS_Store").write_text("")
        assert [found.name for found in find(tmp_path)] == ["Jürgen Käse", "li 李"]

    def test_a_folder_and_a_zip_of_one_name_stay_two(self, tmp_path):
        put(tmp_path / "anna", solved())
        pack(tmp_path / "anna.zip", solved())
        assert {found.name: found.path.name for found in find(tmp_path)} == {"anna": "anna", "anna.zip": "anna.zip"}

    def test_a_name_stands_in_one_line_and_is_composed(self, tmp_path):
        put(tmp_path / "zwei\nZeilen\x1b[31m", {"x.txt": ""})
        put(tmp_path / "Ju\u0308rgen", {"x.txt": ""})
        assert [found.name for found in find(tmp_path)] == ["Jürgen", "zwei Zeilen\ufffd[31m"]

    def test_a_workspace_is_the_only_submission(self, tmp_path):
        put(tmp_path / "submission", {**solved(), "__pycache__/x.pyc": "", "report/report.html": ""})
        (found,) = find(tmp_path / "submission")
        assert (found.name, found.path) == ("submission", tmp_path / "submission")

    def test_a_step_file_that_lies_about_hides_no_submission(self, tmp_path):
        put(tmp_path, {all_steps()[0].file: ""})
        put(tmp_path / "anna" / "lab", solved())
        assert [found.name for found in find(tmp_path)] == ["anna", all_steps()[0].file]

    def test_what_grading_writes_there_is_no_submission(self, tmp_path):
        put(tmp_path / "anna", solved())
        put(tmp_path, {"grades.csv": ""})
        assert [found.name for found in find(tmp_path, besides=[tmp_path / "grades.csv"])] == ["anna"]

    @pytest.mark.parametrize(
        ("name", "sentence"), [("none", "no folder"), ("empty", "no submissions"), ("file", "is a file")]
    )
    def test_nothing_to_grade_is_one_sentence(self, tmp_path, name, sentence):
        (tmp_path / "empty" / ".hidden").mkdir(parents=True)
        (tmp_path / "file").write_text("")
        with pytest.raises(LabError, match=sentence) as error:
            find(tmp_path / name)
        assert name in str(error.value)


class TestReading:
    """What is read of a submission, and what is refused."""

    def test_only_what_is_judged_and_the_names_of_strays(self, tmp_path):
        more = {
            "torch.py": "x",
            "numpy/__init__.py": "x",
            "helpers.py": "x",
            "notes/__init__.py": "x",
            "data/json.py": "x",
        }
        texts = {**solved(), **answered(), **more, ".gradcam-lab/state.json": "{}", "report.pdf": "x"}
        files = read(put(tmp_path / "anna", texts), Bounds())
        assert set(files) == {*solved(), "answers.md", "torch.py", "numpy/__init__.py"}
        assert files["torch.py"] == b""
        assert files == read(pack(tmp_path / "anna.zip", texts), Bounds())

    @pytest.mark.parametrize("prefix", ["my-lab", "deep/my-lab", "Käse & Hündchen", "windows\\my-lab"])
    def test_the_files_may_lie_lower(self, tmp_path, prefix):
        texts = within(prefix, solved())
        assert set(read(pack(tmp_path / "a.zip", {**texts, f"__MACOSX/{prefix}/x.py": ""}), Bounds())) == set(solved())
        assert set(read(put(tmp_path / "a", within(prefix.replace("\\", "/"), solved())), Bounds())) == set(solved())

    def test_a_zip_alone_in_a_folder_is_opened(self, tmp_path):
        pack(tmp_path / "anna_123_assignsubmission_file" / "my lab.zip", within("my lab", solved()))
        assert set(read(tmp_path / "anna_123_assignsubmission_file", Bounds())) == set(solved())

    def test_backups_below_do_not_count_beside_the_files_themselves(self, tmp_path):
        files = read(put(tmp_path / "anna", {**solved(), **within("old", stubs())}), Bounds())
        assert files[all_steps()[0].file].decode() == all_steps()[0].source

    def test_several_candidates_are_named(self, tmp_path):
        path = put(tmp_path / "anna", {**within("lab1", solved()), **within("lab2", stubs())})
        with pytest.raises(LabError, match=r"2 folders \('lab1' and 'lab2'\)"):
            read(path, Bounds())

    @pytest.mark.parametrize("path", ["../step.py", "a/../../x.py", "/etc/x.py", "C:\\x.py", "..\\x.py", "C:x.py"])
    def test_a_path_that_climbs_out_is_refused_and_nothing_is_written(self, tmp_path, path):
        archive = pack(tmp_path / "in" / "a.zip", {**solved(), path: "evil"})
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(LabError, match="leads out of it"):
            read(archive, Bounds())
        assert sorted(tmp_path.rglob("*")) == before

    def test_links_are_refused_in_zips_and_in_folders(self, tmp_path):
        link = zipfile.ZipInfo(all_steps()[0].file)
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with pytest.raises(LabError, match="is a link"):
            read(tmp_path / "a.zip", Bounds())
        put(tmp_path / "bob", solved())
        (tmp_path / "carl").mkdir()
        (tmp_path / "carl" / all_steps()[0].file).symlink_to(tmp_path / "bob" / all_steps()[0].file)
        with pytest.raises(LabError, match="is a link"):
            read(tmp_path / "carl", Bounds())

    def test_a_bomb_is_not_unpacked(self, tmp_path):
        bomb = pack(tmp_path / "a.zip", {**solved(), all_steps()[0].file: " " * 30_000_000})
        assert bomb.stat().st_size < 100_000
        with pytest.raises(LabError, match="larger than 1 MB"):
            read(bomb, Bounds())

    def test_a_bomb_of_a_packing_without_limits_is_not_opened(self, tmp_path):
        bomb = pack(tmp_path / "a.zip", {all_steps()[0].file: " " * 1_000}, zipfile.ZIP_BZIP2)
        with pytest.raises(LabError, match="unusual way"):
            read(bomb, Bounds())

    def test_a_large_file_that_nobody_reads_does_not_matter(self, tmp_path):
        path = pack(tmp_path / "a.zip", {**solved(), "film.mp4": " " * 5_000_000})
        assert set(read(path, Bounds())) == set(solved())

    def test_the_sum_and_the_number_are_limited_too(self, tmp_path):
        path = pack(tmp_path / "a.zip", solved())
        total = sum(len(text.encode()) for text in solved().values())
        with pytest.raises(LabError, match="together"):
            read(path, Bounds(total=total - 1))
        with pytest.raises(LabError, match=f"{len(all_steps())} files, more than 1"):
            read(path, Bounds(members=1))
        assert read(path, Bounds(total=total, members=len(all_steps())))

    def test_a_broken_zip_at_every_place(self, tmp_path):
        whole = pack(tmp_path / "whole.zip", solved()).read_bytes()
        damaged = bytearray(whole)
        damaged[200:260] = bytes(60)
        for content, sentence in (
            (whole[: len(whole) // 2], "cannot be opened"),
            (b"", "cannot be opened"),
            (b"PK\x03\x04 no zip", "cannot be opened"),
            (bytes(damaged), "is damaged"),
        ):
            (tmp_path / "a.zip").write_bytes(content)
            with pytest.raises(LabError, match=sentence):
                read(tmp_path / "a.zip", Bounds())

    def test_an_encrypted_zip_says_so(self, tmp_path):
        content = bytearray(pack(tmp_path / "a.zip", {all_steps()[0].file: "x"}).read_bytes())
        content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the directory
        (tmp_path / "a.zip").write_bytes(content)
        with pytest.raises(LabError, match="without a password"):
            read(tmp_path / "a.zip", Bounds())

    @pytest.mark.parametrize(
        ("make", "sentence"),
        [
            (lambda path: path.mkdir(), "nothing in it"),
            (lambda path: put(path, {"notes.txt": "x"}), "no step file"),
            (lambda path: path.write_text("x"), "neither a folder nor a zip"),
        ],
        ids=["empty", "no step file", "a file"],
    )
    def test_what_is_no_submission_says_so(self, tmp_path, make, sentence):
        make(tmp_path / "anna")
        with pytest.raises(LabError, match=sentence):
            read(tmp_path / "anna", Bounds())

    def test_clean_text_is_legal_everywhere(self):
        assert clean("a\x00b\x1b[0m\ud800\uffff\r\n\tü李") == "a\ufffdb\ufffd[0m\ufffd\ufffd\ufffd\n\tü李"


@pytest.fixture(scope="module")
def wrong():
    """The gallery's first wrong answer of the last step, which needs no network."""
    return all_steps()[-1].wrong_answers[0]


class TestTheRealThing:
    """Submissions of every kind, through the worker that judges students."""

    @pytest.fixture(scope="class")
    @classmethod
    def table(cls, tmp_path_factory, judge, wrong):
        folder = tmp_path_factory.mktemp("Käse & Hündchen") / "hand ins"
        put(folder / "anna", {**solved(), **answered()})
        put(folder / "bob", stubs())
        put(folder / "carla" / "my lab", with_body(wrong.mark, wrong.body))
        pack(folder / "dörte.zip", within("my lab", {**stubs(), all_steps()[2].file: all_steps()[2].source}))
        pack(folder / "emil.zip", {**solved(), "../../evil.py": "raise SystemExit"})
        pack(folder / "fritz.zip", {**solved(), all_steps()[0].file: "#" * 400_000})
        (folder / "greta.zip").write_bytes(b"PK no zip")
        put(folder / "hans", {**stubs(), "torch.py": "raise SystemExit"})
        put(folder / "ida", {all_steps()[2].file: all_steps()[2].source, all_steps()[1].file: "def broken(:"})

        @contextmanager
        def shared(limits):
            yield judge

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grading, "Judge", shared)
            bounds = Bounds(member=300_000)
            grading.grade(folder, csv=folder / "grades.csv", html=folder / "pages", bounds=bounds, seed=7)
            patch.setattr(grading, "say", lambda text: (folder / ".table.json").write_text(text))
            grading.grade(folder, json=True, csv=folder / "grades.csv", html=folder / "pages", bounds=bounds)
        return json.loads((folder / ".table.json").read_text())

    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, table):
        return {row["name"]: row for row in table["students"]}

    def test_everybody_has_a_row_and_our_own_files_have_none(self, rows):
        assert list(rows) == ["anna", "bob", "carla", "dörte", "emil", "fritz", "greta", "hans", "ida"]

    def test_the_right_one_has_every_point_and_its_answer_waits(self, rows):
        assert rows["anna"]["points"] == rows["anna"]["possible"] == coded_possible()
        assert rows["anna"]["answers_to_read"] == [written_tasks()[0].id]
        assert all(step["chain"]["status"] == "passed" for step in rows["anna"]["steps"])

    def test_the_stub_has_none_and_is_not_started(self, rows):
        assert rows["bob"]["points"] == 0
        assert {status_of(rows["bob"], task.id) for _, task in coded_tasks()} == {"not started"}
        assert rows["bob"]["notes"] == []

    def test_one_mistake_costs_one_task_and_has_its_reason(self, rows, wrong):
        lost = [task.id for _, task in coded_tasks() if status_of(rows["carla"], task.id) != "passed"]
        assert lost == [wrong.task]
        (task,) = [t for step in rows["carla"]["steps"] for t in step["tasks"] if t["id"] == wrong.task]
        assert wrong.says in task["first_failure"]["reason"]

    def test_a_zip_has_the_points_of_what_is_done(self, rows):
        assert rows["dörte"]["points"] == sum(task.points for task in all_steps()[2].coded)

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [("emil", "leads out of it"), ("fritz", "larger than 0.3 MB"), ("greta", "cannot be opened")],
    )
    def test_what_cannot_be_read_is_a_sentence(self, rows, name, sentence):
        assert sentence in rows[name]["problem"]
        assert rows[name]["points"] == 0

    def test_a_stray_file_costs_everything_and_is_named(self, rows):
        assert rows["hans"]["notes"] == ["torch.py lies beside your files"]
        assert rows["hans"]["points"] == 0

    def test_missing_and_unreadable_files_are_named_and_cost_their_step_only(self, rows):
        assert rows["ida"]["points"] == sum(task.points for task in all_steps()[2].coded)
        assert f"there is no file {all_steps()[0].file}" in rows["ida"]["notes"]
        assert any(all_steps()[1].file in note and "line 1" in note for note in rows["ida"]["notes"])

    def test_the_class_is_counted(self, table, wrong):
        counts = {count["id"]: count for count in table["tasks"]}
        assert counts[wrong.task]["failed"] == 1  # carla
        students = {count["id"]: count["passed"] + count["failed"] + count["not_started"] for count in table["tasks"]}
        for step in all_steps():  # hans and his torch.py are not counted, and ida only where she has a file
            assert {students[task.id] for task in step.coded} == {5 if step is all_steps()[2] else 4}

    def test_the_second_run_judged_nothing_again(self, rows):
        assert [name for name, row in rows.items() if row["unchanged"]] == [
            "anna",
            "bob",
            "carla",
            "dörte",
            "hans",
            "ida",
        ]


def test_a_process_for_each_two_at_a_time(tmp_path, capsys, monkeypatch):
    """The worker really dies and is really stopped, and neither disturbs its neighbour."""
    opened = []

    class Watched(Judge):
        def __init__(self, limits):
            super().__init__(limits)
            opened.append(self)

    monkeypatch.setattr(grading, "Judge", Watched)
    task = all_steps()[-1].coded[-1]  # the last of the last step: one check
    mark = next(region.mark for region in cut.regions(all_steps()[-1].source) if region.task == task.id)
    last = {all_steps()[-1].file: all_steps()[-1].source}
    put(
        tmp_path / "exit",
        last | {all_steps()[-1].file: with_body(mark, "import os\nos._exit(0)")[all_steps()[-1].file]},
    )
    put(
        tmp_path / "loop", last | {all_steps()[-1].file: with_body(mark, "while True:\n    pass")[all_steps()[-1].file]}
    )
    put(tmp_path / "right", last)
    _, rows = graded(tmp_path, capsys, jobs=2, limits=Limits(seconds=2))
    everything = sum(task.points for task in all_steps()[-1].coded)
    assert {name: status_of(row, task.id) for name, row in rows.items()} == {
        "exit": "crashed",
        "loop": "timed out",
        "right": "passed",
    }
    assert rows["right"]["points"] == everything
    assert rows["exit"]["points"] == rows["loop"]["points"] == everything - task.points
    assert len(opened) == 3
    assert all(judge.worker is None for judge in opened)


@pytest.fixture
def handed_in(tmp_path):
    """Five submissions; two have something wrong."""
    folder = tmp_path / "hand ins"
    for name in ("anna", "bob", "carl"):
        put(folder / name, {**solved(), all_steps()[0].file: f"{all_steps()[0].source}\n# of {name}\n"})
    put(folder / "dora", {**solved(), **answered(), all_steps()[1].file: "# wrong 2.1 wrong 2.2"})
    put(folder / "emil", {**stubs(), all_steps()[1].file: "# wrong 2.2"})
    return folder


class TestGradingAgain:
    def kept(self, folder):
        return {path.stem.split("-")[0] for path in (folder / grading.STORE).glob("[a-z]*.json")}

    def test_a_finished_grading_judges_nothing_again_and_says_so(self, handed_in, capsys, quick):
        first = graded(handed_in, capsys)[0]
        assert quick.students() == 5
        grading.grade(handed_in)
        assert quick.students() == 0
        assert "5 of 5 unchanged since the last grading." in capsys.readouterr().out
        again = graded(handed_in, capsys)[0]
        assert first["seed"] == again["seed"]
        assert [{**row, "unchanged": 0} for row in first["students"]] == [
            {**row, "unchanged": 0} for row in again["students"]
        ]

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_interrupted_it_goes_on_where_it_stopped_with_the_same_seed(self, handed_in, capsys, quick, jobs):
        quick.stop_at = "# of carl"
        with pytest.raises(KeyboardInterrupt):
            graded(handed_in, capsys, jobs=1)
        kept = self.kept(handed_in)  # the thread may have gone on to the next two before it was stopped
        assert {"anna", "bob"} <= kept < {"anna", "bob", "carl", "dora", "emil"}
        assert "carl" not in kept
        quick.stop_at = None
        quick.judged.clear()
        _, rows = graded(handed_in, capsys, jobs=jobs)
        assert quick.students() == 5 - len(kept)
        assert len(quick.seeds) == 1
        assert {name for name, row in rows.items() if row["unchanged"]} == kept
        assert rows["carl"]["points"] == coded_possible()

    def test_ctrl_c_ends_the_processes_that_run(self, handed_in, capsys, monkeypatch):
        released, began = threading.Event(), threading.Event()

        class Blocking(Quick):
            worker = SimpleNamespace(process=SimpleNamespace(kill=released.set))

            def judge(self, step, source, file, *, seed, checks=None):
                if "# of carl" in source:
                    began.set()
                    assert released.wait(20)
                yield from super().judge(step, source, file, seed=seed)

        blocking = Blocking()
        monkeypatch.setattr(grading, "Judge", lambda limits: blocking)

        def press():
            assert began.wait(20)
            signal.raise_signal(signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            graded(handed_in, capsys)
        presser.join()
        assert released.is_set()
        assert self.kept(handed_in) == {"anna", "bob"}
        assert len(blocking.judged) <= 2 * len(all_steps()) + 1

    def test_who_handed_in_again_is_judged_again(self, handed_in, capsys, quick):
        graded(handed_in, capsys)
        quick.students()
        put(handed_in / "bob", {all_steps()[0].file: "# new"})
        _, rows = graded(handed_in, capsys)
        assert quick.students() == 1
        assert [name for name, row in rows.items() if not row["unchanged"]] == ["bob"]

    def test_new_answers_are_read_and_need_no_judge(self, handed_in, capsys, quick):
        graded(handed_in, capsys)
        quick.students()
        put(handed_in / "anna", answered())
        _, rows = graded(handed_in, capsys)
        assert quick.students() == 0
        assert rows["anna"]["answers_to_read"] == [written_tasks()[0].id]

    def test_a_stray_file_is_noticed(self, handed_in, capsys, quick):
        graded(handed_in, capsys)
        put(handed_in / "anna", {"conftest.py": ""})
        _, rows = graded(handed_in, capsys)
        assert (rows["anna"]["points"], rows["anna"]["unchanged"]) == (0, False)

    def test_the_same_seed_is_unchanged_and_another_is_judged_again(self, handed_in, capsys, quick):
        seed = graded(handed_in, capsys)[0]["seed"]
        assert 0 < seed <= 2**32
        quick.students()
        graded(handed_in, capsys, seed=seed)
        assert quick.students() == 0
        assert graded(handed_in, capsys, seed=seed + 1)[0]["seed"] == seed + 1
        assert quick.students() == 5
        assert quick.seeds == {seed, seed + 1}
        assert graded(handed_in, capsys)[0]["seed"] == seed + 1

    def test_seeds_are_fresh(self, tmp_path, capsys, quick):
        seeds = set()
        for name in "ab":
            put(tmp_path / name / "anna", solved())
            seeds.add(graded(tmp_path / name, capsys)[0]["seed"])
        assert len(seeds) == 2

    def test_other_limits_or_checks_are_judged_again(self, handed_in, capsys, quick, monkeypatch):
        graded(handed_in, capsys)
        quick.students()
        graded(handed_in, capsys, limits=Limits(seconds=1))
        assert quick.students() == 5
        monkeypatch.setattr(grading, "checks_hash", lambda step: "other")
        graded(handed_in, capsys, limits=Limits(seconds=1))
        assert quick.students() == 5

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "null"])
    def test_a_damaged_memory_is_judged_again(self, handed_in, capsys, quick, text):
        graded(handed_in, capsys)
        quick.students()
        for path in (handed_in / grading.STORE).glob("[a-z]*.json"):
            path.write_text(text)
        graded(handed_in, capsys)
        assert quick.students() == 5

    def test_a_damaged_row_is_judged_again(self, handed_in, capsys, quick):
        graded(handed_in, capsys)
        quick.students()
        (path,) = (handed_in / grading.STORE).glob("anna*.json")
        path.write_text(path.read_text().replace('"status": "passed"', '"status": "splendid"'))
        _, rows = graded(handed_in, capsys)
        assert quick.students() == 1
        assert rows["anna"]["points"] == coded_possible()

    def test_two_at_a_time_give_the_same(self, handed_in, tmp_path, capsys, quick):
        shutil.copytree(handed_in, tmp_path / "copy")
        one = graded(handed_in, capsys, seed=3)[0]
        assert one == graded(tmp_path / "copy", capsys, seed=3, jobs=2)[0]

    def test_two_are_judged_at_the_same_time(self, handed_in, capsys, monkeypatch):
        both = threading.Barrier(2, timeout=20)

        class Meeting(Quick):
            def judge(self, step, source, file, *, seed, checks=None):
                if "# of anna" in source or "# of bob" in source:
                    both.wait()
                yield from super().judge(step, source, file, seed=seed)

        monkeypatch.setattr(grading, "Judge", lambda limits: Meeting())
        _, rows = graded(handed_in, capsys, jobs=2)
        assert [row["problem"] for row in rows.values()] == [""] * 5

    def test_an_accident_of_ours_is_that_students_problem_and_not_kept(self, handed_in, capsys, quick, monkeypatch):
        class Broken(Quick):
            def judge(self, step, source, file, *, seed, checks=None):
                if "# of bob" in source:
                    raise ZeroDivisionError("division by zero")
                yield from super().judge(step, source, file, seed=seed)

        monkeypatch.setattr(grading, "Judge", lambda limits: Broken())
        _, rows = graded(handed_in, capsys)
        assert rows["bob"]["problem"] == "It could not be graded (ZeroDivisionError: division by zero)."
        assert rows["anna"]["points"] == rows["carl"]["points"] == coded_possible()
        monkeypatch.setattr(grading, "Judge", lambda limits: quick)
        _, rows = graded(handed_in, capsys)
        assert (rows["bob"]["problem"], rows["bob"]["points"]) == ("", coded_possible())

    def test_a_folder_that_cannot_be_written_is_one_sentence(self, handed_in, quick, monkeypatch):
        def refuse(folder):
            raise LabError(f"Cannot write in the folder '{folder}' (Permission denied): choose another.")

        monkeypatch.setattr(grading, "require_writable", refuse)
        with pytest.raises(LabError, match="hand ins"):
            grading.grade(handed_in)
        assert quick.judged == []

    @pytest.mark.parametrize("option", ["csv", "gradescope", "junit"])
    def test_a_folder_in_the_place_of_a_file_is_found_out_first(self, handed_in, tmp_path, quick, option):
        with pytest.raises(LabError, match="is a folder"):
            grading.grade(handed_in, **{option: tmp_path})
        assert quick.judged == []


class TestScreen:
    @pytest.fixture
    def lines(self, handed_in, capsys, quick):
        (handed_in / "zoe.zip").write_text("x")
        put(handed_in / "yann", {**solved(), "conftest.py": ""})
        grading.grade(handed_in, seed=5)
        return capsys.readouterr().out.splitlines()

    def row(self, lines, name):
        return next(line.split() for line in lines if line.split()[:1] == [name])

    def test_a_row_for_each_with_points_per_step_total_and_answers_to_read(self, lines):
        possible = [sum(task.points for task in step.coded) for step in all_steps()]
        full = [f"{points}/{points}" for points in possible]
        assert self.row(lines, "anna") == ["anna", *full, f"{sum(possible)}/{sum(possible)}", "0"]
        lost = sum(task.points for task in all_steps()[1].coded if task.id in ("2.1", "2.2"))
        full[1] = f"{possible[1] - lost}/{possible[1]}"
        assert self.row(lines, "dora") == ["dora", *full, f"{sum(possible) - lost}/{sum(possible)}", "1"]

    def test_what_cost_whole_steps_stands_below_its_row(self, lines):
        row = next(number for number, line in enumerate(lines) if line.startswith("yann"))
        assert lines[row + 1] == "    conftest.py lies beside your files"
        assert lines[row + 2].startswith("zoe")

    def test_a_problem_stands_below_its_row(self, lines):
        row = next(number for number, line in enumerate(lines) if line.startswith("zoe"))
        assert set(lines[row].split()[1:]) == {"-"}
        assert "The zip cannot be opened" in lines[row + 1]

    def test_the_class_and_the_task_that_fails_most(self, lines):
        assert self.row(lines, "2.1")[1:4] == ["4", "1", "0"]
        assert self.row(lines, "2.2")[1:4] == ["3", "2", "0"]
        assert self.row(lines, all_steps()[0].coded[0].id)[1:4] == ["4", "0", "1"]
        assert "Task 2.2 fails most often: 2 of 5 students." in lines
        assert "The most frequent likely reason (2 of 2): a likely reason." in lines

    def test_seed_limits_and_what_it_guards_against(self, lines):
        assert lines[0].endswith("with seed 5.")
        assert lines[-2] == Grading(5, Limits(), ()).conditions()
        assert "10 s, 2 GiB of memory and 1 MB of output" in lines[-2]
        assert lines[-1] == GUARD

    def test_json_is_json_and_nothing_else(self, handed_in, capsys, quick):
        put(handed_in / "李", solved())
        table, rows = graded(handed_in, capsys)
        assert set(rows) == {"anna", "bob", "carl", "dora", "emil", "李"}
        assert table["fails_most"] == "2.2"
        assert rows["dora"]["steps"][1]["points"] == rows["dora"]["steps"][1]["possible"] - sum(
            task.points for task in all_steps()[1].coded if task.id in ("2.1", "2.2")
        )
        written = [task for task in rows["dora"]["steps"][0]["tasks"] if task["written"]]
        assert {(task["status"], task["points"]) for task in written} == {("answered", None)}


# --- exports ---

NASTY = "<script>alert(1)</script>"


def a_grade(name, source="", answers=None):
    quick = Quick()
    verdicts = {
        step.name: [
            grading._plain(verdict) for check in step.checks if (verdict := quick.verdict(check, source)) is not None
        ]
        for step in all_steps()
    }
    steps = tuple(summarise(step, "0" * 64, verdicts[step.name], answers or {}) for step in all_steps())
    return Grade(name, "", steps, verdicts, answers or {})


@pytest.fixture(scope="module")
def a_class() -> Grading:
    answer = {written_tasks()[0].id: f"{WORDS}\n\n<b>{NASTY}</b>"}
    grades = (
        a_grade(NASTY, answers=answer),
        a_grade("=1+1", source="wrong 2.1"),
        a_grade("Jürgen 李", source="wrong 2.1 wrong 2.2"),
        Grade("@zip", problem="=The zip cannot be opened."),
    )
    return Grading(99, Limits(), grades)


class TestCsv:
    @pytest.fixture(scope="class")
    @classmethod
    def rows(cls, a_class, tmp_path_factory):
        path = tmp_path_factory.mktemp("csv") / "grades.csv"
        exports.Exports(csv=path).write(a_class)
        assert path.read_bytes().startswith(b"\xef\xbb\xbfstudent,")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def test_names_and_problems_are_no_formulas(self, rows):
        assert [row["student"] for row in rows] == [NASTY, "'=1+1", "Jürgen 李", "'@zip"]
        assert rows[-1]["problem"] == "'=The zip cannot be opened."
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())

    def test_columns_add_up(self, rows, a_class):
        for row, grade in zip(rows[:3], a_class.grades, strict=False):
            tasks = {task.id: int(row[f"task {task.id}"]) for _, task in coded_tasks()}
            for step in all_steps():
                assert sum(tasks[task.id] for task in step.coded) == int(row[f"step {step.number}"])
            assert sum(tasks.values()) == int(row["total"]) == grade.points
            assert row["possible"] == str(coded_possible())
            assert row["seed"] == "99"

    def test_written_tasks_are_answered_or_empty(self, rows):
        first, *others = [f"task {task.id}" for task in written_tasks()]
        assert (rows[0][first], rows[0]["answers to read"]) == ("answered", "1")
        assert {rows[0][column] for column in others} | {rows[1][first]} == {""}

    def test_a_problem_leaves_the_tasks_empty(self, rows):
        assert rows[-1]["total"] == "0"
        assert rows[-1]["task 1.1"] == rows[-1]["step 1"] == ""
        assert None not in rows[-1]
        assert None not in rows[-1].values()


class TestGradescope:
    def test_one_student_is_the_file_itself(self, a_class, tmp_path):
        path = tmp_path / "results.json"
        exports.Exports(gradescope=path).write(replace(a_class, grades=a_class.grades[1:2]))
        result = json.loads(path.read_text(encoding="utf-8"))
        assert set(result) == {"score", "tests", "output", "extra_data"}
        assert result["score"] == sum(test["score"] for test in result["tests"]) == a_class.grades[1].points
        assert sum(test["max_score"] for test in result["tests"]) == coded_possible()
        assert [test["name"].split()[0] for test in result["tests"]] == [task.id for _, task in coded_tasks()]
        tests = {test["name"].split()[0]: test for test in result["tests"]}
        assert tests["2.1"]["status"] == "failed"
        assert "likely: a likely reason" in tests["2.1"]["output"]
        assert (tests["2.2"]["status"], tests["2.2"]["output"]) == ("passed", "")
        assert result["extra_data"]["seed"] == 99
        assert "--seed 99" in result["output"]

    def test_several_are_an_object_by_student(self, a_class, tmp_path):
        path = tmp_path / "results.json"
        exports.Exports(gradescope=path).write(a_class)
        results = json.loads(path.read_text(encoding="utf-8"))
        assert {name: result["score"] for name, result in results.items()} == {
            grade.name: grade.points for grade in a_class.grades
        }
        assert results["@zip"]["output"].startswith("=The zip")
        assert {test["status"] for test in results["@zip"]["tests"]} == {"failed"}
        assert results[NASTY]["extra_data"]["written"][written_tasks()[0].id] == "answered"


class TestJunit:
    @pytest.fixture(scope="class")
    @classmethod
    def suites(cls, a_class, tmp_path_factory):
        path = tmp_path_factory.mktemp("junit") / "junit.xml"
        exports.Exports(junit=path).write(a_class)
        return {suite.get("name"): suite for suite in ET.parse(path).getroot()}

    def test_a_suite_for_each_student_and_a_case_for_each_check(self, suites, a_class):
        assert list(suites) == [grade.name for grade in a_class.grades]
        names = [(step.name, check.name) for step in all_steps() for check in step.checks]
        cases = suites[NASTY].findall("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases] == names
        assert suites[NASTY].get("tests") == str(len(names))
        assert suites[NASTY].get("failures") == suites[NASTY].get("errors") == "0"

    def test_a_failure_has_its_message_without_control_characters(self, suites):
        failed = [case for case in suites["=1+1"].findall("testcase") if case.find("failure") is not None]
        assert {case.get("name") for case in failed} == {check.name for check in all_steps()[1].checks_of("2.1")}
        assert failed[0].find("failure").get("message") == "a likely reason"
        assert "got: half a pair \ufffd, a bell \ufffd" in failed[0].find("failure").text
        assert suites["=1+1"].get("failures") == str(len(failed))

    def test_a_problem_is_an_error(self, suites):
        (case,) = suites["@zip"].findall("testcase")
        assert case.find("error").get("message") == "=The zip cannot be opened."
        assert suites["@zip"].get("errors") == "1"

    def test_a_check_that_did_not_run_is_skipped(self, a_class):
        grade = a_class.grades[0]
        less = replace(
            grade, verdicts={**grade.verdicts, all_steps()[0].name: grade.verdicts[all_steps()[0].name][:-1]}
        )
        suite = exports._suite(less, a_class)
        assert suite.get("skipped") == "1"

    def test_the_seed_stands_in_it(self, suites):
        values = {p.get("name"): p.get("value") for p in suites[NASTY].iter("property")}
        assert values["seed"] == "99"
        assert values["points"] == str(coded_possible())


class Page(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.text = set(), [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


class TestPages:
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, a_class, tmp_path_factory):
        folder = tmp_path_factory.mktemp("pages") / "class 1"
        exports.Exports(html=folder).write(a_class)
        return folder

    @pytest.fixture(scope="class")
    @classmethod
    def pages(cls, folder):
        return {path.name: Page(path.read_text(encoding="utf-8")) for path in folder.iterdir()}

    def page(self, pages, name):
        return pages[f"{exports.file_name(name)}.html"]

    def test_the_index_leads_to_every_student_and_every_page_back(self, pages, a_class):
        assert len(pages) == 1 + len(a_class.grades)
        assert pages["index.html"].links == [f"{exports.file_name(grade.name)}.html" for grade in a_class.grades]
        assert all(page.links == ["index.html"] for name, page in pages.items() if name != "index.html")

    def test_no_script_and_nothing_from_elsewhere(self, pages, folder):
        for page in pages.values():
            assert not page.tags & {"script", "img", "b" if page is not pages["index.html"] else "img", "link"}
        assert all("http://" not in path.read_text("utf-8") for path in folder.iterdir())
        assert NASTY in pages["index.html"].text
        assert f"<b>{NASTY}</b>" in self.page(pages, NASTY).text

    def test_points_reasons_and_problems_are_there(self, pages, a_class):
        assert f"{a_class.grades[1].points} of {coded_possible()} points" in self.page(pages, "=1+1").text
        assert "a likely reason" in self.page(pages, "=1+1").text
        assert "half a pair \ufffd, a bell \ufffd" in self.page(pages, "=1+1").text.split("printed")[1]
        assert "a likely reason" not in self.page(pages, NASTY).text
        assert "=The zip cannot be opened." in self.page(pages, "@zip").text
        assert "=The zip cannot be opened." in pages["index.html"].text

    def test_the_index_says_which_task_fails_most(self, pages, folder):
        text = " ".join(pages["index.html"].text.split())
        assert "Task 2.1" in text
        assert "fails most often: 2 of 3 students" in text
        widths = re.findall(r'style="width: ([\d.]+)%"', (folder / "index.html").read_text("utf-8"))
        counts = Grading(1, Limits(), ()).counts()
        expected = {"2.1": 100 / 3, "2.2": 200 / 3}
        assert [float(width) for width in widths] == [
            pytest.approx(expected.get(count.id, 100), abs=0.06) for count in counts
        ]

    def test_every_page_says_the_seed_and_what_it_guards_against(self, pages):
        for page in pages.values():
            assert GUARD in page.text
            assert "--seed 99" in page.text

    def test_what_cost_a_whole_step_stands_on_both_pages(self, a_class, tmp_path):
        def lost(check):
            return Verdict(check.name, check.task, check.points, Status.error, "a file", "there is <no> file", "")

        grade = a_class.grades[0]
        step = all_steps()[0]
        verdicts = {**grade.verdicts, step.name: [lost(check) for check in step.checks]}
        exports.Exports(html=tmp_path).write(replace(a_class, grades=(replace(grade, verdicts=verdicts),)))
        pages = [Page(path.read_text("utf-8")) for path in tmp_path.iterdir()]
        assert ["there is <no> file" in page.text for page in pages] == [True, True]

    def test_a_class_that_nobody_could_be_judged_of_has_a_page(self, tmp_path):
        exports.Exports(html=tmp_path).write(Grading(1, Limits(), (Grade("anna", problem="Empty."),)))
        assert "Empty." in Page((tmp_path / "index.html").read_text("utf-8")).text

    def test_file_names_are_safe_and_unique(self):
        students = ["anna", "Anna", "ANNA", "../x", "con", "李", "王", "", "a" * 300, "Jürgen", "Jurgen", "index"]
        names = [exports.file_name(student).lower() for student in students]
        assert len(set(names)) == len(students)
        assert all(re.fullmatch(r"[a-z0-9-]{10,51}", name) for name in names)
        assert not {"index", "con"} & set(names)
