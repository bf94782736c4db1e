"""A photo may be a file, an image of Pillow, or an array."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gradcam_lab as lab
from gradcam_lab.api.photos import many_photos, one_photo
from gradcam_lab.data.picture import Picture


def of(image: Image.Image) -> np.ndarray:
    found = one_photo(image)
    assert isinstance(found, Picture)
    return found.pixels


def test_a_file_an_image_and_an_array_give_the_same(photo, pixels, net):
    with Image.open(photo) as image:
        given = [photo, str(photo), image, pixels, np.asfortranarray(pixels)]
        found = [lab.locate(one, net, classes=["dog"]) for one in given]
    assert len(found[0].boxes) > 0
    for one in found[1:]:
        assert np.array_equal(one.boxes, found[0].boxes)
        assert np.array_equal(one.classes[0].cam, found[0].classes[0].cam)
        assert np.array_equal(one.image, pixels)
    assert [str(one.path) for one in found] == ["Zoë.png", "Zoë.png", "image", "image", "image"]


def test_an_image_of_pillow_is_what_a_viewer_shows():
    clear = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    clear.putpixel((1, 0), (0, 0, 255, 255))
    assert of(clear).tolist() == [[[255, 255, 255], [0, 0, 255]]]
    assert of(Image.new("L", (1, 1), 7)).tolist() == [[[7, 7, 7]]]
    assert of(clear.convert("RGB").convert("P")).shape == (1, 2, 3)
    assert of(Image.new("CMYK", (1, 1), (0, 0, 0, 255))).tolist() == [[[0, 0, 0]]]
    turned = Image.new("RGB", (3, 2))
    turned.getexif()[0x0112] = 6
    assert of(turned).shape == (3, 2, 3)


def test_what_the_program_does_to_its_array_later_changes_nothing(pixels):
    mine = pixels.copy()
    found = one_photo(mine)
    mine[:] = 0
    assert isinstance(found, Picture)
    assert np.array_equal(found.pixels, pixels)


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        (np.zeros((4, 4), np.uint8), r"is an array of uint8, shape \(4, 4\): give RGB of uint8"),
        (np.zeros((4, 4, 3)), r"is an array of float64, shape \(4, 4, 3\)"),
        (np.zeros((3, 4, 4), np.uint8), "is an array"),
        (np.zeros((0, 4, 3), np.uint8), "is an array"),
        (3, "A int is no image"),
        ([3], "The image-1 is a int: give a path"),
        ([], "There is no photo among these"),
    ],
)
def test_what_is_no_photo_is_refused_in_a_sentence(photo, words):
    with pytest.raises(lab.LabError, match=words):
        lab.locate(photo, "embedded")


def test_a_folder_is_several_photos(tmp_path):
    with pytest.raises(lab.LabError, match=r"is a folder: give its photos, such as Path\("):
        lab.locate(tmp_path, "embedded")


def test_several_photos_may_come_from_a_generator(pixels):
    found = many_photos(path for path in (Path("a.jpg"), "b.jpg"))
    assert found == [Path("a.jpg"), Path("b.jpg")]
    (one, two) = many_photos([pixels, pixels])
    assert isinstance(one, Picture)
    assert isinstance(two, Picture)
    assert [str(one.path), str(two.path)] == ["image-1", "image-2"]
