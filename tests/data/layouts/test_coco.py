"""Data sets in COCO's format."""

import json
from contextlib import suppress

import pytest

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.repair import EMPTY, OVER_THE_EDGE, SIZE_MISSING, SIZE_WRONG
from gradcam_lab.errors import LabError
from tests import data_writers, folders
from tests.data_writers import CAT, DOG, opened

FOUND = {"a": [DOG], "b": [DOG, CAT], "c": []}
ONE = Reading(val_size=1)


def everything(data, **more):
    splits = [data.read(name, **more) for name in ("train", "val", "test")]
    return {s.id: list(s.objects) for split in splits for s in split.samples}


def written(tmp_path, change=lambda tables: None, **more):
    """A folder with three images and instances.json, changed."""
    for number, name in enumerate(FOUND):
        folders.draw(tmp_path / "images" / f"{name}.jpg", number)
    tables = data_writers.coco(FOUND)
    change(tables)
    folders.write(tmp_path / "instances.json", json.dumps(tables))
    return opened(tmp_path, ONE)


@pytest.mark.parametrize(
    ("path", "images"),
    [
        ("annotations/instances_val2017.json", "val2017"),
        ("annotations/instances_val2017.json", "images/val2017"),
        ("instances.json", "images"),
        ("mine.json", ""),
        ("photos/_annotations.coco.json", "photos"),
    ],
)
def test_one_json_is_found_and_split(tmp_path, path, images):
    data_writers.write_coco(tmp_path / path, tmp_path / images, FOUND)
    for data in (opened(tmp_path, ONE), opened(tmp_path / path, ONE)):
        assert everything(data) == FOUND
        assert data.boxes == "coco"
        assert "is not split: the 3 images become 1 of train, 1 of val and 1 of test" in data.read("val").notes[0]


def test_splits_by_the_names_of_the_files(tmp_path):
    for split, name in (("train2017", "a"), ("val2017", "b"), ("test2017", "c")):
        path = tmp_path / "annotations" / f"instances_{split}.json"
        data_writers.write_coco(path, tmp_path / split, {name: FOUND[name]})
    folders.write(tmp_path / "annotations" / "captions_val2017.json", "{}")
    data = opened(tmp_path)
    assert [[s.id for s in data.read(name).samples] for name in ("train", "val", "test")] == [["a"], ["b"], ["c"]]
    assert data.read("val").notes == ()
    assert len(data.sha256(data.read("val"))) == 64


def test_roboflows_folders(tmp_path):
    for split, name in (("train", "a"), ("valid", "b"), ("test", "c")):
        data_writers.write_coco(tmp_path / split / "_annotations.coco.json", tmp_path / split, {name: FOUND[name]})
    data = opened(tmp_path)
    assert [[s.id for s in data.read(name).samples] for name in ("train", "val", "test")] == [["a"], ["b"], ["c"]]


def test_a_crowd_is_difficult_and_images_of_one_name_keep_their_folders(tmp_path):
    tables = data_writers.coco({"x/a": [CAT], "y/a": [], "y/b": [DOG]})
    folders.write(tmp_path / "all.json", json.dumps(tables))
    for image in tables["images"]:
        folders.draw(tmp_path / image["file_name"])
    assert everything(opened(tmp_path, ONE)) == {"x/a": [CAT], "y/a": [], "y/b": [DOG]}


@pytest.mark.parametrize(
    ("change", "what", "boxes"),
    [
        (lambda t: t["images"][0].pop("width"), SIZE_MISSING, [DOG.box]),
        (lambda t: t["images"][0].update(width=31), SIZE_WRONG, [DOG.box]),
        (lambda t: t["annotations"][0].update(bbox=[1, 2, 30, 13]), OVER_THE_EDGE, [(2, 3, 30, 15)]),
        (lambda t: t["annotations"][0].update(bbox=[1, 2, 0, 13]), EMPTY, []),
    ],
)
def test_what_is_repaired_is_counted(tmp_path, change, what, boxes):
    data = written(tmp_path, change)
    assert everything(data)["a"] == [type(DOG)("dog", box) for box in boxes]
    repairs = [data.read(name).repairs for name in ("train", "val", "test")]
    assert sorted(map(dict, repairs), key=len) == [{}, {}, {what: 1}]


def drop_box(tables):
    tables["annotations"][0].update(bbox=[], segmentation=[[1, 1, 9, 1, 9, 9]])


BAD_IMAGES = {
    "polygon": (drop_box, r"annotation 1 with a polygon \(segmentation\) and no bbox \(add the box around it\)"),
    "no box": (
        lambda t: t["annotations"][0].pop("bbox"),
        "annotation 1 whose bbox is None and not four",
    ),
    "three numbers": (lambda t: t["annotations"][0].update(bbox=[1, 2, 3]), r"whose bbox is \[1, 2, 3\] and not four"),
    "words": (lambda t: t["annotations"][0].update(bbox=[1, 2, 3, "4"]), "and not four finite numbers"),
    "not finite": (lambda t: t["annotations"][0].update(bbox=[1, 2, 3, 1e999]), "and not four finite numbers"),
    "a negative side": (lambda t: t["annotations"][0].update(bbox=[9, 9, -3, 4]), "has a negative side"),
    "outside": (
        lambda t: t["annotations"][0].update(bbox=[20, 2, 13, 3]),
        "leaves its image of 30 x 20 pixels, as x",
    ),
    "a class beyond the names": (lambda t: t["annotations"][0].update(category_id=99), "category_id is 99, which none"),
    "resized": (lambda t: t["images"][0].update(width=60, height=40), "image is 60 x 40 pixels, but it is 30 x 20"),
    "missing image": (lambda t: t["images"][0].update(file_name="gone.jpg"), r"gone\.jpg' is missing"),
    "climbs out": (
        lambda t: t["images"][0].update(file_name="../a.jpg"),
        r"names the image '\.\./a\.jpg', which is",
    ),
    "absolute": (
        lambda t: t["images"][0].update(file_name="/etc/a.jpg"),
        r"'/etc/a\.jpg', which is outside",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES.keys())
def test_bad_images(tmp_path, change, message):
    data = written(tmp_path, change)
    with pytest.raises(LabError, match=message) as error:
        everything(data)
    assert "\n" not in str(error.value)
    left = set()
    for name in ("train", "val", "test"):  # the one with the bad image alone is empty now
        with suppress(LabError):
            left |= {sample.id for sample in data.read(name, skip_bad=True).samples}
    assert left == {"b", "c"}


def twice(table):
    return lambda tables: tables[table].append({**tables[table][0], "file_name": "z.jpg"})


BAD_FILES = {
    "images twice": (twice("images"), "has two images with the id 10: give each its own"),
    "annotations twice": (twice("annotations"), "has two annotations with the id 1: give each"),
    "categories twice": (twice("categories"), "has two categories with the id 1: give each"),
    "no categories": (lambda t: t.pop("categories"), "has no list 'categories' of objects"),
    "no image of the id": (lambda t: t["annotations"][0].update(image_id=5), "of the image 5, but no image of this id"),
    "no id": (lambda t: t["images"][0].pop("id"), "has an image whose 'id' is 'None', which should be a whole number"),
    "no name": (lambda t: t["images"][0].pop("file_name"), "has an image 10 without a 'file_name'"),
    "no image": (lambda t: t.update(images=[], annotations=[]), "lists no image"),
    "images nowhere": (
        lambda t: [image.update(file_name=f"gone{image['id']}.jpg") for image in t["images"]],
        r"lists 'gone10.jpg' and others, but they are not in .*: give --images FOLDER and --annotations FILE\.json",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_bad_files(tmp_path, change, message):
    data = written(tmp_path, change)
    with pytest.raises(LabError, match=message) as error:
        data.read("val", skip_bad=True)
    assert "\n" not in str(error.value)


def test_two_files_of_one_split(tmp_path):
    for name in ("instances_one.json", "instances_two.json"):
        data_writers.write_coco(tmp_path / name, tmp_path / "images", FOUND)
    with pytest.raises(LabError, match="are both of no split by their names: give one of them as --data"):
        opened(tmp_path).read("val")


def test_no_such_json(tmp_path):
    folders.draw(tmp_path / "a.jpg")
    with pytest.raises(LabError, match=r"There is no '.*gone\.json': check"):
        opened(tmp_path, Reading(tmp_path / "gone.json"))
