"""Two processes under torchrun compute what one computes: losses, networks, scores, maps of a run, boxes of photos."""

import socket
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.files import read_json
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import read_maps
from gradcam_lab.models import distributed, zoo
from gradcam_lab.models.training.config_file import settings_of
from gradcam_lab.models.training.train import train_network
from gradcam_lab.models.weights import model_file
from tests.commands import Done, lab, torchrun
from tests.explain.pictures import noise, save

PROGRAM = """
import os
import sys
from dataclasses import asdict
from pathlib import Path
from gradcam_lab.files import write_json
from gradcam_lab.models import distributed
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.training.evaluate_classifier import evaluate_classifier
from tests.commands import lab
from tests.models.test_distributed import LOCATE, RUN_ALL, shares, threads, train_both
data, weights, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
def meet(port):
    os.environ.update(TORCHELASTIC_USE_AGENT_STORE="False", MASTER_PORT=port)
with distributed.session():
    rank = distributed.rank()
    train_both(data, out)
    write_json(out / f"{rank}.json", {
        "shares": shares(),
        "evaluated": evaluate_classifier(ModelChoice(str(out / "whole" / "best.safetensors")), data, limit=9),
    })
write_json(out / f"{rank}.threads.json", threads())
meet(sys.argv[4])
run_all = lab("run-all", "--data", data, "--weights", weights, *RUN_ALL, "--out", out / "run")
meet(sys.argv[5])
locate = lab("locate", "-", "--model", weights, *LOCATE, "--out", out / "located")
write_json(out / f"{rank}.commands.json", [asdict(run_all), asdict(locate)])
"""
"""All in one launch, for torchrun and the imports of its processes take longer than their work.

A process that meets the other a second time has to do so at another port, or it finds the addresses of the first time.
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

LIMIT = 5
RUN_ALL = ("--limit", LIMIT, "--no-pdf", "--quick")
LOCATE = ("--batch", 1, "--top", 2, "--format", "yolo", "--no-pictures")


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


class Runs(NamedTuple):
    """The folders of one process and of two, what the two printed, and what came of their commands, by rank."""

    one: Path
    two: Path
    out: str
    run_all: list[Done]
    locate: list[Done]


@pytest.fixture(scope="module")
def runs(toy, weights, tmp_path_factory) -> Runs:
    one, two = (tmp_path_factory.mktemp(name) for name in ("one", "two"))
    names = [*(f"photos/{number}.jpg" for number in range(9)), "photos/sub/größer.JPG", "photos/sub/1.jpg"]
    (two / "photos" / "sub").mkdir(parents=True)
    for number, name in enumerate(names):
        save(two / name, np.roll(noise(30, 30 + number), 9 * number, axis=1))
    (two / "photos" / "bad.jpg").write_bytes(b"nothing")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train_both(str(toy), one)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(two)
        assert lab("locate", "photos", "--model", weights, *LOCATE, "--out", "one").code == 2
    torch.set_num_threads(threads)
    (two / "program.py").write_text(PROGRAM, encoding="utf-8")
    typed = [photo["file"] for photo in read_json(two / "one" / "boxes.json")["photos"]] + ["photos/bad.jpg"]
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as second:
        ports = [free.getsockname()[1] for free in (first, second)]
    done = torchrun(two / "program.py", toy, weights, two, *ports, logs=two / "logs", input="\n".join(typed), cwd=two)
    assert done.returncode == 0, done.stderr
    commands = [[Done(**told) for told in read_json(two / f"{rank}.commands.json")] for rank in (0, 1)]
    return Runs(one, two, done.stdout, *([of[place] for of in commands] for place in (0, 1)))


@pytest.mark.skipif(sys.platform == "win32", reason="torch's gloo is not built for torchrun on Windows")
class TestTwoProcesses:
    @pytest.mark.parametrize("name", ["whole", "head"])
    def test_the_network_is_the_same(self, runs, name):
        one, two = (model_file.read(folder / name / "last.safetensors")[1] for folder in (runs.one, runs.two))
        assert any("running_var" in key for key in one)
        for key in one:
            assert torch.allclose(one[key].float(), two[key].float(), rtol=1e-4, atol=1e-5), key

    @pytest.mark.parametrize("name", ["whole", "head"])
    def test_the_losses_are_the_same(self, runs, name):
        one, two = (
            (folder / name / "log.csv").read_text(encoding="utf-8").splitlines() for folder in (runs.one, runs.two)
        )
        assert len(one) == len(two) == 3
        for first, second in zip(one[1:], two[1:], strict=True):
            ours, theirs = ([float(x) for x in line.split(",")[:4]] for line in (first, second))
            assert ours == pytest.approx(theirs, rel=1e-5)

    def test_one_of_them_writes_and_prints(self, runs):
        lines = runs.out.splitlines()
        assert lines.count("22 images, 7 classes, 2 epochs") == 2  # the whole network, then the head
        assert lines.count("2 processes share each batch of 7, also in BatchNorm") == 2
        assert sum("epoch  2 of 2" in line for line in lines) == 2

    def test_shares_are_in_order_and_gathered_by_all(self, runs):
        zero, one = (read_json(runs.two / f"{rank}.json")["shares"] for rank in (0, 1))
        for count in (0, 1, 2, 5, 8):
            (first, all_of_zero), (second, all_of_one) = zero[str(count)], one[str(count)]
            assert first + second == all_of_zero == all_of_one == list(range(count))
            assert abs(len(first) - len(second)) <= 1

    def test_both_know_the_scores(self, runs):
        zero, one = (read_json(runs.two / f"{rank}.json")["evaluated"] for rank in (0, 1))
        assert zero == one
        assert zero["images"] == 9

    @pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not name a process's threads")
    def test_none_of_their_threads_outlives_the_session(self, runs):
        # gloo's, which abort a process that ends while they let go of a tensor; torch's own may stay
        for rank in (0, 1):
            names = read_json(runs.two / f"{rank}.threads.json")
            assert names
            assert not [name for name in names if "gloo" in name]

    def test_they_share_the_maps_of_a_run(self, runs, toy, weights, lessons):
        assert [done.code for done in runs.run_all] == [0, 0], runs.run_all
        assert [done.out.count("report.html") for done in runs.run_all] == [2, 0]  # the stage and the path
        few = {name: read_split(toy, name).samples[:LIMIT] for name in ("val", "test")}
        one = make_maps(Experiment(zoo.load("embedded", str(weights)), lessons, "dog"), few)[GRADCAM]
        two = read_maps(runs.two / "run" / "heatmaps.npz")
        assert one.ids.tolist() == two.ids.tolist()
        np.testing.assert_allclose(one.maps, two.maps, rtol=1e-3, atol=1e-7)
        np.testing.assert_allclose(one.probabilities, two.probabilities, rtol=1e-4)
        assert not list((runs.two / "run").glob(".heatmaps*"))

    def test_they_locate_the_same_bytes_from_one_list_on_stdin(self, runs):
        assert "1 of 12 photos could not be used" in runs.locate[0].err
        assert [done.out.count("embedded at layer") for done in runs.locate] == [1, 0]
        for name in ("boxes.json", "heatmaps.npz", "index.html"):
            one, two = ((runs.two / folder / name).read_bytes() for folder in ("one", "located"))
            assert one == two, name


def test_alone_there_is_one_share():
    assert (distributed.world(), distributed.rank(), distributed.leads()) == (1, 0, True)
    assert shares()["5"] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
