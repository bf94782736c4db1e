"""True masks, read as VOC writes them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.data import BoxData, open_data
from gradcam_lab.data.masks import LABELS, mask_path, masks_hash, read_mask, with_masks
from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.errors import LabError
from tests import folders
from tests.voc_masks import write_mask

DOG = LABELS.index("dog")


def read(devkit: Path, name: str, split: str) -> tuple[Sample, ...]:
    data = open_data(name, devkit)
    assert isinstance(data, BoxData)
    return data.read(split).samples


class TestVocOf2007:
    """The devkit's own layout, by hand: images of 30 x 20, a dog in a border of void."""

    @pytest.fixture
    def devkit(self, tmp_path):
        root = tmp_path / "VOCdevkit" / "VOC2007"
        folders.voc(root, ("train", "val", "test"))
        indices = np.zeros((20, 30), np.uint8)
        indices[5:15, 8:24], indices[6:14, 9:23] = 255, DOG
        write_mask(root / "SegmentationClass" / "000003.png", indices)
        folders.write(root / "ImageSets" / "Segmentation" / "test.txt", "000003\n")
        return tmp_path

    def test_its_masks_are_found_and_read(self, devkit):
        (sample,) = read(devkit, "voc2007-segmentation", "test")
        assert sample.id == "000003"
        mask = read_mask(sample)
        assert np.unique(mask).tolist() == [0, DOG, 255]
        assert ((mask == DOG).sum(), (mask == 255).sum()) == (8 * 14, 10 * 16 - 8 * 14)

    def test_in_the_split_of_all_images_those_without_a_mask_are_left_out(self, devkit):
        root = devkit / "VOCdevkit" / "VOC2007"
        (root / "SegmentationClass" / "000004.png").unlink()
        samples = read(devkit, "voc2007", "test")
        assert len(samples) == 2
        assert [sample.id for sample in with_masks(samples)] == ["000003"]


class TestMasks:
    @pytest.fixture
    def sample(self, tmp_path):
        (tmp_path / "SegmentationClass").mkdir()
        sample = Sample("a", tmp_path / "JPEGImages" / "a.jpg", (4, 3), (Object("dog", (1, 1, 2, 2)),))
        write_mask(mask_path(sample), np.zeros((3, 4)))
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
    def test_what_is_no_mask_of_this_image_is_named(self, sample, picture, message):
        picture.save(mask_path(sample))
        with pytest.raises(LabError, match=rf"a\.png' .*{message}.*remove it to go on"):
            read_mask(sample)

    def test_what_is_no_picture_is_named_also_where_pillow_takes_half_pictures(self, sample, monkeypatch):
        path = mask_path(sample)
        noise = np.random.default_rng(0).integers(0, 21, (3, 4))
        write_mask(path, noise)
        path.write_bytes(path.read_bytes()[:-24])
        monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it
        with pytest.raises(LabError, match="Cannot read the mask"):
            read_mask(sample)
        path.write_bytes(b"no picture")
        with pytest.raises(LabError, match="Cannot read the mask"):
            read_mask(sample)

    def test_the_hash_is_of_the_masks_names_and_contents(self, sample, tmp_path):
        before = masks_hash([sample])
        other = Sample("b", tmp_path / "JPEGImages" / "b.jpg", (4, 3))
        assert masks_hash([sample, other]) == before  # it has none
        write_mask(mask_path(other), np.zeros((3, 4)))
        assert masks_hash([sample, other]) != before
        assert masks_hash([other]) != before  # the same content, another name
        write_mask(mask_path(sample), np.ones((3, 4)))
        assert masks_hash([sample]) != before
