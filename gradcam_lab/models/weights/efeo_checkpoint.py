"""The VOC checkpoint of the EFEO exercise: a ResNet-50 with 20 outputs, which `torch.save` wrote during training.

`model_at_epoch_019.pth.tar` is a dict of `i_epoch`, `model_sdict` and `optimizer_sdict`. It says nothing about the
classes: their order is the one below. `model_at_epoch_019_compatible.pt` is the same in torch's old serialisation.

A bare state dict says even less. One of a ResNet-50 with 20 outputs is taken for this network, because no other
ResNet-50 with 20 outputs is known here; who saved one with its classes in another order is told so by the line that
says which order was taken, and by a mean AP near chance.
"""

from pathlib import Path
from typing import Any

from gradcam_lab.console import warn
from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.models.weights import bare_state_dict
from gradcam_lab.models.weights.bare_state_dict import SavedNetwork
from gradcam_lab.models.weights.state_dict import read_weights

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
    """Say whether a file holds the EFEO exercise's checkpoint or a bare state dict of its network.

    The file's name does not matter, and one that `gradcam-lab train` has made is to be recognised as such before.
    """
    try:
        content = read_weights(path)
        if _has_structure(content):
            return True
        saved = bare_state_dict.find_network(content, path)
    except LabError:
        return False  # the next reader of the file says what is wrong
    return (saved.arch, saved.outputs) == (ARCH, len(CLASSES))


def _has_structure(value: object) -> bool:
    return isinstance(value, dict) and set(value) >= KEYS and isinstance(value["model_sdict"], dict)


def load(path: Path) -> Classifier:
    """Read the EFEO exercise's checkpoint or a state dict of its network, see `bare_state_dict`.

    Nothing in the file is ever executed. Of a bare state dict it is said in which order its classes are taken.

    Raises:
        LabError: the file is missing, damaged, of another structure, or not of this network.
    """
    checkpoint: Any = read_weights(path)
    if not _has_structure(checkpoint):
        return _bare(bare_state_dict.find_network(checkpoint, path), path)
    saved = _require_network(bare_state_dict.find_network(checkpoint["model_sdict"], path), path)
    classifier = saved.classifier(CLASSES, "sigmoid", file=path.name)
    classifier.metadata["recipe"] = {"epoch": checkpoint["i_epoch"]}
    return classifier


def _require_network(saved: SavedNetwork, path: Path) -> SavedNetwork:
    saved.say_if_one_of_several(path)
    if (saved.arch, saved.outputs) != (ARCH, len(CLASSES)):
        raise LabError(
            f"'{path}' holds a {saved.arch} with {saved.outputs} outputs, and not a {ARCH} with the {len(CLASSES)} "
            "classes of VOC."
        )
    return saved


def _bare(saved: SavedNetwork, path: Path) -> Classifier:
    _require_network(saved, path)
    warn(
        f"'{path}' does not name its {len(CLASSES)} classes: they are taken in the EFEO exercise's order "
        f"({', '.join(CLASSES[:5])}, ...)."
    )
    return saved.classifier(CLASSES, "sigmoid", file=f"{path.name}, classes in the order of the EFEO exercise")
