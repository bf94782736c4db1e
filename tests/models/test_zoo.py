"""Classifiers by name: good files give a classifier, other files are refused with a reason."""

import json
import shutil
import urllib.error
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.imagenet import VOC_GROUPS
from gradcam_lab.models.networks.architectures import TORCHVISION, blank, build
from gradcam_lab.models.weights import bare_state_dict
from gradcam_lab.vision import torchvision
from tests.commands import lab

SHARED = Path(__file__).parents[3] / "shared"


class TestNames:
    def test_the_packages_own_file_is_missed_by_name(self, monkeypatch, tmp_path):
        monkeypatch.setattr(zoo, "EMBEDDED_FILE", tmp_path / "none.safetensors")
        with pytest.raises(LabError, match=r"embedded network '.*none\.safetensors' is missing: install"):
            zoo.load()

    def test_has_no_imagenet_weights(self):
        with pytest.raises(LabError, match="embedded network has no ImageNet weights"):
            zoo.load("embedded", "imagenet")

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("alexnt", r"did you mean alexnet or googlenet\?"),
            ("Resnet-50", r"did you mean .*resnet50"),
            ("x", r"give embedded, a model of torchvision such as resnet50, timm:NAME, FILE\.py:FUNCTION or a file"),
        ],
    )
    def test_an_unknown_name(self, name, says):
        with pytest.raises(LabError, match=f"There is no model '{name}': {says}"):
            zoo.load(name)


class TestStateDicts:
    @pytest.mark.parametrize("kind", ["zip", "legacy", "half", "safetensors"])
    def test_every_way_of_saving_gives_the_same_classifier(self, squeezenet, tmp_path, kind):
        path = tmp_path / ("weights.safetensors" if kind == "safetensors" else "weights.pth")
        state = {name: value.half().float() for name, value in squeezenet.items()}
        if kind == "safetensors":
            save_file(state, path)
        elif kind == "half":
            torch.save({name: value.half() for name, value in state.items()}, path)
        else:
            torch.save(state, path, _use_new_zipfile_serialization=kind == "zip")
        model = zoo.load("squeezenet1_1", str(path))
        assert (model.name, model.activation, model.layer) == ("squeezenet1_1", "softmax", "features")
        assert model.class_names == tuple(VOC_GROUPS)
        assert len(model.output_names) == 1000
        assert model.preprocessing == Preprocessing()
        assert all(torch.equal(value, state[name]) for name, value in model.network.state_dict().items())

    def test_batch_counts_may_be_missing_as_in_old_files(self, tmp_path):
        torch.manual_seed(0)
        state = torchvision().models.mobilenet_v2().state_dict()
        torch.save({n: v for n, v in state.items() if "num_batches_tracked" not in n}, tmp_path / "old.pth")
        network = zoo.load("mobilenet_v2", str(tmp_path / "old.pth")).network
        assert all(not value.is_meta for value in network.state_dict().values())
        assert torch.isfinite(network(torch.zeros(1, 3, 64, 64))).all()

    @pytest.mark.parametrize("name", TORCHVISION)
    def test_each_architecture_has_its_layer_and_1000_outputs(self, name):
        network = blank(name, 1000).eval()
        maps = []
        network.get_submodule(TORCHVISION[name].layer).register_forward_hook(
            lambda module, inputs, output: maps.append(output)
        )
        assert network(torch.zeros(1, 3, 224, 224, device="meta")).shape == (1, 1000)
        assert [m.ndim for m in maps] == [4]
        assert maps[0].shape[-1] in (7, 13)

    def test_another_architecture_is_recognised(self, squeezenet, tmp_path):
        torch.save(squeezenet, tmp_path / "s.pth")
        for name in ("resnet18", "embedded"):
            with pytest.raises(LabError, match=r"s\.pth' holds 'squeezenet1_1'.*: give --model squeezenet1_1\."):
                zoo.load(name, str(tmp_path / "s.pth"))

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            (
                {"classifier.1.weight": (20, 512, 1, 1)},
                r"has the shape \(20, 512, 1, 1\) instead of \(1000, 512, 1, 1\):",
            ),
            ({"extra": (1,)}, "but it has 'extra', which the network does not:"),
            (
                {"features.0.weight": (64, 1, 3, 3)},
                r"the shape \(64, 1, 3, 3\) instead of \(64, 3, 3, 3\), so it takes images of 1 channel, and",
            ),
        ],
    )
    def test_what_does_not_fit_is_told(self, squeezenet, tmp_path, changes, says):
        torch.save({**squeezenet, **{name: torch.zeros(shape) for name, shape in changes.items()}}, tmp_path / "a.pth")
        with pytest.raises(LabError, match=r"a\.pth' holds nearly the weights of squeezenet1_1, .*" + says):
            zoo.load("squeezenet1_1", str(tmp_path / "a.pth"))

    @pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.net.backbone."])
    def test_weights_for_imagenet_are_taken_under_any_prefix(self, squeezenet, tmp_path, prefix):
        state = {prefix + name: value for name, value in squeezenet.items()}
        torch.save({"epoch": 3, "state_dict": state}, tmp_path / "a.ckpt")
        model = zoo.load("squeezenet1_1", str(tmp_path / "a.ckpt"))
        assert model.class_names == tuple(VOC_GROUPS)
        assert all(torch.equal(value, squeezenet[name]) for name, value in model.network.state_dict().items())

    def test_1000_outputs_of_a_network_that_torchvision_lacks_are_not_imagenets(self, tmp_path, capsys):
        torch.save(build("cam_net", 1000).state_dict(), tmp_path / "a.pth")
        assert zoo.load_file(tmp_path / "a.pth").class_names[999] == "class 999"
        assert "so they are numbered" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x" * 300, "", " ", "a\0b"])
def test_what_no_file_can_be_called_is_no_model(name):
    with pytest.raises(LabError, match="There is no model '"):
        zoo.load(name)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda value: value.to("meta"), "on the device meta, without values"),
        (lambda value: value.to_sparse(), "no plain tensor of numbers"),
        (lambda value: value.to(torch.complex64), r"no plain tensor of numbers \(torch\.complex64\)"),
    ],
)
def test_a_tensor_that_is_no_plain_one_is_named(squeezenet, tmp_path, change, says):
    torch.save({**squeezenet, "features.0.bias": change(squeezenet["features.0.bias"])}, tmp_path / "a.pth")
    for name in ("squeezenet1_1", "squeezenet1_0"):
        with pytest.raises(LabError, match=says if name == "squeezenet1_1" else "."):
            zoo.load(name, str(tmp_path / "a.pth"))


class TestPhotos:
    """A network of ToyVOC has seen drawings only, and that is said of photos, once, where JSON is not."""

    @pytest.fixture
    def drawing(self, toy):
        return next((toy / "JPEGImages").glob("*.jpg"))

    @pytest.fixture
    def photo(self, drawing, tmp_path):
        return shutil.copy(drawing, tmp_path / "photo.jpg")

    @pytest.mark.parametrize("words", [("predict",), ("predict", "--json"), ("explain",)])
    def test_the_embedded_network_is_told_to_know_drawings_only(self, photo, drawing, tmp_path, words):
        out = ("--out", tmp_path / "out") if words[0] == "explain" else ()
        done = lab(words[0], photo, "--model", "embedded", *words[1:], *out)
        assert (done.code, len(done.err.splitlines())) == (0, 1)
        assert done.err.startswith("This network has seen ToyVOC's drawings only, so what it says of a photo means")
        assert "--model resnet50" in done.err
        assert lab(words[0], drawing, "--model", "embedded", *words[1:], *out).err == ""
        if "--json" in words:
            assert json.loads(done.out)["classifier"] == "embedded"

    def test_other_networks_are_not(self, photo, weights, tmp_path):
        assert lab("predict", photo, "--model", weights).err == ""  # its file does not say that ToyVOC was its data

    def test_one_of_the_users_own_training_is_told_too(self, photo, tmp_path):
        shutil.copy(zoo.EMBEDDED_FILE, tmp_path / "mine.safetensors")
        done = lab("show", "--model", tmp_path / "mine.safetensors", "--image", photo, "--out", tmp_path / "out")
        assert (done.code, len(done.err.splitlines())) == (0, 1)
        assert "give another by --model resnet50" in done.err


class TestDownload:
    FILE = "squeezenet1_1-b8a52dc0.pth"

    @pytest.fixture(autouse=True)
    def _hub(self, tmp_path, monkeypatch):
        monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
        self.folder = tmp_path / "hub" / "checkpoints"

    def offline(self, url, *_, **__):
        raise urllib.error.URLError("no network")

    def test_offline_says_what_to_put_where(self, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", self.offline)
        with pytest.raises(LabError) as error:
            zoo.load("squeezenet1_1", "imagenet")
        assert str(self.folder / self.FILE) in str(error.value)
        assert "no network" in str(error.value)
        assert "--weights FILE" in str(error.value)

    def test_what_lies_in_torchvisions_cache_is_used(self, monkeypatch, squeezenet):
        monkeypatch.setattr(torch.hub, "download_url_to_file", self.offline)
        self.folder.mkdir(parents=True)
        torch.save(squeezenet, self.folder / self.FILE)
        model = zoo.load("squeezenet1_1", "imagenet")
        assert model.metadata == {"weights": "imagenet"}
        assert torch.equal(model.network.state_dict()["features.0.weight"], squeezenet["features.0.weight"])

    def test_another_networks_file_in_the_cache_is_told(self, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", self.offline)
        self.folder.mkdir(parents=True)
        torch.save(build("cam_net", 3).state_dict(), self.folder / self.FILE)
        with pytest.raises(
            LabError,
            match=r"does not hold torchvision's weights of squeezenet1_1, it lacks 'features.0.weight', .*: delete it",
        ):
            zoo.load("squeezenet1_1", "imagenet")

    def test_a_damaged_file_in_the_cache_is_named(self, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", self.offline)
        self.folder.mkdir(parents=True)
        (self.folder / self.FILE).write_bytes(b"PK\x03\x04 half")
        with pytest.raises(
            LabError, match=r"squeezenet1_1-b8a52dc0\.pth' is truncated or not a weights file: delete it"
        ):
            zoo.load("squeezenet1_1", "imagenet")


@pytest.mark.skipif(not (SHARED / "weights").is_dir(), reason="../shared/weights is absent")
class TestRealWeights:
    def photos(self, model, name):
        samples = read_split(SHARED / "data" / "pets-mini", "test").samples
        eight = [s for s in samples if s.boxes(name)][::14][:8]
        return model.network(torch.stack([model.preprocessing(s.image) for s in eight]))

    @pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v2"])
    def test_know_dogs_in_photos(self, name):
        model = zoo.load(name, str(SHARED / "weights" / f"{name}-imagenet.pth"))
        outputs = self.photos(model, "dog")
        assert (model.probability(outputs, "dog") > 0.5).sum() >= 7
        assert (model.score(outputs, "dog") > model.score(outputs, "cat")).sum() >= 7

    def test_mobilenet_tells_cats_from_dogs(self):
        model = zoo.load("mobilenet_v2", str(SHARED / "weights" / "mobilenet_v2-imagenet.pth"))
        outputs = self.photos(model, "cat")
        assert (model.score(outputs, "cat") > model.score(outputs, "dog")).sum() >= 7
        assert (model.probability(outputs, "dog") < 0.5).sum() >= 7

    def test_one_changed_number_changes_the_hash(self, tmp_path):
        source = SHARED / "weights" / "squeezenet1_1-imagenet.pth"
        state = bare_state_dict.read(source).state
        state["features.0.bias"][0] += 1
        torch.save(state, tmp_path / "copy.pth")
        copy, original = (zoo.load("squeezenet1_1", str(p)) for p in (tmp_path / "copy.pth", source))
        assert copy.sha256 != original.sha256
