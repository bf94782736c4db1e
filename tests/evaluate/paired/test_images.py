"""The images on which methods differ most."""

import numpy as np
import pytest

from gradcam_lab.evaluate.paired.images import LEAST, most_different

DOG, OTHER = [1, 1, 10, 10], [21, 1, 30, 10]


def boxes(*rows):
    return np.array(rows, float).reshape(-1, 5)


def truth(*objects, difficult=()):
    flags = np.zeros(len(objects), bool)
    flags[list(difficult)] = True
    return np.array(objects, float).reshape(-1, 4), flags


def test_the_greatest_spread_comes_first_and_objects_before_false_alarms():
    objects = {"a": truth(DOG), "b": truth(DOG, OTHER), "none": truth(), "same": truth(DOG), "quiet": truth()}
    first = {"a": boxes([*DOG, 0.9]), "b": boxes([*DOG, 0.9]), "same": boxes([*DOG, 0.1])}
    second = {"same": boxes([*DOG, 0.9]), "none": boxes([*DOG, 0.4], [*OTHER, 0.3])}
    found = most_different([first, second], objects, 5)
    assert [(item.image, item.kind, item.values) for item in found] == [
        ("a", "objects", (1, 0)),
        ("b", "objects", (0.5, 0)),
        ("none", "false alarm", (0, 0.4)),
    ]


def test_so_many_of_each_kind_and_three_methods():
    objects = {name: truth(DOG) for name in "abc"} | {name: truth() for name in "xyz"}
    full = {name: boxes([*DOG, 0.9]) for name in objects}
    half = {name: boxes([1, 1, 10, 5, 0.9]) for name in objects}
    found = most_different([half, full, {}], objects, 2)
    assert [item.image for item in found] == ["a", "b", "x", "y"]
    assert found[0].values == pytest.approx((0.5, 1, 0))
    assert most_different([half, full, {}], objects, 0) == []


def test_difficult_objects_are_not_asked_for():
    objects = {"both": truth(DOG, OTHER, difficult=[1]), "only": truth(DOG, difficult=[0])}
    found = most_different([{"both": boxes([*OTHER, 0.9]), "only": boxes([*DOG, 0.9])}, {}], objects, 5)
    assert found == []


def test_what_nobody_could_see_is_no_difference():
    rows = boxes([*DOG, 0.5])
    close, far = boxes([*DOG, 0.5 + LEAST / 2]), boxes([*DOG, 0.5 + 2 * LEAST])
    assert most_different([{"a": rows}, {"a": close}], {"a": truth()}, 5) == []
    assert len(most_different([{"a": rows}, {"a": far}], {"a": truth()}, 5)) == 1
