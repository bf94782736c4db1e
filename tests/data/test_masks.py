"""Ground-truth masks: what is read, what is refused, and their hash."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data import masks
from gradcam_lab.data.layouts import imagenette, pets
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from tests import folders


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "SegmentationClass").mkdir()
    mask = tmp_path / "SegmentationClass" / "a.png"
    sample = Sample("a", tmp_path / "JPEGImages" / "a.jpg", (4, 3), (Object("dog", (1, 1, 2, 2)),), mask=mask)
    folders.mask(mask, np.zeros((3, 4)))
    return sample


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (Image.new("P", (3, 4)), "has 3 x 4 pixels and its image 4 x 3"),
        (Image.new("1", (4, 3)), "is a picture of mode 1 and not one of class indices"),
        (Image.new("RGB", (4, 3)), "is a picture of mode RGB and not one of class indices"),
        (Image.new("L", (4, 3), 21), "has a pixel of 21, which is no class of VOC"),
    ],
)
def test_what_is_no_mask_of_this_image_is_named(sample, picture, message):
    picture.save(sample.mask)
    with pytest.raises(LabError, match=rf"a\.png' .*{message}.*remove it to go on"):
        masks.read_mask(sample)


def test_masks_are_those_of_the_layout_only(tmp_path):
    """A folder of that name two levels above an image of any other layout means nothing."""
    folders.imagenette(tmp_path, {"train": {"x": 1, "y": 1}})
    (tmp_path / "train" / "SegmentationClass").mkdir()
    (tmp_path / "SegmentationClass").mkdir()
    folders.pets(tmp_path)
    for name in ("x_0", "Abyssinian_0"):
        for folder in ("train/SegmentationClass", "SegmentationClass"):
            folders.mask(tmp_path / folder / f"{name}.png", np.zeros((20, 30)))
    shutil.rmtree(tmp_path / "train" / "SegmentationClass")
    assert not masks.with_masks(pets.read_split(tmp_path, "test").samples)
    (tmp_path / "train" / "x" / "SegmentationClass").mkdir()
    assert not masks.with_masks(imagenette.read_folder(tmp_path, "train").samples)


def test_an_orientation_behind_another_size_is_named(sample):
    exif = Image.Exif()
    exif[0x0112] = 6
    sample.path.parent.mkdir()
    Image.new("RGB", (3, 4)).save(sample.path, exif=exif)
    Image.new("P", (3, 4)).save(sample.mask)
    with pytest.raises(LabError, match=r"has 3 x 4 pixels and its image 4 x 3 by its EXIF orientation \("):
        masks.read_mask(sample)


def test_what_is_no_picture_is_named_also_where_pillow_takes_half_pictures(sample, monkeypatch):
    path = sample.mask
    noise = np.random.default_rng(0).integers(0, 21, (3, 4))
    folders.mask(path, noise)
    path.write_bytes(path.read_bytes()[:-24])
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
    with pytest.raises(LabError, match="Cannot read the mask"):
        masks.read_mask(sample)
    path.write_bytes(b"no picture")
    with pytest.raises(LabError, match="Cannot read the mask"):
        masks.read_mask(sample)


def test_the_hash_is_of_the_masks_names_and_contents(sample, tmp_path):
    before = masks.masks_hash([sample])
    other = Sample("b", tmp_path / "JPEGImages" / "b.jpg", (4, 3))
    assert masks.masks_hash([sample, other]) == before  # it has none
    other = replace(other, mask=tmp_path / "SegmentationClass" / "b.png")
    folders.mask(tmp_path / "SegmentationClass" / "b.png", np.zeros((3, 4)))
    assert masks.masks_hash([sample, other]) != before
    assert masks.masks_hash([other]) != before  # the same content, another name
    folders.mask(sample.mask, np.ones((3, 4)))
    assert masks.masks_hash([sample]) != before
