"""The groups of ImageNet classes that stand for VOC's classes."""

import pytest

from gradcam_lab.models.imagenet import VOC_GROUPS, class_names

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
