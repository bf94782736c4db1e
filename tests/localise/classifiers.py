"""Classifiers of torchvision's architectures with random weights and ten classes."""

from gradcam_lab.models.classifier import Classifier, Preprocessing
from tests.networks import zoo

LAYERS = {"resnet18": "layer4", "vgg16": "features"}


def classifier_of(name: str) -> Classifier:
    names = tuple(f"class {number}" for number in range(10))
    groups = {name: (number,) for number, name in enumerate(names)}
    return Classifier(name, zoo(name), names, groups, "softmax", LAYERS[name], Preprocessing(96), "", {})
