"""The lessons against other people's code: captum, grad-cam, torchcam, scikit-learn, and published numbers."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_recall_curve
from torch import Tensor, nn

from gradcam_lab.lessons.step2_gradcam import GradCAM, input_gradient
from gradcam_lab.lessons.step4_metrics import (
    FALSE_POSITIVE,
    TRUE_POSITIVE,
    GroundTruth,
    average_precision,
    evaluate,
    match_all,
    order_range,
    precision_recall,
)
from gradcam_lab.localise.baselines import centre_box
from gradcam_lab.vision import torchvision
from tests.networks import DenseNetOutOfPlace, GapNet, VggLike, images, seeded, zoo

repeatable = settings(derandomize=True, deadline=None, max_examples=150)

ANNOTATIONS = Path(__file__).parents[3] / "shared" / "data" / "voc2007-test500-annotations.json"


# Grad-CAM

LAYERS = {"resnet18": "layer4", "vgg16": "features", "densenet121": "features", "mobilenet_v2": "features"}


def for_oracles(name: str) -> nn.Module:
    """Return the network as an oracle can use it: the same weights, for DenseNet without the in-place ReLU.

    That ReLU overwrites the output of `features`. captum keeps a copy; grad-cam and torchcam keep none, multiply the
    gradient before the ReLU with the map after it, and come out at a cosine of 0.83 to 0.96. Ours runs on the network
    as it is.
    """
    return DenseNetOutOfPlace(zoo(name)).eval() if name == "densenet121" else zoo(name)


@cache
def ours(name: str) -> tuple[Tensor, list[int]]:
    """Return our maps of two images, and the class of each: the one with the strongest evidence among ten.

    With random weights many maps are empty, and two empty maps would agree about nothing.
    """
    explain = GradCAM(zoo(name), LAYERS[name])
    x = photos()
    classes = explain.all_classes(x).amax(dim=(2, 3)).argmax(dim=1).tolist()
    return explain(x, classes), classes


def photos() -> Tensor:
    """Two images, 96 x 128: maps of 3 x 4 cells, whose height and width cannot be confused.

    They ask for a gradient, because with frozen weights the oracles need it to flow all the way from the pixels.
    """
    return images(2, 96, 128).requires_grad_()


def captum_maps(name: str, classes: list[int]) -> Tensor:
    from captum.attr import LayerGradCam

    network = for_oracles(name)
    oracle = LayerGradCam(network, network.get_submodule(LAYERS[name]))
    return oracle.attribute(photos(), target=classes, relu_attributions=True)[:, 0].detach()


def torchcam_maps(name: str, classes: list[int]) -> Tensor:
    from torchcam.methods import GradCAM as TorchcamGradCAM

    network = for_oracles(name)
    with TorchcamGradCAM(network, LAYERS[name]) as oracle:
        return oracle(class_idx=classes, scores=network(photos()), normalized=False)[0]


def pytorch_grad_cam_maps(name: str, classes: list[int]) -> Tensor:
    """Return its maps at the size of the image, each scaled to 0..1."""
    torchvision()  # grad-cam imports torchvision plainly, which fails beside a CPU-only torch unless this comes first
    from pytorch_grad_cam import GradCAM as OtherGradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network = for_oracles(name)
    with OtherGradCAM(network, [network.get_submodule(LAYERS[name])]) as oracle:
        return torch.from_numpy(oracle(photos(), [ClassifierOutputTarget(c) for c in classes]))


def scaled_like_pytorch_grad_cam(maps: Tensor) -> Tensor:
    """Scale and stretch maps exactly as grad-cam does, so that only what was computed before can differ."""
    from pytorch_grad_cam.utils.image import scale_cam_image

    height, width = photos().shape[2:]
    return torch.from_numpy(scale_cam_image(maps.numpy(), (width, height)))


def cosines(a: Tensor, b: Tensor) -> list[float]:
    """Compare two stacks of maps (N, h, w) image by image."""
    assert a.shape == b.shape
    return nn.functional.cosine_similarity(a.flatten(1).double(), b.flatten(1).double()).tolist()


@pytest.mark.parametrize("name", LAYERS)
def test_gradcam_equals_captums(name):
    maps, classes = ours(name)
    expected = captum_maps(name, classes)
    assert maps.amax(dim=(1, 2)).min() > 1e-3
    assert min(cosines(maps, expected)) > 0.9999
    assert torch.allclose(maps, expected, rtol=1e-3, atol=1e-5)  # not only up to a factor


@pytest.mark.parametrize("name", LAYERS)
def test_gradcam_equals_torchcams(name):
    maps, classes = ours(name)
    expected = torchcam_maps(name, classes)
    assert min(cosines(maps, expected)) > 0.9999
    assert torch.allclose(maps, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", LAYERS)
def test_gradcam_equals_pytorch_grad_cams(name):
    maps, classes = ours(name)
    expected = pytorch_grad_cam_maps(name, classes)
    assert min(cosines(scaled_like_pytorch_grad_cam(maps), expected)) > 0.9999


@pytest.mark.parametrize("network", [GapNet(), VggLike()], ids=lambda network: type(network).__name__)
def test_input_gradient_equals_captums_saliency(network):
    from captum.attr import Saliency

    network, x = seeded(network), images(3)
    expected = Saliency(network).attribute(x.clone().requires_grad_(), target=[0, 4, 2], abs=False)
    gradient = input_gradient(network, x, [0, 4, 2])
    assert torch.allclose(gradient, expected, rtol=1e-5, atol=1e-7)
    assert gradient.abs().max() > 1e-3


# Average precision


judged_list = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.4, 0.5, 0.8, 0.9]), st.sampled_from([TRUE_POSITIVE, FALSE_POSITIVE])),
    min_size=1,
    max_size=15,
).filter(lambda judgements: any(outcome == TRUE_POSITIVE for _, outcome in judgements))


def arrays(judgements: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    scores, outcomes = zip(*judgements, strict=True)
    return np.array(scores), np.array(outcomes)


@repeatable
@given(judged_list)
def test_the_curve_equals_scikit_learns(judgements):
    """Scikit-learn walks the other way, takes equal scores as one step too, and ends in an extra point (1, 0)."""
    scores, outcomes = arrays(judgements)
    ours_ = precision_recall(scores, outcomes, int(outcomes.sum()))
    precision, recall, thresholds = precision_recall_curve(outcomes, scores)
    assert np.allclose(ours_.precision, precision[-2::-1], rtol=0, atol=1e-12)
    assert np.allclose(ours_.recall, recall[-2::-1], rtol=0, atol=1e-12)
    assert np.array_equal(ours_.score, thresholds[::-1])


@repeatable
@given(judged_list, st.integers(0, 4))
def test_the_area_below_scikit_learns_curve(judgements, missed):
    """For each recall that the curve reaches, its rise times the best precision at this recall or beyond."""
    scores, outcomes = arrays(judgements)
    positives = int(outcomes.sum())
    precision, recall, _ = precision_recall_curve(outcomes, scores)
    expected, reached = 0.0, 0.0
    for level in sorted(set(recall[:-1].tolist())):  # without the extra point
        expected += (level - reached) * max(p for p, r in zip(precision[:-1], recall[:-1], strict=True) if r >= level)
        reached = level
    curve = precision_recall(scores, outcomes, positives + missed)
    # Objects that nobody found shrink every recall by the same factor, and so the area.
    expected *= positives / (positives + missed)
    assert average_precision(curve.precision, curve.recall) == pytest.approx(expected, abs=1e-12)


@repeatable
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), min_size=1, max_size=6))
def test_ap_equals_scikit_learns_where_precision_never_rises(groups):
    """Scikit-learn does not interpolate; where each group of equal scores is worse than the last, it need not."""
    shares = sorted(((min(true, size), size) for true, size in groups), key=lambda group: -group[0] / group[1])
    assume(shares[0][0] > 0)  # without any object scikit-learn warns, and ours is not defined
    scores, outcomes = [], []
    for place, (true, size) in enumerate(shares):
        scores += [1 - 0.1 * place] * size
        outcomes += [TRUE_POSITIVE] * true + [FALSE_POSITIVE] * (size - true)
    curve = precision_recall(np.array(scores), np.array(outcomes), sum(outcomes))
    assert (np.diff(curve.precision) <= 1e-12).all()
    expected = average_precision_score(outcomes, scores)
    assert average_precision(curve.precision, curve.recall) == pytest.approx(expected, abs=1e-12)


def voc_ap(recall: np.ndarray, precision: np.ndarray) -> float:
    """Compute the area as the devkit's VOCap.m does, loop by loop, with sentinels at both ends."""
    mrec = [0.0, *recall.tolist(), 1.0]
    mpre = [0.0, *precision.tolist(), 0.0]
    for i in range(len(mpre) - 2, -1, -1):
        mpre[i] = max(mpre[i], mpre[i + 1])
    return sum((mrec[i] - mrec[i - 1]) * mpre[i] for i in range(1, len(mrec)) if mrec[i] != mrec[i - 1])


def voc_ap_11(recall: np.ndarray, precision: np.ndarray, objects: int) -> float:
    """Compute the 11-point AP from its definition, comparing recall in whole objects: found / objects >= level / 10."""
    found = np.rint(recall * objects)
    return sum(precision[10 * found >= level * objects].max(initial=0) for level in range(11)) / 11


@repeatable
@given(judged_list, st.integers(0, 4), st.sampled_from(["group", "order"]))
def test_ap_equals_the_devkits_definition(judgements, missed, ties):
    scores, outcomes = arrays(judgements)
    objects = int(outcomes.sum()) + missed
    curve = precision_recall(scores, outcomes, objects, ties)
    area, eleven = (average_precision(curve.precision, curve.recall, method) for method in ("area", "11point"))
    assert area == pytest.approx(voc_ap(curve.recall, curve.precision), abs=1e-12)
    assert eleven == pytest.approx(voc_ap_11(curve.recall, curve.precision, objects), abs=1e-12)


def test_ap_of_a_published_table():
    """The worked example of Padilla's *Object-Detection-Metrics*: 24 detections, 15 objects, 24.56% and 26.84%.

    Its table lists two detections of the score 0.95, the true one first, so it is compared with `ties="order"`.
    """
    percent = [95, 95, 91, 88, 84, 80, 78, 74, 71, 70, 67, 62, 54, 48, 45, 45, 44, 44, 43, 38, 35, 23, 18, 14]
    scores = np.array(percent) / 100
    outcomes = np.full(24, FALSE_POSITIVE)
    outcomes[[0, 2, 9, 11, 12, 13, 22]] = TRUE_POSITIVE
    curve = precision_recall(scores, outcomes, 15, ties="order")
    assert 100 * average_precision(curve.precision, curve.recall) == pytest.approx(24.56, abs=0.01)
    assert 100 * average_precision(curve.precision, curve.recall, "11point") == pytest.approx(26.84, abs=0.01)


# The published rows of the centre box on VOC2007


@pytest.fixture(scope="module")
def dogs() -> tuple[dict[str, GroundTruth], dict[str, tuple[int, int]]]:
    """The dogs of the first 500 test images, in the split's order, and the images' (width, height)."""
    if not ANNOTATIONS.exists():
        pytest.skip("needs ../shared/data/voc2007-test500-annotations.json beside the repository")
    objects, sizes = {}, {}
    for name, entry in json.loads(ANNOTATIONS.read_text(encoding="utf-8")).items():
        boxes = [o["bndbox"] for o in entry["objects"] if o["name"] == "dog"]
        # The published rows count difficult objects like all others.
        objects[name] = GroundTruth(np.array(boxes, float).reshape(-1, 4), np.zeros(len(boxes), bool))
        sizes[name] = (entry["width"], entry["height"])
    assert len(objects) == 500
    assert sum(len(o.boxes) for o in objects.values()) == 50
    return objects, sizes


def centre_boxes(dogs, fraction: float, *, everywhere: bool) -> dict[str, np.ndarray]:
    """Baseline A (everywhere) or B (only where there is a dog): one centre box an image, score 1."""
    objects, sizes = dogs
    return {
        name: np.append(centre_box(sizes[name], fraction), 1.0)[None]
        for name, truth in objects.items()
        if everywhere or len(truth.boxes)
    }


@pytest.mark.parametrize(
    ("everywhere", "fraction", "ap", "recall"),
    [
        (False, 0.3, (40.296106, 22.182328, 4.509091), (54, 38, 16)),
        (False, 0.5, (46.442448, 25.954001, 18.201394), (60, 44, 34)),
        (True, 0.3, (4.326339, 2.693878, 0.455250), (54, 38, 16)),
    ],
    ids=["B 0.3", "B 0.5", "A 0.3"],
)
def test_published_centre_box_rows(dogs, everywhere, fraction, ap, recall):
    """To six decimals, with `ties="order"`: all scores are equal, and the published order is the split's."""
    result = evaluate(centre_boxes(dogs, fraction, everywhere=everywhere), dogs[0], (0.3, 0.4, 0.5), ties="order")
    assert [100 * score.ap for score in result.values()] == pytest.approx(ap, abs=5e-7)
    assert [100 * score.recall for score in result.values()] == pytest.approx(recall, abs=1e-9)


def test_centre_box_with_equal_scores_as_one_step(dogs):
    """One precision for all, 27 of 41, at a recall of 27 of 50; the luckiest order finds the 27 first."""
    claims = centre_boxes(dogs, 0.3, everywhere=False)
    grouped = evaluate(claims, dogs[0], [0.3])[0.3]
    assert 100 * grouped.ap == pytest.approx(35.56, abs=0.005)
    assert grouped.ap == pytest.approx(27 / 41 * 27 / 50, abs=1e-12)
    matches = match_all(claims, dogs[0], 0.3)
    lowest, highest = order_range(matches.scores, matches.outcomes, int(matches.objects.sum()))
    assert (lowest, highest) == pytest.approx((grouped.ap, 0.54), abs=1e-12)
