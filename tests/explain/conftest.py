"""A picture, and networks to put it in front of."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from gradcam_lab.explain.photo import Photo
from gradcam_lab.vision import torchvision
from tests.explain.pictures import CLASSES, classifier, noise, save
from tests.networks import narrow_resnet, seeded


@pytest.fixture(scope="module")
def resnet():
    return classifier(narrow_resnet(len(CLASSES)), "layer4")


@pytest.fixture(scope="module")
def vgg():
    """VGG-11's convolutions with a narrow head, which has three linear layers too, but not half a gigabyte."""
    with torch.device("meta"):
        network = torchvision().models.vgg11()
        linears = [nn.Linear(25088, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, len(CLASSES))]
        network.classifier = nn.Sequential(*linears)
    return replace(classifier(seeded(network.to_empty(device="cpu")), "features"), name="vgg11")


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """Coloured noise, wider than high, in a folder and file with umlauts and spaces."""
    path = tmp_path_factory.mktemp("bilder") / "Käse & Hündchen" / "ein Größenwahn [1].jpg"
    path.parent.mkdir()
    save(path, noise(60, 90))
    return path


@pytest.fixture
def photo(picture, resnet, lessons):
    return Photo(picture, resnet, lessons)
