"""Ground-truth masks: what is read, what is refused, and their hash."""

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data import masks
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from tests import folders


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "SegmentationClass").mkdir()
    sample = Sample("a", tmp_path / "JPEGImages" / "a.jpg", (4, 3), (Object("dog", (1, 1, 2, 2)),))
    folders.mask(masks.mask_path(sample), np.zeros((3, 4)))
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
    picture.save(masks.mask_path(sample))
    with pytest.raises(LabError, match=rf"a\.png' .*{message}.*remove it to go on"):
        masks.read_mask(sample)


def test_what_is_no_picture_is_named_also_where_pillow_takes_half_pictures(sample, monkeypatch):
    path = masks.mask_path(sample)
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
    folders.mask(masks.mask_path(other), np.zeros((3, 4)))
    assert masks.masks_hash([sample, other]) != before
    assert masks.masks_hash([other]) != before  # the same content, another name
    folders.mask(masks.mask_path(sample), np.ones((3, 4)))
    assert masks.masks_hash([sample]) != before
