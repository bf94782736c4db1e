"""timm's models: what they say of themselves, weights of the user's, and what cannot be had."""

import builtins

import pytest
import torch

from gradcam_lab.errors import LabError
from gradcam_lab.models import imagenet, zoo
from gradcam_lab.models.sources.timm_models import timm


def saved(path, name, outputs, **options):
    torch.manual_seed(0)
    network = timm().create_model(name, num_classes=outputs, **options).eval()
    torch.save({"state_dict_ema": {f"module.{key}": value for key, value in network.state_dict().items()}}, path)
    return network


def test_weights_of_the_users_and_the_preprocessing_of_the_model(tmp_path):
    network = saved(tmp_path / "w.pth", "mobilenetv3_small_050", 4)
    model = zoo.load("timm:mobilenetv3_small_050", str(tmp_path / "w.pth"), classes="a,b,c,d")
    settings = timm().data.resolve_model_data_config(network)
    assert (model.name, model.output_names) == ("timm:mobilenetv3_small_050", ("a", "b", "c", "d"))
    assert model.preprocessing.size == settings["input_size"][2]
    assert (model.preprocessing.mean, model.preprocessing.std) == (settings["mean"], settings["std"])
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model.network(images), network(images))


def test_1000_outputs_are_imagenets(tmp_path):
    saved(tmp_path / "w.pth", "mobilenetv3_small_050", 1000)
    model = zoo.load("timm:mobilenetv3_small_050", str(tmp_path / "w.pth"))
    assert model.output_names == imagenet.class_names()
    assert "dog" in model.class_names


def test_a_vit_of_another_size_has_another_grid(tmp_path):
    saved(tmp_path / "w.pth", "test_vit", 4, img_size=64)
    model = zoo.load("timm:test_vit", str(tmp_path / "w.pth"), classes="a,b,c,d", size=64)
    assert (model.layer_name, model.grid) == ("blocks.5.norm1", (4, 4))
    assert "only the class token goes on" in model.layer_reason


def test_timms_own_weights_name_other_sets_of_classes(monkeypatch):
    network = timm().create_model("test_vit", num_classes=21841)
    network.pretrained_cfg = {**network.pretrained_cfg, "tag": "augreg_in21k", "num_classes": 21841}
    monkeypatch.setattr(timm(), "create_model", lambda name, **options: network)
    model = zoo.load("timm:test_vit.augreg_in21k")
    assert len(model.output_names) == 21841
    assert any("koala" in name for name in model.output_names)


def test_offline_is_one_sentence(monkeypatch):
    def offline(name, **options):
        raise OSError("We couldn't connect.\nCheck your connection.")

    monkeypatch.setattr(timm(), "create_model", offline)
    with pytest.raises(LabError, match=r"timm's weights of 'test_vit' could not be had \(We couldn't connect\.\): go"):
        zoo.load("timm:test_vit")


def test_an_unknown_name_has_near_ones(tmp_path):
    with pytest.raises(LabError, match=r"timm has no model 'vit_tiny_patch16': did you mean .*vit_tiny_patch16_\d+"):
        zoo.load("timm:vit_tiny_patch16")


def test_without_timm_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "timm":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LabError, match=r"needs the package timm: install it by pip install 'gradcam-lab\[timm\]'"):
        zoo.load("timm:resnet18")
