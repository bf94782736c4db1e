"""A training that was broken off, in whatever way, and what comes of it when it goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.files import sha256
from gradcam_lab.models import zoo
from gradcam_lab.models.training import logbook, train
from gradcam_lab.models.training.train import train_network
from gradcam_lab.models.weights import model_file
from tests.trainings import draw_labelled, equal, log_of, settings

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch):
    """Drawing takes longer than the small trainings."""
    monkeypatch.setattr(logbook, "draw", lambda path, rows: None)


def require_same(whole, out):
    assert equal(whole / "best.safetensors", out / "best.safetensors")
    assert equal(whole / "last.safetensors", out / "last.safetensors")
    assert log_of(whole) == log_of(out)
    first, second = (model_file.read(folder / "best.safetensors")[0] for folder in (whole, out))
    assert first.scores == second.scores
    assert first.recipe["epoch"] == second.recipe["epoch"]


def break_off(monkeypatch, moment, epoch):
    names = {"best": (model_file, "save"), "state": (train, "write_checkpoint"), "last": (model_file, "save")}
    owner, name = names.get(moment, (train.Logbook, "write"))
    real, seen = getattr(owner, name), []

    def break_off(*arguments, **kwargs):
        if moment in ("best", "last") and arguments[0].name != f"{moment}.safetensors":
            return real(*arguments, **kwargs)
        seen.append(1)
        if len(seen) == (1 if moment == "best" else epoch):
            raise KeyboardInterrupt
        return real(*arguments, **kwargs)

    monkeypatch.setattr(owner, name, break_off)


class TestGoingOn:
    """What comes out is the same to the bit, however often it was interrupted."""

    FLAGS: ClassVar = {"epochs": 4, "limit": 14, "learning_rate": 0.01, "residual": False}

    @pytest.fixture(scope="class")
    @classmethod
    def whole(cls, toy, tmp_path_factory):
        torch.set_num_threads(1)
        out = tmp_path_factory.mktemp("whole") / "run"
        train_network(settings(toy, out, **cls.FLAGS))
        return out

    def test_two_runs_are_equal_and_another_seed_is_not(self, whole, toy, tmp_path):
        train_network(settings(toy, tmp_path / "again", **self.FLAGS))
        require_same(whole, tmp_path / "again")
        train_network(settings(toy, tmp_path / "other", **self.FLAGS, seed=1))
        assert not equal(whole / "last.safetensors", tmp_path / "other" / "last.safetensors")

    def test_after_a_kill(self, whole, toy, tmp_path):
        out = tmp_path / "killed"
        code = (
            "import sys, torch\n"
            "from pathlib import Path\n"
            "from gradcam_lab.models.training.train import train_network\n"
            "from tests.trainings import settings\n"
            "torch.set_num_threads(1)\n"
            f"train_network(settings(*map(Path, sys.argv[1:]), **{self.FLAGS}))\n"
        )
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONIOENCODING": "utf-8"}
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(toy), str(out)], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert child.stdout is not None
        for line in child.stdout:
            if "epoch  2 of 4" in line:
                break
        child.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        child.wait()
        child.stdout.close()
        assert torch.load(out / "state.pt", weights_only=True)["epoch"] >= 2
        train_network(settings(toy, out, **self.FLAGS))
        require_same(whole, out)

    @pytest.mark.parametrize("moment", ["best", "state", "last", "log"])
    def test_after_an_end_between_two_files(self, whole, toy, tmp_path, monkeypatch, moment):
        """The third epoch ends before the file of this name is written."""
        break_off(monkeypatch, moment, epoch=3)
        with pytest.raises(KeyboardInterrupt):
            train_network(settings(toy, tmp_path / "run", **self.FLAGS))
        monkeypatch.undo()
        train_network(settings(toy, tmp_path / "run", **self.FLAGS))
        require_same(whole, tmp_path / "run")

    def test_fewer_checkpoints_lose_epochs_but_nothing_else(self, whole, toy, tmp_path, monkeypatch):
        out = tmp_path / "run"
        break_off(monkeypatch, "log", epoch=3)
        with pytest.raises(KeyboardInterrupt):
            train_network(settings(toy, out, **self.FLAGS, save_every=2))
        monkeypatch.undo()
        assert torch.load(out / "state.pt", weights_only=True)["epoch"] == 2
        train_network(settings(toy, out, **self.FLAGS, save_every=2))
        require_same(whole, out)

    def test_another_training_is_not_gone_on_with(self, whole, toy, tmp_path):
        before = sha256(whole / "state.pt")
        for flags, said in (
            ({"learning_rate": 0.02}, r"its learning rate is 0\.01 and not 0\.02"),
            ({"epochs": 6}, r"its epochs is \[\[32, 4\]\] and not \[\[32, 6\]\]"),
            ({"residual": True}, "its first weights is"),
            ({"limit": 20}, "its classes is"),
        ):
            with pytest.raises(LabError, match=rf"run' holds another training: {said}.*--fresh"):
                train_network(settings(toy, whole, **{**self.FLAGS, **flags}))
        draw_labelled(tmp_path)
        with pytest.raises(LabError, match=r'its classes is .*"boat".* and not .*"blue", "red"'):
            train_network(settings(tmp_path, whole, **self.FLAGS))
        assert sha256(whole / "state.pt") == before

    def test_a_damaged_state_is_named(self, whole, toy, tmp_path):
        (tmp_path / "state.pt").write_bytes((whole / "state.pt").read_bytes()[:1000])
        with pytest.raises(LabError, match=r"state\.pt' is truncated or not a weights file"):
            train_network(settings(toy, tmp_path, **self.FLAGS))
        torch.save({"a": 1}, tmp_path / "state.pt")
        with pytest.raises(LabError, match=r"state\.pt' is no checkpoint of gradcam-lab train"):
            train_network(settings(toy, tmp_path, **self.FLAGS))

    def test_fresh_begins_anew(self, whole, toy, tmp_path):
        out = tmp_path / "run"
        train_network(settings(toy, out, epochs=1))
        train_network(settings(toy, out, **self.FLAGS, resume=False))
        require_same(whole, out)

    def test_nothing_is_lost_without_fresh(self, whole, toy, tmp_path):
        out = tmp_path / "run"
        with pytest.raises(LabError, match=r"There is no training in '.*run' to go on with: leave --resume out"):
            train_network(settings(toy, out, resume=True))
        out.mkdir()
        (out / "best.safetensors").write_bytes((whole / "best.safetensors").read_bytes())
        with pytest.raises(LabError, match="holds a network that --fresh would replace"):
            train_network(settings(toy, out))
        assert equal(whole / "best.safetensors", out / "best.safetensors")

    def test_an_interrupted_file_keeps_the_old_one_and_goes_on(self, toy, tmp_path, weights, monkeypatch, capsys):
        out = tmp_path / "mine.safetensors"
        out.write_bytes(weights.read_bytes())
        break_off(monkeypatch, "log", epoch=3)
        with pytest.raises(LabError, match=r"mine\.safetensors' holds another training: its arch is .* or .* --fresh"):
            train_network(settings(toy, out, **self.FLAGS))
        with pytest.raises(KeyboardInterrupt):
            train_network(settings(toy, out, resume=False, **self.FLAGS))
        assert sha256(out) == sha256(weights)
        monkeypatch.undo()
        train_network(settings(toy, out, **self.FLAGS))
        assert "going on after epoch 3 of 4" in capsys.readouterr().out
        assert zoo.load_file(out).name == "cam_net"
        assert list(tmp_path.iterdir()) == [out]

    def test_also_where_the_head_alone_is_trained(self, whole, toy, tmp_path, monkeypatch):
        flags = {"weights": str(whole / "best.safetensors"), "freeze_features": True, "epochs": 4, "learning_rate": 0.1}
        train_network(settings(toy, tmp_path / "whole", **flags))
        break_off(monkeypatch, "log", epoch=2)
        with pytest.raises(KeyboardInterrupt):
            train_network(settings(toy, tmp_path / "run", **flags))
        monkeypatch.undo()
        train_network(settings(toy, tmp_path / "run", **flags))
        require_same(tmp_path / "whole", tmp_path / "run")
