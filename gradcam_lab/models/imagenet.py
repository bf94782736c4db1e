"""ImageNet's 1000 class names, and the groups of them that correspond to the 20 classes of PASCAL VOC."""

from gradcam_lab.vision import torchvision


def class_names() -> tuple[str, ...]:
    """Return the names of the 1000 outputs, in torchvision's order."""
    return tuple(torchvision().models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


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
