"""Stages know when they have nothing to do, and say why when they have."""

import json
from dataclasses import replace

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, sha256
from gradcam_lab.pipeline.engine import EVERY_MEASUREMENT, Engine, Stage, UndecidedError, read_records


class Run:
    """The context of an engine, whose fields a test may change."""

    def __init__(self, folder):
        self.folder, self.pending = folder, set()
        self.fields = {"colour": "red"}
        self.hashes = {"step3_boxes": "1"}
        self.method = "plain"
        self.heard = []

    def value_of(self, field):
        return self.fields[field]

    def lesson_hash(self, lesson):
        return self.hashes[lesson]

    def before(self, stage, runs):
        self.heard.append((stage.name, runs))


def make(run, path):
    path.write_text(f"{path.stem} of {run.method}", encoding="utf-8")


def make_with_picture(run, path):
    make(run, path)
    picture = run.folder / "pictures" / "a.jpg"
    picture.parent.mkdir(exist_ok=True)
    picture.write_text("picture", encoding="utf-8")
    return [picture]


for function in (make, make_with_picture):
    function.__module__ = "gradcam_lab.files"  # the code of a stage lies in the package

MAPS = Stage("maps", "maps.npz", make, when=lambda run: run.method != "plain")
BOXES = Stage("boxes", "boxes.json", make_with_picture, ("maps",), ("colour",), ("step3_boxes",))
SCORES = Stage("scores", "scores.json", make, ("boxes",))
RESULTS = Stage("results", "results.json", make, EVERY_MEASUREMENT)
FIGURES = Stage("figures", "figures.json", make, EVERY_MEASUREMENT)
STAGES = (MAPS, BOXES, SCORES, RESULTS, FIGURES)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path / "out")


@pytest.fixture
def execute(run, capsys):
    """Run everything as a new process would, with the records read from disk; return what is said of each stage."""

    def go(*stages):
        Engine(run, stages or STAGES).execute(stages or STAGES)
        lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
        return {
            name: "unchanged" if rest.startswith("unchanged") else rest.partition("(")[2][:-1] for name, rest in lines
        }

    return go


@pytest.fixture
def done(execute):
    assert execute() == dict.fromkeys(["boxes", "scores", "results", "figures"], "not there yet")


@pytest.mark.usefixtures("done")
class TestAgain:
    def test_a_second_run_is_unchanged_and_writes_nothing(self, run, execute):
        before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
        assert set(execute().values()) == {"unchanged"}
        assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda folder: (folder / "boxes.json").write_text("by hand"), "boxes.json was changed"),
            (lambda folder: (folder / "boxes.json").unlink(), "boxes.json was missing"),
            (lambda folder: (folder / "pictures" / "a.jpg").write_text("by hand"), "pictures/a.jpg was changed"),
            (lambda folder: (folder / "pictures" / "a.jpg").unlink(), "pictures/a.jpg was missing"),
        ],
    )
    def test_whatever_is_touched_is_made_again_and_the_reason_is_said(self, run, execute, spoil, reason):
        spoil(run.folder)
        said = execute()
        assert said.pop("boxes") == reason
        assert set(said.values()) == {"unchanged"}  # what came out is the same as before
        assert set(execute().values()) == {"unchanged"}

    @pytest.mark.parametrize("colour", ["blue", None, ["red"], {"red": 1}])
    def test_another_field_that_it_depends_on(self, run, execute, colour):
        run.fields["colour"] = colour
        assert execute()["boxes"] == "its inputs changed"
        assert execute()["boxes"] == "unchanged"

    def test_another_lesson(self, run, execute):
        run.hashes["step3_boxes"] = "2"
        assert execute()["boxes"] == "its inputs changed"

    def test_a_changed_artifact_reaches_all_that_read_it_and_no_other(self, run, execute):
        records = read_json(run.folder / "stages.json")
        records["scores"]["files"]["scores.json"] = "0"
        (run.folder / "stages.json").write_text(json.dumps(records), encoding="utf-8")
        engine = Engine(run, STAGES)
        touched = {stage.name for stage in STAGES if stage.when(run) and engine.reason(stage)}
        assert touched == {"scores", "results", "figures"}  # its own file does not have that hash

    def test_a_stage_that_joins_the_run_is_read_from_then_on(self, run, execute):
        run.method = "other"
        assert execute() == {
            "maps": "not there yet",
            "boxes": "its inputs changed",
            "scores": "its inputs changed",
            "results": "its inputs changed",
            "figures": "its inputs changed",
        }

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "{",
            "[]",
            "3",
            "null",
            '"boxes"',
            '{"boxes": 3}',
            '{"boxes": {}}',
            '{"boxes": {"inputs": "", "files": []}}',
        ],
    )
    def test_a_damaged_record_only_means_that_the_stage_runs_again(self, run, execute, content):
        (run.folder / "stages.json").write_text(content, encoding="utf-8")
        assert execute()["boxes"] == "not there yet"
        assert "boxes" in read_json(run.folder / "stages.json")

    def test_the_records_hold_the_hash_of_every_file(self, run):
        assert read_records(run.folder)["boxes"]["files"] == {
            "boxes.json": sha256(run.folder / "boxes.json"),
            "pictures/a.jpg": sha256(run.folder / "pictures" / "a.jpg"),
        }

    def test_the_run_is_told_what_comes_next(self, run, execute):
        run.heard.clear()
        (run.folder / "boxes.json").unlink()
        execute()
        assert run.heard == [("boxes", True), ("scores", False), ("results", False), ("figures", False)]


class TestReads:
    @pytest.mark.parametrize(("method", "read"), [("plain", ["heatmaps"]), ("other", ["maps"])])
    def test_of_alternatives_the_first_that_is_part_of_the_run(self, run, method, read):
        run.method = method
        stages = (Stage("heatmaps", "heatmaps.npz", make), MAPS, replace(BOXES, reads=("maps or heatmaps",)))
        assert Engine(run, stages).reads_of(stages[2]) == read

    def test_every_measurement_is_what_does_not_read_everything(self, run):
        engine = Engine(run, STAGES)
        assert engine.reads_of(RESULTS) == engine.reads_of(FIGURES) == ["boxes", "scores"]

    @pytest.mark.parametrize("reads", [("heatmap",), ("heatmaps", "scores"), ("boxes",)])
    def test_what_no_stage_before_writes_is_a_mistake_of_the_graph(self, run, reads):
        stages = (Stage("heatmaps", "heatmaps.npz", make), replace(BOXES, reads=reads))
        with pytest.raises(ValueError, match=r"'boxes' reads .* which no stage before it writes"):
            Engine(run, stages)


class TestFailing:
    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_an_exception_leaves_no_record_and_keeps_those_before(self, run, execute, error):
        def fail(run, path):
            path.write_text("half", encoding="utf-8")
            raise error

        fail.__module__ = make.__module__
        with pytest.raises(error):
            execute(MAPS, BOXES, replace(SCORES, make=fail))
        assert execute(MAPS, BOXES, SCORES) == {"boxes": "unchanged", "scores": "not there yet"}

    def test_an_output_folder_that_is_a_file(self, run, execute):
        run.folder.touch()
        with pytest.raises(LabError, match=r"Cannot make the folder '.*out' \(.*\): choose another with --out\."):
            execute()


class TestPlan:
    def plan(self, run, stages=STAGES):
        return {row.stage.name: (row.runs, row.reason) for row in Engine(run, stages).plan()}

    def test_of_an_empty_folder(self, run):
        assert self.plan(run) == {
            "maps": ("no", "not part of this run"),
            "boxes": ("yes", "not there yet"),
            "scores": ("perhaps", "boxes may change"),
            "results": ("perhaps", "boxes and scores may change"),
            "figures": ("perhaps", "boxes and scores may change"),
        }
        assert not run.folder.exists()

    @pytest.mark.usefixtures("done")
    def test_of_a_finished_run(self, run):
        assert {row for name, row in self.plan(run).items() if name != "maps"} == {("no", "unchanged")}
        run.fields["colour"] = "blue"
        assert self.plan(run)["boxes"] == ("yes", "its inputs changed")

    def test_what_an_earlier_stage_decides(self, run):
        def when(run):
            if "boxes" in run.pending:
                raise UndecidedError("boxes")
            return True

        decided = replace(SCORES, name="decided", reads=(), when=when)
        assert self.plan(run, (MAPS, BOXES, decided))["decided"] == ("perhaps", "boxes decides")
