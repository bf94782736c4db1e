"""`gradcam-lab start` makes a workspace, whole or not at all."""

import json
from pathlib import Path

import pytest

from gradcam_lab import __version__
from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import all_steps, lesson_folder
from gradcam_lab.course.workspace import start
from gradcam_lab.course.workspace.workspace import Workspace
from gradcam_lab.errors import LabError


def test_everything_is_there(root):
    names = {path.name for path in root.iterdir()}
    code = {step.file for step in all_steps()} | {step.test_file for step in all_steps()}
    assert names == code | {"answers.md", "README.md", "pytest.ini", ".gradcam-lab"}
    for step in all_steps():
        stub = cut.stub(step.source)
        assert (root / step.file).read_text(encoding="utf-8") == stub
        assert (root / ".gradcam-lab" / "stubs" / step.file).read_text(encoding="utf-8") == stub
    assert json.loads((root / ".gradcam-lab" / "state.json").read_text())["version"] == __version__
    assert "{{" not in (root / "README.md").read_text(encoding="utf-8")


def test_no_answer_and_no_path_to_one_is_in_it(root):
    texts = [path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()]
    lines = {line.strip() for text in texts for line in text.splitlines()}
    for step in all_steps():
        source = step.source.splitlines()
        secret: set[str] = set()
        for region in cut.regions(step.source):
            secret |= {line.strip() for line in source[region.first : region.last - 1]}
        public = {line.strip() for line in cut.stub(step.source).splitlines()}
        assert len(secret - public) > 5
        assert not lines & (secret - public)
    for place in (lesson_folder(), lesson_folder().resolve(), lesson_folder().resolve().parent):
        assert not any(str(place) in text for text in texts)


def test_it_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    start.start(Path("my-lab"))
    start.start(Path("my other lab"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Your workspace is in 'my-lab': 6 steps, {sum(s.points for s in all_steps())} points."
    assert lines[1] == "Next: cd my-lab, then gradcam-lab"
    assert lines[3].replace('"', "'") == "Next: cd 'my other lab', then gradcam-lab"


def test_an_empty_folder_will_do_also_the_current_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    start.start(Path())
    assert Workspace.find() is not None
    assert capsys.readouterr().out.splitlines()[-1] == "Next: gradcam-lab"
    assert {path.name for path in tmp_path.parent.iterdir() if path.name.startswith(".new-")} == set()


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "essay.txt").write_text("mine")
    with pytest.raises(LabError, match="not empty"):
        start.start(tmp_path)
    with pytest.raises(LabError, match="is a file"):
        start.start(tmp_path / "essay.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["essay.txt"]


def test_not_inside_another_workspace(root):
    with pytest.raises(LabError, match="lies in the workspace"):
        start.start(root / "deeper" / "lab")
    assert not (root / "deeper").exists()


def test_whole_or_not_at_all(tmp_path, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(start, "write_json", full_disk)
    with pytest.raises(LabError, match="No space left"):
        start.start(tmp_path / "lab")
    assert list(tmp_path.iterdir()) == []
