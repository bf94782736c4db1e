"""The reader of Oxford-IIIT Pet's folders: what it yields, and that everything bad is named."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageFile

from gradcam_lab.data.layouts.pets import find_root, pets_hash, read_split
from gradcam_lab.errors import LabError
from tests import folders


@pytest.fixture
def home(tmp_path):
    folders.pets(tmp_path / "oxford-iiit-pet")
    return tmp_path / "oxford-iiit-pet"


class TestPets:
    def test_one_animal_a_photo_with_the_box_around_animal_and_border(self, home):
        test = read_split(home, "test")
        assert [s.id for s in test.samples] == ["Abyssinian_0", "english_setter_0"]
        assert [o.name for s in test.samples for o in s.objects] == ["cat", "dog"]
        assert test.samples[1].boxes("dog") == [(9, 6, 20, 12)]  # columns 8..19 and rows 5..11, counted from 1
        assert test.samples[0].size == (30, 20)

    def test_val_is_a_fifth_of_each_breed_and_train_the_rest(self, home):
        train, val, both = (read_split(home, name).samples for name in ("train", "val", "trainval"))
        assert [s.objects[0].name for s in val] == ["cat", "dog"]
        assert len(train) == 8
        assert sorted(s.id for s in train + val) == sorted(s.id for s in both)
        assert [s for s in both if s in train] == list(train)
        assert read_split(home, "val").samples == val

    def test_found_inside_and_limited(self, home):
        assert [s.id for s in read_split(home.parent, "trainval", limit=2).samples] == [
            "Abyssinian_1",
            "Abyssinian_2",
        ]

    def test_unknown_species(self, home):
        test = read_split(home, "test", known=["cat"])
        assert [len(s.objects) for s in test.samples] == [1, 0]
        assert test.nameless == {"dog": 1}

    def test_a_comment_is_passed_over(self, home):
        path = home / "annotations" / "test.txt"
        path.write_text("#Image CLASS-ID SPECIES BREED ID\n\n" + path.read_text(), encoding="utf-8-sig")
        assert len(read_split(home, "test").samples) == 2


def trimap(home):
    return home / "annotations" / "trimaps" / "Abyssinian_0.png"


def turned(path):
    """Write an image of 30 x 20 pixels that is shown on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20), "red").save(path, exif=exif)


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
    "another size by its orientation": (
        lambda home: turned(home / "images" / "Abyssinian_0.jpg"),
        r"has 30 x 20 pixels, but its image has 20 x 30 by its EXIF orientation \(.*\)",
    ),
    "background": (
        lambda home: folders.png(trimap(home), folders.TRIMAP * 0 + 2),
        "has no animal in it, but the list says that its image shows a cat",
    ),
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
        read_split(home, "test")
    test = read_split(home, "test", skip_bad=True)
    assert [s.id for s in test.samples] == ["english_setter_0"]
    assert len(test.skipped) == 1


def test_truncated_pictures_are_found_also_after_somebody_told_pillow_to_accept_them(home, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    trimap(home).write_bytes(trimap(home).read_bytes()[:-20])
    assert len(read_split(home, "test", skip_bad=True).samples) == 2  # all pixels are there, only the end is not
    BAD["truncated"][0](home)
    with pytest.raises(LabError, match="is broken, truncated"):
        read_split(home, "test")


class TestBadLists:
    @pytest.mark.parametrize("line", ["Abyssinian_0 1 3 1", "Abyssinian_0 1", "../outside 1 1 1"])
    def test_a_bad_line_is_named(self, home, line):
        folders.write(home / "annotations" / "test.txt", f"english_setter_0 2 2 1\n{line}\n")
        with pytest.raises(LabError, match=rf"test\.txt', line 2: '{line}' should be like"):
            read_split(home, "test", skip_bad=True)

    def test_an_empty_list(self, home):
        folders.write(home / "annotations" / "test.txt", "\n")
        with pytest.raises(LabError, match=r"test\.txt' is empty"):
            read_split(home, "test")

    def test_an_unknown_split(self, home):
        with pytest.raises(LabError, match="no split 'valid': it has train, val, trainval, test"):
            read_split(home, "valid")

    def test_another_layout(self, home):
        shutil.rmtree(home / "annotations" / "trimaps")
        with pytest.raises(
            LabError, match="layout of Oxford-IIIT Pet, it lacks annotations/trimaps: add what is missing"
        ):
            find_root(home)


@pytest.mark.parametrize("change", ["image", "trimap", "species", "fewer"])
def test_the_hash_of_pets_changes_with_the_data(home, change):
    before = pets_hash(read_split(home, "test"))
    assert pets_hash(read_split(home, "test")) == before
    lists = home / "annotations" / "test.txt"
    if change == "image":
        folders.draw(home / "images" / "Abyssinian_0.jpg", 99)
    elif change == "trimap":
        folders.png(trimap(home), np.roll(folders.TRIMAP, 1))
    elif change == "species":
        lists.write_text(lists.read_text().replace(" 1 1 1", " 1 2 1"))
    else:
        lists.write_text(lists.read_text().splitlines()[0])
    assert pets_hash(read_split(home, "test")) != before
