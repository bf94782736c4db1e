"""Pictures of noise, and networks of random weights with names for their outputs."""

import cv2
import numpy as np
from PIL import Image

from gradcam_lab.models.classifier import Classifier, Preprocessing

CLASSES = ("ant", "bee", "Cat", "dog", "dogfish", "eel", "fly", "gnu", "hen", "7")
GROUPS = {"insect": (0, 1, 6), "dog": (3,)}


def classifier(network, layer, activation="softmax", names=CLASSES, groups=GROUPS, size=96):
    return Classifier(
        "resnet18", network, names, groups, activation, layer, Preprocessing(size), "0" * 64, {"weights": "seeded"}
    )


def noise(height, width):
    coarse = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path, pixels, **more):
    Image.fromarray(pixels).save(path, **more)
    return path
