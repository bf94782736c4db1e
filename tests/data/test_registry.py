"""Data sets by name and folders by layout, opened and read."""

import pytest

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.registry import BoxData, LabelData, open_data
from gradcam_lab.errors import LabError
from tests import folders


def test_voc(mirror):
    data = open_data("voc2007")
    assert isinstance(data, BoxData)
    assert open_data("voc2007").root == data.root
    test = data.read("test", known=["dog"], limit=1)
    assert [s.id for s in test.samples] == ["000003"]
    assert test.samples[0].boxes("dog") == [(2, 3, 20, 15)]
    assert len(data.sha256(test)) == 64


def test_the_images_that_have_masks(mirror, tmp_path):
    root = tmp_path / "mine"
    folders.voc(root, ("train", "val", "test"))
    folders.write(root / "ImageSets" / "Segmentation" / "test.txt", "000004\n")
    some, every = (open_data(name, root) for name in ("voc2007-segmentation", "voc2007"))
    assert isinstance(some, BoxData)
    assert isinstance(every, BoxData)
    assert [s.id for s in some.read("test").samples] == ["000004"]
    assert [s.id for s in every.read("test").samples] == ["000003", "000004"]


def test_imagenette(mirror):
    data = open_data("imagenette")
    assert isinstance(data, LabelData)
    train = data.read("train")
    assert train.classes == ("tench", "English springer")
    assert train.labels == (0, 0, 0, 1, 1)
    assert len(data.sha256(train)) == 64


def test_pets(mirror):
    data = open_data("pets")
    assert isinstance(data, BoxData)
    test = data.read("test")
    assert [o.name for s in test.samples for o in s.objects] == ["cat", "dog"]
    assert len(data.sha256(test)) == 64


def test_a_folder_for_each_class(tmp_path):
    folders.imagenette(tmp_path, {"flowers": {"rose": 6, "tulip": 4}})
    data = open_data(str(tmp_path / "flowers"), reading=Reading(val_size=0.5, split_seed=3))
    assert isinstance(data, LabelData)
    train, val = data.read("train"), data.read("val")
    assert (train.labels, val.labels) == ((0, 0, 0, 1, 1), (0, 0, 0, 1, 1))
    assert data.read("val", val_size=0.5, seed=3).samples == val.samples
    assert data.read("val", val_size=0.5, seed=1).samples != val.samples


@pytest.mark.parametrize("make", [folders.pets, lambda root: folders.imagenette(root, {"train": {"x": 1}})])
def test_boxes_cannot_be_declared_where_files_state_none(tmp_path, make):
    make(tmp_path)
    with pytest.raises(LabError, match=r"--boxes voc says nothing of .*because it"):
        open_data(str(tmp_path), reading=Reading(boxes="voc"))


def test_folders_are_told_by_their_layout(tmp_path):
    folders.voc(tmp_path / "a" / "VOC2007", ("val",))
    folders.imagenette(tmp_path / "b", {"train": {"x": 1}})
    folders.pets(tmp_path / "c")
    voc, labelled, pets = (open_data(str(tmp_path / name)) for name in "abc")
    assert [type(data) for data in (voc, labelled, pets)] == [BoxData, LabelData, BoxData]
    assert voc.root == tmp_path / "a" / "VOC2007"
    assert isinstance(pets, BoxData)
    assert len(pets.read("test").samples) == 2


def test_a_folder_of_voc_stays_one_whatever_else_is_in_it(tmp_path):
    folders.voc(tmp_path, ("val",))
    folders.imagenette(tmp_path, {"train": {"x": 1}})
    assert isinstance(open_data(str(tmp_path)), BoxData)


def test_a_folder_in_no_layout(tmp_path):
    with pytest.raises(
        LabError, match="is in no layout that is known: give a folder with JPEGImages, Annotations, Imag"
    ):
        open_data(str(tmp_path))
    with pytest.raises(LabError, match="There is no data folder"):
        open_data(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("folders_there", "message"),
    [
        (("JPEGImages", "Annotations"), "is not in the VOC layout, it lacks ImageSets/Main"),
        (("JPEGImages", "images"), "is not in the VOC layout, it lacks Annotations, ImageSets/Main"),
        (
            ("images", "annotations/trimaps"),
            "layout of Oxford-IIIT Pet, it lacks annotations/trainval.txt, annotations/",
        ),
        (
            ("oxford-iiit-pet/images",),
            "oxford-iiit-pet' is not in the layout of Oxford-IIIT Pet, it lacks annotations/tri",
        ),
        (("val",), "is not in Imagenette's layout: it should hold 'train'"),
    ],
)
def test_a_folder_that_is_nearly_in_a_layout_hears_of_that_one(tmp_path, folders_there, message):
    for name in folders_there:
        folders.draw(tmp_path / name / "a.jpg")
    with pytest.raises(LabError, match=message):
        open_data(str(tmp_path))


def test_several_data_sets_are_named_in_every_layout(tmp_path):
    for name in ("imagenette2", "imagenette2-160"):
        folders.imagenette(tmp_path / name, {"train": {"x": 1}})
    with pytest.raises(LabError, match="holds several data sets"):
        open_data(str(tmp_path))


def test_toyvoc_of_the_users(tmp_path, cache):
    folders.voc(tmp_path / "toy", ("val",))
    assert open_data("toyvoc", tmp_path / "toy").root == tmp_path / "toy"
    assert not cache.exists()


def test_a_folder_needs_no_second_one(tmp_path):
    with pytest.raises(LabError, match="--data-root goes with a name only"):
        open_data(str(tmp_path), tmp_path)
