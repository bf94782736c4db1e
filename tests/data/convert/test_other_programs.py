"""Files of other programs: what supervision 0.31.2 wrote of one image, and labelImg's and ultralytics' conventions.

The same two boxes, a dog on the columns 2 to 20 and the rows 3 to 15 (counted from 1) and a cat on the whole image of
30 x 20 pixels, are in all files; `b.jpg` is a negative image.
"""

import shutil
from pathlib import Path

import pytest

from gradcam_lab.data.convert.convert import READERS
from gradcam_lab.data.convert.image_boxes import Source
from tests import folders

OTHERS = Path(__file__).parent / "written_by_others"

LABELIMG = """<annotation verified="yes">
	<folder>images</folder>
	<filename>a.jpg</filename>
	<path>C:\\photos\\a.jpg</path>
	<source>
		<database>Unknown</database>
	</source>
	<size>
		<width>30</width>
		<height>20</height>
		<depth>3</depth>
	</size>
	<segmented>0</segmented>
	<object>
		<name>dog</name>
		<pose>Unspecified</pose>
		<truncated>0</truncated>
		<difficult>0</difficult>
		<bndbox>
			<xmin>2</xmin>
			<ymin>3</ymin>
			<xmax>20</xmax>
			<ymax>15</ymax>
		</bndbox>
	</object>
	<object>
		<name>cat</name>
		<pose>Unspecified</pose>
		<truncated>1</truncated>
		<difficult>1</difficult>
		<bndbox>
			<xmin>1</xmin>
			<ymin>1</ymin>
			<xmax>30</xmax>
			<ymax>20</ymax>
		</bndbox>
	</object>
</annotation>
"""

ULTRALYTICS = """# Train/val/test sets as 1) dir: path/to/imgs, 2) file: path/to/imgs.txt, or 3) list
path: ../datasets/pets # dataset root dir
train: images/train # train images (relative to 'path')
val: images/train # val images (relative to 'path')
test: # test images (optional)

# Classes
names:
  0: cat
  1: dog
"""

YOLO = "1 0.350000 0.425000 0.633333 0.650000\n0 0.5 0.5 1 1\n"


def read(path, kind):
    files = READERS[kind](Source(path))
    split = next(iter(files.splits.values()))
    return {
        image.file: [(files.names[i], box) for i, box in zip(image.classes, image.boxes.tolist(), strict=True)]
        for image in split.read()
    }


@pytest.fixture
def data(tmp_path):
    for name in ("a", "b"):
        folders.draw(tmp_path / f"pets/images/train/{name}.jpg")
        folders.draw(tmp_path / f"pets/images/{name}.jpg")
    return tmp_path / "pets"


def check(found, *, negative=True):
    assert list(found) == (["a.jpg", "b.jpg"] if negative else ["a.jpg"])
    (dog, dog_box), (cat, cat_box) = found["a.jpg"]
    assert (dog, cat) == ("dog", "cat")
    assert dog_box == pytest.approx([2, 3, 20, 15], abs=1e-3)
    assert cat_box == pytest.approx([1, 1, 30, 20])
    assert not negative or found["b.jpg"] == []


def test_supervision_coco(data):
    check(read(OTHERS / "supervision-coco.json", "coco"))


def test_supervision_voc(data):
    shutil.copy(OTHERS / "supervision-a.xml", data / "images/a.xml")
    check(read(data / "images", "voc"), negative=False)


def test_supervision_yolo(data):
    folders.write(data / "labels/b.txt", "\n")
    shutil.copy(OTHERS / "supervision-a.txt", data / "labels/a.txt")
    shutil.copy(OTHERS / "supervision-data.yaml", data / "data.yaml")
    shutil.rmtree(data / "images/train")
    check(read(data, "yolo"))


def test_labelimg_voc(data):
    folders.write(data / "images/a.xml", LABELIMG)
    check(read(data / "images", "voc"), negative=False)


def test_labelimg_yolo(data):
    folders.write(data / "images/a.txt", YOLO)
    folders.write(data / "images/classes.txt", "cat\ndog\n")
    shutil.rmtree(data / "images/train")
    check(read(data / "images", "yolo"), negative=False)


def test_ultralytics(data):
    folders.write(data / "data.yaml", ULTRALYTICS)
    folders.write(data / "labels/train/a.txt", YOLO)
    check(read(data, "yolo"))


def test_ultralytics_list_of_images(data):
    folders.write(data / "data.yaml", ULTRALYTICS.replace("train: images/train", "train: train.txt"))
    folders.write(data / "train.txt", "./images/train/a.jpg\nimages/train/b.jpg\n")
    folders.write(data / "labels/train/a.txt", YOLO)
    found = read(data, "yolo")
    check({Path(file).name: boxes for file, boxes in found.items()})
