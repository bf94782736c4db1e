"""From photos to classes, maps and boxes: the same numbers as one photo alone has, whatever its batch."""

import copy
from dataclasses import replace
from itertools import count, islice

import numpy as np
import pytest
import torch
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.found import Found
from gradcam_lab.explain.locate.locator import Locator
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from gradcam_lab.explain.locate.request import Request, settled
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import find_target, output_target
from gradcam_lab.localise.default_threshold import SHIPPED
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import Explainer
from gradcam_lab.localise.methods import METHODS
from tests.explain.locate.conftest import NAMES
from tests.explain.pictures import CLASSES


@pytest.fixture
def locator(resnet, lessons):
    def prepared(classifier=resnet, **asked):
        return Locator(classifier, lessons, settled(Request(**asked), classifier))

    return prepared


def located(locator, album, names=NAMES):
    return list(locator.locate(album / name for name in names))


def same_cam(found, expected):
    assert found.cam.dtype == np.float32
    np.testing.assert_allclose(found.cam, expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_the_most_probable_class_of_each_photo_as_explain_finds_it(locator, album, resnet, lessons):
    for name, found in zip(NAMES, located(locator(method="gradcam"), album), strict=True):
        photo, (one,) = Photo(album / name, resnet, lessons), found.classes
        best = photo.predicted()
        assert (found.path, found.size, one.name, one.outputs) == (album / name, photo.size, best.name, best.outputs)
        assert one.probability == pytest.approx(photo.probability(best), rel=1e-4)
        same_cam(one, photo.gradcam(best.score))
        expected = Detector(lessons).detect(one.cam, photo.size, one.probability, SHIPPED["gradcam"])
        np.testing.assert_array_equal(one.boxes, expected)
        assert len(one.boxes)


def test_several_classes_the_most_probable_first(locator, album, resnet, lessons):
    for found in located(locator(top=3, method="gradcam"), album):
        photo = Photo(found.path, resnet, lessons)
        order = photo.outputs[0].argsort(descending=True)[:3].tolist()
        assert [one.outputs for one in found.classes] == [(index,) for index in order]
        for one in found.classes:
            same_cam(one, photo.gradcam(output_target(resnet, one.outputs[0]).score))


def test_named_classes_groups_and_indices_each_once_and_in_order(locator, album, resnet, lessons):
    found = located(locator(classes=("gnu", "insect", "7", "GNU"), method="gradcam"), album)[2]
    assert [one.name for one in found.classes] == ["gnu", "insect", "7"]
    photo = Photo(found.path, resnet, lessons)
    for one in found.classes:
        target = find_target(resnet, one.name)
        assert one.probability == pytest.approx(photo.probability(target), rel=1e-4)
        same_cam(one, photo.gradcam(target.score))


def test_probabilities_of_classes_that_may_occur_together(locator, album, resnet, lessons):
    several = replace(resnet, activation="sigmoid")
    (one,) = located(locator(several), album)[0].classes
    assert one.probability == pytest.approx(float(Photo(album / NAMES[0], several, lessons).outputs.max().sigmoid()))


@pytest.mark.parametrize("method", ["gradcam++", "flip", "shared", "watershed", "refined", "cam"])
def test_every_method_gives_the_maps_of_a_run(locator, album, resnet, lessons, method):
    for found in located(locator(method=method, top=2), album):
        for one in found.classes:
            single = replace(resnet, groups={one.name: one.outputs})
            explainer = Explainer(Experiment(single, lessons, one.name), [METHODS[method].recipe])
            inputs = resnet.preprocessing(Photo(found.path, resnet, lessons).image)[None]
            expected = explainer(inputs)[METHODS[method].recipe]
            same_cam(one, expected.maps[0])
            assert one.probability == pytest.approx(expected.probabilities[0], rel=1e-3)


def test_a_bad_photo_stands_in_its_place_and_the_others_go_on(locator, album, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"nothing")
    paths = [album / NAMES[0], broken, tmp_path / "missing.jpg", album / NAMES[1]]
    first, bad, missing, last = locator().locate(paths)
    assert isinstance(first, Found)
    assert isinstance(last, Found)
    assert isinstance(bad, BadPhoto)
    assert isinstance(missing, BadPhoto)
    assert f"'{broken}' is broken" in bad.problem
    assert "missing.jpg' is missing" in missing.problem


def test_bad_photos_alone(locator, tmp_path):
    assert [type(one) for one in locator().locate([tmp_path / "a.jpg"] * 3)] == [BadPhoto] * 3


def test_an_endless_list_is_read_only_a_few_batches_ahead(locator, album, resnet):
    asked = count()
    paths = (album / NAMES[next(asked) % 4] for _ in count())
    assert len(list(islice(locator(replace(resnet, batch=2)).locate(paths), 4))) == 4
    assert next(asked) <= 12


def test_a_photo_in_exif_orientation_6_is_boxed_as_it_is_displayed(locator, album, tmp_path):
    from PIL import Image

    upright = album / NAMES[1]
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    with Image.open(upright) as image:
        image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    one, other = locator().locate([upright, tmp_path / "turned.png"])
    assert one.size == other.size == (70, 50)
    np.testing.assert_allclose(one.classes[0].boxes, other.classes[0].boxes, rtol=1e-5)


def test_weights_that_are_not_finite_are_refused(locator, album, resnet):
    network = copy.deepcopy(resnet.network)
    network.fc.bias[0] = float("nan")
    with pytest.raises(LabError, match=r"'resnet18' for '.*' or a neighbour are not finite: check the weights\.$"):
        located(locator(replace(resnet, network=network)), album)


class Doubled(torch.autograd.Function):
    """An operation that cannot be differentiated for several scores at once."""

    @staticmethod
    def forward(context, value):
        return 2 * value

    @staticmethod
    def backward(context, gradient):
        return torch.from_numpy(2 * gradient.numpy())


def test_a_network_whose_derivative_has_no_batches(locator, album, resnet):
    class Last(nn.Module):
        def __init__(self, fc):
            super().__init__()
            self.fc = fc

        def forward(self, x):
            return Doubled.apply(self.fc(x))

    network = copy.deepcopy(resnet.network)
    network.fc = Last(network.fc)
    one = located(locator(replace(resnet, network=network), top=2), album)[0]
    plain = located(locator(top=2), album)[0]
    for ours, its in zip(one.classes, plain.classes, strict=True):
        assert ours.name == its.name
        same_cam(ours, 2 * its.cam)


def test_memory_that_does_not_suffice_for_a_batch(locator, album, resnet, capsys):
    few = copy.deepcopy(resnet.network)
    few.register_forward_pre_hook(refuse_more_than_two)
    found = located(locator(replace(resnet, network=few)), album)
    assert [one.classes[0].name for one in found] == [one.classes[0].name for one in located(locator(), album)]


def refuse_more_than_two(network, inputs):
    if len(inputs[0]) > 2:
        raise RuntimeError("CUDA out of memory")


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(dim=(2, 3))


class TestSettled:
    def test_the_default_threshold_is_the_methods(self, resnet, lessons):
        done = settled(Request(method="gradcam"), resnet)
        assert (done.threshold, done.threshold_from) == (
            SHIPPED["gradcam"],
            "the method's default, for val has chosen none for this network",
        )
        assert settled(Request(method="otsu"), resnet).threshold_from == "each map's own, found by the method"
        assert set(SHIPPED) == {name for name, method in METHODS.items() if method.grid}

    def test_the_heat_is_shared_where_there_is_an_earlier_layer(self, resnet, lessons):
        assert settled(Request(), resnet).method == "shared"
        bare = replace(resnet, network=nn.Sequential(nn.Conv2d(3, 4, 3), Mean(), nn.Linear(4, 10)), layer="0")
        assert settled(Request(), bare).method == "gradcam"

    def test_a_given_threshold_wins(self, resnet, lessons):
        done = settled(Request(threshold=0.4), resnet)
        assert (done.threshold, done.threshold_from) == (0.4, "given by the user")

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"method": "gradcan"}, "The method 'gradcan' does not exist: choose --method from cam, gradcam, "),
            ({"method": "otsu", "threshold": 0.3}, "'otsu' cuts no map at a --threshold of yours: choose --method"),
            ({"classes": ("dgo",)}, "has no class 'dgo': did you mean dog"),
        ],
    )
    def test_what_cannot_be_is_refused(self, locator, asked, says):
        with pytest.raises(LabError, match=says):
            locator(**asked)

    def test_cam_does_not_suit_a_network_with_three_linear_layers(self, vgg, lessons):
        with pytest.raises(
            LabError,
            match=r"The method 'cam' does not suit this network \(CAM needs .* has 3\): choose --method from gradcam",
        ):
            settled(Request(method="cam"), vgg)


def test_the_names_are_those_that_can_be_found(locator):
    assert locator().mapper.names == list(CLASSES)
    assert locator().mapper.number_of((4,)) == 4
    named = locator(classes=("insect", "eel")).mapper
    assert (named.names, named.number_of((5,))) == (["insect", "eel"], 1)
