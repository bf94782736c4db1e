"""The checkpoint of a training: written whole or not at all, and read for the same plan only."""

from pathlib import Path

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.training_checkpoint import clear, read_checkpoint, write_checkpoint

PLAN = {"seed": 1, "epochs": [[32, 4]]}


def test_it_comes_back_unless_it_is_not_wanted(tmp_path):
    assert read_checkpoint(tmp_path, PLAN, resume=None) is None
    write_checkpoint(tmp_path, PLAN, {"epoch": 3, "loop": {"weights": torch.ones(2)}})
    for resume in (None, True):
        state = read_checkpoint(tmp_path, PLAN, resume)
        assert state is not None
        assert state["epoch"] == 3
        assert state["loop"]["weights"].tolist() == [1, 1]
    assert read_checkpoint(tmp_path, PLAN, resume=False) is None


def test_another_plan_is_named(tmp_path):
    write_checkpoint(tmp_path, PLAN, {"epoch": 3})
    with pytest.raises(LabError, match="holds another training: its seed is 1 and not 2; give another --out"):
        read_checkpoint(tmp_path, {**PLAN, "seed": 2}, resume=None)


def test_an_interrupted_write_keeps_the_old_one(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, PLAN, {"epoch": 1})

    def half(value, path):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(LabError, match=r"Cannot write '.*state\.pt': No space left on device"):
        write_checkpoint(tmp_path, PLAN, {"epoch": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]
    state = read_checkpoint(tmp_path, PLAN, resume=None)
    assert state is not None
    assert state["epoch"] == 1


def test_clearing_leaves_what_is_not_the_trainings(tmp_path):
    folder = tmp_path / "new" / "run"
    clear(folder)
    for name in ("state.pt", "best.safetensors", "last.safetensors", "log.csv", "curves.png", "notes.txt"):
        (folder / name).write_bytes(b"x")
    clear(folder)
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
