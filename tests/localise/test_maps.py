"""The container of maps: its splits, its classes and its file."""

import numpy as np
import pytest

from gradcam_lab.localise.maps import read_maps, write_maps


def test_of_one_split(maps):
    test = maps.of("test")
    assert test.ids.tolist() == ["two", "none"]
    assert test.sizes.tolist() == [[40, 80], [40, 40]]
    assert test.classes.tolist() == ["dog"]
    assert test.by_image() == pytest.approx({"two": 0.8, "none": 0.9})


def test_of_one_class(maps):
    both = maps._replace(
        maps=np.stack([maps.maps, 2 * maps.maps], axis=1),
        class_probabilities=np.array([[0.1, 0.2]] * 3),
        classes=np.array(["cat", "dog"]),
    )
    dog = both.of_class("dog")
    assert np.array_equal(dog.maps, 2 * maps.maps)
    assert dog.probabilities.tolist() == [0.2] * 3


def test_the_file_holds_every_bit(maps, tmp_path):
    write_maps(tmp_path / "maps.npz", maps)
    assert all(np.array_equal(a, b) for a, b in zip(read_maps(tmp_path / "maps.npz"), maps, strict=True))
