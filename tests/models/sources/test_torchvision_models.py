"""torchvision's models: their weights from the cache and from files of people, and how an image becomes their input."""

import re

import pytest
import torch
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet, zoo
from gradcam_lab.models.sources import torchvision_models
from gradcam_lab.models.sources.torchvision_models import build, official_weights, preprocessing_of, torchvision_names
from gradcam_lab.vision import torchvision


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """torchvision's cache, empty, and no network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr(torch.hub, "download_url_to_file", lambda *_, **__: pytest.fail("a download"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)


@pytest.mark.parametrize("name", torchvision_names())
def test_every_model_has_weights_of_1000_classes_and_says_what_its_input_is(name):
    entry = official_weights(name)
    preprocessing = preprocessing_of(name)
    assert len(entry.meta["categories"]) == 1000
    assert entry.name == "IMAGENET1K_V1" or "LINEAR" in entry.name
    assert 224 <= preprocessing.size <= 600
    assert (len(preprocessing.mean), len(preprocessing.std)) == (3, 3)


@pytest.mark.parametrize(
    ("name", "size"), [("mnasnet0_5", 224), ("shufflenet_v2_x0_5", 224), ("efficientnet_b1", 240), ("googlenet", 224)]
)
def test_weights_in_the_cache_are_taken(hub, name, size):
    torch.manual_seed(0)
    network = build(name)
    torch.save(network.state_dict(), torchvision_models.cached_file(name))
    model = zoo.load(name)
    assert (model.name, model.preprocessing.size, model.metadata) == (name, size, {"weights": "imagenet"})
    assert model.output_names == imagenet.class_names()
    assert model.class_names == tuple(imagenet.VOC_GROUPS)
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model.network(images), network.eval()(images))


def test_names_of_older_layouts_are_known(hub):
    """torchvision's own files of DenseNet and ViT are older than its code, which renames what is in them."""
    densenet = build("densenet121").state_dict()
    older = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): value for name, value in densenet.items()
    }
    assert older.keys() != densenet.keys()
    torch.save(older, torchvision_models.cached_file("densenet121"))
    assert torch.equal(
        zoo.load("densenet121").network.state_dict()["features.conv0.weight"], densenet["features.conv0.weight"]
    )


def small_vit(outputs):
    return torchvision().models.VisionTransformer(32, 16, 2, 2, 16, 32, num_classes=outputs)


def test_a_vits_older_names_are_known_and_its_layer_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(torchvision_models, "build", lambda name, outputs=1000, **_: small_vit(outputs))
    network = small_vit(5)
    nn.init.normal_(network.heads.head.weight)  # torchvision begins with zeros, which have no gradient
    older = {
        name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): value
        for name, value in network.state_dict().items()
    }
    torch.save({"state_dict": older}, tmp_path / "vit.pth")
    model = zoo.load("vit_b_16", str(tmp_path / "vit.pth"), classes="a,b,c,d,e", size=32)
    assert model.layer_name == "encoder.layers.encoder_layer_1.ln_1"
    assert model.grid == (2, 2)
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(model.network(images), network.eval()(images))


@pytest.mark.parametrize(
    ("wrap", "prefix"),
    [
        ("state_dict", ""),
        ("model", "module."),
        ("model_state_dict", "_orig_mod."),
        ("ema", "model."),
        ("module", "net."),
        ("state_dict", "backbone."),
        ("state_dict", "module._orig_mod."),
    ],
)
def test_a_fine_tuned_network_is_taken_as_people_save_it(tmp_path, wrap, prefix):
    torch.manual_seed(0)
    network = build("shufflenet_v2_x0_5", 3)
    state = {
        prefix + name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    torch.save({"epoch": 7, wrap: state, "optimizer": {"lr": 0.1}}, tmp_path / "best.ckpt")
    model = zoo.load("shufflenet_v2_x0_5", str(tmp_path / "best.ckpt"), classes="a,b,c", size=64)
    assert model.output_names == ("a", "b", "c")
    for name, value in model.network.state_dict().items():
        assert value.dtype == network.state_dict()[name].dtype
        assert torch.allclose(value.float(), network.state_dict()[name].float(), atol=1e-3)


def test_the_number_of_classes_is_read_off_any_head(tmp_path, capsys):
    for name in ("efficientnet_b0", "mnasnet0_5", "squeezenet1_0"):
        torch.save(build(name, 6).state_dict(), tmp_path / f"{name}.pth")
        model = zoo.load(name, str(tmp_path / f"{name}.pth"), size=64)
        assert model.class_names == tuple(f"class {i}" for i in range(6))
        assert f"'{name}.pth' does not name its 6 classes" in capsys.readouterr().err


def test_what_does_not_fit_is_named_by_three_keys(tmp_path):
    torch.save(build("shufflenet_v2_x0_5", 3).state_dict(), tmp_path / "s.pth")
    with pytest.raises(LabError) as caught:
        zoo.load("efficientnet_b0", str(tmp_path / "s.pth"))
    says = str(caught.value)
    assert "s.pth' does not hold the weights of efficientnet_b0: it lacks 'features.0.0.weight', " in says
    assert "and it has 'conv1.0.weight', 'conv1.1.weight', 'conv1.1.bias' and " in says
    assert "--model FILE.py:FUNCTION" in says


def test_another_head_than_the_architectures_is_told(tmp_path):
    network = build("shufflenet_v2_x0_5", 3)
    network.fc = nn.Sequential(nn.Dropout(), nn.Linear(1024, 3))
    torch.save(network.state_dict(), tmp_path / "s.pth")
    with pytest.raises(
        LabError, match=r"it lacks 'fc\.weight', 'fc\.bias' and it has 'fc\.1\.weight', 'fc\.1\.bias', which"
    ):
        zoo.load("shufflenet_v2_x0_5", str(tmp_path / "s.pth"))


def test_no_state_dict_at_all(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(LabError, match=r"holds no state dict, .* but an object of type 'list'"):
        zoo.load("alexnet", str(tmp_path / "a.pth"))
    with pytest.raises(LabError, match=r"no weights file '.*none\.pth': check the name given to --weights"):
        zoo.load("alexnet", str(tmp_path / "none.pth"))


def test_other_weights_in_the_cache_are_told(hub):
    torch.save({"a": torch.zeros(1)}, torchvision_models.cached_file("alexnet"))
    with pytest.raises(LabError, match=r"does not hold torchvision's weights of alexnet, it lacks .*: delete it"):
        zoo.load("alexnet")


def test_a_layer_of_the_users(tmp_path):
    torch.save(build("shufflenet_v2_x0_5", 3).state_dict(), tmp_path / "s.pth")
    words = ("shufflenet_v2_x0_5", str(tmp_path / "s.pth"))
    model = zoo.load(*words, classes="a,b,c", size=64, layer="stage3")
    assert (model.layer, model.grid, model.layer_reason) == ("stage3", (4, 4), "the layer that you asked for")
    with pytest.raises(LabError, match="has no layer 'stage9': did you mean"):
        zoo.load(*words, classes="a,b,c", size=64, layer="stage9")
