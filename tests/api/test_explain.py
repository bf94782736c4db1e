"""`explain`: the same files as the command, byte for byte."""

from pathlib import Path

import numpy as np
import pytest

import gradcam_lab as lab
from tests.api.test_locate import contents
from tests.commands import lab as command


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["--class", "dog"], {"classes": ["dog"]}),
        ([], {}),
        (
            ["--class", "dog", "--class", "3", "--method", "all", "--smooth", 3, "--seed", 2],
            {"classes": ["dog", 3], "method": "all", "smooth": 3, "seed": 2},
        ),
        (["--class", "dog", "--against", "cat"], {"classes": "dog", "against": "cat"}),
        (["--method", "layercam", "--threshold", 0.4], {"method": "layercam", "threshold": 0.4}),
    ],
)
def test_a_photo_is_explained_as_the_command_explains_it(words, options, photo, net):
    assert command("explain", photo, "--model", "embedded", *words, "--out", "theirs").code == 0
    seen = lab.explain(photo, net, **options)
    files = seen.save("ours")
    assert contents(Path("ours")) == contents(Path("theirs"))
    assert {path.name for path in files} == set(contents(Path("ours")))


def test_another_layer_is_chosen_with_the_network(photo):
    assert command("explain", photo, "--model", "embedded", "--layer", "layer3", "--out", "theirs").code == 0
    lab.explain(photo, lab.load("embedded", layer="layer3")).save("ours")
    assert contents(Path("ours")) == contents(Path("theirs"))


def test_the_maps_are_there_without_a_file(pixels, net, tmp_path):
    seen = lab.explain(pixels, net, classes=["dog", "cat"], method="all", smooth=2)
    assert [one.name for one in seen.classes] == ["dog", "cat"]
    assert {kind: values.shape for kind, values in seen.maps.items()} == {
        "cam": net.grid,
        "gradcam": net.grid,
        "input_gradient": (3, 224, 224),
        "smoothgrad": (3, 224, 224),
    }
    assert seen.heatmap.shape == pixels.shape[:2]
    assert seen.heatmap.max() == 1
    assert 0.9 < seen.classes[0].probability < 1
    assert repr(seen).startswith("Explained('image: dog 0.99")
    assert all(path.is_file() for path in seen.save(tmp_path))


def test_several_photos_are_a_list(photo, pixels, net, toy):
    others = sorted((toy / "JPEGImages").iterdir())[:2]
    assert command("explain", photo, *others, "--model", "embedded", "--boxes", "--out", "theirs").code == 0
    seen = lab.explain([photo, *others], net, boxes=True)
    for one in seen:
        one.save("ours")
    assert contents(Path("ours")) == contents(Path("theirs"))
    assert [one.path for one in seen] == [photo, *others]


def test_a_class_says_whether_its_map_depends_on_class_and_weights(pixels, net):
    one = lab.explain(pixels, net, classes=["dog"], boxes=True).classes[0]
    found = lab.locate(pixels, net, classes=["dog"], method="gradcam")
    assert one.boxes is not None
    assert np.allclose(one.boxes, found.boxes, atol=1e-5)
    assert one.on_class is not None
    assert one.on_weights is not None
    assert -1 <= min(one.on_class, one.on_weights) <= max(one.on_class, one.on_weights) < 0.9


def test_the_heatmap_is_that_of_locate(photo, net):
    seen, found = lab.explain(photo, net, classes=["dog"]), lab.locate(photo, net, classes=["dog"], method="gradcam")
    assert np.allclose(seen.heatmap, found.heatmap, atol=1e-5)


def test_a_gradient_at_the_pixels_has_no_heatmap(photo, net):
    with pytest.raises(lab.LabError, match="no heatmap among input_gradient: explain by another method"):
        _ = lab.explain(photo, net, method="input-gradient").heatmap
