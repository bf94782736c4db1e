"""The files of `locate`, from invented boxes: each format's numbers, shards, and names that do not collide."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from defusedxml import ElementTree
from PIL import Image

from gradcam_lab.data.box_files.formats import read_both
from gradcam_lab.errors import LabError
from gradcam_lab.explain.locate.outputs import write
from gradcam_lab.explain.locate.outputs.output import About
from gradcam_lab.explain.locate.read_ahead import BadPhoto
from tests.explain.locate.conftest import invented

KINDS = ("json", "coco", "yolo", "voc", "csv", "heatmaps")
FACTS = {
    "network": "resnet18",
    "weights": None,
    "layer": "layer4",
    "layer_reason": "the last",
    "grid": [2, 3],
    "method": "gradcam",
    "threshold": 0.2,
    "threshold_from": "given",
    "min_area": 30,
    "alignment": None,
    "boxes_moved_by": None,
}
ABOUT = About(["cat", "dog"], lambda outputs: outputs[0] - 2, FACTS)


def written(folder, located, kinds=KINDS, words=(), count=None):
    folder.mkdir(exist_ok=True)
    write.write_outputs(folder, located, len(located) if count is None else count, kinds, ABOUT, words)
    return folder


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Two photos of 40 x 20 pixels and a bad one between them; the second has no box."""
    folder = tmp_path_factory.mktemp("out") / "located"
    bad = BadPhoto(Path("bad.jpg"), "It is broken.")
    return written(folder, [invented("x/a.jpg"), bad, invented("x/b.png", name="cat", outputs=(2,), boxes=())])


@pytest.mark.parametrize(("problem", "raised"), [(BrokenPipeError, BrokenPipeError), (PermissionError, LabError)])
def test_a_closed_pipe_is_no_disk_that_cannot_be_written(tmp_path, problem, raised):
    def lines():
        yield invented()
        raise problem(1, "of printing the next photo's line, or of a file")

    with pytest.raises(raised):
        written(tmp_path / "located", lines(), count=2)


def test_boxes_json_has_everything_but_the_maps(out):
    told = read(out / "boxes.json")
    assert {name: told[name] for name in FACTS} == FACTS
    box = [1, 1, 10, 20, 0.75]
    assert told["photos"] == [
        {
            "file": "x/a.jpg",
            "size": [40, 20],
            "classes": [{"name": "dog", "outputs": [3], "probability": 0.75, "boxes": [box]}],
        },
        {
            "file": "x/b.png",
            "size": [40, 20],
            "classes": [{"name": "cat", "outputs": [2], "probability": 0.75, "boxes": []}],
        },
    ]
    assert told["skipped"] == [{"file": "bad.jpg", "problem": "It is broken."}]


def test_coco_counts_from_0_and_is_read_again(out, tmp_path):
    truth, results = read(out / "coco-images.json"), read(out / "coco-results.json")
    assert truth["images"] == [
        {"id": 1, "file_name": "x/a.jpg", "width": 40, "height": 20},
        {"id": 3, "file_name": "x/b.png", "width": 40, "height": 20},
    ]
    assert truth["categories"] == [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    assert results == [{"image_id": 1, "category_id": 2, "bbox": [0, 0, 10, 20], "score": 0.75}]
    found, _ = read_both(out / "coco-results.json", out / "coco-images.json", target="dog")
    np.testing.assert_array_equal(found["a"], [[1, 1, 10, 20, 0.75]])


def test_yolo_has_shares_of_the_sides(out):
    assert (out / "yolo/classes.txt").read_text(encoding="utf-8") == "cat\ndog\n"
    labels = {path.relative_to(out / "yolo/labels").as_posix(): path for path in (out / "yolo/labels").rglob("*.txt")}
    assert sorted(labels) == ["x/a.txt", "x/b.txt"]
    number, *shares = labels["x/a.txt"].read_text(encoding="utf-8").split()
    assert (number, [float(share) for share in shares]) == ("1", [0.125, 0.5, 0.25, 1, 0.75])
    assert labels["x/b.txt"].read_text(encoding="utf-8") == ""


def test_voc_counts_from_1_with_both_ends_inside(out):
    tree = ElementTree.parse(out / "voc/Annotations/x/a.xml")
    assert [tree.findtext(f"size/{name}") for name in ("width", "height", "depth")] == ["40", "20", "3"]
    assert (tree.findtext("folder"), tree.findtext("filename"), tree.findtext("object/name")) == ("x", "a.jpg", "dog")
    corners = [tree.findtext(f"object/bndbox/{name}") for name in ("xmin", "ymin", "xmax", "ymax")]
    assert corners == ["1", "1", "10", "20"]
    assert tree.findtext("object/score") == "0.75"
    assert ElementTree.parse(out / "voc/Annotations/x/b.xml").find("object") is None


def test_csv_has_a_line_a_box(out):
    (row,) = csv.DictReader((out / "boxes.csv").open(encoding="utf-8", newline=""))
    assert (row["file"], row["class"], row["width"], row["xmax"]) == ("x/a.jpg", "dog", "40", "10.0")
    assert float(row["score"]) == 0.75


def test_heatmaps_are_raw_and_say_of_which_photo_and_class(out):
    with np.load(out / "heatmaps.npz", allow_pickle=False) as arrays:
        assert arrays["files"].tolist() == ["x/a.jpg", "x/b.png"]
        assert arrays["sizes"].tolist() == [[40, 20], [40, 20]]
        assert (arrays["photo"].tolist(), arrays["names"].tolist()) == ([0, 1], ["dog", "cat"])
        assert arrays["probabilities"].tolist() == [0.75, 0.75]
        assert arrays["cams"].dtype == np.float32
        np.testing.assert_array_equal(arrays["cams"], [np.arange(6).reshape(2, 3)] * 2)


def test_the_same_photos_make_the_same_bytes(out, tmp_path):
    bad = BadPhoto(Path("bad.jpg"), "It is broken.")
    located = [invented("x/a.jpg"), bad, invented("x/b.png", name="cat", outputs=(2,), boxes=())]
    again = written(tmp_path / "again", located)
    files = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    assert len(files) == 10
    assert all((out / name).read_bytes() == (again / name).read_bytes() for name in files)


def test_bad_photos_alone_make_empty_files(tmp_path):
    out = written(tmp_path / "out", [BadPhoto(Path("bad.jpg"), "It is broken.")])
    assert read(out / "boxes.json")["photos"] == []
    assert read(out / "coco-results.json") == []
    with np.load(out / "heatmaps.npz", allow_pickle=False) as arrays:
        assert arrays["cams"].shape == (0, 2, 3)


def test_more_photos_than_a_shard_has(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "SHARD", 2)
    out = written(tmp_path / "out", [invented(f"{number}.jpg") for number in range(5)])
    told = read(out / "boxes.json")
    assert told["shards"] == ["boxes-00000.json", "boxes-00001.json", "boxes-00002.json"]
    assert "photos" not in told
    shards = [read(out / name)["photos"] for name in told["shards"]]
    assert [[photo["file"] for photo in shard] for shard in shards] == [
        ["0.jpg", "1.jpg"],
        ["2.jpg", "3.jpg"],
        ["4.jpg"],
    ]
    assert [row["image_id"] for row in read(out / "coco-results-00001.json")] == [3, 4]
    with np.load(out / "heatmaps-00002.npz", allow_pickle=False) as arrays:
        assert (arrays["files"].tolist(), arrays["cams"].shape) == (["4.jpg"], (1, 2, 3))
    assert len((out / "boxes.csv").read_text(encoding="utf-8").splitlines()) == 6
    assert len(list((out / "yolo/labels").iterdir())) == 5


def test_photos_of_one_name_get_files_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("one").mkdir()
    paths = ["one/a.jpg", "one/a.png", "two/a.jpg", "one/b/a.jpg", "/abs/../c/a.jpg", "one/a.jpg", "one/{0}.v2.jpg"]
    out = written(
        tmp_path / "out", [invented(path) for path in paths], ("json", "yolo", "voc"), ["one", "two/a.jpg", "-"]
    )
    names = sorted(path.relative_to(out / "yolo/labels").as_posix() for path in (out / "yolo/labels").rglob("*.txt"))
    assert names == ["a-2.txt", "a-3.txt", "a-4.txt", "a.txt", "abs/c/a.txt", "b/a.txt", "{0}.v2.txt"]
    assert len(list((out / "voc/Annotations").rglob("*.xml"))) == len(paths)


@pytest.mark.skipif("sys.platform == 'win32'")
def test_a_name_that_is_no_text_is_escaped(tmp_path):
    out = written(tmp_path / "out", [invented("k\udce4se & <\x01>.jpg")])
    assert read(out / "boxes.json")["photos"][0]["file"] == r"k\udce4se & <\x01>.jpg"
    tree = ElementTree.parse(next((out / "voc/Annotations").iterdir()))
    assert tree.findtext("filename") == r"k\udce4se & <\x01>.jpg"


def test_pictures_have_the_boxes_where_they_are(tmp_path):
    """A photo much larger than its picture, all grey: the box's orange line stands in its left quarter alone."""
    path = tmp_path / "grey.png"
    path.write_bytes(cv2.imencode(".png", np.full((1500, 3000, 3), 128, np.uint8))[1].tobytes())
    found = invented(path, (3000, 1500), boxes=((1, 1, 750, 1500, 0.75),))
    out = written(tmp_path / "out", [found], ("json", "pictures"), [str(path)])
    picture = np.asarray(Image.open(out / "pictures/grey.jpg")).astype(int)
    orange = (picture[..., 0] - picture[..., 2] > 90).any(axis=0).nonzero()[0] / picture.shape[1]
    assert orange.min() < 0.01
    assert 0.24 < orange.max() < 0.26


def test_a_picture_for_each_class_side_by_side(tmp_path, album):
    photo = album / "img2.jpg"
    one, other = invented(photo, (70, 40)), invented(photo, (70, 40), "cat", (2,), ())
    both = type(one)(one.path, one.size, (*one.classes, *other.classes), 0.2)
    out = written(tmp_path / "out", [both], ("json", "pictures"), [str(photo)])
    picture = Image.open(out / "pictures/img2.jpg")
    assert picture.width == 1600
    assert picture.width / picture.height > 70 / 40 * 1.5


def test_a_photo_that_has_vanished_has_no_picture(tmp_path):
    out = written(tmp_path / "out", [invented(tmp_path / "gone.jpg")], ("json", "pictures", "page"))
    assert not list((out / "pictures").rglob("*.jpg"))
    assert "gone.jpg" in (out / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("method", "movable"), [("gradcam", True), ("otsu", False), ("watershed", False)])
def test_the_page_has_a_slider_only_where_the_browser_finds_the_same_boxes(tmp_path, method, movable):
    photo = tmp_path / "a.png"
    Image.new("RGB", (40, 20)).save(photo)
    about = replace(ABOUT, facts={**FACTS, "method": method})
    write.write_outputs(tmp_path, [invented(photo)], 1, ("page",), about)
    assert ('type="range"' in (tmp_path / "index.html").read_text(encoding="utf-8")) == movable
