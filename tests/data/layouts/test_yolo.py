"""Data sets as YOLO has them."""

import pytest

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.data.layouts.repair import LATIN, OVER_THE_EDGE, REPEATED, UNLABELLED
from gradcam_lab.data.sample import Object
from gradcam_lab.errors import LabError
from tests import data_writers, folders
from tests.data_writers import DOG, opened

CAT = Object("cat", (1, 1, 5, 5))
SPLITS = {"train": {"a": [DOG], "b": [DOG, CAT]}, "val": {"c": [CAT], "d": []}}
NAMES = ("cat", "dog")


@pytest.fixture
def root(tmp_path):
    data_writers.write_yolo(tmp_path, SPLITS, NAMES)
    return tmp_path


def close(sample, *objects):
    assert [o.name for o in sample.objects] == [o.name for o in objects]
    assert [o.box for o in sample.objects] == [pytest.approx(o.box) for o in objects]


def config(root, text):
    folders.write(root / "data.yaml", f"{text}\nnames: [cat, dog]\n")


def labels(root, text, name="a"):
    folders.write(root / "labels" / "train" / f"{name}.txt", text)


def test_splits_and_an_empty_file_is_a_negative_image(root):
    data = opened(root)
    train, val, test = (data.read(name) for name in ("train", "val", "test"))
    close(train.samples[0], DOG)
    close(train.samples[1], DOG, CAT)
    assert sorted(s.id for s in (*val.samples, *test.samples)) == ["c", "d"]
    assert "has no test: of its val of 2 images 1 become test" in val.notes[0]
    assert (data.boxes, len(data.sha256(train)), train.repairs) == ("relative", 64, {})


@pytest.mark.parametrize(
    "text",
    [
        "train: images/train\nval: images/val",
        "path: .\ntrain: ./images/train/\nval: [images/val]",
        "train: ../images/train\nval: ../images/val",
        "path: IN\ntrain: images/train\nval: images/val",
        "path: ABSOLUTE/images\ntrain: train\nval: ABSOLUTE/images/val",
        "path: images\ntrain: train\nval: val",
        "train: train.txt\nval: images/val",
    ],
)
def test_places(root, text):
    config(root, text.replace("IN", f"datasets/{root.name}").replace("ABSOLUTE", str(root)))
    folders.write(root / "train.txt", "./images/train/a.jpg\n\nimages/train/b.jpg\n")
    for name in (root, root / "data.yaml"):
        assert [s.id for s in opened(name).read("train").samples] == ["a", "b"]


def test_a_list_below_names_images_from_its_own_folder_by_a_dot_and_from_the_data_sets_without(root):
    config(root, "train: images/train.txt\nval: images/val")
    folders.write(root / "images" / "train.txt", "./train/a.jpg\nimages/train/b.jpg\n")
    assert [s.id for s in opened(root).read("train").samples] == ["a", "b"]


def test_roboflows_folders(tmp_path):
    data_writers.write_yolo(tmp_path, SPLITS, NAMES)
    for kind in ("images", "labels"):
        for split, name in (("train", "train"), ("val", "valid")):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / kind / split).rename(tmp_path / name / kind)
    config(tmp_path, "train: ../train/images\nval: ../valid/images\nnc: 2")
    train = opened(tmp_path).read("train")
    close(train.samples[1], DOG, CAT)


def test_names_in_a_table_and_labels_beside_the_images(tmp_path):
    folders.draw(tmp_path / "photos" / "a.jpg")
    folders.write(tmp_path / "photos" / "a.txt", "1 0.5 0.5 1 1\n")
    folders.draw(tmp_path / "photos" / "b.jpg")
    folders.write(tmp_path / "data.yaml", "train: photos\nnames:\n  0: no\n  1: 7\n")
    data = opened(tmp_path, Reading(val_size=1))
    found = {s.id: s.objects for name in ("val", "test") for s in data.read(name).samples}
    assert found == {"a": (Object("7", (1, 1, 30, 20)),), "b": ()}
    assert sum(data.read(name).repairs.get(UNLABELLED, 0) for name in ("val", "test")) == 1


def test_names_alone_with_images_and_labels_beside(tmp_path):
    """As supervision writes it."""
    data_writers.write_yolo(tmp_path, SPLITS, NAMES)
    config(tmp_path, "")
    close(opened(tmp_path).read("train").samples[1], DOG, CAT)
    for kind in ("images", "labels"):
        (tmp_path / kind / "val").rename(tmp_path / f"{kind}2")
        (tmp_path / kind / "train").rename(tmp_path / f"{kind}3")
        (tmp_path / kind).rmdir()
        (tmp_path / f"{kind}3").rename(tmp_path / kind)
    data = opened(tmp_path, Reading(val_size=1))
    assert {s.id for name in ("val", "test") for s in data.read(name).samples} == {"a", "b"}


@pytest.mark.parametrize("images", ["", "images"])
def test_labelimgs_classes(tmp_path, images):
    labels_at = tmp_path / ("labels" if images else "")
    for name in ("a", "b"):
        folders.draw(tmp_path / images / f"{name}.jpg")
        folders.write(labels_at / f"{name}.txt", "1 0.5 0.5 1 1\n")
    folders.write(labels_at / "classes.txt", "cat\ndog\n")
    data = opened(tmp_path, Reading(val_size=1))
    found = [s for name in ("val", "test") for s in data.read(name).samples]
    assert [s.boxes("dog") for s in found] == [[(1, 1, 30, 20)]] * 2


@pytest.mark.parametrize(
    ("text", "what", "count"),
    [
        ("1 0.5 0.5 1.02 1\n", OVER_THE_EDGE, 1),
        ("1 0.5 0.5 1 1\n1 0.5 0.5 1 1\n\n", REPEATED, 1),
        ("1 0.5 0.5 1.0001 1\n", None, 1),
    ],
)
def test_what_is_repaired_is_counted(root, text, what, count):
    labels(root, text)
    train = opened(root).read("train")
    assert train.samples[0].objects == (Object("dog", (1, 1, 30, 20)),) * count
    assert train.repairs == ({what: 1} if what else {})


def test_labels_that_are_there_and_cannot_be_read_are_no_negative_image(root):
    (root / "labels" / "train" / "a.txt").unlink()
    (root / "labels" / "train" / "a.txt").mkdir()
    with pytest.raises(LabError, match=r"Cannot read the labels '.*a\.txt'"):
        opened(root).read("train")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_encodings(root, encoding):
    (root / "labels" / "train" / "a.txt").write_text("1 0.5 0.5 1 1\r\n", encoding=encoding)
    train = opened(root).read("train")
    assert train.samples[0].objects == (Object("dog", (1, 1, 30, 20)),)
    assert LATIN not in train.repairs


BAD_LABELS = {
    "polygon": ("1 0.1 0.1 0.2 0.1 0.2 0.2", "has 6 numbers behind the class, as polygons and keypoints"),
    "confidence": ("1 0.5 0.5 1 1 0.9", "has a confidence behind each box: these are detections"),
    "too few": ("1 0.5 0.5 1", "has 4 numbers, where 'class cx cy width height' has 5"),
    "beyond the names": (
        "2 0.5 0.5 1 1",
        r"line 1: '2 .*': the classes are 0 to 1 by their names",
    ),
    "below the names": ("-1 0.5 0.5 1 1", "the classes are 0 to 1 by"),
    "half a class": ("0.5 0.5 0.5 1 1", "the classes are 0 to 1 by"),
    "words": ("dog 0.5 0.5 1 1", "is not 'class cx cy width height' with finite numbers"),
    "not finite": ("1 nan 0.5 1 1", "with finite numbers"),
    "pixels": ("1 15 10 30 20", r"are no shares of the image's sides, 0 to 1 \(see --boxes\)"),
    "a negative side": ("1 0.5 0.5 -0.01 1", "has a negative side"),
    "mixed": ("1 0.5 0.5 1 1\n1 0.5 0.5 1 1 0.9", "line 2.* has 6 numbers, and other lines 5"),
    "over the edge": ("1 0.54 0.5 1 1", "leaves its image of 30 x 20 pixels, as shares of its sides"),
}


@pytest.mark.parametrize(("text", "message"), BAD_LABELS.values(), ids=BAD_LABELS.keys())
def test_bad_labels(root, text, message):
    labels(root, text)
    data = opened(root)
    with pytest.raises(LabError, match=message) as error:
        data.read("train")
    assert "\n" not in str(error.value)
    assert [s.id for s in data.read("train", skip_bad=True).samples] == ["b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "train: ../../etc\nval: images/val",
            r"has the place '\.\./\.\./etc', which is outside of '.*': noth",
        ),
        ("train: /etc\nval: images/val", "has the place '/etc', which is outside"),
        ("path: ..\ntrain: images/train", r"has the path '\.\.', which is outside"),
        ("path: /etc\ntrain: images/train", "has the path '/etc', which is outside"),
        ("train: list.txt", r"list\.txt' has the line '\.\./\.\./a\.jpg', which is outside"),
        ("train: images/gone\nval: images/val", "names the place '.*gone', which is not there"),
        ("train: [[images/train]]", "has a 'train' that is no text, but should name a folder or a list of files"),
        ("train: images/train\nval: {a: b}", "has a 'val' that is no text"),
        ("path: [.]\ntrain: images/train", "has a 'path' that is no text"),
        (f"train: {'x' * 5000}", "has a 'train' that is no text"),
        ('train: "images\\0"', "has a 'train' that is no text"),
        ("nc: [2]\ntrain: images/train", "says nc: no number, but names 2 classes"),
        ("nc: 3\ntrain: images/train", "says nc: 3, but names 2 classes"),
        ("train: [", r"is not valid YAML \(line"),
    ],
)
def test_bad_files(root, text, message):
    config(root, text)
    folders.write(root / "list.txt", "../../a.jpg\n")
    with pytest.raises(LabError, match=message) as error:
        opened(root).read("train", skip_bad=True)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["train", "path", "nc"])
def test_anchors_that_would_grow_to_gigabytes_are_not_written_out(root, key):
    grown = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
    config(
        root,
        f"a0: &a0 [x]\n{grown}\ntrain: images/train\n".replace("train:", "t:" if key == "train" else "train:")
        + f"{key}: *a11",
    )
    with pytest.raises(LabError, match=r"that is no text|says nc: no number"):
        opened(root).read("train")


def test_a_name_that_is_longer_than_any_file_can_have(root):
    config(root, "train: train.txt\nval: images/val")
    folders.write(root / "train.txt", f"images/train/a.jpg\nimages/train/{'x' * 5000}.jpg\n")
    with pytest.raises(LabError, match=r"x\.jpg' is missing"):
        opened(root).read("train")


def test_no_places(tmp_path):
    config(tmp_path, "nc: 2")
    with pytest.raises(LabError, match="names no images: say in 'train' and 'val'"):
        opened(tmp_path).read("train")


def test_no_names(root):
    folders.write(root / "data.yaml", "train: images/train\n")
    with pytest.raises(LabError, match="has no 'names', a list or a table"):
        opened(root).read("train")


def test_no_labels_at_all(root):
    for path in (root / "labels").rglob("*.txt"):
        path.unlink()
    with pytest.raises(LabError, match="has labels: those of its 'a', for example, should be in a folder 'labels'"):
        opened(root).read("train")
