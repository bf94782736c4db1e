"""The groups of ImageNet classes that stand for VOC's classes."""

import pytest

from gradcam_lab.models.imagenet import SHARED_NAMES, VOC_GROUPS, class_names, simple_names
from gradcam_lab.models.spelling import folded

NAMES = {
    "aeroplane": "airliner, warplane",
    "bicycle": "bicycle-built-for-two, mountain bike",
    "boat": "aircraft carrier, canoe, catamaran, container ship, fireboat, gondola, lifeboat, liner, pirate, "
    "schooner, speedboat, trimaran, yawl",
    "bottle": "beer bottle, pill bottle, pop bottle, water bottle, wine bottle",
    "bus": "minibus, school bus, trolleybus",
    "car": "ambulance, beach wagon, cab, convertible, jeep, limousine, minivan, Model T, pickup, police van, "
    "racer, sports car",
    "cat": "tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat",
    "chair": "barber chair, folding chair, rocking chair, throne",
    "cow": "ox",
    "diningtable": "dining table",
    "horse": "sorrel, horse cart",
    "motorbike": "moped, motor scooter",
    "person": "ballplayer, groom, scuba diver",
    "pottedplant": "pot",
    "sheep": "ram, bighorn",
    "sofa": "studio couch",
    "train": "bullet train, electric locomotive, freight car, passenger car, steam locomotive",
    "tvmonitor": "monitor, screen, television",
}
RANGES = {
    "dog": (118, ["Chihuahua", "Mexican hairless"], ["white wolf", "timber wolf", "rock beauty", "albatross"]),
    "bird": (59, ["cock", "great grey owl", "black grouse", "black swan", "white stork", "albatross"], ["tusker"]),
}


@pytest.mark.parametrize(("voc", "names"), NAMES.items(), ids=NAMES.keys())
def test_every_index_is_the_class_that_is_meant(voc, names):
    assert ", ".join(class_names()[i] for i in VOC_GROUPS[voc]) == names


@pytest.mark.parametrize(("voc", "facts"), RANGES.items(), ids=RANGES.keys())
def test_ranges_begin_and_end_where_they_should(voc, facts):
    count, inside, outside = facts
    names = [class_names()[i] for i in VOC_GROUPS[voc]]
    assert len(names) == count
    assert set(inside) <= set(names)
    assert not set(outside) & set(names)


def test_the_groups_are_the_20_classes_and_share_no_output():
    assert set(VOC_GROUPS) == set(NAMES) | set(RANGES)
    assert len(VOC_GROUPS) == 20
    indices = [i for group in VOC_GROUPS.values() for i in group]
    assert len(indices) == len(set(indices))
    assert len(class_names()) == 1000


def test_simple_names_stand_at_their_own_index():
    """Those that the CSC413 lab prints, the first and last of the list, and those with which its README compares."""
    of = dict(enumerate(simple_names(class_names())))
    assert {i: of[i] for i in (383, 428, 87, 97, 156, 439, 628, 667, 699, 913, 930)} == {
        **{383: "ring-tailed lemur", 428: "wheelbarrow", 87: "grey parrot", 97: "duck", 156: "King Charles Spaniel"},
        **{439: "military cap", 628: "ocean liner", 667: "square academic cap", 699: "pan flute"},
        **{913: "shipwreck", 930: "baguette"},
    }
    assert (of[4], of[998]) == ("hammerhead shark", "ear of corn")


def test_a_name_that_is_only_spelt_otherwise_is_no_other_name():
    """Of the 1000 classes 218 have two names; "Beagle" is no other name than "beagle"."""
    names = simple_names(class_names())
    assert sum(map(bool, names)) == 218
    assert not any(folded(simple) == folded(own) for simple, own in zip(names, class_names(), strict=True))


def test_no_name_of_one_class_is_that_of_another_but_for_two_that_are_told_apart_by_capitals():
    owners: dict[str, set[int]] = {}
    for index, both in enumerate(zip(class_names(), simple_names(class_names()), strict=True)):
        for name in filter(None, both):
            owners.setdefault(folded(name), set()).add(index)
    assert [sorted(owned) for owned in owners.values() if len(owned) > 1] == [[264, 474]]


def test_shared_names_are_those_of_torchvision():
    assert all(member in class_names() for members in SHARED_NAMES.values() for member in members)


def test_only_imagenets_classes_have_simple_names():
    """A network for Imagenette names classes of ImageNet; one for VOC, or with one name twice, does not."""
    assert simple_names(["English springer", "chain saw", "church"]) == ("English Springer Spaniel", "", "")
    assert simple_names(["drake", "unicorn"]) == ("", "")
    assert simple_names(["crane", "crane"]) == ("", "")
