"""A run with a network of the user's own, and with classes that the data call otherwise than the network."""

import shutil
import textwrap

import pytest

from gradcam_lab.files import read_json
from tests.commands import lab, refused, run_all

BUILD = """
    import torch
    from gradcam_lab.vision import torchvision

    def build():
        torch.manual_seed(0)
        network = torchvision().models.VisionTransformer(64, 16, 2, 2, 16, 32, num_classes=3)
        torch.nn.init.normal_(network.heads.head.weight)
        network.input_size, network.classes, network.activation = 64, ["hound", "cat", "boat"], "sigmoid"
        return network
"""


@pytest.fixture(scope="module")
def hounds(toy, tmp_path_factory):
    """The small ToyVOC, whose dogs are called hounds."""
    root = shutil.copytree(toy, tmp_path_factory.mktemp("hounds") / "data")
    for path in (root / "Annotations").glob("*.xml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("<name>dog</name>", "<name>hound</name>"), encoding="utf-8")
    return root


@pytest.fixture
def vit(tmp_path):
    (tmp_path / "own net.py").write_text(textwrap.dedent(BUILD), encoding="utf-8")
    return f"{tmp_path / 'own net.py'}:build"


def test_a_group_gives_a_class_of_the_data_its_outputs(hounds, weights, quick_run, tmp_path):
    refused(run_all(hounds, weights, tmp_path / "a"), "or map by --group the names that the network lacks: hound (")
    grouped = run_all(hounds, weights, tmp_path / "b", "--group", "hound=dog", "--target", "hound", "--limit", 8)
    assert grouped.code == 0, grouped.err
    name = "detections.json"
    assert (tmp_path / "b" / name).read_text() == (quick_run / name).read_text()
    command = read_json(tmp_path / "b" / "results.json")["provenance"]["command"]
    assert "--group hound=dog" in command


def test_a_network_of_tokens_runs_to_the_report(hounds, vit, tmp_path):
    words = ("--data", hounds, "--model", vit, "--target", "hound", "--limit", 6, "--no-pdf")
    done = lab("run-all", *words, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "at layer encoder.layers.encoder_layer_1.ln_1" in done.out
    results = read_json(tmp_path / "run" / "results.json")
    assert results["run"]["layer"] == "encoder.layers.encoder_layer_1.ln_1"
    methods = {row["name"] for row in results["methods"]["rows"]}
    assert {"gradcam", "layercam", "flip", "watershed"} <= methods
    assert not {"cam", "1.15x+1", "shared"} & methods  # it takes one size, and ends in no average
    again = lab("run-all", *words, "--out", tmp_path / "run")
    assert again.out.count("unchanged") >= 14
    swept = lab("sweep", "--run", tmp_path / "run", "--split", "train", "--from", 0.2, "--to", 0.4, "--step", 0.1)
    assert swept.code == 0, swept.err
