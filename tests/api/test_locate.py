"""`locate`: the same files as the command, byte for byte, and what a program sees of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_type

import numpy as np
import pytest
from PIL import Image
from torch import nn

import gradcam_lab as lab
from gradcam_lab.api.locate import FoundPhotos
from tests.commands import lab as command


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def photos(toy, photo) -> list[Path]:
    """Some photos, and one that is none."""
    bad = photo.with_name("bad.jpg")
    bad.write_bytes(b"no photo")
    return [photo, bad, *sorted((toy / "JPEGImages").iterdir())[:6]]


def test_one_photo_is_saved_as_the_command_saves_it(photo):
    words = ["--class", "dog", "--class", "cat", "--format", "coco", "--format", "yolo", "--out", "theirs"]
    assert command("locate", photo, "--model", "embedded", *words).code == 0
    found = lab.locate(photo, "embedded", classes=["dog", "cat"])
    files = found.save("ours", formats=["coco", "yolo"])
    assert contents(Path("ours")) == contents(Path("theirs"))
    assert {"boxes.json", "heatmaps.npz", "pictures"} <= {path.name for path in files}
    assert all(path.exists() for path in files)


def test_several_photos_are_saved_as_the_command_saves_them(photos, capsys):
    done = command("locate", *photos, "--model", "embedded", "--top", 2, "--batch", 3, "--out", "theirs")
    assert done.code == 2  # one of them is none
    found = lab.locate(photos, lab.load("embedded", batch=3), top=2, skip_bad=True)
    assert capsys.readouterr().err == f"Skipped: {found.skipped[0]}\n"
    found.save("ours")
    assert contents(Path("ours")) == contents(Path("theirs"))
    assert [one.path for one in found] == [path for path in photos if path.name != "bad.jpg"]
    assert len(found.skipped) == 1


def test_a_threshold_and_a_method_are_those_of_the_command(photo):
    words = ["--threshold", 0.5, "--method", "layercam", "--min-area", 5, "--no-heatmaps", "--no-pictures", "--no-page"]
    assert command("locate", photo, "--model", "embedded", *words, "--out", "theirs").code == 0
    found = lab.locate(photo, "embedded", threshold=0.5, method="layercam", min_area=5)
    assert found.threshold == 0.5
    found.save("ours", heatmaps=False, pictures=False, page=False)
    assert contents(Path("ours")) == contents(Path("theirs"))
    assert set(contents(Path("ours"))) == {"boxes.json", "request.json"}


def test_an_image_without_a_file_is_saved_too(pixels, net, tmp_path):
    found = lab.locate(pixels, net, classes=["dog"])
    found.save(tmp_path / "one")
    assert "pictures/image.jpg" in contents(tmp_path / "one")
    assert 'href="image"' not in (tmp_path / "one" / "index.html").read_text(encoding="utf-8")  # there is no such file
    lab.locate([pixels, pixels[:, ::-1]], net).save(tmp_path / "two")
    assert {"pictures/image-1.jpg", "pictures/image-2.jpg"} <= set(contents(tmp_path / "two"))


def test_the_folder_of_other_pixels_of_the_same_name_is_written_anew(pixels, net, tmp_path):
    lab.locate(pixels, net, classes=["dog"]).save(tmp_path / "out")
    before = contents(tmp_path / "out")
    lab.locate(pixels[:, ::-1], net, classes=["dog"]).save(tmp_path / "out")
    after = contents(tmp_path / "out")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] == after[name]] == []


def test_the_folder_of_another_request_is_not_replaced(photo, net):
    lab.locate(photo, net, classes=["dog"]).save("out")
    with pytest.raises(lab.LabError, match=r"'out' .*\(classes: dog; here: cat\)"):
        lab.locate(photo, net, classes=["cat"]).save("out")


def test_the_heatmap_has_the_size_of_the_photo_and_its_boxes_lie_where_it_is_high(photo, pixels, net):
    found = lab.locate(photo, net, classes=["dog", "cat"], method="gradcam")
    assert found.size == (235, 176)
    assert [one.name for one in found.classes] == ["dog", "cat"]
    for one in found.classes:
        assert one.heatmap.shape == pixels.shape[:2]
        assert one.heatmap.dtype == np.float32
        assert (one.heatmap.min(), one.heatmap.max()) == (0, 1)
        assert one.cam.shape == net.grid
    high = np.argwhere(found.heatmap >= found.threshold)
    (box,) = found.boxes
    assert box[:4].tolist() == [*(high.min(axis=0) + 1)[::-1], *(high.max(axis=0) + 1)[::-1]]
    assert box[4] == pytest.approx(found.classes[0].probability)
    assert found.heatmap is found.classes[0].heatmap


def test_a_photo_without_evidence_has_a_heatmap_of_zeros(net):
    classes = ["dog", "cat", "boat", "car", "person"]
    found = lab.locate(np.full((40, 50, 3), 128, np.uint8), net, classes=classes, method="gradcam")
    nothing = [one for one in found.classes if one.cam.max() <= 0]
    assert nothing
    for one in nothing:
        assert not one.heatmap.any()
        assert one.boxes.shape == (0, 5)


def test_any_module_is_a_network(pixels):
    own = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU()), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    found = lab.locate(pixels, own, classes=[1])
    assert found.classes[0].outputs == (1,)


def test_one_bad_photo_is_an_error_unless_it_shall_be_skipped(photos, net):
    with pytest.raises(lab.LabError, match=r"The image 'bad.jpg' is broken"):
        lab.locate(photos, net)
    with pytest.raises(lab.LabError, match=r"The image 'bad.jpg' is broken"):
        lab.locate("bad.jpg", net, skip_bad=True)  # of one photo nothing would be left


@pytest.mark.parametrize(("classes", "words"), [(["zebra"], "has no class 'zebra'"), ("zebra", "has no class 'zebra'")])
def test_an_unknown_class_is_named_before_anything_is_read(classes: Sequence[str], words, net):
    with pytest.raises(lab.LabError, match=words):
        lab.locate("missing.jpg", net, classes=classes)


def test_a_palette_picture_and_its_file_are_boxed_alike(pixels, net, tmp_path):
    image = Image.fromarray(pixels).quantize(64)
    image.save(tmp_path / "few.png")
    assert np.array_equal(lab.locate(image, net).boxes, lab.locate(tmp_path / "few.png", net).boxes)


def test_a_type_checker_knows_one_from_several(photo: Path, net: lab.Classifier):
    one, several = lab.locate(photo, net), lab.locate([photo], net)
    assert_type(one, lab.Found)
    assert_type(several, FoundPhotos)
    assert repr(one) == repr(several[0])
    assert repr(one).startswith("Found('Zoë.png: dog 0.9")
