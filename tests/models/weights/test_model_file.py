"""Model files: a network comes back as it was written, and bad files are refused with a reason."""

import json
from dataclasses import replace
from typing import ClassVar

import pytest
import torch
from safetensors.torch import load_file, save_file

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.architectures import ARCHITECTURES, build
from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.models.weights import model_file
from tests.model_files import write_toynet

CLASSES = ("boat", "cat", "dog")


@pytest.fixture
def toyfile(tmp_path):
    """A small ToyNet with random weights, as `gradcam-lab train` would write it."""
    torch.manual_seed(0)
    path = tmp_path / "toy.safetensors"
    network = ToyNet(len(CLASSES), (8, 8, 8, 16)).eval()
    network.get_buffer("bn1.running_var").fill_(1e6)  # more than half precision can hold
    save_toy(path, network)
    return path


def save_toy(path, network, widths=(8, 8, 8, 16)):
    preprocessing = Preprocessing(96, (0.5, 0.5, 0.5), (0.2, 0.3, 0.4))
    write_toynet(path, network, CLASSES, widths, preprocessing, recipe={"epochs": 3}, scores={"mAP": 0.9})


class TestToyNet:
    def test_comes_back_with_all_that_was_saved(self, toyfile):
        model = zoo.load("embedded", str(toyfile))
        assert model.name == "embedded"
        assert model.class_names == model.output_names == CLASSES
        assert model.groups == {"boat": (0,), "cat": (1,), "dog": (2,)}
        assert model.preprocessing == Preprocessing(96, (0.5, 0.5, 0.5), (0.2, 0.3, 0.4))
        assert (model.activation, model.layer) == ("sigmoid", "layer4")
        assert model.metadata == {"weights": "toy.safetensors", "recipe": {"epochs": 3}, "scores": {"mAP": 0.9}}

    def test_loses_only_what_half_precision_loses(self, toyfile):
        torch.manual_seed(0)
        network = ToyNet(len(CLASSES), (8, 8, 8, 16)).eval()
        network.get_buffer("bn1.running_var").fill_(1e6)
        images = torch.rand(2, 3, 96, 96)
        loaded = zoo.load("embedded", str(toyfile)).network
        assert all(p.dtype == torch.float32 for p in loaded.parameters())
        assert torch.equal(loaded.get_buffer("bn1.running_var"), network.get_buffer("bn1.running_var"))
        assert torch.allclose(loaded(images), network(images), atol=2e-3)

    def test_loading_draws_no_random_numbers(self, toyfile):
        before = torch.get_rng_state()
        zoo.load("embedded", str(toyfile))
        assert torch.equal(torch.get_rng_state(), before)

    def test_its_hash_is_that_of_the_weights_and_not_of_the_file(self, toyfile, tmp_path):
        copy = tmp_path / "copy.safetensors"
        metadata = {"classes": json.dumps(["x", "y", "z"]), "widths": "[8, 8, 8, 16]"}
        metadata["preprocessing"] = json.dumps({"size": 64, "mean": [0, 0, 0], "std": [1, 1, 1]})
        save_file(load_file(toyfile), copy, metadata)
        assert zoo.load("embedded", str(copy)).sha256 == zoo.load("embedded", str(toyfile)).sha256

    def test_a_foreign_file_is_refused(self, tmp_path):
        path = tmp_path / "other.safetensors"
        save_file({"a": torch.zeros(2)}, path)
        with pytest.raises(LabError, match=r"other\.safetensors' holds a state dict of no network that is known here"):
            zoo.load("embedded", str(path))

    def test_metadata_that_contradict_the_weights_are_refused(self, toyfile, tmp_path):
        save_toy(tmp_path / "wrong.safetensors", ToyNet(3, (8, 8, 8, 24)))
        with pytest.raises(
            LabError, match=r"was not made by gradcam-lab train, 'layer4\.0\.conv1\.weight' has the shape"
        ):
            zoo.load("embedded", str(tmp_path / "wrong.safetensors"))

    def test_a_truncated_file_is_refused(self, toyfile):
        toyfile.write_bytes(toyfile.read_bytes()[:-100])
        with pytest.raises(LabError, match=r"toy\.safetensors' is truncated or not a safetensors file"):
            zoo.load("embedded", str(toyfile))


def written(path, arch, built=None, **changes):
    """A network of random weights as `gradcam-lab train` writes it."""
    torch.manual_seed(0)
    network = build(arch, len(CLASSES), built)
    description = model_file.Description(
        arch, CLASSES, "softmax", Preprocessing(64), built or {}, {"epochs": [[64, 1]]}, {"val": {"map": 0.5}}
    )
    model_file.save(path, network.state_dict(), replace(description, **changes))
    return network


class TestArchitectures:
    OPTIONS: ClassVar = {"cam_net": {"residual": True, "widths": [8, 8, 8, 16]}, "toynet": {"widths": [8, 8, 8, 16]}}

    @pytest.mark.parametrize("arch", ["cam_net", "toynet", "mobilenet_v2", "squeezenet1_1"])
    def test_every_architecture_comes_back_as_it_was(self, tmp_path, arch):
        network = written(tmp_path / "a.safetensors", arch, self.OPTIONS.get(arch))
        name = "embedded" if arch == "toynet" else arch
        for model in (
            zoo.load_file(tmp_path / "a.safetensors"),
            zoo.load("embedded" if name == "cam_net" else name, str(tmp_path / "a.safetensors")),
        ):
            assert (model.name, model.activation, model.layer) == (name, "softmax", ARCHITECTURES[arch].layer)
            assert model.class_names == model.output_names == CLASSES
            assert model.preprocessing == Preprocessing(64)
            assert model.metadata["recipe"] == {"epochs": [[64, 1]]}
            assert model.metadata["scores"] == {"val": {"map": 0.5}}
            ours, theirs = network.state_dict(), model.network.state_dict()
            assert all(torch.equal(ours[key], theirs[key]) for key in ours)

    def test_the_shipped_file_loads_from_before_there_were_other_networks(self):
        model = zoo.load_file(zoo.EMBEDDED_FILE)
        assert (model.name, model.activation, model.layer) == ("embedded", "sigmoid", "layer4")
        assert model.sha256 == zoo.load().sha256

    def test_another_classifier_than_asked_for_is_refused(self, tmp_path):
        written(tmp_path / "a.safetensors", "squeezenet1_1")
        with pytest.raises(LabError, match=r"holds 'squeezenet1_1' and not 'resnet18': give --model .*a\.safetensors"):
            zoo.load("resnet18", str(tmp_path / "a.safetensors"))

    @pytest.mark.parametrize(
        "changes",
        [{"activation": "tanh"}, {"options": {"depth": 3}}, {"options": {"widths": []}}, {"classes": CLASSES[:2]}],
    )
    def test_metadata_that_make_no_sense_are_refused(self, tmp_path, changes):
        written(tmp_path / "a.safetensors", "cam_net", self.OPTIONS["cam_net"], **changes)
        with pytest.raises(LabError, match=r"a\.safetensors' was not made by gradcam-lab train"):
            zoo.load_file(tmp_path / "a.safetensors")

    def test_an_unknown_architecture_is_refused(self, tmp_path):
        written(tmp_path / "a.safetensors", "cam_net", self.OPTIONS["cam_net"])
        state, texts = model_file.read_safetensors(tmp_path / "a.safetensors")
        save_file(state, tmp_path / "b.safetensors", {**texts, "arch": '"alexnet"'})
        with pytest.raises(LabError, match=r"b\.safetensors' was not made by gradcam-lab train, its metadata"):
            zoo.load_file(tmp_path / "b.safetensors")

    def test_no_such_file(self, tmp_path):
        with pytest.raises(LabError, match=r"no weights file '.*none\.pth'"):
            zoo.load_file(tmp_path / "none.pth")
