"""The network that a training begins with: which weights it takes over from which files."""

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.architectures import build
from gradcam_lab.models.training.initial_weights import initial_network
from gradcam_lab.models.weights import model_file
from tests.trainings import settings

CLASSES = ("boat", "cat", "dog")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The file of a CAM network with random weights of its own."""
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("trained") / "best.safetensors"
    description = model_file.Description("cam_net", CLASSES, "sigmoid", Preprocessing(32))
    model_file.save(path, build("cam_net", len(CLASSES)).state_dict(), description)
    return path


def initial_state(tmp_path, classes=CLASSES, **flags):
    return initial_network(settings(tmp_path, tmp_path / "out", **flags), classes).state_dict()


def taken_over(before, after):
    return {
        name for name in before if before[name].shape == after[name].shape and torch.equal(before[name], after[name])
    }


def test_random_weights_depend_on_the_seed_only(tmp_path):
    first = initial_state(tmp_path, seed=1)
    torch.manual_seed(99)
    assert taken_over(first, initial_state(tmp_path, seed=1)) == set(first)
    assert "fc.weight" not in taken_over(first, initial_state(tmp_path, seed=2))


def test_the_same_classes_take_over_all(trained, tmp_path):
    before = model_file.read(trained)[1]
    assert taken_over(before, initial_state(tmp_path, weights=str(trained))) == set(before)


def test_other_classes_take_over_all_but_the_outputs(trained, tmp_path):
    before = model_file.read(trained)[1]
    after = initial_state(tmp_path, ("blue", "green", "red"), weights=str(trained))
    assert set(before) - taken_over(before, after) == {"fc.weight", "fc.bias"}
    after = initial_state(tmp_path, ("blue", "red"), weights=str(trained))
    assert after["fc.weight"].shape == (2, 256)
    assert set(before) - taken_over(before, after) == {"fc.weight", "fc.bias"}


def test_imagenet_weights_keep_all_but_the_outputs(tmp_path):
    torch.manual_seed(3)
    before = build("mobilenet_v2", 1000).state_dict()
    torch.save(before, tmp_path / "imagenet.pth")
    after = initial_state(tmp_path, arch="mobilenet_v2", weights=str(tmp_path / "imagenet.pth"))
    assert after["classifier.1.weight"].shape == (3, 1280)
    assert set(before) - taken_over(before, after) == {"classifier.1.weight", "classifier.1.bias"}


def test_a_state_dict_with_any_outputs_keeps_all_but_these(tmp_path):
    torch.manual_seed(4)
    before = build("cam_net", len(CLASSES)).state_dict()
    torch.save(before, tmp_path / "bare.pth")
    after = initial_state(tmp_path, weights=str(tmp_path / "bare.pth"))  # it does not say which class is which
    assert set(before) - taken_over(before, after) == {"fc.weight", "fc.bias"}


def test_what_does_not_fit_is_refused(trained, tmp_path):
    with pytest.raises(LabError, match=r"holds 'cam_net' and not 'toynet': give --arch cam_net"):
        initial_state(tmp_path, arch="toynet", weights=str(trained))
    with pytest.raises(LabError, match="holds a network whose 'residual' is False"):
        initial_state(tmp_path, residual=True, weights=str(trained))
    with pytest.raises(LabError, match="'imagenet' has no weights for cam_net"):
        initial_state(tmp_path, weights="imagenet")
    torch.save(build("cam_net", 10).state_dict(), tmp_path / "ten.pth")
    with pytest.raises(LabError, match=r"ten\.pth' holds 'cam_net' and not 'mobilenet_v2': give --arch cam_net"):
        initial_state(tmp_path, arch="mobilenet_v2", weights=str(tmp_path / "ten.pth"))
    with pytest.raises(LabError, match=r"ten\.pth' holds a cam_net whose 'residual' is False"):
        initial_state(tmp_path, residual=True, weights=str(tmp_path / "ten.pth"))
