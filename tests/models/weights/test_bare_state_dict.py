"""State dicts without a description: the architecture and the number of outputs are read off the tensors."""

import pytest
import torch
from safetensors.torch import save_file

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.networks.architectures import ARCHITECTURES, blank, build
from gradcam_lab.models.weights import bare_state_dict
from tests.model_files import RunsCode


def shapes(arch, outputs, options=None):
    # Expanded zeros take no room in the file.
    state = blank(arch, outputs, options).state_dict()
    return {name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in state.items()}


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return build("cam_net", 3).state_dict()


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_every_architecture_is_recognised_with_any_number_of_outputs(tmp_path, arch):
    torch.save(shapes(arch, 11), tmp_path / "a.pth")
    found = bare_state_dict.read(tmp_path / "a.pth")
    assert (found.arch, found.outputs, found.options) == (arch, 11, {})


def test_a_residual_cam_net_is_told_from_a_plain_one(tmp_path):
    torch.save(shapes("cam_net", 2, {"residual": True}), tmp_path / "a.pth")
    assert bare_state_dict.read(tmp_path / "a.pth").options == {"residual": True}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {"epoch": 3, "model_state_dict": state, "optimizer_state_dict": {"state": {}, "groups": [1]}},
        # The exercise's network keeps its ResNet as `model`, and has all but the last layer under a second name.
        lambda state: {f"{part}.{name}": value for part in ("parts", "model") for name, value in state.items()},
        lambda state: {n: v for n, v in state.items() if not n.endswith("num_batches_tracked")},
        lambda state: {f"_orig_mod.{name}": value for name, value in state.items()},
        lambda state: {f"module._orig_mod.net.backbone.{name}": value for name, value in state.items()},
        lambda state: {
            "pytorch-lightning_version": "2.4.0",
            "state_dict": {**{f"model.{n}": v for n, v in state.items()}, "loss.weight": torch.ones(3)},
        },
        lambda state: {"best": {"score": 0.5, "weights": state}, "history": [1, 2]},
        lambda state: {**state, "epoch": 3},
    ],
    ids=[
        *("plain", "DataParallel", "checkpoint", "two names", "old", "compiled", "nested prefixes", "Lightning"),
        *("nested entries", "a number beside the tensors"),
    ],
)
def test_every_wrapping_gives_the_same_classifier(small, tmp_path, wrap):
    torch.save(wrap(small), tmp_path / "net.pt")
    saved = bare_state_dict.read(tmp_path / "net.pt")
    model = saved.classifier(("a", "b", "c"), size=64, file="net.pt")
    assert (model.name, model.output_names, model.activation) == ("cam_net", ("a", "b", "c"), "softmax")
    assert model.preprocessing.size == 64
    assert all(torch.equal(value, small[name]) for name, value in model.network.state_dict().items() if value.ndim)
    assert torch.isfinite(model.network(torch.zeros(1, 3, 64, 64))).all()


def test_a_network_whose_numbers_are_none_is_no_second_one(small, tmp_path):
    broken = {name: value * torch.nan if value.is_floating_point() else value for name, value in small.items()}
    torch.save({"state_dict": broken, "ema": broken}, tmp_path / "nan.pth")
    assert bare_state_dict.read(tmp_path / "nan.pth").others == ()


@pytest.mark.parametrize("by_entries", [False, True])
def test_of_several_networks_the_first_is_taken_and_that_is_said_once(small, tmp_path, capsys, by_entries):
    path, other = tmp_path / "two.pth", {name: value + 1 for name, value in small.items()}
    pairs = {"student": small, "copy": small, "teacher": other}
    flat = {f"{part}.{name}": value for part, state in pairs.items() for name, value in state.items()}
    torch.save(pairs if by_entries else flat, path)
    saved = bare_state_dict.read(path)
    assert (saved.place, saved.others) == ("student", ("teacher",))
    capsys.readouterr()
    model = zoo.load_file(path)
    assert torch.equal(model.network.state_dict()["fc.bias"], small["fc.bias"])
    said = f"'{path}' holds 2 different networks: 'student' is taken, and not 'teacher'; save one alone to choose it."
    assert capsys.readouterr().err.splitlines()[0] == said


def test_safetensors_too(small, tmp_path):
    save_file(dict(small), tmp_path / "net.safetensors")
    assert bare_state_dict.read(tmp_path / "net.safetensors").arch == "cam_net"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"epoch": 3}, "holds no state dict"),
        ([torch.zeros(1)], "holds no state dict"),
        ({}, "holds no state dict"),
        (
            {f"a.{i}": torch.zeros(1) for i in range(5)},
            "a state dict of no network that is known here, its first entries are 'a.0', 'a.1', 'a.2' and 2 more",
        ),
        (
            {**shapes("resnet18", 5), "extra": torch.zeros(1)},
            "nearly the weights of resnet18, but it has 'extra', which",
        ),
        (
            {**shapes("resnet50", 5), "fc.weight": torch.zeros(4, 2048)},
            r"nearly the weights of resnet50, but 'fc.weight' has the shape \(4, 2048\) instead of \(5, 2048\):",
        ),
        (
            {f"net.{n}": v for n, v in shapes("resnet18", 5).items() if not n.startswith("fc.")},
            "nearly the weights of resnet18, but it lacks 'fc.weight', 'fc.bias':",
        ),
        (
            {**shapes("resnet34", 5), "conv1.weight": torch.zeros(64, 1, 7, 7)},
            "nearly the weights of resnet34, .*, so it takes images of 1 channel, and those here have 3",
        ),
        (
            {n.replace("downsample", "shortcut"): v for n, v in shapes("resnet18", 5).items()},
            "it lacks 'layer2.0.downsample.0.weight', .* and 12 more and it has 'layer2.0.shortcut.0.weight', .*more,",
        ),
        (
            {**shapes("cam_net", 2, {"residual": True}), "x": torch.zeros(1)},
            "of cam_net, but it has 'x', which the network does not:",
        ),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path, value, says):
    torch.save(value, tmp_path / "a.pth")
    with pytest.raises(LabError, match=rf"a\.pth' .*{says}"):
        bare_state_dict.read(tmp_path / "a.pth")


def test_code_in_it_is_never_run(tmp_path):
    trace = tmp_path / "the code ran"
    torch.save({"model_state_dict": RunsCode(trace)}, tmp_path / "a.pth")
    with pytest.raises(LabError, match="holds more than tensors"):
        bare_state_dict.read(tmp_path / "a.pth")
    assert not trace.exists()
