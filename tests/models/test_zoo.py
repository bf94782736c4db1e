"""Loading classifiers: what comes out of good files, and that bad ones are refused with a reason."""

import json
import os
import pickle
import urllib.error
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from safetensors.torch import load_file, save_file

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.imagenet import VOC_GROUPS, class_names
from gradcam_lab.models.networks.architectures import ARCHITECTURES, blank, build
from gradcam_lab.models.networks.toynet import WIDTHS, ToyNet
from gradcam_lab.models.weights import efeo_checkpoint, model_file
from gradcam_lab.models.weights.state_dict import read_state_dict
from gradcam_lab.vision import torchvision
from tests.model_files import write_toynet

SHARED = Path(__file__).parents[3] / "shared"
CLASSES = ("boat", "cat", "dog")


@pytest.fixture(scope="module")
def squeezenet():
    """A state dict with random weights of the smallest architecture in the zoo."""
    torch.manual_seed(0)
    return torchvision().models.squeezenet1_1().state_dict()


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
    def test_is_small_and_has_a_map_of_14_cells(self):
        network = ToyNet(20).eval()
        assert sum(p.numel() for p in network.parameters()) <= 1_500_000
        shapes = []
        network.layer4.register_forward_hook(lambda module, inputs, output: shapes.append(tuple(output.shape)))
        assert network(torch.zeros(2, 3, 224, 224)).shape == (2, 20)
        assert shapes == [(2, WIDTHS[-1], 14, 14)]

    def test_has_torchvisions_names_and_blocks(self):
        names = [name for name, _ in ToyNet(2).named_children()]
        assert names == [name for name, _ in torchvision().models.resnet18().named_children()]
        block = torchvision().models.resnet.BasicBlock
        assert all(isinstance(getattr(ToyNet(2), f"layer{i}")[0], block) for i in (1, 2, 3, 4))

    def test_fits_the_size_that_the_package_may_ship(self, tmp_path):
        save_toy(tmp_path / "full.safetensors", ToyNet(len(CLASSES)), WIDTHS)
        assert (tmp_path / "full.safetensors").stat().st_size <= 3_000_000

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
        with pytest.raises(LabError, match=r"other\.safetensors' was not made by gradcam-lab train, its metadata"):
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

    def test_the_packages_own_file_is_missed_by_name(self, monkeypatch, tmp_path):
        monkeypatch.setattr(zoo, "EMBEDDED_FILE", tmp_path / "none.safetensors")
        with pytest.raises(LabError, match=r"embedded classifier '.*none\.safetensors' is missing: install"):
            zoo.load()

    def test_has_no_imagenet_weights(self):
        with pytest.raises(LabError, match="embedded classifier has no ImageNet weights"):
            zoo.load("embedded", "imagenet")


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

    @pytest.mark.parametrize("name", zoo.LAYERS)
    def test_each_architecture_has_its_layer_and_1000_outputs(self, name):
        network = zoo._blank(name).eval()
        maps = []
        network.get_submodule(zoo.LAYERS[name]).register_forward_hook(
            lambda module, inputs, output: maps.append(output)
        )
        assert network(torch.zeros(1, 3, 224, 224, device="meta")).shape == (1, 1000)
        assert [m.ndim for m in maps] == [4]
        assert maps[0].shape[-1] in (7, 13)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(LabError, match=r"no weights file '.*nowhere\.pth'"):
            zoo.load("resnet18", str(tmp_path / "nowhere.pth"))

    def test_without_weights(self):
        with pytest.raises(LabError, match=r"'resnet50' needs weights.*--weights imagenet or --weights FILE"):
            zoo.load("resnet50")

    def test_an_unknown_name(self):
        with pytest.raises(
            LabError, match=r"no classifier 'alexnet': choose one of embedded, resnet18, .*squeezenet1_1\."
        ):
            zoo.load("alexnet")

    @pytest.mark.parametrize("legacy", [False, True])
    @pytest.mark.parametrize("share", [0, 0.0001, 0.5, 0.9999])
    def test_a_truncated_file(self, squeezenet, tmp_path, share, legacy):
        path = tmp_path / "cut.pth"
        torch.save(squeezenet, path, _use_new_zipfile_serialization=not legacy)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
        with pytest.raises(LabError, match=r"cut\.pth' is truncated or not a weights file"):
            zoo.load("squeezenet1_1", str(path))

    @pytest.mark.parametrize("content", [b"hello, world\n", bytes(500), b"\x80\x04hello", b"PK\x03\x04 nothing"])
    def test_another_kind_of_file(self, tmp_path, content):
        (tmp_path / "text.pth").write_bytes(content)
        with pytest.raises(LabError, match=r"text\.pth' is truncated or not a weights file"):
            zoo.load("squeezenet1_1", str(tmp_path / "text.pth"))

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ({"epoch": 3, "state_dict": {}}, r"no state dict but a dict of 2 entries \('epoch', 'state_dict'\)"),
            ([1, 2], "no state dict but an object of type 'list'"),
            (torch.zeros(3), "no state dict but an object of type 'Tensor'"),
        ],
    )
    def test_something_else_than_a_state_dict(self, tmp_path, value, message):
        torch.save(value, tmp_path / "other.pth")
        with pytest.raises(LabError, match=message):
            zoo.load("squeezenet1_1", str(tmp_path / "other.pth"))

    def test_another_architecture_is_recognised(self, squeezenet, tmp_path):
        torch.save(squeezenet, tmp_path / "s.pth")
        with pytest.raises(
            LabError,
            match=r"s\.pth' does not fit resnet18, it lacks 'conv1\.weight': it looks like squeezenet1_1",
        ):
            zoo.load("resnet18", str(tmp_path / "s.pth"))

    def test_another_number_of_classes_is_told(self, squeezenet, tmp_path):
        torch.save({**squeezenet, "classifier.1.weight": torch.zeros(20, 512, 1, 1)}, tmp_path / "voc.pth")
        with pytest.raises(
            LabError, match=r"has the shape \(20, 512, 1, 1\) instead of \(1000, 512, 1, 1\): it has the lay"
        ):
            zoo.load("squeezenet1_1", str(tmp_path / "voc.pth"))

    def test_something_too_much_is_told(self, squeezenet, tmp_path):
        torch.save({**squeezenet, "extra": torch.zeros(1)}, tmp_path / "more.pth")
        with pytest.raises(
            LabError, match=r"it has 'extra', which the network does not: it looks like no architecture"
        ):
            zoo.load("squeezenet1_1", str(tmp_path / "more.pth"))


def written(path, arch, built=None, **changes):
    """A network of random weights as `gradcam-lab train` writes it."""
    torch.manual_seed(0)
    network = build(arch, len(CLASSES), built)
    description = model_file.Description(
        arch, CLASSES, "softmax", Preprocessing(64), built or {}, {"epochs": [[64, 1]]}, {"val": {"map": 0.5}}
    )
    model_file.save(path, network.state_dict(), replace(description, **changes))
    return network


class TestTrainedHere:
    OPTIONS: ClassVar = {"cam_net": {"residual": True, "widths": [8, 8, 8, 16]}, "toynet": {"widths": [8, 8, 8, 16]}}

    @pytest.mark.parametrize("arch", ["cam_net", "toynet", "mobilenet_v2", "squeezenet1_1"])
    def test_every_architecture_comes_back_as_it_was(self, tmp_path, arch):
        network = written(tmp_path / "a.safetensors", arch, self.OPTIONS.get(arch))
        name = "embedded" if arch == "toynet" else arch
        for model in (
            zoo.load_file(tmp_path / "a.safetensors"),
            zoo.load(name if name in zoo.CLASSIFIERS else "embedded", str(tmp_path / "a.safetensors")),
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
        with pytest.raises(LabError, match="holds 'squeezenet1_1' and not 'resnet18': give --classifier squeezenet1_1"):
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


class TestSeedsCheckpoint:
    """A file of the exact structure of `model_at_epoch_019.pth.tar`, but for the weights, which are nearly all 0."""

    BIAS = torch.arange(20.0) - 10

    def write(self, path, prefix="", **changes):
        # Expanded zeros take no room in the file; a real one has 94 MB.
        shapes = blank("resnet50", 20).state_dict()
        state = {name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in shapes.items()}
        state["fc.bias"] = self.BIAS
        optimizer = {
            "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
            "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "amsgrad": False, "params": [0, 1]}],
        }
        model = {prefix + name: value for name, value in state.items()}
        torch.save({"i_epoch": 19, "model_sdict": model, "optimizer_sdict": optimizer, **changes}, path)
        return path

    @pytest.mark.parametrize("prefix", ["", "module."])
    def test_it_is_known_by_its_structure_and_read_in_the_seeds_order(self, tmp_path, prefix):
        path = self.write(tmp_path / "model_at_epoch_019.pth.tar", prefix)
        for model in (zoo.load_file(path), efeo_checkpoint.load(path), zoo.load("resnet50", str(path))):
            assert (model.name, model.activation, model.layer) == ("resnet50", "sigmoid", "layer4")
            assert model.class_names.index("dog") == 4
            assert model.class_names[:8] == ("person", "bird", "cat", "cow", "dog", "horse", "sheep", "aeroplane")
            assert model.class_names[-2:] == ("sofa", "tvmonitor")
            assert set(model.class_names) == set(VOC_GROUPS)
            assert model.preprocessing == Preprocessing()
            assert model.metadata["recipe"] == {"epoch": 19}
        outputs = model.network(torch.zeros(1, 3, 64, 64))
        assert model.score(outputs, "dog").item() == self.BIAS[4]
        assert model.probability(outputs, "cat").item() == pytest.approx(self.BIAS[2].sigmoid().item())

    def test_another_number_of_classes_is_told(self, tmp_path):
        path = self.write(tmp_path / "a.pth.tar", model_sdict={"conv1.weight": torch.zeros(64, 3, 7, 7)})
        with pytest.raises(LabError, match=r"does not hold a resnet50 with the 20 classes of VOC, it lacks 'bn1"):
            zoo.load_file(path)

    @pytest.mark.parametrize("value", [{"epoch": 1}, {"fc.bias": torch.zeros(2)}, [1]])
    def test_another_structure_is_refused(self, tmp_path, value):
        torch.save(value, tmp_path / "a.pth.tar")
        with pytest.raises(LabError, match="is neither a file that gradcam-lab train has made nor a checkpoint with"):
            zoo.load_file(tmp_path / "a.pth.tar")

    def test_code_in_it_is_never_run(self, tmp_path):
        trace = tmp_path / "the code ran"
        path = self.write(tmp_path / "a.pth.tar", optimizer_sdict={"a": Mine(trace)})
        with pytest.raises(LabError, match="holds more than tensors"):
            zoo.load_file(path)
        assert not trace.exists()

    def test_it_is_asked_for_as_what_it_is(self, tmp_path):
        with pytest.raises(LabError, match="holds 'resnet50' and not 'resnet18': give --classifier resnet50"):
            zoo.load("resnet18", str(self.write(tmp_path / "a.pth.tar")))


class Mine:
    """On unpickling, it makes a folder: proof that code ran."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


class TestCodeInPickles:
    MESSAGE = r"evil\.pth' holds more than tensors \(a pickle with code in it\) and was not loaded"

    @pytest.mark.parametrize("legacy", [False, True])
    def test_is_refused_and_never_run(self, tmp_path, legacy):
        trace = tmp_path / "the code ran"
        torch.save({"a": Mine(trace)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=not legacy)
        with pytest.raises(LabError, match=self.MESSAGE):
            zoo.load("squeezenet1_1", str(tmp_path / "evil.pth"))
        assert not trace.exists()

    @pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
    def test_is_refused_and_never_run_also_in_a_plain_pickle(self, tmp_path, protocol):
        trace = tmp_path / "the code ran"
        (tmp_path / "evil.pth").write_bytes(pickle.dumps({"a": Mine(trace)}, protocol))
        with pytest.raises(LabError, match=self.MESSAGE):
            zoo.load("squeezenet1_1", str(tmp_path / "evil.pth"))
        assert not trace.exists()

    def test_would_have_run_in_a_careless_reader(self, tmp_path):
        trace = tmp_path / "the code ran"
        torch.save({"features.0.weight": Mine(trace)}, tmp_path / "evil.pth")
        torch.load(tmp_path / "evil.pth", weights_only=False)
        assert trace.exists()

    def test_a_whole_model_is_refused(self, tmp_path):
        torch.save(torch.nn.Linear(2, 2), tmp_path / "model.pth")
        with pytest.raises(
            LabError, match=r"model\.pth' holds more than tensors.*save the model's state_dict\(\) alone\."
        ):
            read_state_dict(tmp_path / "model.pth")


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

    def test_a_damaged_file_in_the_cache_is_named(self, monkeypatch):
        monkeypatch.setattr(torch.hub, "download_url_to_file", self.offline)
        self.folder.mkdir(parents=True)
        (self.folder / self.FILE).write_bytes(b"PK\x03\x04 half")
        with pytest.raises(
            LabError, match=r"squeezenet1_1-b8a52dc0\.pth' is truncated or not a weights file: delete it"
        ):
            zoo.load("squeezenet1_1", "imagenet")


class TestVocGroups:
    NAMES: ClassVar = {
        "aeroplane": "airliner, warplane",
        "bicycle": "bicycle-built-for-two, mountain bike",
        "boat": "aircraft carrier, canoe, catamaran, container ship, fireboat, gondola, lifeboat, liner, pirate, "
        "schooner, speedboat, trimaran, yawl",
        "bottle": "beer bottle, pill bottle, pop bottle, water bottle, wine bottle",
        "bus": "minibus, school bus, trolleybus",
        "car": "ambulance, beach wagon, cab, convertible, jeep, limousine, minivan, Model T, pickup, police van, "
        "racer, sports car",
        "cat": "tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat",
        "chair": "barber chair, folding chair, rocking chair, throne",
        "cow": "ox",
        "diningtable": "dining table",
        "horse": "sorrel, horse cart",
        "motorbike": "moped, motor scooter",
        "person": "ballplayer, groom, scuba diver",
        "pottedplant": "pot",
        "sheep": "ram, bighorn",
        "sofa": "studio couch",
        "train": "bullet train, electric locomotive, freight car, passenger car, steam locomotive",
        "tvmonitor": "monitor, screen, television",
    }
    RANGES: ClassVar = {
        "dog": (118, ["Chihuahua", "Mexican hairless"], ["white wolf", "timber wolf", "rock beauty", "albatross"]),
        "bird": (59, ["cock", "great grey owl", "black grouse", "black swan", "white stork", "albatross"], ["tusker"]),
    }

    @pytest.mark.parametrize(("voc", "names"), NAMES.items(), ids=NAMES.keys())
    def test_every_index_is_the_class_that_is_meant(self, voc, names):
        assert ", ".join(class_names()[i] for i in VOC_GROUPS[voc]) == names

    @pytest.mark.parametrize(("voc", "facts"), RANGES.items(), ids=RANGES.keys())
    def test_ranges_begin_and_end_where_they_should(self, voc, facts):
        count, inside, outside = facts
        names = [class_names()[i] for i in VOC_GROUPS[voc]]
        assert len(names) == count
        assert set(inside) <= set(names)
        assert not set(outside) & set(names)

    def test_the_groups_are_the_20_classes_and_share_no_output(self):
        assert set(VOC_GROUPS) == set(self.NAMES) | set(self.RANGES)
        assert len(VOC_GROUPS) == 20
        indices = [i for group in VOC_GROUPS.values() for i in group]
        assert len(indices) == len(set(indices))
        assert len(class_names()) == 1000


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
        state = read_state_dict(source)
        state["features.0.bias"][0] += 1
        torch.save(state, tmp_path / "copy.pth")
        copy, original = (zoo.load("squeezenet1_1", str(p)) for p in (tmp_path / "copy.pth", source))
        assert copy.sha256 != original.sha256
