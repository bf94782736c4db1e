"""ImageNet's 1000 class names, what people call them, and the groups of them that are the 20 classes of PASCAL VOC."""

from collections.abc import Sequence
from functools import cache
from importlib import resources

from gradcam_lab.models.spelling import folded
from gradcam_lab.vision import torchvision

SIMPLE_LABELS = "imagenet_simple_labels.txt"
"""The file of the names that people use; its first lines say where they come from."""

SHARED_NAMES = {"crane": ("crane bird", "crane"), "maillot": ("maillot", "maillot tank suit")}
"""Names that ImageNet gives to two classes each, with what torchvision calls the two."""


def class_names() -> tuple[str, ...]:
    """Return the names of the 1000 outputs, in torchvision's order."""
    return tuple(torchvision().models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


@cache
def _simple_labels() -> dict[str, str]:
    """What people call each class, by torchvision's name of it."""
    text = resources.files("gradcam_lab.models").joinpath(SIMPLE_LABELS).read_text(encoding="utf-8")
    labels = [line for line in text.splitlines() if not line.startswith("#")]
    return dict(zip(class_names(), labels, strict=True))


def simple_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return what people call these classes, such as "ring-tailed lemur" for torchvision's "Madagascar cat".

    Args:
        names: the names of a network's outputs.

    Returns:
        One name a class; "" where the two differ at most in their spelling, and everywhere unless all are different
        classes of ImageNet.
    """
    labels = _simple_labels()
    if not set(names) <= labels.keys() or len(set(names)) < len(names):
        return ("",) * len(names)
    return tuple("" if folded(labels[name]) == folded(name) else labels[name] for name in names)


VOC_GROUPS: dict[str, tuple[int, ...]] = {
    "aeroplane": (404, 895),  # airliner, warplane
    "bicycle": (444, 671),  # bicycle-built-for-two, mountain bike
    "bird": (
        *range(7, 25),
        *range(80, 101),
        *range(127, 147),
    ),  # cock .. great grey owl, grouse .. black swan, storks ..
    "boat": (403, 472, 484, 510, 554, 576, 625, 628, 724, 780, 814, 871, 914),
    "bottle": (440, 720, 737, 898, 907),
    "bus": (654, 779, 874),
    "car": (407, 436, 468, 511, 609, 627, 656, 661, 717, 734, 751, 817),
    "cat": tuple(range(281, 286)),  # tabby .. Egyptian cat
    "chair": (423, 559, 765, 857),
    "cow": (345,),  # ox; ImageNet has no cow
    "diningtable": (532,),
    "dog": tuple(range(151, 269)),  # Chihuahua .. Mexican hairless
    "horse": (339, 603),  # sorrel, horse cart
    "motorbike": (665, 670),  # moped, motor scooter
    "person": (981, 982, 983),  # ballplayer, groom, scuba diver: weak, ImageNet does not name people
    "pottedplant": (738,),  # pot, which ImageNet shows as a flowerpot
    "sheep": (348, 349),  # ram, bighorn
    "sofa": (831,),  # studio couch
    "train": (466, 547, 565, 705, 820),
    "tvmonitor": (664, 782, 851),  # monitor, screen, television
}
"""The 20 VOC classes, each with the indices of its ImageNet classes."""
