"""Images and VOC's XML in any folders."""

import pytest
from PIL import Image

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.errors import LabError
from tests import data_writers, folders
from tests.data_writers import CAT, DOG, opened

FOUND = {"k2": [DOG], "k10": [DOG, CAT], "k1": []}
HALF = Reading(val_size=1)


def everything(data):
    splits = [data.read(name) for name in ("train", "val", "test")]
    return {s.id: list(s.objects) for split in splits for s in split.samples}


@pytest.mark.parametrize(("images", "annotations"), [("images", "annots"), ("", ""), ("", "xml"), ("JPEGImages", "")])
def test_are_found_by_themselves(tmp_path, images, annotations):
    data_writers.write_xml(tmp_path / images, tmp_path / annotations, FOUND)
    data = opened(tmp_path, HALF)
    assert (data.root, data.boxes) == (tmp_path, "voc")
    assert everything(data) == FOUND
    val = data.read("val")
    assert val.notes[0].startswith(f"'{tmp_path}' is not split: the 3 images become 1 of train, 1 of val and 1 of test")
    assert len(data.sha256(val)) == 64


def test_two_folders_that_are_named(tmp_path):
    data_writers.write_xml(tmp_path / "a" / "photos", tmp_path / "b", FOUND)
    reading = Reading(tmp_path / "b", val_size=1)
    data = opened(tmp_path / "a" / "photos", reading)
    assert everything(data) == FOUND


def test_boxes_from_0(tmp_path):
    data_writers.write_xml(tmp_path / "images", tmp_path / "xml", FOUND, "zero-based")
    data = opened(tmp_path, Reading(boxes="zero-based", val_size=1))
    assert (everything(data), data.boxes) == (FOUND, "zero-based")
    plain = opened(tmp_path, HALF)
    assert everything(plain)["k2"][0].box == (1, 2, 19, 14)
    of_zero, of_plain = ({one.sha256(one.read(name)) for name in ("train", "val", "test")} for one in (data, plain))
    assert len(of_zero & of_plain) == 1  # that of the image without objects


def test_folders_of_splits(tmp_path):
    for split, name in (("train", "k2"), ("valid", "k10"), ("test", "k1")):
        data_writers.write_xml(tmp_path / split, tmp_path / split, {name: FOUND[name]})
    data = opened(tmp_path)
    assert {name: [s.id for s in data.read(name).samples] for name in ("train", "val", "test")} == {
        "train": ["k2"],
        "val": ["k10"],
        "test": ["k1"],
    }
    assert data.read("val").notes == ()


def test_folders_below_and_other_endings(tmp_path):
    data_writers.write_xml(tmp_path / "i" / "cam1", tmp_path / "a" / "cam1", {"x": [DOG], "y": []})
    data_writers.write_xml(tmp_path / "i" / "cam2", tmp_path / "a" / "cam2", {"x": [CAT]})
    (tmp_path / "i" / "cam2" / "x.jpg").unlink()
    Image.new("RGB", folders.SIZE).save(tmp_path / "i" / "cam2" / "x.PNG")
    data = opened(tmp_path / "i", Reading(tmp_path / "a", val_size=1))
    assert everything(data) == {"cam1/x": [DOG], "cam1/y": [], "cam2/x": [CAT]}


def test_images_without_xml_are_left_out_and_counted(tmp_path):
    data_writers.write_xml(tmp_path / "images", tmp_path / "xml", FOUND)
    folders.draw(tmp_path / "images" / "new.jpg")
    data = opened(tmp_path, HALF)
    assert everything(data) == FOUND
    assert f"1 image of '{tmp_path}' without an XML of the same name: left out." in data.read("val").notes


class TestBad:
    def test_xml_without_its_image(self, tmp_path):
        data_writers.write_xml(tmp_path / "images", tmp_path / "xml", FOUND)
        (tmp_path / "images" / "k1.jpg").unlink()
        data = opened(tmp_path, HALF)
        with pytest.raises(LabError, match=r"k1\.jpg' is missing: mend it, or go on without it by --skip-bad"):
            everything(data)

    def test_several_folders_of_images(self, tmp_path):
        data_writers.write_xml(tmp_path / "one", tmp_path / "xml", FOUND)
        data_writers.write_xml(tmp_path / "two", tmp_path / "xml", FOUND)
        with pytest.raises(LabError, match=r"has several folders of images .*: say which by --images and"):
            opened(tmp_path)

    def test_several_folders_of_xml(self, tmp_path):
        for name in ("one", "two"):
            data_writers.write_xml(tmp_path / "images", tmp_path / name, FOUND)
        with pytest.raises(LabError, match=r"has several folders of XML .*: say which by"):
            opened(tmp_path)

    def test_no_images(self, tmp_path):
        folders.write(tmp_path / "xml" / "a.xml", data_writers.xml([DOG]))
        with pytest.raises(LabError, match="has XML and no images: say which by"):
            opened(tmp_path)

    def test_folders_that_are_not_there_or_empty(self, tmp_path):
        folders.draw(tmp_path / "i" / "a.jpg")
        with pytest.raises(LabError, match=r"There is no '.*nowhere': check the names given to --images and"):
            opened(tmp_path / "i", Reading(tmp_path / "nowhere"))
        (tmp_path / "a").mkdir()
        data = opened(tmp_path / "i", Reading(tmp_path / "a"))
        with pytest.raises(LabError, match=r"There is no XML in '.*a': give the folder of the annotations"):
            data.read("val")

    def test_boxes_that_xml_cannot_have(self, tmp_path):
        data_writers.write_xml(tmp_path, tmp_path, FOUND)
        with pytest.raises(LabError, match="never --boxes relative"):
            opened(tmp_path, Reading(boxes="relative")).read("val")
