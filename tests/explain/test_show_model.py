"""show --model: which images are shown, whose heatmap, and what is said of true and predicted class."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from gradcam_lab.data.layouts.imagenette import read_folder
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.explain import draw_maps
from gradcam_lab.explain.describe import verdict
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.show_model import read_images, show_model
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.model_choice import ModelChoice
from gradcam_lab.models.networks.architectures import build
from gradcam_lab.models.weights import model_file
from tests.networks import seeded

COLOURS = {"blau": (20, 40, 220), "grün": (20, 200, 40), "rot": (230, 30, 20)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three colours in Imagenette's layout, in a folder whose name is not easy; val's are 3 images a class."""
    root = tmp_path_factory.mktemp("data") / "drei Farben ß"
    for split, count in (("train", 4), ("val", 3)):
        for name, colour in COLOURS.items():
            (root / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = np.full((24, 36 + i, 3), colour, np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{split} {i}.png")
    return root


def write(path, arch, network, recipe, activation="softmax", size=32):
    description = model_file.Description(arch, tuple(COLOURS), activation, Preprocessing(size), {}, recipe)
    model_file.save(path, network.state_dict(), description)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory, folder):
    """A CAM network that tells the colours apart, by weights that are set by hand: each class looks at one channel."""
    with torch.random.fork_rng():
        network = seeded(build("cam_net", len(COLOURS)))
    with torch.no_grad():
        for block in network.features:  # let the three colours through, channel by channel
            for convolution in (block[0], block[1]):
                convolution[0].weight.zero_()
                for channel in range(3):
                    convolution[0].weight[channel, channel, 1, 1] = 1
                convolution[1].weight.fill_(1)
                convolution[1].bias.zero_()
        network.fc.weight.zero_()
        network.fc.weight[:, :3] = 4 * torch.tensor([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])
        network.fc.bias.zero_()
    return write(tmp_path_factory.mktemp("models") / "Farben.safetensors", "cam_net", network, {"data": str(folder)})


@pytest.fixture
def strips(monkeypatch):
    """What would have been drawn, instead of drawing it."""
    kept = []
    monkeypatch.setattr(draw_maps, "draw_sheet", lambda path, drawn, columns: kept.extend(drawn))
    return kept


def test_draws_image_heatmap_and_overlay(model, folder, tmp_path, capsys):
    image = folder / "val" / "rot" / "val 0.png"
    (file,) = show_model(ModelChoice(str(model)), image=image, out=tmp_path / "aus gabe")
    assert re.fullmatch(r"val-0-[0-9a-f]{6}\.jpg", file.relative_to(tmp_path / "aus gabe").name)
    with Image.open(file) as drawn:
        pixels = np.asarray(drawn).astype(int)
    quarter = pixels.shape[1] // 4
    is_red = (pixels[..., 0] > 190) & (pixels[..., 1:] < 80).all(axis=2)
    assert is_red[:, :quarter].sum() > 100_000
    assert is_red[:, 2 * quarter : 3 * quarter].sum() == 0  # the raw cells, without the image
    assert capsys.readouterr().out == "CAM at features: the network ends in an average and one linear layer\n"


def test_true_and_predicted_class_stand_above(model, folder, lessons, strips, tmp_path):
    show_model(
        ModelChoice(str(model)), index=7, out=tmp_path
    )  # the classes in the order of their names, three images each
    assert strips[0].heading.startswith("true: rot; predicted: rot (2) p = 0.9")
    assert strips[0].heading.endswith("(right)")
    assert [tile.title.split(",")[0] for tile in strips[0].tiles] == [
        "val 7: rot/val 1",
        "CAM of rot (2)",
        "the raw map",
        "CAM over the image; red and yellow: most important",
    ]
    photo = Photo(folder / "val" / "rot" / "val 1.png", zoo.load_file(model), lessons)
    assert strips[0].tiles[2].title.endswith(f" to bright {photo.cam(photo.predicted()).max():.3g}")


def test_the_heatmap_is_coloured_as_its_bar_says(model, folder, lessons, strips, tmp_path):
    """Red and yellow are most important, blue is least, and the colours are those of the whole image's heatmap."""
    show_model(ModelChoice(str(model)), index=7, out=tmp_path)
    tile = strips[0].tiles[1]
    assert tile.title.endswith("; red and yellow: most important, blue: least")
    ramp = tile.bar.colours.astype(int)
    assert ramp[10, 2] > ramp[10, 0] + 50  # blue
    assert min(ramp[170, :2]) > ramp[170, 2] + 50  # yellow
    assert ramp[240, 0] > max(ramp[240, 1:]) + 50  # red
    assert (tile.bar.labels[0], tile.bar.labels[-1]) == ("0: least", "1: most important")
    photo = Photo(folder / "val" / "rot" / "val 1.png", zoo.load_file(model), lessons)
    heat = lessons.boxes.upsample(photo.cam(photo.predicted()), tile.image.shape[:2])
    hot, cold = (np.unravel_index(place, heat.shape) for place in (heat.argmax(), heat.argmin()))
    assert np.array_equal(tile.image[hot], ramp[-1])
    assert np.array_equal(tile.image[cold], ramp[round(255 * max(0.0, float(heat[cold] / heat.max())))])


def test_a_mistake_is_called_one(model, folder, strips, tmp_path):
    data = tmp_path / "falsch"
    for split in ("train", "val"):
        for name in COLOURS:
            (data / split / name).mkdir(parents=True)
            source = next((folder / split / "grün").iterdir())
            (data / split / name / "x.png").write_bytes(source.read_bytes())
    show_model(ModelChoice(str(model)), index=0, data=str(data), out=tmp_path)
    assert "true: blau; predicted: grün (1) p" in strips[0].heading
    assert strips[0].heading.endswith("(wrong)")


def test_pictures_of_two_networks_and_of_two_images_of_one_name_have_two_names(model, folder, strips, tmp_path):
    other = tmp_path / "other" / model.name
    other.parent.mkdir()
    description, state = model_file.read(model)
    model_file.save(other, {name: value + 1 for name, value in state.items()}, description)
    first, second = (folder / "val" / name / "val 0.png" for name in ("rot", "blau"))
    ways = [(model, first), (other, first), (model, second)]
    files = [show_model(ModelChoice(str(network)), image=image, out=tmp_path)[0] for network, image in ways]
    assert len(set(files)) == 3
    assert [show_model(ModelChoice(str(network)), image=image, out=tmp_path)[0] for network, image in ways] == files


def test_any_class_can_be_asked_for(model, strips, tmp_path):
    (file,) = show_model(ModelChoice(str(model)), index=0, cls="gr", out=tmp_path)
    assert strips[0].tiles[1].title.startswith("CAM of grün (1), p ")
    assert "predicted: blau (0)" in strips[0].heading
    assert re.fullmatch(r"val-0000-blau-val-0-grün-[0-9a-f]{6}\.jpg", file.name)
    with pytest.raises(LabError, match="has no class 'gelb': choose one of blau, grün, rot"):
        show_model(ModelChoice(str(model)), index=0, cls="gelb", out=tmp_path)


def test_random_images_are_drawn_by_lot_from_the_seed(model, strips, tmp_path):
    first = show_model(ModelChoice(str(model)), random=4, seed=1, out=tmp_path)
    assert len(set(first)) == len(strips) == 4
    assert show_model(ModelChoice(str(model)), random=4, seed=1, out=tmp_path) == first
    assert show_model(ModelChoice(str(model)), random=4, seed=2, out=tmp_path) != first
    assert len(set(show_model(ModelChoice(str(model)), random=12, split="train", out=tmp_path))) == 12
    assert strips[-1].tiles[0].title.startswith("train 11: rot/train 3")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "give exactly one of --image, --random and --index"),
        ({"random": 1, "index": 0}, "give exactly one of --image, --random and --index"),
        ({"index": 9}, "There is no image 9: the split 'val' has 9, 0 to 8"),
        ({"index": -1}, "There is no image -1"),
        ({"random": 10}, "Cannot draw 10 images by lot: the split 'val' has 9, so ask for 1 to 9"),
        ({"random": 0}, "Cannot draw 0 images"),
        ({"index": 0, "split": "test"}, "has labelled folders and no split 'test': choose train or val"),
        ({"index": 0, "data": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_shown_is_refused(model, tmp_path, options, says):
    with pytest.raises(LabError, match=says):
        show_model(ModelChoice(str(model)), out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_network_without_cam_gets_gradcam(folder, strips, tmp_path, capsys):
    with torch.random.fork_rng():
        network = seeded(build("squeezenet1_1", len(COLOURS)))
    model = write(tmp_path / "squeeze.safetensors", "squeezenet1_1", network, {"data": str(folder)}, size=64)
    show_model(ModelChoice(str(model)), index=0, out=tmp_path)
    assert "cells. CAM is not defined: CAM needs exactly one" in capsys.readouterr().out
    assert strips[0].tiles[1].title.startswith("Grad-CAM of ")


def test_a_part_of_train_is_held_out_as_in_the_training(folder, strips, tmp_path):
    data = tmp_path / "nur train"
    for name in COLOURS:
        (data / "train" / name).mkdir(parents=True)
        for file in (folder / "train" / name).iterdir():
            (data / "train" / name / file.name).write_bytes(file.read_bytes())
    with torch.random.fork_rng():
        network = seeded(build("cam_net", len(COLOURS)))
    recipe = {"data": str(data), "val_size": 0.25, "seed": 3}
    model = write(tmp_path / "m.safetensors", "cam_net", network, recipe)
    held_out = read_images(zoo.load_file(model), "val", None, None)
    trained = read_images(zoo.load_file(model), "train", None, None)
    expected, other = (read_folder(data, "val", val_size=0.25, seed=seed) for seed in (3, 0))
    assert [one.path for one in held_out] == [sample.path for sample in expected.samples]
    assert expected.samples != other.samples
    assert (len(held_out), len(trained)) == (3, 9)
    assert not {one.path for one in held_out} & {one.path for one in trained}


def test_images_with_boxes_name_all_their_classes(weights, toy, strips, tmp_path):
    """The ToyNet of the tests was written without saying on which data it was trained."""
    with pytest.raises(LabError, match="does not say on which data it was trained: name them by --data"):
        show_model(ModelChoice(str(weights)), index=0, out=tmp_path)
    show_model(ModelChoice(str(weights)), index=3, data=str(toy), split="test", out=tmp_path)
    sample = read_split(toy, "test").samples[3]
    true = ", ".join(dict.fromkeys(o.name for o in sample.objects))
    assert strips[0].heading.startswith(f"true: {true}; predicted: ")


@pytest.mark.parametrize(
    ("bias", "true", "heading"),
    [
        ((2.0, -9, 1), ("rot", "blau"), "true: rot, blau; predicted: blau (0) p = 0.881, rot (2) p = 0.731 (right)"),
        ((2.0, -9, 1), ("rot",), "true: rot; predicted: blau (0) p = 0.881, rot (2) p = 0.731 (wrong)"),
        ((-2.0, -9, -1), ("rot",), "true: rot; predicted: rot (2) p = 0.269 (right)"),  # the best, though unlikely
        ((-2.0, -9, -1), ("rot", "blau"), "true: rot, blau; predicted: rot (2) p = 0.269 (wrong)"),  # one is missing
        ((-2.0, -9, -1), None, "true class unknown; predicted: rot (2) p = 0.269"),
    ],
)
def test_classes_that_occur_together_are_all_predicted(folder, lessons, tmp_path, bias, true, heading):
    with torch.random.fork_rng():
        network = seeded(build("cam_net", len(COLOURS)))
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.bias.copy_(torch.tensor(bias))
    model = write(tmp_path / "m.safetensors", "cam_net", network, {}, activation="sigmoid")
    path = folder / "val" / "rot" / "val 0.png"
    photo = Photo(path, zoo.load_file(model), lessons)
    assert verdict(photo, true) == heading
