"""Two processes under torchrun compute what one computes: the same losses, the same network, the same scores."""

import sys
from pathlib import Path

import pytest
import torch

from gradcam_lab.files import read_json
from gradcam_lab.models import distributed
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.train import train_network
from gradcam_lab.models.weights import model_file
from tests.commands import torchrun

PROGRAM = """
import sys
from pathlib import Path
from gradcam_lab.files import write_json
from gradcam_lab.models import distributed
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training.evaluate_classifier import evaluate_classifier
from tests.models.test_distributed import shares, threads, train_both
data, out = sys.argv[1], Path(sys.argv[2])
with distributed.session():
    rank = distributed.rank()
    train_both(data, out)
    write_json(out / f"{rank}.json", {
        "shares": shares(),
        "evaluated": evaluate_classifier(ModelChoice(str(out / "whole" / "best.safetensors")), data, limit=9),
    })
write_json(out / f"{rank}.threads.json", threads())
"""
FLAGS = {
    "arch": "cam_net",
    "optimizer": "sgd",
    "img_size": 32,
    "batch": 7,
    "limit": 22,
    "learning_rate": 0.03,
    "epochs": 2,
}
"""The last batch of an epoch has a single image, and one of two processes has none of it; many labels do not count in
one half. SGD, because Adam divides a gradient by its own size, so that rounding in a gradient near 0 becomes a step."""


def train_both(data, out):
    """Train a whole network, with BatchNorm in it, and then its head alone."""
    whole = train_network(settings_of({"data": data, "out": out / "whole", **FLAGS}))
    train_network(
        settings_of({"data": data, "out": out / "head", **FLAGS, "weights": str(whole), "freeze_features": True})
    )


def shares():
    """Shard and gather lists of several lengths."""
    return {
        str(count): [list(distributed.shard(range(count))), distributed.gather(distributed.shard(range(count)))]
        for count in (0, 1, 2, 5, 8)
    }


def threads():
    """Name this process's threads, where the system tells."""
    return sorted(name.read_text(encoding="utf-8").strip() for name in Path("/proc/self/task").glob("*/comm"))


@pytest.fixture(scope="module")
def runs(toy, tmp_path_factory):
    """The folders of one process and of two."""
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train_both(str(toy), one)
    torch.set_num_threads(threads)
    (two / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = torchrun(two / "program.py", toy, two, logs=two / "logs")
    assert done.returncode == 0, done.stderr
    return one, two, done


@pytest.mark.skipif(sys.platform == "win32", reason="torch's gloo is not built for torchrun on Windows")
class TestTwoProcesses:
    @pytest.mark.parametrize("name", ["whole", "head"])
    def test_the_network_is_the_same(self, runs, name):
        one, two = (model_file.read(folder / name / "last.safetensors")[1] for folder in runs[:2])
        assert any("running_var" in key for key in one)
        for key in one:
            assert torch.allclose(one[key].float(), two[key].float(), rtol=1e-4, atol=1e-5), key

    @pytest.mark.parametrize("name", ["whole", "head"])
    def test_the_losses_are_the_same(self, runs, name):
        one, two = ((folder / name / "log.csv").read_text(encoding="utf-8").splitlines() for folder in runs[:2])
        assert len(one) == len(two) == 3
        for first, second in zip(one[1:], two[1:], strict=True):
            ours, theirs = ([float(x) for x in line.split(",")[:4]] for line in (first, second))
            assert ours == pytest.approx(theirs, rel=1e-5)

    def test_one_of_them_writes_and_prints(self, runs):
        lines = runs[2].stdout.splitlines()
        assert lines.count("22 images, 7 classes, 2 epochs") == 2  # the whole network, then the head
        assert lines.count("2 processes share each batch of 7, also in BatchNorm") == 2
        assert sum("epoch  2 of 2" in line for line in lines) == 2

    def test_shares_are_in_order_and_gathered_by_all(self, runs):
        zero, one = (read_json(runs[1] / f"{rank}.json")["shares"] for rank in (0, 1))
        for count in (0, 1, 2, 5, 8):
            (first, all_of_zero), (second, all_of_one) = zero[str(count)], one[str(count)]
            assert first + second == all_of_zero == all_of_one == list(range(count))
            assert abs(len(first) - len(second)) <= 1

    def test_both_know_the_scores(self, runs):
        zero, one = (read_json(runs[1] / f"{rank}.json")["evaluated"] for rank in (0, 1))
        assert zero == one
        assert zero["images"] == 9

    @pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not name a process's threads")
    def test_none_of_their_threads_outlives_the_session(self, runs):
        # gloo's, which abort a process that ends while they let go of a tensor; torch's own may stay
        for rank in (0, 1):
            names = read_json(runs[1] / f"{rank}.threads.json")
            assert names
            assert not [name for name in names if "gloo" in name]


def test_alone_there_is_one_share():
    assert (distributed.world(), distributed.rank(), distributed.leads()) == (1, 0, True)
    assert shares()["5"] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
