"""predict and explain: what is meant by a word, which maps come out, and what is written about them."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.explain import explain_image as explaining
from gradcam_lab.explain import map_tiles
from gradcam_lab.explain.explain_image import explain
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.predict import predict
from gradcam_lab.explain.targets import find_target, rather_than
from gradcam_lab.files import read_json
from gradcam_lab.localise import smoothgrad as smoothing
from gradcam_lab.localise.smoothgrad import NOISE, smoothgrad
from gradcam_lab.models import imagenet
from gradcam_lab.models import zoo as models
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.report.figures import tiles as sheet
from gradcam_lab.vision import torchvision
from tests.networks import images, seeded, zoo

SHARED = Path(__file__).parents[3] / "shared"
WEIGHTS = {name: SHARED / "weights" / f"{name}-imagenet.pth" for name in ("mobilenet_v2", "squeezenet1_1")}
PETS = SHARED / "data" / "pets-mini" / "VOCdevkit" / "VOC2007"

CLASSES = ("ant", "bee", "Cat", "dog", "dogfish", "eel", "fly", "gnu", "hen", "7")
GROUPS = {"insect": (0, 1, 6), "dog": (3,)}


def classifier(network, layer, activation="softmax", names=CLASSES, groups=GROUPS, size=96):
    return Classifier(
        "resnet18", network, names, groups, activation, layer, Preprocessing(size), "0" * 64, {"weights": "seeded"}
    )


@pytest.fixture(scope="module")
def resnet():
    return classifier(copy.deepcopy(zoo("resnet18")), "layer4")  # copied, because its memory format is changed


@pytest.fixture(scope="module")
def vgg():
    """VGG-19's convolutions with a narrow head, which has three linear layers too, but not half a gigabyte."""
    with torch.device("meta"):
        network = torchvision().models.vgg19()
        linears = [nn.Linear(25088, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, len(CLASSES))]
        network.classifier = nn.Sequential(*linears)
    return replace(classifier(seeded(network.to_empty(device="cpu")), "features"), name="vgg19")


@pytest.fixture(scope="module")
def imagenet_names(resnet):
    """What only looks at names needs no network for them."""
    return replace(resnet, output_names=imagenet.class_names(), groups=imagenet.VOC_GROUPS)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Coloured noise, wider than high, in a folder and file with umlauts and spaces."""
    path = tmp_path_factory.mktemp("bilder") / "Käse & Hündchen" / "ein Größenwahn [1].jpg"
    path.parent.mkdir()
    save(path, noise(60, 90))
    return path


def noise(height, width):
    coarse = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path, pixels, **more):
    Image.fromarray(pixels).save(path, **more)
    return path


@pytest.fixture
def photo(picture, resnet, lessons):
    return Photo(picture, resnet, lessons)


class TestTargets:
    @pytest.mark.parametrize(
        ("word", "outputs"),
        [
            ("dog", (3,)),  # and not the beginning of dogfish
            ("DOG", (3,)),
            ("cat", (2,)),
            ("insect", (0, 1, 6)),
            ("ins", (0, 1, 6)),
            ("dogf", (4,)),
            ("0", (0,)),
            ("9", (9,)),
            ("7", (9,)),  # a class of this name comes before the index
        ],
    )
    def test_a_word_means_one_class(self, resnet, word, outputs):
        assert find_target(resnet, word).outputs == outputs

    def test_capitals_tell_apart_what_differs_in_nothing_else(self, imagenet_names):
        assert find_target(imagenet_names, "Cardigan").index == 264
        assert find_target(imagenet_names, "cardigan").index == 474
        with pytest.raises(LabError, match=r"'CARDIGAN' may mean Cardigan \(264\) or cardigan \(474\): write"):
            find_target(imagenet_names, "CARDIGAN")

    @pytest.mark.parametrize(
        ("word", "says"),
        [
            ("borde", r"'borde' may mean Border terrier \(182\) or Border collie \(232\): write more of the name, or"),
            ("b", r"'b' may mean .* and \d+ more: write"),
            ("samojed", "has no class 'samojed': did you mean Samoyed"),
            ("xqzw", "has no class 'xqzw': choose one of tench, goldfish, .*, ...[.]"),
            ("", "has no class ''"),
            ("1000", "There is no class 1000: 'resnet18' has 1000 outputs, 0 to 999"),
            ("-1", "has no class '-1'"),
        ],
    )
    def test_other_words_get_a_sentence(self, imagenet_names, word, says):
        with pytest.raises(LabError, match=says):
            find_target(imagenet_names, word)

    def test_two_outputs_of_one_name_are_told_apart_by_the_index(self, resnet):
        twins = replace(resnet, output_names=("crane", "crane"), groups={})
        with pytest.raises(LabError, match=r"'crane' may mean crane \(0\) or crane \(1\)"):
            find_target(twins, "crane")
        assert find_target(twins, "1").outputs == (1,)

    def test_score_and_probability_are_the_classifiers_own(self, imagenet_names):
        logits = 5 * torch.randn(3, 1000, generator=torch.Generator().manual_seed(0))
        dog, samoyed = find_target(imagenet_names, "dog"), find_target(imagenet_names, "Samoyed")
        assert dog.index is None
        assert torch.equal(dog.score(logits), imagenet_names.score(logits, "dog"))
        assert torch.equal(dog.probability(logits), imagenet_names.probability(logits, "dog"))
        assert torch.allclose(samoyed.score(logits), logits[:, 258])
        assert torch.allclose(samoyed.probability(logits), logits.softmax(dim=1)[:, 258])

    def test_rather_than_is_the_difference_of_the_logits(self, resnet):
        logits = images(2, 1, 4).flatten(1)[:, :10]
        target = rather_than(find_target(resnet, "dog"), find_target(resnet, "insect"))
        assert torch.equal(target.score(logits), logits[:, 3] - logits[:, [0, 1, 6]].logsumexp(dim=1))
        assert target.title == "dog (3) rather than insect"
        with pytest.raises(LabError, match="'ant' and 'insect' overlap"):
            rather_than(find_target(resnet, "ant"), find_target(resnet, "insect"))


class TestSmoothGrad:
    def test_of_a_linear_score_is_the_gradient_itself(self, lessons):
        network = seeded(nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4)))
        image = images(1, 8, 8)
        gradient = lessons.gradcam.input_gradient(network, image, 2)
        smooth = smoothgrad(lessons.gradcam.input_gradient, network, image, lambda z: z[:, 2], copies=7)
        torch.testing.assert_close(smooth, gradient)

    def test_its_noise_is_a_fraction_of_the_images_range(self, lessons):
        """The gradient of the sum of squares is twice the pixel, so the mean of the noise can be read off."""
        image = images(1, 40, 40) * 3
        smooth = smoothgrad(lessons.gradcam.input_gradient, nn.Flatten(), image, lambda z: (z**2).sum(dim=1), copies=25)
        mean_noise = smooth / 2 - image
        expected = NOISE * float(image.max() - image.min()) / 25**0.5
        assert float(mean_noise.std()) == pytest.approx(expected, rel=0.05)
        assert abs(float(mean_noise.mean())) < 4 * expected / image.numel() ** 0.5

    def test_depends_on_the_seed_and_on_nothing_else(self, lessons, monkeypatch):
        def smooth(seed):
            torch.rand(1)
            square = lambda z: (z**3).sum(dim=1)  # noqa: E731
            return smoothgrad(
                lessons.gradcam.input_gradient, nn.Flatten(), images(1, 8, 8), square, copies=6, seed=seed
            )

        first = smooth(1)
        assert torch.equal(first, smooth(1))
        assert not torch.allclose(first, smooth(2))
        monkeypatch.setattr(smoothing, "BATCH", 1)
        torch.testing.assert_close(first, smooth(1))

    def test_without_copies_is_refused(self, lessons):
        with pytest.raises(ValueError, match="at least 1 copy, not 0"):
            smoothgrad(lessons.gradcam.input_gradient, nn.Flatten(), images(1), lambda z: z.sum(dim=1), copies=0)


class TestPhoto:
    def test_cam_averages_to_the_logit_and_gradcam_is_its_positive_part(self, photo):
        target = photo.predicted()
        cam = photo.cam(target)
        assert cam.shape == (3, 3)
        assert cam.mean() + float(photo.classifier.network.fc.bias[target.index]) == pytest.approx(
            photo.score(target), rel=1e-4
        )
        np.testing.assert_allclose(photo.gradcam(target.score), np.maximum(cam, 0) / 9, rtol=1e-3, atol=1e-5)

    def test_any_function_of_the_logits_can_be_explained(self, photo):
        """The worked example of the module: why a dog rather than an insect."""
        dog, insects = photo.classifier.output_names.index("dog"), photo.classifier.outputs_of("insect")
        heatmap = photo.gradcam(lambda logits: logits[:, dog] - logits[:, insects].logsumexp(dim=1))
        target = rather_than(find_target(photo.classifier, "dog"), find_target(photo.classifier, "insect"))
        np.testing.assert_array_equal(heatmap, photo.gradcam(target.score))
        assert not np.allclose(heatmap, photo.gradcam(find_target(photo.classifier, "dog").score))

    def test_cam_of_a_difference_is_the_difference_of_the_cams(self, photo):
        ant, gnu = (find_target(photo.classifier, word) for word in ("ant", "gnu"))
        np.testing.assert_allclose(photo.cam(rather_than(ant, gnu)), photo.cam(ant) - photo.cam(gnu))

    def test_cam_of_a_group_is_that_of_its_most_probable_output(self, photo):
        insect = find_target(photo.classifier, "insect")
        best = max(insect.outputs, key=lambda index: float(photo.outputs[0, index]))
        np.testing.assert_array_equal(photo.cam(insect), photo.cam(find_target(photo.classifier, str(best))))

    def test_cam_is_refused_where_it_is_not_defined(self, picture, vgg, lessons):
        photo = Photo(picture, vgg, lessons)
        with pytest.raises(LabError, match=r"CAM is not defined for 'vgg19' \(.* has 3\): take --method gradcam"):
            photo.cam(photo.predicted())
        assert photo.gradcam(photo.predicted().score).shape == (3, 3)

    def test_one_linear_layer_is_not_enough_for_cam(self, picture, resnet, lessons):
        class Bent(type(resnet.network)):  # type: ignore[misc]
            """A ResNet that takes the square root of the averages."""

            def forward(self, x):
                features = lessons.cam.get_features(self, x)
                return self.fc(self.avgpool(features).flatten(1).sqrt())

        network = copy.deepcopy(resnet.network)
        network.__class__ = Bent
        photo = Photo(picture, replace(resnet, network=network), lessons)
        assert photo.why_no_cam == "something stands between its last feature map, the average and the linear layer"

    def test_gradcam_looks_at_any_layer(self, photo):
        score = photo.predicted().score
        assert photo.gradcam(score, "layer3").shape == (6, 6)
        assert photo.gradcam(score, "layer2.0.conv1").shape == (12, 12)

    @pytest.mark.parametrize(
        ("layer", "says"),
        [
            ("layer5", "'layer5': the model has no layer 'layer5'; did you mean one of .*layer"),
            ("fc", "'fc': layer 'fc' does not return a feature map"),
            ("layer4.0.relu", "runs more than once in a forward pass: choose the block around it"),
            ("", "'': layer '' does not return a feature map"),
        ],
    )
    def test_a_layer_that_cannot_be_looked_at_is_refused(self, photo, layer, says):
        with pytest.raises(LabError, match=says):
            photo.gradcam(photo.predicted().score, layer)

    def test_weights_that_are_not_finite_are_refused(self, picture, resnet, lessons):
        network = copy.deepcopy(resnet.network)
        network.fc.bias[0] = float("nan")
        with pytest.raises(LabError, match="are not finite: check the weights"):
            Photo(picture, replace(resnet, network=network), lessons)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (None, "The image '.*' is missing: give another"),
            (b"", "is broken, truncated or neither JPEG nor PNG: give another"),
            (b"GIF89a nothing", "is broken, truncated or neither JPEG nor PNG: give another"),
            ("truncated", "is broken, truncated or neither JPEG nor PNG: give another"),
        ],
    )
    def test_a_broken_image_is_refused(self, tmp_path, picture, resnet, lessons, content, says):
        path = tmp_path / "größer.jpg"
        if content is not None:
            path.write_bytes(picture.read_bytes()[:-200] if content == "truncated" else content)
        with pytest.raises(LabError, match=says):
            Photo(path, resnet, lessons)


@pytest.fixture
def run(monkeypatch, resnet, picture, tmp_path):
    """Explain `picture` with the ResNet of the tests."""
    monkeypatch.setattr(models, "load", lambda name, weights: resnet)
    return lambda image=picture, **options: explain(image, out=tmp_path / "aus gabe", **options)


def names_of(files):
    return [file.name for file in files]


def maps_in(path):
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


class TestExplain:
    def test_writes_picture_map_and_numbers_of_the_most_probable_class(self, run, photo, capsys):
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

    def test_the_hottest_cell_is_row_and_column_and_its_point_x_and_y(self, run, photo):
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

    def test_two_classes_of_one_image_share_a_picture(self, run):
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

    def test_all_methods_in_one_figure(self, run, monkeypatch):
        drawn = []
        monkeypatch.setattr(explaining, "draw_sheet", lambda path, strips, **more: drawn.extend(strips))
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

    def test_all_methods_without_cam_where_it_is_not_defined(self, run, monkeypatch, vgg):
        monkeypatch.setattr(models, "load", lambda name, weights: vgg)
        monkeypatch.setattr(explaining, "COPIES", 1)
        files = run(method="all")
        assert list(maps_in(files[1])) == ["gradcam", "input_gradient", "smoothgrad"]
        assert "has 3" in read_json(files[-1])["why_no_cam"]
        assert read_json(files[-1])["layer"] == "features"

    def test_several_classes_by_all_methods_are_one_below_the_other(self, run):
        *_, combined, _ = run(method="all", smooth=1, classes=["dog", "eel"])
        with Image.open(combined) as image:
            assert image.width > image.height
            assert image.width == pytest.approx(200 * (5 * sheet.COLUMN + 4 * sheet.GAP + 2 * sheet.MARGIN), abs=2)

    def test_why_one_rather_than_the_other(self, run, photo, capsys):
        files = run(classes=["dog"], against="insect")
        assert files[0].name.endswith("-gradcam-3-dog-not-insect.jpg")
        row = read_json(files[-1])["classes"][0]
        assert row["score_is"] == "difference of logits"
        logits = photo.outputs[0]
        assert row["score"] == pytest.approx(float(logits[3] - logits[[0, 1, 6]].logsumexp(dim=0)), rel=1e-4)
        assert re.search(
            r"dog \(3\) rather than insect: p [=<>] [0-9.]+ against (< )?[0-9.]+, d", capsys.readouterr().out
        )

    def test_the_gradient_has_no_layer(self, run, photo, capsys):
        files = run(method="input-gradient", smooth=3, seed=5)
        assert capsys.readouterr().out.startswith("No layer: the gradient is taken at the pixels")
        assert read_json(files[-1])["layer"] is None
        score = photo.predicted().score
        np.testing.assert_array_equal(maps_in(files[1])["smoothgrad"], photo.smoothgrad(score, 3, seed=5))

    def test_the_same_command_writes_the_same_bytes(self, run):
        first = {file.name: file.read_bytes() for file in run(smooth=1) if file.suffix != ".npz"}
        assert first == {file.name: file.read_bytes() for file in run(smooth=1) if file.suffix != ".npz"}

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"method": "lime"}, "There is no method 'lime': choose one of cam, gradcam, input-gradient, all"),
            ({"method": "cam", "layer": "layer3"}, "'cam' has no layer to choose"),
            ({"smooth": -1}, "give --smooth 1 or more"),
            ({"classes": ["dog"], "against": "dog"}, "overlap"),
        ],
    )
    def test_what_cannot_be_is_refused_before_anything_is_written(self, run, tmp_path, options, says):
        with pytest.raises(LabError, match=says):
            run(**options)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (400, 20), (20, 400), (1, 300), (1500, 1200)])
    def test_images_of_any_shape(self, run, tmp_path, height, width):
        path = save(tmp_path / "shape.png", noise(height, width))
        files = run(path, method="all", smooth=1)
        with Image.open(files[0]) as drawn:
            drawn.load()
            assert drawn.height < 200 * (2 * sheet.TALLEST + 1.5)  # two rows of tiles
            assert drawn.width == pytest.approx(200 * (3 * sheet.COLUMN + 2 * sheet.GAP + 2 * sheet.MARGIN), abs=2)

    def test_grey_and_sixteen_bit_and_turned_images(self, run, tmp_path, resnet, lessons):
        grey = save(tmp_path / "grey.png", noise(30, 50)[:, :, 0])
        assert Photo(grey, resnet, lessons).image.shape == (30, 50, 3)
        deep = save(tmp_path / "deep.png", noise(30, 50)[:, :, 0].astype(np.uint16) * 256)
        assert Photo(deep, resnet, lessons).image.dtype == np.uint8
        exif = Image.Exif()
        exif[0x0112] = 6  # taken on its side
        turned = save(tmp_path / "turned.jpg", noise(30, 50), exif=exif)
        assert Photo(turned, resnet, lessons).size == (30, 50)
        assert run(grey)[0].is_file()

    def test_no_evidence_is_called_so(self, run, resnet, monkeypatch):
        drawn = []
        monkeypatch.setattr(explaining, "draw_sheet", lambda path, strips, **more: drawn.extend(strips))
        silent = copy.deepcopy(resnet.network)
        silent.fc.weight.zero_()
        monkeypatch.setattr(models, "load", lambda name, weights: replace(resnet, network=silent))
        files = run()
        assert drawn[0].tiles[1].title == "Grad-CAM: no evidence"
        assert read_json(files[-1])["classes"][0]["maps"]["gradcam"]["evidence"] is False


class TestPredict:
    def test_table(self, picture, resnet, monkeypatch):
        monkeypatch.setattr(models, "load", lambda name, weights: resnet)
        lines = predict(picture, k=3).splitlines()
        assert lines[0] == "ein Größenwahn [1].jpg (90 x 60 pixels) as resnet18 sees it"
        assert len(lines) == 6
        assert lines[-1] == "(probabilities of classes that exclude each other: all 10 sum to 1)"

    def test_json_agrees_with_the_network(self, picture, resnet, monkeypatch, photo):
        monkeypatch.setattr(models, "load", lambda name, weights: resnet)
        answer = json.loads(predict(picture, k=99, json=True))
        rows = answer["predictions"]
        assert len(rows) == 10
        assert sum(row["probability"] for row in rows) == pytest.approx(1, abs=1e-5)
        assert rows == sorted(rows, key=lambda row: -row["probability"])
        assert all(row["name"] == CLASSES[row["index"]] for row in rows)
        assert rows[0]["index"] == photo.predicted().index

    def test_nothing_to_show(self, picture):
        with pytest.raises(LabError, match="top 0"):
            predict(picture, k=0)


def test_the_hottest_cell_is_marked_where_it_is(photo):
    heatmap = np.zeros((3, 3), np.float32)
    heatmap[2, 0] = 4
    tile = map_tiles.cells(photo, heatmap)
    assert tile.mark == pytest.approx((1 / 6, 5 / 6))
    height, width = tile.image.shape[:2]
    bright, dark = tile.image[height * 5 // 6, width // 6], tile.image[height // 6, width * 5 // 6]
    assert bright.astype(int).sum() > 3 * dark.astype(int).sum()
    assert bright[0] > bright[2]  # yellow, and not its mirror image in BGR
    assert tile.title == "3 x 3 cells, dark 0 to bright 4"


def real(name):
    return pytest.mark.skipif(not (WEIGHTS[name].is_file() and PETS.is_dir()), reason="../shared is absent")


@real("mobilenet_v2")
def test_a_real_dog_is_found_where_it_is(tmp_path):
    sample = next(s for s in read_split(PETS, "test").samples if s.id.startswith("great_pyrenees"))
    options: dict[str, Any] = {"classifier": "mobilenet_v2", "weights": str(WEIGHTS["mobilenet_v2"])}
    answer = json.loads(predict(sample.path, **options, json=True))
    assert answer["predictions"][0]["name"] == "Great Pyrenees"
    files = explain(sample.path, classes=["dog", "tabby"], against=None, out=tmp_path, **options)
    dog, tabby = read_json(files[-1])["classes"]
    assert dog["probability"] > 0.95 > 0.05 > tabby["probability"]
    x, y = dog["maps"]["gradcam"]["hottest_point"]
    xmin, ymin, xmax, ymax = sample.objects[0].box
    assert xmin <= x <= xmax
    assert ymin <= y <= ymax


@real("squeezenet1_1")
def test_squeezenet_has_no_linear_layer(tmp_path):
    image = next(PETS.glob("JPEGImages/great_pyrenees*.jpg"))
    with pytest.raises(LabError, match=r"has 0.*: take --method gradcam"):
        explain(image, method="cam", out=tmp_path, classifier="squeezenet1_1", weights=str(WEIGHTS["squeezenet1_1"]))
