"""explain: which files are written, and what is written and said in them."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image
from torch import nn

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.explain import draw_maps
from gradcam_lab.explain import explain_image as explaining
from gradcam_lab.explain.explain_image import explain
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.predict import predict
from gradcam_lab.explain.targets import find_target
from gradcam_lab.files import read_json
from gradcam_lab.models import zoo as models
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.report.figures import tiles as sheet
from tests.explain.pictures import CLASSES, noise, save
from tests.networks import seeded

SHARED = Path(__file__).parents[3] / "shared"
WEIGHTS = {name: SHARED / "weights" / f"{name}-imagenet.pth" for name in ("mobilenet_v2", "squeezenet1_1")}
PETS = SHARED / "data" / "pets-mini" / "VOCdevkit" / "VOC2007"


@pytest.fixture
def run(monkeypatch, resnet, picture, tmp_path):
    """Explain `picture` with the ResNet of the tests."""
    monkeypatch.setattr(models, "load_chosen", chosen(resnet))
    return lambda image=picture, layer=None, **wish: explain(
        image, choice=ModelChoice(layer=layer), out=tmp_path / "aus gabe", **wish
    )


def chosen(classifier):
    """Stand in for `zoo.load_chosen`: the same network whatever is chosen, at the layer that is."""

    def load(choice):
        if choice.layer is None:
            return classifier
        return replace(classifier, layer=choice.layer, layer_reason="the layer that you asked for")

    return load


def names_of(files):
    return [file.name for file in files]


def maps_in(path):
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def test_writes_picture_map_and_numbers_of_the_most_probable_class(run, photo, capsys):
    files = run()
    best = photo.predicted()
    stem = "ein Größenwahn [1]-gradcam"
    name = f"{stem}-{best.index}-{best.name.lower()}"
    assert names_of(files) == [f"{name}.jpg", f"{name}.npz", f"{stem}.json"]
    assert all(file.is_file() for file in files)
    assert len(list(files[0].parent.iterdir())) == 3
    np.testing.assert_array_equal(maps_in(files[1])["gradcam"], photo.gradcam(best.score))
    numbers = read_json(files[2])
    assert (numbers["layer"], numbers["size"], numbers["network"]) == ("layer4", [90, 60], "resnet18")
    (row,) = numbers["classes"]
    assert row["name"] == best.name
    assert row["files"] == names_of(files[:2])
    assert row["probability"] == pytest.approx(photo.probability(best))
    assert row["score"] == pytest.approx(photo.score(best))
    out = capsys.readouterr().out.splitlines()
    why = "the last block of features, after which the network only pools and decides"
    assert out[0] == f"layer4: {why}; its map has 3 x 3 cells"
    assert out[1].startswith(f"{best.title}: p ")


def test_the_hottest_cell_is_row_and_column_and_its_point_x_and_y(run, photo):
    target = find_target(photo.classifier, "eel")
    files = run(classes=["eel"], layer="layer2")
    heatmap = photo.gradcam(target.score, "layer2")
    measured = read_json(files[-1])["classes"][0]["maps"]["gradcam"]
    row, column = measured["hottest_cell"]
    assert heatmap.shape == (12, 12)
    assert heatmap[row, column] == heatmap.max() == pytest.approx(measured["maximum"])
    assert measured["hottest_point"] == [(column + 0.5) * 90 / 12, (row + 0.5) * 60 / 12]
    assert "asked for" in read_json(files[-1])["layer_reason"]
    assert files[0].name.endswith("-gradcam-layer2-5-eel.jpg")


class ChannelsLast(nn.Module):
    """A network with a layer of shape (N, h, w, K), as in Swin, and one behind it that is (N, K, h, w) again."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, stride=12, padding=1)
        self.norm, self.back = nn.LayerNorm(channels), nn.Identity()
        self.fc = nn.Linear(channels, len(CLASSES))

    def forward(self, x):
        features = self.norm(self.conv(x).permute(0, 2, 3, 1))
        return self.fc(self.back(features.permute(0, 3, 1, 2)).mean(dim=(2, 3)))


@pytest.mark.parametrize("layer", ["norm", "back", "conv"])
def test_a_layer_whose_channels_come_last_has_a_map_too(resnet, picture, monkeypatch, tmp_path, layer):
    swin = models.load(seeded(ChannelsLast(12)), classes=CLASSES, size=96, layer=layer)
    monkeypatch.setattr(models, "load_chosen", chosen(swin))
    *_, record = explain(picture, choice=ModelChoice(), classes=["dog"], out=tmp_path)
    assert read_json(record)["layer_reason"] == f"{layer}: the layer that you asked for; its map has 8 x 8 cells"


def test_two_classes_of_one_image_share_a_picture(run):
    files = run(classes=["dog", "insect", "3"], method="cam")  # 3 is the dog again
    stem = "ein Größenwahn [1]-cam"
    assert names_of(files) == [
        f"{stem}-3-dog.jpg", f"{stem}-3-dog.npz", f"{stem}-insect.jpg", f"{stem}-insect.npz", f"{stem}.jpg",
        f"{stem}.json",
    ]  # fmt: skip
    dog, insect = read_json(files[-1])["classes"]
    assert dog["cam_of"] == [3]
    assert insect["index"] is None
    assert insect["cam_of"][0] in insect["outputs"] == [0, 1, 6]
    assert maps_in(files[1])["cam"].min() < 0  # signed


def test_all_methods_in_one_figure(run, monkeypatch):
    drawn = []
    monkeypatch.setattr(draw_maps, "draw_sheet", lambda path, strips, **more: drawn.extend(strips))
    files = run(method="all", smooth=2)
    titles = [tile.title for tile in drawn[0].tiles]
    assert [title.split(";")[0].split(",")[0] for title in titles] == [
        "ein Größenwahn [1].jpg", "CAM", "Grad-CAM", "gradient at the pixels", "SmoothGrad", "raw Grad-CAM",
    ]  # fmt: skip
    maps = maps_in(files[1])
    assert {kind: values.shape for kind, values in maps.items()} == {
        "cam": (3, 3), "gradcam": (3, 3), "input_gradient": (3, 96, 96), "smoothgrad": (3, 96, 96),
    }  # fmt: skip
    assert read_json(files[-1])["smoothgrad"] == {"copies": 2, "noise": 0.15, "seed": 0}


def test_all_methods_without_cam_where_it_is_not_defined(run, monkeypatch, vgg):
    monkeypatch.setattr(models, "load_chosen", chosen(vgg))
    monkeypatch.setattr(explaining, "COPIES", 1)
    files = run(method="all")
    assert list(maps_in(files[1])) == ["gradcam", "input_gradient", "smoothgrad"]
    assert "has 3" in read_json(files[-1])["why_no_cam"]
    assert read_json(files[-1])["layer"] == "features"


def test_several_classes_by_all_methods_are_one_below_the_other(run):
    *_, combined, _ = run(method="all", smooth=1, classes=["dog", "eel"])
    with Image.open(combined) as image:
        assert image.width > image.height
        assert image.width == pytest.approx(200 * (5 * sheet.COLUMN + 4 * sheet.GAP + 2 * sheet.MARGIN), abs=2)


def test_why_one_rather_than_the_other(run, photo, capsys):
    files = run(classes=["dog"], against="insect")
    assert files[0].name.endswith("-gradcam-3-dog-not-insect.jpg")
    row = read_json(files[-1])["classes"][0]
    assert row["score_is"] == "difference of logits"
    logits = photo.outputs[0]
    assert row["score"] == pytest.approx(float(logits[3] - logits[[0, 1, 6]].logsumexp(dim=0)), rel=1e-4)
    assert re.search(r"dog \(3\) rather than insect: p [=<>] [0-9.]+ against (< )?[0-9.]+, d", capsys.readouterr().out)


def test_the_gradient_has_no_layer(run, photo, capsys):
    files = run(method="input-gradient", smooth=3, seed=5)
    assert capsys.readouterr().out.startswith("No layer: the gradient is taken at the pixels")
    assert read_json(files[-1])["layer"] is None
    score = photo.predicted().score
    np.testing.assert_array_equal(maps_in(files[1])["smoothgrad"], photo.smoothgrad(score, 3, seed=5))


def test_the_same_command_writes_the_same_bytes(run):
    first = {file.name: file.read_bytes() for file in run(smooth=1) if file.suffix != ".npz"}
    assert first == {file.name: file.read_bytes() for file in run(smooth=1) if file.suffix != ".npz"}


def contents(files):
    return {file: file.read_bytes() for file in files}


@pytest.fixture
def others(run, resnet, picture, monkeypatch, tmp_path):
    """Explanations that are told apart by something else than the names of image, method and class."""
    other = replace(resnet, sha256="1" * 64)
    (tmp_path / "twin").mkdir()
    twin = save(tmp_path / "twin" / picture.name, noise(60, 90)[::-1])
    png = save(tmp_path / "twin" / f"{picture.stem}.png", noise(60, 90))

    def by_another_network():
        with monkeypatch.context() as patch:
            patch.setattr(models, "load_chosen", chosen(other))
            return run(classes=["dog"])

    return {
        "network": by_another_network,
        "against": lambda: run(classes=["dog"], against="eel"),
        "folder": lambda: run(twin, classes=["dog"]),
        "ending": lambda: run(png, classes=["dog"]),
        "classes": lambda: run(classes=["dog", "eel"]),
        "noise": lambda: run(classes=["dog"], smooth=1),
        "seed": lambda: run(classes=["dog"], smooth=1, seed=1),
    }


def test_no_explanation_replaces_another_and_the_same_one_replaces_itself(run, others):
    written = {"first": contents(run(classes=["dog"]))}
    for name, explain_again in others.items():
        written[name] = contents(explain_again())
    paths = [path for files in written.values() for path in files]
    assert len(set(paths)) == len(paths)
    for files in written.values():
        assert contents(files) == files
    assert [path.name for path in written["network"]][-1] == "ein Größenwahn [1]-gradcam-run2.json"
    again = [others[name]() for name in reversed(others)] + [run(classes=["dog"])]
    assert {path for files in again for path in files} == set(paths)


def test_names_that_share_their_first_60_letters_are_told_apart(run, tmp_path):
    first, second = (save(tmp_path / f"{'a' * 70}{end}.png", noise(30, 40)) for end in "xy")
    before = contents(run(first))
    assert not set(run(second)) & set(before)
    assert contents(before) == before


def test_an_interrupted_explanation_is_gone_on_with_under_its_own_names(run, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(draw_maps, "draw_sheet", mock.Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(classes=["dog"])
    assert names_of(run(classes=["dog"]))[-1] == "ein Größenwahn [1]-gradcam.json"


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_file_that_is_nobodys_is_kept(run, content):
    record = run(classes=["dog"])[-1]
    record.write_text(content, encoding="utf-8")
    assert names_of(run(classes=["dog"]))[-1] == "ein Größenwahn [1]-gradcam-run2.json"
    assert record.read_text(encoding="utf-8") == content


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "cam", "layer": "layer3"}, "'cam' has no layer to choose"),
        ({"classes": ["dog"], "against": "dog"}, "overlap"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(run, tmp_path, options, says):
    with pytest.raises(LabError, match=says):
        run(**options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (400, 20), (20, 400), (1, 300), (1500, 1200)])
def test_images_of_any_shape(run, tmp_path, height, width):
    path = save(tmp_path / "shape.png", noise(height, width))
    files = run(path, method="all", smooth=1)
    with Image.open(files[0]) as drawn:
        drawn.load()
        assert drawn.height < 200 * (2 * sheet.TALLEST + 1.5)  # two rows of tiles
        assert drawn.width == pytest.approx(200 * (3 * sheet.COLUMN + 2 * sheet.GAP + 2 * sheet.MARGIN), abs=2)


def test_grey_and_sixteen_bit_and_turned_images(run, tmp_path, resnet, lessons):
    grey = save(tmp_path / "grey.png", noise(30, 50)[:, :, 0])
    assert Photo(grey, resnet, lessons).image.shape == (30, 50, 3)
    deep = save(tmp_path / "deep.png", noise(30, 50)[:, :, 0].astype(np.uint16) * 256)
    assert Photo(deep, resnet, lessons).image.dtype == np.uint8
    exif = Image.Exif()
    exif[0x0112] = 6  # taken on its side
    turned = save(tmp_path / "turned.jpg", noise(30, 50), exif=exif)
    assert Photo(turned, resnet, lessons).size == (30, 50)
    assert run(grey)[0].is_file()


def test_no_evidence_is_called_so(run, resnet, monkeypatch):
    drawn = []
    monkeypatch.setattr(draw_maps, "draw_sheet", lambda path, strips, **more: drawn.extend(strips))
    silent = copy.deepcopy(resnet.network)
    silent.fc.weight.zero_()
    monkeypatch.setattr(models, "load_chosen", chosen(replace(resnet, network=silent)))
    files = run()
    assert drawn[0].tiles[1].title == "Grad-CAM: no evidence"
    assert read_json(files[-1])["classes"][0]["maps"]["gradcam"]["evidence"] is False


def test_a_map_of_nan_is_refused(run, resnet, monkeypatch, tmp_path):
    broken = copy.deepcopy(resnet.network)
    broken.avgpool.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] * float("nan"),))
    monkeypatch.setattr(models, "load_chosen", chosen(replace(resnet, network=broken)))
    with pytest.raises(LabError, match=r"The heatmap of '.*' for .* is not finite"):
        run()
    assert not list((tmp_path / "aus gabe").glob("*.j*"))


def real(name):
    return pytest.mark.skipif(not (WEIGHTS[name].is_file() and PETS.is_dir()), reason="../shared is absent")


@real("mobilenet_v2")
def test_a_real_dog_is_found_where_it_is(tmp_path):
    sample = next(s for s in read_split(PETS, "test").samples if s.id.startswith("great_pyrenees"))
    choice = ModelChoice("mobilenet_v2", str(WEIGHTS["mobilenet_v2"]))
    answer = json.loads(predict(sample.path, choice=choice, json=True))
    assert answer["predictions"][0]["name"] == "Great Pyrenees"
    files = explain(sample.path, classes=["dog", "tabby"], choice=choice, out=tmp_path, align="off")
    dog, tabby = read_json(files[-1])["classes"]
    assert dog["probability"] > 0.95 > 0.05 > tabby["probability"]
    x, y = dog["maps"]["gradcam"]["hottest_point"]
    xmin, ymin, xmax, ymax = sample.objects[0].box
    assert xmin <= x <= xmax
    assert ymin <= y <= ymax


@real("squeezenet1_1")
def test_squeezenet_has_no_linear_layer(tmp_path):
    image = next(PETS.glob("JPEGImages/great_pyrenees*.jpg"))
    choice = ModelChoice("squeezenet1_1", str(WEIGHTS["squeezenet1_1"]))
    with pytest.raises(
        LabError, match=r"'cam' does not suit this network \(.* has 0.*\): choose --method from gradcam,"
    ):
        explain(image, method="cam", out=tmp_path, choice=choice)
