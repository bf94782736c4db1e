"""The VOC checkpoint of the EFEO exercise: a ResNet-50 with 20 outputs, which `torch.save` wrote during training.

`model_at_epoch_019.pth.tar` is a dict of `i_epoch`, `model_sdict` and `optimizer_sdict`. It says nothing about the
classes: their order is the one below.
"""

from pathlib import Path
from typing import Any

from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.models.networks.architectures import blank
from gradcam_lab.models.weights.model_file import Description
from gradcam_lab.models.weights.state_dict import load_weights, mismatch, read_pickle

ARCH = "resnet50"
CLASSES = (
    "person",
    "bird",
    "cat",
    "cow",
    "dog",
    "horse",
    "sheep",
    "aeroplane",
    "bicycle",
    "boat",
    "bus",
    "car",
    "motorbike",
    "train",
    "bottle",
    "chair",
    "diningtable",
    "pottedplant",
    "sofa",
    "tvmonitor",
)
KEYS = {"i_epoch", "model_sdict", "optimizer_sdict"}


def is_checkpoint(path: Path) -> bool:
    """Say whether a file has the structure of the EFEO exercise's checkpoint; its name does not matter."""
    if path.suffix == ".safetensors":
        return False
    try:
        return _has_structure(read_pickle(path))
    except LabError:
        return False  # the next reader of the file says what is wrong


def _has_structure(value: object) -> bool:
    return isinstance(value, dict) and set(value) >= KEYS and isinstance(value["model_sdict"], dict)


def load(path: Path) -> Classifier:
    """Read the EFEO exercise's checkpoint, also where the network was wrapped in `DataParallel`.

    Nothing in the file is ever executed.

    Raises:
        LabError: the file is missing, damaged, of another structure, or not of this network.
    """
    checkpoint: Any = read_pickle(path)
    if not _has_structure(checkpoint):
        raise LabError(
            f"'{path}' is neither a file that gradcam-lab train has made nor a checkpoint with "
            f"{', '.join(sorted(KEYS))}: give another file."
        )
    state = {str(name).removeprefix("module."): value for name, value in checkpoint["model_sdict"].items()}
    network = blank(ARCH, len(CLASSES))
    wrong = mismatch(network, state)
    if wrong:
        raise LabError(f"'{path}' does not hold a {ARCH} with the {len(CLASSES)} classes of VOC, {wrong}.")
    load_weights(network, state)
    recipe = {"epoch": checkpoint["i_epoch"]}
    return Description(ARCH, CLASSES, "sigmoid", Preprocessing(), recipe=recipe).classifier(network, path.name)
