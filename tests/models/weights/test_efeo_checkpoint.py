"""The EFEO exercise's checkpoint: files of its exact structure are read, others are refused.

The weights in the files of these tests are nearly all 0.
"""

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.imagenet import VOC_GROUPS
from gradcam_lab.models.networks.architectures import blank
from gradcam_lab.models.weights import efeo_checkpoint
from tests.model_files import RunsCode

BIAS = torch.arange(20.0) - 10


def write(path, prefix="", **changes):
    # Expanded zeros take no room in the file; a real one has 94 MB.
    shapes = blank("resnet50", 20).state_dict()
    state = {name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in shapes.items()}
    state["fc.bias"] = BIAS
    optimizer = {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
        "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "amsgrad": False, "params": [0, 1]}],
    }
    model = {prefix + name: value for name, value in state.items()}
    torch.save({"i_epoch": 19, "model_sdict": model, "optimizer_sdict": optimizer, **changes}, path)
    return path


@pytest.mark.parametrize("prefix", ["", "module."])
def test_it_is_known_by_its_structure_and_its_classes_are_in_its_own_order(tmp_path, prefix):
    path = write(tmp_path / "model_at_epoch_019.pth.tar", prefix)
    for model in (zoo.load_file(path), efeo_checkpoint.load(path), zoo.load("resnet50", str(path))):
        assert (model.name, model.activation, model.layer) == ("resnet50", "sigmoid", "layer4")
        assert model.class_names.index("dog") == 4
        assert model.class_names[:8] == ("person", "bird", "cat", "cow", "dog", "horse", "sheep", "aeroplane")
        assert model.class_names[-2:] == ("sofa", "tvmonitor")
        assert set(model.class_names) == set(VOC_GROUPS)
        assert model.preprocessing == Preprocessing()
        assert model.metadata["recipe"] == {"epoch": 19}
    outputs = model.network(torch.zeros(1, 3, 64, 64))
    assert model.score(outputs, "dog").item() == BIAS[4]
    assert model.probability(outputs, "cat").item() == pytest.approx(BIAS[2].sigmoid().item())


def test_another_number_of_classes_is_told(tmp_path):
    path = write(tmp_path / "a.pth.tar", model_sdict={"conv1.weight": torch.zeros(64, 3, 7, 7)})
    with pytest.raises(LabError, match=r"does not hold a resnet50 with the 20 classes of VOC, it lacks 'bn1"):
        zoo.load_file(path)


@pytest.mark.parametrize("value", [{"epoch": 1}, {"fc.bias": torch.zeros(2)}, [1]])
def test_another_structure_is_refused(tmp_path, value):
    torch.save(value, tmp_path / "a.pth.tar")
    with pytest.raises(LabError, match="is neither a file that gradcam-lab train has made nor a checkpoint with"):
        efeo_checkpoint.load(tmp_path / "a.pth.tar")
    with pytest.raises(LabError, match=r"holds (no state dict|a state dict of no network that is known here)"):
        zoo.load_file(tmp_path / "a.pth.tar")


def test_code_in_it_is_never_run(tmp_path):
    trace = tmp_path / "the code ran"
    path = write(tmp_path / "a.pth.tar", optimizer_sdict={"a": RunsCode(trace)})
    with pytest.raises(LabError, match="holds more than tensors"):
        zoo.load_file(path)
    assert not trace.exists()


def test_it_is_asked_for_as_what_it_is(tmp_path):
    with pytest.raises(LabError, match="holds 'resnet50' and not 'resnet18': give --classifier resnet50"):
        zoo.load("resnet18", str(write(tmp_path / "a.pth.tar")))
