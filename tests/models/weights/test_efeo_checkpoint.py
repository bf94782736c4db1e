"""The EFEO exercise's checkpoint: files of its exact structure are read, others are refused.

The weights in the files of these tests are nearly all 0.
"""

import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.imagenet import VOC_GROUPS
from gradcam_lab.models.networks.architectures import blank
from gradcam_lab.models.training.initial_weights import initial_network
from gradcam_lab.models.training.settings import TrainingSettings
from gradcam_lab.models.weights import efeo_checkpoint
from gradcam_lab.models.weights.missing_file import OFFERED
from tests.model_files import RunsCode

BIAS = torch.arange(20.0) - 10
TEXTS = Path(__file__).parents[4] / "shared" / "exercises"


def weights(outputs=20):
    # Expanded zeros take no room in the file; a real one has 94 MB.
    shapes = blank("resnet50", outputs).state_dict()
    state = {name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in shapes.items()}
    return state | {"fc.bias": torch.arange(float(outputs)) - 10}


def write(path, prefix="", **changes):
    state = weights()
    optimizer = {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
        "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "amsgrad": False, "params": [0, 1]}],
    }
    model = {prefix + name: value for name, value in state.items()}
    old = path.name.endswith("_compatible.pt")
    content = {"i_epoch": 19, "model_sdict": model, "optimizer_sdict": optimizer, **changes}
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    return path


@pytest.mark.parametrize("name", OFFERED)
def test_both_files_are_taken_wherever_a_network_is(tmp_path, name):
    path = write(tmp_path / name)
    assert zipfile.is_zipfile(path) is (path.suffix == ".tar")  # the old serialisation is none
    for model in (zoo.load_file(path), zoo.load("resnet50", str(path))):
        assert (model.class_names[4], model.metadata["weights"]) == ("dog", name)
    with pytest.raises(LabError, match="holds 'resnet50': give --model resnet50"):
        zoo.load("embedded", str(path))
    start = initial_network(TrainingSettings(data="x", arch="resnet50", weights=str(path)), efeo_checkpoint.CLASSES)
    assert torch.equal(start.state_dict()["fc.bias"], BIAS)


@pytest.mark.parametrize(("name", "prefix"), [("a.pt", "module."), ("a.safetensors", "")])
def test_a_bare_state_dict_is_taken_in_the_exercises_order_and_that_is_said(tmp_path, capsys, name, prefix):
    path, state = tmp_path / name, {prefix + key: value.contiguous() for key, value in weights().items()}
    if path.suffix == ".pt":
        torch.save(state, path)
    else:
        save_file(state, path)
    model = zoo.load_file(path)
    assert capsys.readouterr().err == (
        f"'{path}' does not name its 20 classes: they are taken in the EFEO exercise's order "
        "(person, bird, cat, cow, dog, ...).\n"
    )
    assert (model.name, model.activation, model.class_names) == ("resnet50", "sigmoid", efeo_checkpoint.CLASSES)
    assert model.metadata["weights"] == f"{name}, classes in the order of the EFEO exercise"
    assert model.score(model.network(torch.zeros(1, 3, 64, 64)), "dog").item() == BIAS[4]
    for other in (zoo.load("resnet50", str(path)), zoo.load_file(path, lambda: ("voc", ("cat", "dog"), "sigmoid"))):
        assert other.fingerprint == model.fingerprint


def test_data_with_other_classes_name_the_outputs_of_a_bare_state_dict(tmp_path):
    torch.save(weights(), tmp_path / "a.pt")
    names = tuple(f"flower {number}" for number in range(20))
    assert zoo.load_file(tmp_path / "a.pt", lambda: ("flowers", names, "softmax")).class_names == names


def test_another_number_of_outputs_is_another_network(tmp_path, capsys):
    torch.save(weights(21), tmp_path / "a.pt")
    with pytest.raises(LabError, match="a resnet50 with 21 outputs, and not a resnet50 with the 20 classes of VOC"):
        efeo_checkpoint.load(tmp_path / "a.pt")
    assert zoo.load("resnet50", str(tmp_path / "a.pt")).class_names[20] == "class 20"
    assert "so they are numbered" in capsys.readouterr().err


@pytest.mark.parametrize("name", OFFERED)
def test_a_missing_one_is_told_where_the_exercise_offers_it_and_by_which_option_it_was_named(tmp_path, name):
    missing = str(tmp_path / name)
    train = TrainingSettings(data="x", arch="resnet50", weights=missing)
    for option, ask in {
        "--model": lambda: zoo.load_file(Path(missing)),
        "--weights": lambda: zoo.load("resnet50", missing),
        "--weights.": lambda: initial_network(train, ("a", "b")),
    }.items():
        with pytest.raises(LabError) as caught:
            ask()
        assert all(link in str(caught.value) for link in OFFERED[name])
        assert str(caught.value).endswith(f"check the name given to {option.strip('.')}.")


@pytest.mark.skipif(not TEXTS.is_dir(), reason="../shared/exercises is absent")
def test_every_link_is_one_of_the_texts():
    texts = "".join(path.read_text(encoding="utf-8") for path in TEXTS.glob("00[01]_*.txt"))
    links = [link for links in OFFERED.values() for link in links]
    assert len(set(links)) == 4
    assert all(f"[[{link}]]" in texts for link in links)


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
    with pytest.raises(LabError, match=r"no network that is known here, its first entries are 'conv1\.weight'"):
        zoo.load_file(path)


@pytest.mark.parametrize("value", [{"epoch": 1}, {"fc.bias": torch.zeros(2)}, [1]])
def test_another_structure_is_refused(tmp_path, value):
    torch.save(value, tmp_path / "a.pth.tar")
    for load in (efeo_checkpoint.load, zoo.load_file):
        with pytest.raises(LabError, match=r"holds (no state dict|a state dict of no network that is known here)"):
            load(tmp_path / "a.pth.tar")


def test_code_in_it_is_never_run(tmp_path):
    trace = tmp_path / "the code ran"
    path = write(tmp_path / "a.pth.tar", optimizer_sdict={"a": RunsCode(trace)})
    with pytest.raises(LabError, match="holds more than tensors"):
        zoo.load_file(path)
    assert not trace.exists()


def test_it_is_asked_for_as_what_it_is(tmp_path):
    with pytest.raises(LabError, match="holds 'resnet50' and not 'resnet18': give --model resnet50"):
        zoo.load("resnet18", str(write(tmp_path / "a.pth.tar")))
