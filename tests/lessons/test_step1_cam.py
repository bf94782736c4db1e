"""Step 1 against numbers worked out by hand and against the networks' own logits."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gradcam_lab.lessons import step1_cam as step1
from tests.networks import GapNet, HandNet, VggLike, hooks_of, images, linear, seeded, zoo

repeatable = settings(derandomize=True, deadline=None, max_examples=150)

NAMES = ["bird", "cat", "dog", "horse"]


class Says(torch.nn.Module):
    """Returns the same logits for every image."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits).float())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(x), -1)


# 1.1 predict


def test_predict_softmax_by_hand():
    network = Says(0, math.log(2), math.log(5), 0)  # e^z = 1, 2, 5, 1: ninths
    top = step1.predict(network, images(1)[0], NAMES, k=2)
    assert [(name, index) for name, index, _ in top] == [("dog", 2), ("cat", 1)]
    assert [p for *_, p in top] == pytest.approx([5 / 9, 2 / 9], abs=1e-6)


def test_predict_sigmoid_by_hand():
    network = Says(0, math.log(3), -math.log(3), math.log(9))  # 1/2, 3/4, 1/4, 9/10: they need not sum to 1
    top = step1.predict(network, images(1)[0], NAMES, k=4, activation="sigmoid")
    assert [name for name, *_ in top] == ["horse", "cat", "bird", "dog"]
    assert [p for *_, p in top] == pytest.approx([0.9, 0.75, 0.5, 0.25], abs=1e-6)


def test_predict_returns_plain_numbers_of_all_classes():
    top = step1.predict(Says(3, 1, 2, 0), images(1)[0], NAMES, k=4)
    assert [type(value) for value in top[0]] == [str, int, float]
    assert sum(p for *_, p in top) == pytest.approx(1, abs=1e-6)


def test_predict_is_of_the_image_it_is_given():
    image = torch.zeros(3, 2, 2)
    image[0] = 4  # HandNet's logits: red - green + 0.25 and 0.5 red + 2 green - 3
    assert step1.predict(HandNet().eval(), image, ["red", "green"], k=1)[0][:2] == ("red", 0)
    assert step1.predict(HandNet().eval(), image.flip(0)[[1, 2, 0]], ["red", "green"], k=1)[0][:2] == ("green", 1)


# 1.2 get_features


@pytest.mark.parametrize(("name", "layer"), [("resnet18", "layer4"), ("mobilenet_v2", "features")])
def test_features_are_what_goes_into_the_average(name, layer):
    network, x = zoo(name), images(2, 64, 96)
    seen = []
    handle = network.get_submodule(layer).register_forward_hook(lambda module, inputs, output: seen.append(output))
    with torch.no_grad():
        network(x)
        handle.remove()
        features = step1.get_features(network, x)
    assert features.shape[2:] == (2, 3)  # 64 x 96 pixels, one cell for each 32
    assert torch.equal(features, seen[0])


def test_features_by_hand():
    x = images(1)
    assert torch.equal(step1.get_features(HandNet(), x), x[:, :2])


# 1.3 compute_cam


def test_cam_by_hand():
    features = torch.tensor([[[[1.0, 2.0, 0.0]], [[0.0, 3.0, -1.0]]]])  # (1, 2, 1, 3)
    weight = torch.tensor([[1.0, -1.0], [0.5, 2.0]])
    assert step1.compute_cam(features, weight, 0).tolist() == [[[1.0, -1.0, 1.0]]]  # negative cells stay
    assert step1.compute_cam(features, weight, 1).tolist() == [[[0.5, 7.0, -2.0]]]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "tiny"])
def test_mean_of_cam_plus_bias_is_the_logit(name):
    network = seeded(GapNet()) if name == "tiny" else zoo(name)
    x = images(2, 64, 96)
    with torch.no_grad():
        logits = network(x)
    for c in range(logits.shape[1]):
        cam = step1.class_activation_map(network, x, c)
        logit = cam.mean(dim=(1, 2)) + step1.linear_layer(network).bias[c]
        assert torch.allclose(logit, logits[:, c], rtol=1e-5, atol=1e-5)


def test_class_activation_map_builds_no_graph_and_leaves_no_hook():
    network = seeded(GapNet())
    cam = step1.class_activation_map(network, images(2), 1)
    assert not cam.requires_grad
    assert hooks_of(network) == 0
    assert cam.shape == (2, 8, 12)


def test_linear_layer_finds_the_one():
    network = HandNet()
    assert step1.linear_layer(network) is network.fc


@pytest.mark.parametrize("network", [VggLike(), torch.nn.Conv2d(3, 4, 1)], ids=["several", "none"])
def test_cam_is_refused_where_it_is_not_defined(network):
    with pytest.raises(ValueError, match="exactly one linear layer"):
        step1.linear_layer(network)


def test_linear_layer_counts_those_it_found():
    with pytest.raises(ValueError, match="has 2"):
        step1.linear_layer(torch.nn.Sequential(linear([[1]], [0]), linear([[1]], [0])))


# 1.4 normalize_map


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([[1, 4], [2, 0]], [[0.25, 1], [0.5, 0]]),
        ([[-8, 4], [1, 2]], [[0, 1], [0.25, 0.5]]),  # the least value is not subtracted
        ([[2, 4], [2, 4]], [[0.5, 1], [0.5, 1]]),  # nor is it where all are positive
        ([[3, 3], [3, 3]], [[1, 1], [1, 1]]),
        ([[0, 0], [0, 0]], [[0, 0], [0, 0]]),  # no evidence: zeros, not NaN
        ([[-5, -1], [-2, -3]], [[0, 0], [0, 0]]),  # no evidence: the least bad cell is not painted red
    ],
)
def test_normalize_map_by_hand(raw, expected):
    heat = step1.normalize_map(np.array(raw, dtype=np.float32))
    assert heat.dtype == np.float32
    assert heat.tolist() == expected


@repeatable
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=5),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_normalize_map_is_between_0_and_1_and_never_nan(raw):
    """Also for the smallest and the largest numbers that there are."""
    before = raw.copy()
    heat = step1.normalize_map(raw)
    assert heat.dtype == np.float32
    assert heat.shape == raw.shape
    assert ((heat >= 0) & (heat <= 1)).all()  # False for NaN
    assert heat.max() == (1 if raw.max() > 0 else 0)
    assert (heat[raw <= 0] == 0).all()
    assert np.array_equal(raw, before)  # the raw map is kept


@repeatable
@given(
    hnp.arrays(np.float32, (3, 4), elements={"min_value": -100, "max_value": 100, "allow_subnormal": False}),
    st.sampled_from([2.0**-10, 0.5, 8.0, 1024.0]),
)
def test_normalize_map_has_no_unit(raw, factor):
    assert np.array_equal(step1.normalize_map(raw), step1.normalize_map(raw * np.float32(factor)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_normalize_map_refuses_what_is_no_number(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        step1.normalize_map(np.array([[1.0, bad]]))


# 1.4 overlay. OpenCV's TURBO, as red, green, blue: 0 is (48, 18, 59), a dark blue; 255 is (122, 4, 3), a dark red.

COLD, HOT = (48, 18, 59), (122, 4, 3)


def test_overlay_colours_are_red_green_blue():
    """Hot is red. With blue and red swapped, the pixel would be (3, 4, 122)."""
    image = np.zeros((2, 3, 3), np.uint8)
    heat = np.zeros((2, 3))
    heat[1, 2] = 1
    mixed = step1.overlay(image, heat, alpha=1)
    assert mixed.dtype == np.uint8
    assert tuple(mixed[1, 2].tolist()) == HOT
    assert tuple(mixed[0, 0].tolist()) == COLD


def test_overlay_keeps_the_image_red_green_blue():
    """The photo's own channels are not swapped either."""
    image = np.full((2, 3, 3), (250, 100, 10), np.uint8)
    assert np.array_equal(step1.overlay(image, np.ones((2, 3)), alpha=0), image)


def test_overlay_mixes_and_rounds():
    """0.5 * 200 + 0.5 * 122 is 161; in uint8 arithmetic 200 + 122 would wrap to 66."""
    image = np.full((2, 3, 3), (200, 254, 12), np.uint8)
    assert step1.overlay(image, np.ones((2, 3)), alpha=0.5)[0, 0, :2].tolist() == [161, 129]
    quarter = step1.overlay(image, np.ones((2, 3)), alpha=0.25)
    assert quarter[1, 2, 1:].tolist() == [192, 10]  # 190.5 + 1 and 9 + 0.75: rounded (to even), not cut off


def test_overlay_leaves_its_inputs_alone():
    image, heat = np.full((2, 3, 3), 7, np.uint8), np.full((2, 3), 0.5)
    step1.overlay(image, heat)
    assert (image == 7).all()
    assert (heat == 0.5).all()


def test_overlay_refuses_a_map_of_another_size():
    with pytest.raises(ValueError, match="upsample it first"):
        step1.overlay(np.zeros((2, 3, 3), np.uint8), np.zeros((3, 2)))
