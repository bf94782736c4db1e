"""Values that no argument can have are named in one sentence, before any work."""

import inspect
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gradcam_lab as lab
from gradcam_lab.api.locate import FoundPhotos

FUNCTIONS = (
    *(lab.load, lab.locate, lab.explain, lab.evaluate, lab.open_data, lab.run_all),
    *(lab.Found.save, FoundPhotos.save, lab.Explained.save),
)
UNCHECKED = {"self", "photos", "model", "detections", "ground_truth"}
"""What the functions look at themselves."""


@pytest.mark.parametrize(
    ("function", "name"),
    [(one, name) for one in FUNCTIONS for name in inspect.signature(one).parameters if name not in UNCHECKED],
)
def test_every_argument_is_checked(function, name):
    parameters = inspect.signature(function).parameters.values()
    others = {one.name: None for one in parameters if one.default is one.empty} | {"out": "out"}
    given = {key: value for key, value in others.items() if key in inspect.signature(function).parameters}
    with pytest.raises(lab.LabError, match=rf"^{name} is <object object at \w+>: give .*\.$"):
        function(**{**given, name: object()})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("top", value) for value in (0, -1, "2", 2.5, True, None)],
        *[("classes", value) for value in (0, [1.5], None, [["dog"]])],
        *[("threshold", value) for value in ("0.3", True, 0, 1.5, float("nan"))],
        *[("min_area", value) for value in ("3", 0, -5, 10**23)],
        ("threshold_of", 3),
        ("method", 3),
        ("skip_bad", "no"),
    ],
)
def test_what_locate_cannot_take(name, value, pixels, net):
    with pytest.raises(lab.LabError, match=f"^{name} is .*: give "):
        lab.locate(pixels, net, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("size", value) for value in (-3, "64", 64.5, 0)],
        *[("batch", value) for value in (0, -1, "3", 2.5)],
        *[("mean", value) for value in (0.5, [0.5, 0.5], "abc", [0.5, 0.5, "x"], [0.5, 0.5, float("inf")])],
        *[("classes", value) for value in (5, [1, 2], np.array([1, 2]))],
        *[("groups", value) for value in ({"g": 0}, 3, {"g": "dog"}, {3: ["dog"]})],
        ("device", "tpu"),
        ("layer", 3),
        ("activation", "relu"),
        ("weights", 3),
    ],
)
def test_what_load_cannot_take(name, value):
    with pytest.raises(lab.LabError, match=f"^{name} is .*: give ") as told:
        lab.load("embedded", **{name: value})
    assert "\n" not in str(told.value)


def test_the_sentence_says_what_to_give_instead():
    with pytest.raises(lab.LabError) as told:
        lab.load("embedded", batch=0)
    assert str(told.value) == "batch is 0: give a whole number from 1 to 65536, or None."
    with pytest.raises(lab.LabError, match=r"^layer is \[0, 1, 2, .{30,60}\.\.\.: give a text, or None\.$"):
        lab.load("embedded", layer=list(range(100)))  # type: ignore[arg-type]


def test_numbers_and_arrays_of_numpy_are_taken(pixels, net, tmp_path):
    options: dict[str, Any] = {"top": np.int64(2), "threshold": np.float32(0.5), "min_area": np.uint8(5)}
    found = lab.locate(pixels, net, **options)
    assert (len(found.classes), found.threshold) == (2, 0.5)
    assert found.save(tmp_path / "out")
    named = lab.locate(pixels, net, classes=np.array(["dog", "cat"]))  # type: ignore[call-overload]
    assert [one.name for one in named.classes] == ["dog", "cat"]
    mean = np.full(3, 0.5, np.float32)
    assert lab.load("embedded", mean=mean).preprocessing == lab.load("embedded", mean=[0.5] * 3).preprocessing  # type: ignore[arg-type]


def test_classes_and_their_number_are_one_too_many(pixels, net):
    with pytest.raises(lab.LabError, match="classes names the classes and top takes the most probable ones"):
        lab.locate(pixels, net, classes=["dog"], top=2)


def test_a_format_may_be_one_text(pixels, net, tmp_path):
    found = lab.locate(pixels, net, classes=["dog"])
    assert tmp_path / "one" / "coco-results.json" in found.save(tmp_path / "one", formats="coco")
    several = lab.locate([pixels], net, classes=["dog"])
    assert tmp_path / "two" / "coco-results.json" in several.save(tmp_path / "two", formats="coco")


def test_an_image_of_pillow_that_has_no_pixels_is_refused(net, photo):
    closed = Image.open(photo)
    closed.close()
    with pytest.raises(lab.LabError, match=r"^The image of Pillow cannot be read .*: give its path, or open it again"):
        lab.locate(closed, net)
    cut = photo.with_name("cut.png")
    cut.write_bytes(photo.read_bytes()[:2000])
    with pytest.raises(lab.LabError, match=r"^The image-1 of Pillow cannot be read "):
        lab.locate([Image.open(cut)], net)
    with pytest.raises(lab.LabError, match=r"^The image has no pixels, with a size of 0 x 5: give another"):
        lab.locate(Image.new("RGB", (0, 5)), net)


def test_pythons_own_error_is_told_of_an_argument_that_is_none_or_missing():
    with pytest.raises(TypeError, match=r"load\(\) got an unexpected keyword argument 'layr'"):
        lab.load("embedded", layr="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"load\(\) missing 1 required positional argument: 'model'"):
        lab.load()  # type: ignore[call-arg]
