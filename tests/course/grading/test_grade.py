"""Grading: what is judged, what is judged again, and what the screen says."""

import csv
import json
import shutil
import signal
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.course.grading import grade as grading
from gradcam_lab.course.grading.exports import Exports
from gradcam_lab.course.grading.grades import (
    Grading,
    coded_possible,
    coded_tasks,
    file_name,
    written_possible,
    written_tasks,
)
from gradcam_lab.course.grading.grades import possible as all_points
from gradcam_lab.course.grading.verdict_store import VARIABLE
from gradcam_lab.course.judging.judge import Judge, Limits
from gradcam_lab.course.submissions.archives.limits import Bounds
from gradcam_lab.errors import LabError
from tests.course.grading.submitted import (
    Quick,
    answered,
    graded,
    pack,
    put,
    solved,
    status_of,
    stubs,
    with_body,
    within,
)
from tests.students import answers

AT_THE_TOP = "import torch\ntorch.set_default_device('meta')\ntorch.manual_seed(0)\n"


@pytest.fixture(scope="module")
def wrong():
    """The first wrong answer in the manifest of the last step, which needs no network."""
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
        pack(folder / "fritz.zip", {**stubs(), all_steps()[0].file: "#" * 400_000})
        (folder / "greta.zip").write_bytes(b"PK no zip")
        put(
            folder / "hans",
            {**stubs(), all_steps()[0].file: AT_THE_TOP + all_steps()[0].source, "torch.py": "raise SystemExit"},
        )
        put(folder / "ida", {all_steps()[2].file: all_steps()[2].source, all_steps()[1].file: "def broken(:"})

        @contextmanager
        def shared(*_, **__):
            yield judge

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grading, "Judge", shared)
            bounds = Bounds(member=300_000)
            requested = Exports(csv=folder / "grades.csv", html=folder / "pages")
            grading.grade(folder, requested=requested, bounds=bounds, seed=7, wall="none")
            patch.setattr(grading, "say", lambda text: (folder / ".table.json").write_text(text))
            grading.grade(folder, json=True, requested=requested, bounds=bounds, wall="none")
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
        [("emil", "leads out of it"), ("greta", "cannot be opened")],
    )
    def test_what_cannot_be_read_is_a_sentence(self, rows, name, sentence):
        assert sentence in rows[name]["problem"]
        assert rows[name]["points"] == 0

    def test_a_file_that_is_too_large_costs_its_own_step_and_says_so(self, rows):
        step = all_steps()[0]
        lost = sum(task.points for task in step.coded)
        sentence = f"{step.file} is larger than 0.3 MB"
        assert rows["fritz"]["notes"] == [sentence]
        assert rows["fritz"]["causes"][0] == f"step {step.number} (-{lost}): {sentence}: it was not unpacked"
        assert [cause.partition("): ")[2] for cause in rows["fritz"]["causes"][1:]] == ["not started"]

    def test_a_stray_file_is_ignored_and_named(self, rows):
        assert rows["hans"]["notes"][0].startswith("torch.py is ignored, because `import torch` is to find the library")
        assert rows["hans"]["points"] == sum(task.points for task in all_steps()[0].coded)

    def test_settings_at_the_top_of_a_file_are_named_once_and_cost_nothing(self, rows):
        changed = "changed torch's default device, changed torch's global random seed"
        said = f"{all_steps()[0].file} {changed}: every check begins without this, and it costs no points"
        assert rows["hans"]["notes"][1:] == [said]
        assert [cause.partition("): ")[2] for cause in rows["hans"]["causes"]] == ["not started"]

    def test_missing_and_unreadable_files_are_named_and_cost_their_step_only(self, rows):
        assert rows["ida"]["points"] == sum(task.points for task in all_steps()[2].coded)
        assert f"there is no file {all_steps()[0].file}" in rows["ida"]["notes"]
        assert any(all_steps()[1].file in note and "line 1" in note for note in rows["ida"]["notes"])

    def test_the_class_is_counted(self, table, wrong):
        counts = {count["id"]: count for count in table["tasks"]}
        assert counts[wrong.task]["failed"] == 1  # carla
        students = {count["id"]: count["passed"] + count["failed"] + count["not_started"] for count in table["tasks"]}
        for step in all_steps():  # fritz and ida are counted only where they have a file that can be read
            less = {all_steps()[0]: 1, all_steps()[2]: -1}.get(step, 0)
            assert {students[task.id] for task in step.coded} == {6 - less}

    def test_the_second_run_judged_nothing_again(self, rows):
        assert [name for name, row in rows.items() if row["unchanged"]] == [
            "anna",
            "bob",
            "carla",
            "dörte",
            "fritz",
            "hans",
            "ida",
        ]


def test_a_process_for_each_two_at_a_time(tmp_path, capsys, monkeypatch):
    """The worker really dies and is really stopped, and neither disturbs its neighbour."""
    opened = []

    class Watched(Judge):
        def __init__(self, *words, **options):
            super().__init__(*words, **options)
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
    _, rows = graded(tmp_path, capsys, jobs=2, limits=Limits(seconds=1))
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


class TestGradingAgain:
    def kept(self, state):
        return {path.stem.split("-")[0] for path in state.glob("grades/*/[a-z]*.json")}

    def test_a_finished_grading_judges_nothing_again_and_says_so(self, handed_in, capsys, quick):
        first = graded(handed_in, capsys)[0]
        assert quick.students() == 5
        grading.grade(handed_in, wall="none")
        assert quick.students() == 0
        assert "5 of 5 unchanged since the last grading." in capsys.readouterr().out
        again = graded(handed_in, capsys)[0]
        assert first["seed"] == again["seed"]
        assert [{**row, "unchanged": 0} for row in first["students"]] == [
            {**row, "unchanged": 0} for row in again["students"]
        ]

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_interrupted_it_goes_on_where_it_stopped_with_the_same_seed(self, handed_in, capsys, quick, state, jobs):
        quick.stop_at = "# of carl"
        with pytest.raises(KeyboardInterrupt):
            graded(handed_in, capsys, jobs=1)
        kept = self.kept(state)  # the thread may have gone on to the next two before it was stopped
        assert {"anna", "bob"} <= kept < {"anna", "bob", "carl", "dora", "emil"}
        assert "carl" not in kept
        quick.stop_at = None
        quick.judged.clear()
        _, rows = graded(handed_in, capsys, jobs=jobs)
        assert quick.students() == 5 - len(kept)
        assert len(quick.seeds) == 1
        assert {name for name, row in rows.items() if row["unchanged"]} == kept
        assert rows["carl"]["points"] == coded_possible()

    def test_ctrl_c_ends_the_processes_that_run(self, handed_in, capsys, monkeypatch, state):
        released, began = threading.Event(), threading.Event()
        monkeypatch.setattr(grading, "new_source", lambda *_: SimpleNamespace(close=released.set))

        class Blocking(Quick):
            def judge(self, step, source, file, *, seed, checks=None, **options):
                if "# of carl" in source:
                    began.set()
                    assert released.wait(20)
                yield from super().judge(step, source, file, seed=seed)

        blocking = Blocking()
        monkeypatch.setattr(grading, "Judge", lambda *_, **__: blocking)

        def press():
            assert began.wait(20)
            signal.raise_signal(signal.SIGINT)

        presser = threading.Thread(target=press)
        presser.start()
        with pytest.raises(KeyboardInterrupt):
            graded(handed_in, capsys)
        presser.join()
        assert released.is_set()
        assert self.kept(state) == {"anna", "bob"}
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
        assert (rows["anna"]["points"], rows["anna"]["unchanged"]) == (coded_possible(), False)
        assert rows["anna"]["notes"][0].startswith("conftest.py is ignored, because it would change how pytest")

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
    def test_a_damaged_memory_is_judged_again(self, handed_in, capsys, quick, state, text):
        graded(handed_in, capsys)
        quick.students()
        for path in state.glob("grades/*/[a-z]*.json"):
            path.write_text(text)
        graded(handed_in, capsys)
        assert quick.students() == 5

    @pytest.mark.parametrize(
        ("old", "new"), [('"status": "passed"', '"status": "failed"'), ('"seed": ', '"seed": 1'), ("anna", "anne")]
    )
    def test_a_verdict_that_somebody_changed_is_judged_again(self, handed_in, capsys, quick, state, old, new):
        graded(handed_in, capsys)
        quick.students()
        (path,) = state.glob("grades/*/anna*.json")
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        _, rows = graded(handed_in, capsys)
        assert quick.students() == 1
        assert rows["anna"]["points"] == coded_possible()

    def test_the_seed_of_another_grading_is_of_no_use(self, handed_in, tmp_path, capsys, quick, state):
        put(tmp_path / "others" / "zoe", solved())
        graded(tmp_path / "others", capsys, seed=7)
        (other,) = state.glob("grades/*/.seed.json")
        graded(handed_in, capsys)
        (ours,) = set(state.glob("grades/*/.seed.json")) - {other}
        ours.write_text(other.read_text())
        assert graded(handed_in, capsys)[0]["seed"] != 7

    def test_a_seed_that_somebody_changed_is_drawn_anew(self, handed_in, capsys, quick, state):
        graded(handed_in, capsys, seed=5)
        (path,) = state.glob("grades/*/.seed.json")
        path.write_text(path.read_text().replace("5", "0"))
        assert graded(handed_in, capsys)[0]["seed"] not in (0, 5)

    def test_the_key_is_the_users_own(self, handed_in, capsys, quick, state):
        graded(handed_in, capsys)
        assert (state / "grades" / "key").stat().st_mode & 0o077 == 0
        (state / "grades" / "key").write_bytes(b"x" * 32)
        quick.students()
        graded(handed_in, capsys)
        assert quick.students() == 5

    def test_two_at_a_time_give_the_same(self, handed_in, tmp_path, capsys, quick):
        shutil.copytree(handed_in, tmp_path / "copy")
        one = graded(handed_in, capsys, seed=3)[0]
        assert one == graded(tmp_path / "copy", capsys, seed=3, jobs=2)[0]

    def test_two_are_judged_at_the_same_time(self, handed_in, capsys, monkeypatch):
        both = threading.Barrier(2, timeout=20)

        class Meeting(Quick):
            def judge(self, step, source, file, *, seed, checks=None, **options):
                if "# of anna" in source or "# of bob" in source:
                    both.wait()
                yield from super().judge(step, source, file, seed=seed)

        monkeypatch.setattr(grading, "Judge", lambda *_, **__: Meeting())
        _, rows = graded(handed_in, capsys, jobs=2)
        assert [row["problem"] for row in rows.values()] == [""] * 5

    def test_an_accident_of_ours_is_that_students_problem_and_not_kept(self, handed_in, capsys, quick, monkeypatch):
        class Broken(Quick):
            def judge(self, step, source, file, *, seed, checks=None, **options):
                if "# of bob" in source:
                    raise ZeroDivisionError("division by zero")
                yield from super().judge(step, source, file, seed=seed)

        monkeypatch.setattr(grading, "Judge", lambda *_, **__: Broken())
        _, rows = graded(handed_in, capsys)
        assert rows["bob"]["problem"] == "It could not be graded (ZeroDivisionError: division by zero)."
        assert rows["anna"]["points"] == rows["carl"]["points"] == coded_possible()
        monkeypatch.setattr(grading, "Judge", lambda *_, **__: quick)
        _, rows = graded(handed_in, capsys)
        assert (rows["bob"]["problem"], rows["bob"]["points"]) == ("", coded_possible())

    def test_nothing_is_written_among_the_submissions(self, handed_in, capsys, quick):
        before = sorted(handed_in.rglob("*"))
        graded(handed_in, capsys)
        assert sorted(handed_in.rglob("*")) == before

    def test_where_verdicts_cannot_be_kept_it_says_so_and_grades(self, handed_in, tmp_path, capsys, quick, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
        for _ in range(2):
            grading.grade(handed_in, wall="none")
            said = (
                f"Verdicts cannot be kept in '{tmp_path / 'file' / 'grades'}': name another folder by the environment"
            )
            assert said in capsys.readouterr().err
            assert quick.students() == 5

    @pytest.mark.parametrize("option", ["csv", "gradescope", "junit"])
    def test_a_folder_in_the_place_of_a_file_is_found_out_first(self, handed_in, tmp_path, quick, option):
        with pytest.raises(LabError, match="is a folder"):
            grading.grade(handed_in, requested=Exports(**{option: tmp_path}))
        assert quick.judged == []


class TestScreen:
    @pytest.fixture
    def lines(self, handed_in, capsys, quick):
        (handed_in / "zoe.zip").write_text("x")
        put(handed_in / "yann", {**solved(), "conftest.py": ""})
        grading.grade(handed_in, seed=5, wall="none")
        return capsys.readouterr().out.splitlines()

    def row(self, lines, name):
        return next(line.split() for line in lines if line.split()[:1] == [name])

    def test_a_row_for_each_with_points_per_step_total_and_answers_to_read(self, lines):
        possible = [sum(task.points for task in step.coded) for step in all_steps()]
        full = [f"{points}/{points}" for points in possible]
        sums = [f"{sum(possible)}/{sum(possible)}", f"0/{written_possible()}", f"{sum(possible)}/{all_points()}"]
        assert self.row(lines, "anna")[:-1] == ["anna", *full, *sums, "0"]
        lost = sum(task.points for task in all_steps()[1].coded if task.id in ("2.1", "2.2"))
        full[1] = f"{possible[1] - lost}/{possible[1]}"
        sums = [f"{part - lost}/{part}" for part in (sum(possible),)] + [sums[1]]
        assert self.row(lines, "dora")[:-1] == ["dora", *full, *sums, f"{sum(possible) - lost}/{all_points()}", "1"]

    def test_every_lost_point_has_its_cause_below_the_row(self, lines):
        row = next(number for number, line in enumerate(lines) if line.startswith("dora"))
        assert lines[row + 1] == "    lost 2.1, 2.2 (-2): a likely reason"
        row = next(number for number, line in enumerate(lines) if line.startswith("emil"))
        assert lines[row + 1 : row + 3] == [
            "    lost step 1, step 3, step 4, step 5, step 6 (-36): not started",
            "    lost 2.2 (-1): a likely reason",
        ]
        row = next(number for number, line in enumerate(lines) if line.startswith("yann"))
        assert lines[row + 1].startswith("    conftest.py is ignored")
        assert lines[row + 2].startswith("    look at step1_cam.py, line ")

    def test_a_problem_stands_below_its_row(self, lines):
        row = next(number for number, line in enumerate(lines) if line.startswith("zoe"))
        assert set(lines[row].split()[1:]) == {"-"}
        assert "The zip cannot be opened" in lines[row + 1]

    def test_the_class_and_the_task_that_fails_most(self, lines):
        assert self.row(lines, "2.1")[1:4] == ["5", "1", "0"]
        assert self.row(lines, "2.2")[1:4] == ["4", "2", "0"]
        assert self.row(lines, all_steps()[0].coded[0].id)[1:4] == ["5", "0", "1"]
        assert "Task 2.2 fails most often: 2 of 6 students." in lines
        assert "The most frequent likely reason (2 of 2): a likely reason." in lines

    def test_seed_limits_and_what_it_guards_against(self, lines):
        assert lines[0].endswith("with seed 5.")
        assert lines[-2] == Grading(5, Limits(), ()).conditions()
        assert "10 s of CPU time, 2 GiB of memory and 1 MB of output" in lines[-2]
        assert lines[-1] == Grading(5, Limits(), ()).guard()

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


class TestAnswers:
    """What the instructor hears of written answers, on the screen and in every export."""

    def exported(self, folder, place, capsys):
        """Grade; return the screen's lines, anna's row of the CSV, her page, and the texts of the other exports."""
        requested = Exports(**{kind: place / kind for kind in ("csv", "gradescope", "junit", "html")})
        grading.grade(folder, requested=requested, wall="none")
        with (place / "csv").open(encoding="utf-8-sig", newline="") as stream:
            row = next(row for row in csv.DictReader(stream) if row["student"] == "anna")
        page = (place / "html" / f"{file_name('anna')}.html").read_text(encoding="utf-8")
        others = [(place / kind).read_text(encoding="utf-8") for kind in ("gradescope", "junit")]
        return capsys.readouterr().out.splitlines(), row, page, others

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (None, "there is no file answers.md"),
            (answered()["answers.md"].encode("utf-16"), "answers.md is not UTF-8 text but UTF-16"),
            ("# Your answers\nGr\u00fc\u00dfe".encode("latin-1"), "answers.md is not UTF-8 text (line 2)"),
        ],
        ids=["missing", "UTF-16", "Latin-1"],
    )
    def test_a_file_that_is_missing_or_not_utf8_is_named(self, handed_in, tmp_path, capsys, quick, data, sentence):
        path = handed_in / "anna" / "answers.md"
        path.unlink() if data is None else path.write_bytes(data)
        lines, row, page, others = self.exported(handed_in, tmp_path, capsys)
        below = 1 + next(number for number, line in enumerate(lines) if line.startswith("anna"))
        assert lines[below] == f"    {sentence}"
        assert row["problem"] == sentence
        assert f'<p class="problem">{sentence}</p>' in page
        assert [other.count(sentence) for other in others] == [1, 1]
        assert row["total"] == str(coded_possible())  # it costs the code nothing

    def test_one_that_is_too_short_is_shown_and_called_so(self, handed_in, tmp_path, capsys, quick):
        short, none = [task.id for task in written_tasks()][:2]
        put(handed_in / "anna", {"answers.md": answers({short: "Because <b>gradients</b> do it."})})
        _, row, page, (gradescope, _) = self.exported(handed_in, tmp_path, capsys)
        assert "Because &lt;b&gt;gradients&lt;/b&gt; do it." in page
        assert page.count("Too short (4 of 20 words).") == 1
        assert page.count("Not answered.") == len(written_tasks()) - 1
        assert (row[f"task {short}"], row[f"task {none}"]) == ("too short (4 of 20 words)", "")
        assert row["answers to read"] == "0"
        written = json.loads(gradescope)["anna"]["extra_data"]["written"]
        assert (written[short], written[none]) == ("too short (4 of 20 words)", "")
        rows = graded(handed_in, capsys)[1]
        assert status_of(rows["anna"], short) == "too short (4 of 20 words)"
        assert status_of(rows["anna"], none) == "not answered"
