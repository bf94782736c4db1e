"""A bare state dict as the model of `show` and `evaluate-classifier`: whose classes its outputs are."""

import json
from unittest import mock

import pytest
import torch

from gradcam_lab.data.layouts.imagenette import imagenette_classes
from gradcam_lab.errors import LabError
from gradcam_lab.explain.show_model import show_model
from gradcam_lab.models import zoo
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.networks.architectures import build
from tests import folders
from tests.commands import lab, refused
from tests.trainings import draw_labelled


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Red and blue pictures, two classes."""
    root = tmp_path_factory.mktemp("labelled")
    draw_labelled(root)
    return root


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """A ResNet-18 with ten outputs, the seventh of which always wins."""
    torch.manual_seed(0)
    state = build("resnet18", 10).state_dict()
    state["fc.bias"][7] += 100
    path = tmp_path_factory.mktemp("ten") / "resnet_cam.pth"
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("two") / "two.pt"
    torch.save(build("cam_net", 2).state_dict(), path)
    return path


def test_ten_outputs_are_imagenettes_and_that_is_said(ten, labelled, tmp_path):
    photo = labelled / "val" / "red" / "0.png"
    done = lab("show", "--model", ten, "--image", photo, "--class", 3, "--out", tmp_path)
    assert done.code == 0, done.err
    assert "does not name its 10 classes: they are taken for those of imagenette (tench, English" in done.err
    assert "160 x 160 pixels; --classes, --data and --size say otherwise." in done.err
    assert len(list(tmp_path.glob("0-chain-saw-??????.jpg"))) == 1
    model = zoo.load_file(ten)
    assert model.class_names == imagenette_classes()
    assert (model.name, model.activation, model.preprocessing.size) == ("resnet18", "softmax", 160)


def test_a_size_of_the_users_is_the_one_that_is_said(ten, capsys):
    assert zoo.load_file(ten, size=96).preprocessing.size == 96
    assert "its input is taken for 96 x 96 pixels" in capsys.readouterr().err


def test_ten_classes_that_the_user_names_are_not_imagenettes(ten, capsys):
    model = zoo.load("resnet18", str(ten), classes=[f"bird {index}" for index in range(10)])
    assert (model.class_names[3], model.preprocessing.size) == ("bird 3", 224)
    assert not model.metadata["recipe"]  # nor were they trained on Imagenette's images
    assert capsys.readouterr().err == ""


def test_a_file_is_read_twice_at_most(ten, monkeypatch):
    """Once to see whose it is, once for its weights: large files take long."""
    reading = mock.Mock(wraps=torch.load)
    monkeypatch.setattr(torch, "load", reading)
    zoo.load("resnet18", str(ten))
    assert reading.call_count == 2


def test_the_data_set_names_the_classes(ten, tmp_path):
    names = [f"n{i:08d}" for i in range(9)] + ["my own"]
    folders.imagenette(tmp_path / "data", {split: dict.fromkeys(names, 1) for split in ("train", "val")})
    done = lab("evaluate-classifier", "--model", ten, "--data", tmp_path / "data", "--json")
    assert (done.code, done.err) == (0, "")
    scores = json.loads(done.out)
    assert list(scores["classes"]) == sorted(names)
    assert (scores["images"], scores["split"], scores["accuracy"]) == (10, "val", 0.1)
    done = lab("show", "--model", ten, "--data", tmp_path / "data", "--random", 2, "--size", 64, "--out", tmp_path)
    assert (done.code, done.err, len(done.out.splitlines())) == (0, "", 3)


def test_another_number_of_classes_is_refused(ten, two, labelled, tmp_path):
    for words in (("show", "--index", 0, "--out", tmp_path / "x"), ("evaluate-classifier",)):
        done = lab(*words, "--model", ten, "--data", labelled)
        refused(
            done, "resnet_cam.pth' has 10 outputs and '", "2 classes (blue, red): name the data that it was trained"
        )
    assert lab("evaluate-classifier", "--model", two, "--data", labelled).code == 0


def test_without_data_other_outputs_are_numbered(two, labelled, tmp_path, capsys):
    model = zoo.load_file(two)
    assert (model.class_names, model.preprocessing.size) == (("class 0", "class 1"), 224)
    assert "does not name its 2 classes, so they are numbered" in capsys.readouterr().err
    with pytest.raises(LabError, match="does not say on which data it was trained: name them by --data"):
        show_model(ModelChoice(str(two)), index=0, out=tmp_path)


def test_boxes_have_names_too(toy, tmp_path):
    """A state dict of seven outputs on data with boxes: their classes may occur together."""
    torch.manual_seed(0)
    torch.save(build("toynet", 7).state_dict(), tmp_path / "toy.pth")
    scores = lab("evaluate-classifier", "--model", tmp_path / "toy.pth", "--data", toy, "--json")
    assert scores.code == 0, scores.err
    assert "accuracy" not in json.loads(scores.out)
    assert json.loads(scores.out)["split"] == "test"


def test_a_thousand_outputs_are_imagenets(tmp_path):
    torch.save(build("squeezenet1_1", 1000).state_dict(), tmp_path / "squeeze.pth")
    model = zoo.load_file(tmp_path / "squeeze.pth")
    assert (len(model.output_names), "dog" in model.class_names) == (1000, True)


def test_a_size_that_is_given_wins_over_that_of_the_file(weights):
    assert [zoo.load_file(weights, size=size).preprocessing.size for size in (None, 64)] == [112, 64]


def test_what_train_has_left_is_proposed(tmp_path):
    with pytest.raises(LabError, match=r"no weights file '.*resnet_cam\.pth': check the name"):
        zoo.load_file(tmp_path / "resnet_cam.pth")
    (tmp_path / "best.safetensors").touch()
    with pytest.raises(LabError, match=r"resnet_cam\.pth': '.*best\.safetensors' is what gradcam-lab train has left"):
        zoo.load_file(tmp_path / "resnet_cam.pth")
