"""Stages know when they have nothing to do, and say why when they have."""

import json

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.files import sha256
from gradcam_lab.pipeline.engine import Stages


class Work:
    """A stage of one artifact and one picture that counts how often it was made."""

    def __init__(self, folder):
        self.folder = folder
        self.made = 0

    def make(self, path):
        self.made += 1
        path.write_text("artifact", encoding="utf-8")
        picture = self.folder / "pictures" / "a.jpg"
        picture.parent.mkdir(exist_ok=True)
        picture.write_text("picture", encoding="utf-8")
        return [picture]

    def run(self, inputs=1, name="boxes"):
        """Run it as a new process would: with the records read from disk."""
        stages = Stages(self.folder)
        assert stages.run(name, "boxes.json", inputs, self.make) == self.folder / "boxes.json"
        return stages


@pytest.fixture
def work(tmp_path, capsys):
    work = Work(tmp_path / "out")
    work.run()
    assert capsys.readouterr().out.strip().endswith("boxes.json  (not there yet)")
    assert work.made == 1
    return work


def test_a_second_run_is_unchanged_and_writes_nothing(work, capsys):
    before = {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")}
    work.run()
    assert work.made == 1
    assert capsys.readouterr().out == "  boxes       unchanged  boxes.json\n"
    assert {path: path.stat().st_mtime_ns for path in work.folder.rglob("*")} == before


def change(path):
    path.write_text("changed by hand", encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: change(folder / "boxes.json"), "boxes.json was changed"),
        (lambda folder: (folder / "boxes.json").unlink(), "boxes.json was missing"),
        (lambda folder: change(folder / "pictures" / "a.jpg"), "pictures/a.jpg was changed"),
        (lambda folder: (folder / "pictures" / "a.jpg").unlink(), "pictures/a.jpg was missing"),
        (lambda folder: (folder / "stages.json").unlink(), "not there yet"),
    ],
)
def test_whatever_is_touched_is_made_again_and_the_reason_is_said(work, capsys, spoil, reason):
    spoil(work.folder)
    work.run()
    assert work.made == 2
    assert f"({reason})" in capsys.readouterr().out
    assert (work.folder / "boxes.json").read_text(encoding="utf-8") == "artifact"
    work.run()
    assert work.made == 2


@pytest.mark.parametrize("inputs", [2, "1", None, [1], {"a": 1}])
def test_other_inputs_make_it_run_again(work, capsys, inputs):
    work.run(inputs)
    assert work.made == 2
    assert "(its inputs changed)" in capsys.readouterr().out
    work.run(inputs)
    assert work.made == 2
    work.run(1)
    assert work.made == 3


def test_each_stage_has_its_own_record(work):
    work.run(name="scores")
    assert work.made == 2
    stages = work.run()
    assert work.made == 2
    assert stages.output("scores") == stages.output("boxes")


def test_the_output_is_the_hash_of_every_file(work):
    assert Stages(work.folder).output("boxes") == {
        "boxes.json": sha256(work.folder / "boxes.json"),
        "pictures/a.jpg": sha256(work.folder / "pictures" / "a.jpg"),
    }


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", '"boxes"', '{"boxes": 3}', '{"boxes": {}}', '{"boxes": {"inputs": "", "files": []}}'],
)
def test_a_damaged_record_only_means_that_the_stage_runs_again(work, capsys, content):
    (work.folder / "stages.json").write_text(content, encoding="utf-8")
    work.run()
    assert work.made == 2
    assert "(not there yet)" in capsys.readouterr().out
    assert "boxes" in json.loads((work.folder / "stages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_leaves_no_record(tmp_path, error):
    def fail(path):
        path.write_text("half", encoding="utf-8")
        raise error

    with pytest.raises(error):
        Stages(tmp_path).run("boxes", "boxes.json", 1, fail)
    work = Work(tmp_path)
    work.run()
    assert work.made == 1


def test_an_exception_keeps_the_records_of_the_stages_before(work):
    def fail(path):
        raise ValueError

    stages = Stages(work.folder)
    with pytest.raises(ValueError, match=r"^$"):
        stages.run("scores", "scores.json", 1, fail)
    work.run()
    assert work.made == 1


def test_an_output_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(LabError, match=r"Cannot make the folder '.*out' \(.*\): choose another with --out\."):
        Stages(tmp_path / "out")
