"""`load`: what can be said of a network in Python is what can be said on the command line."""

import json

import pytest
import torch
from torch import nn

import gradcam_lab as lab
from gradcam_lab.api.load import loaded
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice
from tests.commands import lab as command

OWN = """
from torch import nn

def build():
    features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU())
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
"""


def small(classes: int = 3) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes)),
        )


def test_a_network_is_that_of_the_command_line(net):
    again = zoo.load_chosen(ModelChoice("embedded"))
    assert net.fingerprint == again.fingerprint
    assert net.choice == ModelChoice("embedded")


def test_what_is_said_of_a_network_is_said_in_words(weights):
    net = lab.load(
        weights,
        groups={"pet": ["dog", "cat", 0]},
        activation="softmax",
        size=64,
        mean=[0.5, 0.25, 0.125],
        std=(1, 1, 1),
        device="cpu",
        batch=3,
    )
    assert net.groups["pet"] == (*net.groups["dog"], *net.groups["cat"], 0)
    assert (net.activation, net.preprocessing.size, net.batch) == ("softmax", 64, 3)
    assert net.preprocessing.mean == (0.5, 0.25, 0.125)
    assert net.choice
    assert net.choice.words() == [
        *("--model", str(weights), "--group", "pet=dog,cat,0", "--activation", "softmax", "--size", "64"),
        *("--mean", "0.5,0.25,0.125", "--std", "1,1,1", "--device", "cpu", "--batch", "3"),
    ]
    assert zoo.load_chosen(net.choice).fingerprint == net.fingerprint


def test_a_name_may_hold_a_comma(tmp_path):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    net = lab.load(f"{tmp_path / 'own.py'}:build", classes=["cat, or lynx", 'the "dog"'], size=32)
    assert net.output_names == ("cat, or lynx", 'the "dog"')
    assert net.choice
    assert zoo.load_chosen(net.choice).output_names == net.output_names


def test_of_a_module_a_copy_is_taken():
    own = small().train()
    net = lab.load(own, classes=["cat", "dog", "cow"], size=32)
    assert net.network is not own
    assert own.training
    assert all(parameter.requires_grad for parameter in own.parameters())
    assert net.output_names == ("cat", "dog", "cow")
    assert net.choice is None
    assert net.grid == (15, 15)


def test_a_module_takes_weights_of_a_file(tmp_path):
    trained = small()
    nn.init.constant_(trained.get_parameter("3.bias"), 5)
    torch.save({"state_dict": trained.state_dict()}, tmp_path / "mine.pt")
    net = lab.load(small(), tmp_path / "mine.pt", classes=["a", "b", "c"], size=32)
    assert torch.equal(net.network.state_dict()["3.bias"], torch.full((3,), 5.0))
    with pytest.raises(lab.LabError, match="does not hold the weights of 'Sequential'"):
        lab.load(small(2), tmp_path / "mine.pt", size=32)
    with pytest.raises(lab.LabError, match="'Sequential' is a network of yours, which has no weights of ImageNet"):
        lab.load(small(), weights="imagenet")


def test_a_loaded_network_is_not_loaded_again(net):
    assert loaded(net) is net


def test_a_group_of_one_text_is_one_group(weights):
    net = lab.load(weights, groups="pet=cat,dog")
    assert net.groups["pet"] == (*net.groups["cat"], *net.groups["dog"])


@pytest.mark.parametrize("model", ["resnet51", "missing.pt"])
def test_an_error_is_the_sentence_of_the_command_line(model, photo):
    done = command("predict", photo, "--model", model)
    with pytest.raises(lab.LabError) as error:
        lab.load(model)
    assert (done.code, done.err) == (2, f"gradcam-lab: {error.value}\n")


def test_class_names_may_stand_in_a_file(tmp_path):
    (tmp_path / "names.json").write_text(json.dumps(["cat", "dog", "cow"]), encoding="utf-8")
    assert lab.load(small(), classes=tmp_path / "names.json", size=32).output_names == ("cat", "dog", "cow")
