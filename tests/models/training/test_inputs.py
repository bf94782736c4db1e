"""Inputs of a training: images as inference preprocesses them, and features that were computed once."""

import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.architectures import Head, features
from gradcam_lab.models.networks.toynet import ToyNet
from gradcam_lab.models.training.inputs import FeatureInputs, ImageInputs
from gradcam_lab.models.training.recipe import Recipe

CPU = torch.device("cpu")
PLAIN = Recipe(zoom=(1, 1), shift=0, colour=0, hidden_images=0)


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "val").samples[:7]


def test_training_images_are_standardised_and_follow_the_order(samples):
    images = ImageInputs(samples, Preprocessing(48), PLAIN, CPU)
    order = [torch.tensor([4, 2]), torch.tensor([0])]
    first, second = images.augmented(order, 48, torch.Generator().manual_seed(0))
    plain = torch.cat(list(images.plain()))
    for x, number in ((first[0], 4), (first[1], 2), (second[0], 0)):
        assert any(torch.allclose(x, picture, atol=1e-3) for picture in (plain[number], plain[number].flip(2)))


def test_features_are_those_of_the_image_or_of_its_mirror_image(samples):
    torch.manual_seed(0)
    network = ToyNet(3, (8, 8, 8, 8)).eval()
    images = ImageInputs(samples, Preprocessing(48), PLAIN, CPU)
    kept = FeatureInputs(images, network, "toynet")
    plain = torch.cat(list(images.plain()))
    with torch.no_grad():
        both = torch.stack([features(network, "toynet", x) for x in (plain, plain.flip(3))], dim=1)
        assert torch.allclose(Head(network, "toynet")(torch.cat(list(kept.plain()))), network(plain), atol=1e-6)
    order = torch.tensor([5, 5, 5, 5, 1, 1, 1, 1])
    (drawn,) = kept.augmented([order], 48, torch.Generator().manual_seed(1))
    which = [
        [torch.allclose(row, both[n, side], atol=1e-6) for side in (0, 1)] for row, n in zip(drawn, order, strict=True)
    ]
    assert all(any(sides) for sides in which)
    assert {tuple(sides) for sides in which} == {(True, False), (False, True)}


def test_features_that_do_not_fit_are_refused(samples):
    network = ToyNet(3, (8, 8, 8, 8)).eval()
    with pytest.raises(LabError, match=r"The features of 7 images need 0 GiB of memory: give --limit"):
        FeatureInputs(ImageInputs(samples, Preprocessing(48), PLAIN, CPU), network, "toynet", memory=100)


@pytest.mark.parametrize("size", [48, 400, 150])  # smaller than the images, larger, between their sides
def test_training_and_inference_squash_in_the_same_way(samples, size):
    preprocessing = Preprocessing(size)
    inputs = torch.cat(list(ImageInputs(samples, preprocessing, PLAIN, CPU).plain()))
    assert torch.equal(inputs, torch.stack([preprocessing(sample.image) for sample in samples]))
