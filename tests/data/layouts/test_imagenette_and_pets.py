"""The readers of Imagenette's and Oxford-IIIT Pet's folders: what they yield, and that everything bad is named."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageFile

from gradcam_lab.data.layouts import imagenette, pets
from gradcam_lab.data.layouts.holdout import held_out
from gradcam_lab.data.layouts.imagenette import labels_hash, read_folder
from gradcam_lab.data.layouts.pets import pets_hash
from gradcam_lab.errors import LabError
from tests import folders

COUNTS = {"train": {"n02102040": 4, "n01440764": 6, "my own": 3}, "val": {"n01440764": 2, "my own": 1}}


@pytest.fixture
def root(tmp_path):
    folders.imagenette(tmp_path / "Käse 2", COUNTS)
    return tmp_path / "Käse 2"


class TestImagenette:
    def test_classes_are_the_sorted_folders_under_their_english_names(self, root):
        train = read_folder(root, "train")
        assert train.classes == ("my own", "tench", "English springer")
        assert train.labels == (0,) * 3 + (1,) * 6 + (2,) * 4
        assert (train.name, train.root, train.skipped) == ("train", root, ())

    def test_samples(self, root):
        sample = read_folder(root, "train").samples[0]
        assert sample.id == "my own/my own_0"
        assert sample.path == root / "train" / "my own" / "my own_0.JPEG"
        assert sample.size == (30, 20)
        assert sample.image.shape == (20, 30, 3)
        assert sample.objects == ()

    def test_ids_are_unique_and_in_order(self, root):
        ids = [s.id for s in read_folder(root, "train").samples]
        assert ids == sorted(set(ids))

    def test_val_has_the_labels_of_train_also_where_a_class_has_no_image(self, root):
        val = read_folder(root, "val")
        assert val.classes == read_folder(root, "train").classes
        assert val.labels == (0, 1, 1)

    def test_a_folder_val_is_taken_as_it_is(self, root):
        assert read_folder(root, "val", val_size=0.5) == read_folder(root, "val")
        assert read_folder(root, "train", val_size=0.5) == read_folder(root, "train")

    def test_other_numbers_and_other_files_stay_as_they_are(self, root):
        folders.draw(root / "train" / "n99999999" / "a.PNG")
        for name in (".DS_Store", "._a.jpg", "labels.csv"):
            folders.write(root / "train" / "n99999999" / name, "no image")
        (root / "train" / ".ipynb_checkpoints").mkdir()
        folders.write(root / "train" / "noise.csv", "no image")
        train = read_folder(root, "train")
        assert train.classes[-1] == "n99999999"
        assert train.samples[-1].id == "n99999999/a"
        assert len(train.samples) == 14

    @pytest.mark.parametrize("name", ["imagenette2", "imagenette2-160"])
    def test_found_inside(self, root, tmp_path, name):
        root.rename(tmp_path / name)
        assert read_folder(tmp_path, "val").root == tmp_path / name

    def test_two_inside(self, root, tmp_path):
        for name in ("imagenette2", "imagenette2-160"):
            shutil.copytree(root, tmp_path / name)
        with pytest.raises(LabError, match=r"several data sets \('.*imagenette2', '.*imagenette2-160'\)"):
            read_folder(tmp_path, "val")


class TestSplitOff:
    @pytest.fixture
    def root(self, root):
        shutil.rmtree(root / "val")
        folders.imagenette(root, {"train": {"my own": 10}})
        return root

    def test_train_and_val_share_all_images_and_each_class(self, root):
        train, val = (read_folder(root, name, val_size=0.3, seed=1) for name in ("train", "val"))
        both = [s.id for s in train.samples + val.samples]
        assert sorted(both) == [s.id for s in read_folder(root, "train").samples]
        assert all(ids == sorted(ids) for ids in ([s.id for s in split.samples] for split in (train, val)))
        assert [val.labels.count(label) for label in range(3)] == [3, 2, 1]
        assert val.classes == train.classes

    def test_the_seed_decides(self, root):
        first, again, other = (read_folder(root, "val", val_size=0.3, seed=seed).samples for seed in (1, 1, 2))
        assert first == again
        assert first != other

    def test_a_bad_image_does_not_move_the_others(self, root):
        val = read_folder(root, "val", val_size=0.3)
        val.samples[0].path.write_bytes(b"")
        assert read_folder(root, "val", val_size=0.3, skip_bad=True).samples == val.samples[1:]

    def test_the_share_must_be_said(self, root):
        with pytest.raises(LabError, match="no folder 'val': say with val_size"):
            read_folder(root, "val")

    @pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 20, float("nan")])
    def test_a_share_that_is_none(self, root, share):
        with pytest.raises(LabError, match="val_size must lie between 0 and 1"):
            read_folder(root, "val", val_size=share)

    def test_a_group_of_one_stays_and_a_group_of_two_is_shared(self):
        held = held_out(["a", "b", "b", "c", "c", "c", "c"], 0.9, 0)
        assert held[0] is False
        assert [sum(held[1:3]), sum(held[3:])] == [1, 3]
        assert sum(held_out(["b", "b"], 0.1, 0)) == 1


class TestBadImagenette:
    @pytest.mark.parametrize(
        ("spoil", "message"),
        [
            (lambda path: path.write_bytes(b""), "is broken"),
            (lambda path: path.write_bytes(path.read_bytes()[:-20]), "is broken, truncated"),
            (lambda path: shutil.copy(path, path.with_suffix(".jpg")), "has the same name as another image"),
        ],
    )
    def test_is_named_or_skipped(self, root, spoil, message):
        whole = read_folder(root, "train")
        spoil(whole.samples[4].path)
        with pytest.raises(LabError, match=rf"n01440764_1\.\w+' {message}.*--skip-bad") as error:
            read_folder(root, "train")
        assert "\n" not in str(error.value)
        train = read_folder(root, "train", skip_bad=True)
        assert len(train.skipped) == 1
        assert len(train.samples) == len(train.labels) == (13 if "same name" in message else 12)
        assert train.labels.count(2) == 4

    def test_nothing_left(self, root):
        for path in root.rglob("val/*/*"):
            path.write_bytes(b"")
        with pytest.raises(LabError, match="Nothing is left of the split 'val'"):
            read_folder(root, "val", skip_bad=True)

    def test_an_empty_class(self, root):
        (root / "train" / "empty").mkdir()
        with pytest.raises(LabError, match=r"empty' has no images"):
            read_folder(root, "train")

    def test_a_class_of_val_alone(self, root):
        (root / "val" / "new").mkdir()
        with pytest.raises(LabError, match=r"new' is a class that 'train' does not have"):
            read_folder(root, "val")

    def test_no_classes(self, root):
        shutil.rmtree(root / "train")
        (root / "train").mkdir()
        with pytest.raises(LabError, match=r"train' has no folders"):
            read_folder(root, "train")

    def test_another_layout(self, tmp_path):
        with pytest.raises(LabError, match="is not in Imagenette's layout"):
            read_folder(tmp_path, "train")
        with pytest.raises(LabError, match="no data folder"):
            imagenette.find_root(tmp_path / "nowhere")


class TestLabelsHash:
    def test_is_the_same_elsewhere(self, root, tmp_path):
        shutil.copytree(root, tmp_path / "copy")
        assert labels_hash(read_folder(root, "val")) == labels_hash(read_folder(tmp_path / "copy", "val"))

    @pytest.mark.parametrize("change", ["image", "class", "fewer"])
    def test_changes_with_the_data(self, root, change):
        before = labels_hash(read_folder(root, "val"))
        path = root / "val" / "my own" / "my own_0.JPEG"
        if change == "image":
            folders.draw(path, 99)
        elif change == "class":
            for split in ("train", "val"):
                (root / split / "my own").rename(root / split / "my other")
        else:
            path.unlink()
        assert labels_hash(read_folder(root, "val")) != before

    def test_a_file_that_vanished_is_named(self, root):
        val = read_folder(root, "val")
        val.samples[0].path.unlink()
        with pytest.raises(LabError, match=r"Cannot read '.*my own_0\.JPEG'"):
            labels_hash(val)


# ------------------------------------------------------------------------------------------------- pets


@pytest.fixture
def home(tmp_path):
    folders.pets(tmp_path / "oxford-iiit-pet")
    return tmp_path / "oxford-iiit-pet"


class TestPets:
    def test_one_animal_a_photo_with_the_box_around_animal_and_border(self, home):
        test = pets.read_split(home, "test")
        assert [s.id for s in test.samples] == ["Abyssinian_0", "english_setter_0"]
        assert [o.name for s in test.samples for o in s.objects] == ["cat", "dog"]
        assert test.samples[1].boxes("dog") == [(9, 6, 20, 12)]  # columns 8..19 and rows 5..11, counted from 1
        assert test.samples[0].size == (30, 20)

    def test_val_is_a_fifth_of_each_breed_and_train_the_rest(self, home):
        train, val, both = (pets.read_split(home, name).samples for name in ("train", "val", "trainval"))
        assert [s.objects[0].name for s in val] == ["cat", "dog"]
        assert len(train) == 8
        assert sorted(s.id for s in train + val) == sorted(s.id for s in both)
        assert [s for s in both if s in train] == list(train)
        assert pets.read_split(home, "val").samples == val

    def test_found_inside_and_limited(self, home):
        assert [s.id for s in pets.read_split(home.parent, "trainval", limit=2).samples] == [
            "Abyssinian_1",
            "Abyssinian_2",
        ]

    def test_unknown_species(self, home):
        with pytest.raises(LabError, match=r"english_setter_0\.png' has an object 'dog', a class"):
            pets.read_split(home, "test", known=["cat"])
        test = pets.read_split(home, "test", known=["cat"], skip_bad=True)
        assert [len(s.objects) for s in test.samples] == [1, 0]

    def test_a_comment_is_passed_over(self, home):
        path = home / "annotations" / "test.txt"
        path.write_text("#Image CLASS-ID SPECIES BREED ID\n\n" + path.read_text())
        assert len(pets.read_split(home, "test").samples) == 2


def trimap(home):
    return home / "annotations" / "trimaps" / "Abyssinian_0.png"


BAD = {
    "no image": (lambda home: (home / "images" / "Abyssinian_0.jpg").unlink(), r"image '.*\.jpg' is missing"),
    "no trimap": (lambda home: trimap(home).unlink(), r"trimap '.*\.png' is missing"),
    "truncated": (
        lambda home: trimap(home).write_bytes(trimap(home).read_bytes()[:60]),
        "is broken, truncated or no PNG",
    ),
    "a JPEG": (lambda home: folders.draw(trimap(home)), "is broken, truncated or no PNG"),
    "another size": (
        lambda home: folders.png(trimap(home), folders.TRIMAP.T),
        "has 20 x 30 pixels, but its image has 30 x 20",
    ),
    "background": (lambda home: folders.png(trimap(home), folders.TRIMAP * 0 + 2), "has no animal in it"),
    "a mask of 0 and 255": (
        lambda home: folders.png(trimap(home), (folders.TRIMAP == 1).astype(np.uint8) * 255),
        "has other values than 1, 2 and 3",
    ),
    "in colour": (
        lambda home: Image.new("RGB", (30, 20), (1, 1, 1)).save(trimap(home)),
        "has other values than 1, 2 and 3",
    ),
    "listed twice": (
        lambda home: folders.write(home / "annotations" / "test.txt", "english_setter_0 2 2 1\n" * 2),
        "lists 'english_setter_0' twice in test",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD.keys())
def test_bad_pets_are_named_or_skipped(home, spoil, message):
    spoil(home)
    with pytest.raises(LabError, match=rf"{message}: mend it, .* --skip-bad"):
        pets.read_split(home, "test")
    test = pets.read_split(home, "test", skip_bad=True)
    assert [s.id for s in test.samples] == ["english_setter_0"]
    assert len(test.skipped) == 1


def test_truncated_pictures_are_found_also_after_somebody_told_pillow_to_accept_them(home, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    trimap(home).write_bytes(trimap(home).read_bytes()[:-20])
    assert len(pets.read_split(home, "test", skip_bad=True).samples) == 2  # all pixels are there, only the end is not
    BAD["truncated"][0](home)
    with pytest.raises(LabError, match="is broken, truncated"):
        pets.read_split(home, "test")


class TestBadLists:
    @pytest.mark.parametrize("line", ["Abyssinian_0 1 3 1", "Abyssinian_0 1", "../outside 1 1 1"])
    def test_a_bad_line_is_named(self, home, line):
        folders.write(home / "annotations" / "test.txt", f"english_setter_0 2 2 1\n{line}\n")
        with pytest.raises(LabError, match=rf"test\.txt', line 2: '{line}' should be like"):
            pets.read_split(home, "test", skip_bad=True)

    def test_an_empty_list(self, home):
        folders.write(home / "annotations" / "test.txt", "\n")
        with pytest.raises(LabError, match=r"test\.txt' is empty"):
            pets.read_split(home, "test")

    def test_an_unknown_split(self, home):
        with pytest.raises(LabError, match="no split 'valid': it has train, val, trainval, test"):
            pets.read_split(home, "valid")

    def test_another_layout(self, home):
        shutil.rmtree(home / "annotations" / "trimaps")
        with pytest.raises(LabError, match="layout of Oxford-IIIT Pet, it lacks annotations/trimaps: give"):
            pets.find_root(home)


@pytest.mark.parametrize("change", ["image", "trimap", "species", "fewer"])
def test_the_hash_of_pets_changes_with_the_data(home, change):
    before = pets_hash(pets.read_split(home, "test"))
    assert pets_hash(pets.read_split(home, "test")) == before
    lists = home / "annotations" / "test.txt"
    if change == "image":
        folders.draw(home / "images" / "Abyssinian_0.jpg", 99)
    elif change == "trimap":
        folders.png(trimap(home), np.roll(folders.TRIMAP, 1))
    elif change == "species":
        lists.write_text(lists.read_text().replace(" 1 1 1", " 1 2 1"))
    else:
        lists.write_text(lists.read_text().splitlines()[0])
    assert pets_hash(pets.read_split(home, "test")) != before
