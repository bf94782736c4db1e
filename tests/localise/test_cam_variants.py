"""The relatives of CAM against captum, grad-cam and torchcam, and better boxes on maps made by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from gradcam_lab.localise import box_finders, multi_method
from gradcam_lab.localise import cam_variants as methods
from gradcam_lab.localise import methods as recipes
from gradcam_lab.localise.cam_variants import cam, explain, grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, look
from gradcam_lab.models.classifier import Classifier, Preprocessing
from gradcam_lab.vision import torchvision
from tests.networks import hooks_of, images, zoo

LAYERS = {"resnet18": "layer4", "vgg16": "features"}


def classifier_of(name: str) -> Classifier:
    names = tuple(f"class {number}" for number in range(10))
    groups = {name: (number,) for number, name in enumerate(names)}
    return Classifier(name, zoo(name), names, groups, "softmax", LAYERS[name], Preprocessing(96), "", {})


def strongest(name: str) -> int:
    """The class with the most evidence in both images, since two empty maps would agree about nothing."""
    from gradcam_lab.lessons.step2_gradcam import GradCAM

    return int(GradCAM(zoo(name), LAYERS[name]).all_classes(images(2, 96, 128)).amax(dim=(2, 3)).amin(dim=0).argmax())


def ours(lessons, name: str, weights: methods.Weights) -> tuple[Tensor, int]:
    target = strongest(name)
    seen = look(classifier_of(name), lessons, images(2, 96, 128), f"class {target}")
    return explain(seen, weights, lessons), target


def assert_same(maps: Tensor, expected: Tensor) -> None:
    assert maps.shape == expected.shape
    assert maps.amax(dim=(1, 2)).min() > 0
    assert torch.allclose(maps, expected, rtol=1e-3, atol=1e-5 * float(expected.max()))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("weights", "theirs"), [(grad_cam, "GradCAM"), (layer_cam, "LayerCAM")])
def test_equal_torchcams(lessons, name, weights, theirs):
    """Not Grad-CAM++: torchcam 0.5 divides a copy (`alpha[mask].div_`), so that its weights lack the denominator."""
    torchvision()
    import torchcam.methods

    maps, target = ours(lessons, name, weights)
    x = images(2, 96, 128).requires_grad_()
    with getattr(torchcam.methods, theirs)(zoo(name), LAYERS[name]) as oracle:
        expected = oracle(class_idx=target, scores=zoo(name)(x), normalized=False)[0]
    assert_same(maps, expected)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("weights", "theirs"),
    [(grad_cam_plus_plus, "GradCAMPlusPlus"), (layer_cam, "LayerCAM"), (hires_cam, "HiResCAM"), (grad_cam, "GradCAM")],
)
def test_equal_pytorch_grad_cams(lessons, name, weights, theirs):
    torchvision()
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.image import scale_cam_image
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    maps, target = ours(lessons, name, weights)
    x = images(2, 96, 128).requires_grad_()
    network = zoo(name)
    with getattr(pytorch_grad_cam, theirs)(network, [network.get_submodule(LAYERS[name])]) as oracle:
        expected = torch.from_numpy(oracle(x, [ClassifierOutputTarget(target)] * 2))
    mine = torch.from_numpy(scale_cam_image(maps.numpy(), (128, 96)))
    assert mine.amax() > 0.9
    assert torch.nn.functional.cosine_similarity(mine.flatten(1), expected.flatten(1)).min() > 0.9998


@pytest.mark.parametrize("name", LAYERS)
def test_hires_cam_equals_captums(lessons, name):
    from captum.attr import LayerGradientXActivation

    maps, target = ours(lessons, name, hires_cam)
    oracle = LayerGradientXActivation(zoo(name), zoo(name).get_submodule(LAYERS[name]))
    expected = oracle.attribute(images(2, 96, 128).requires_grad_(), target=target).sum(dim=1).relu().detach()
    assert_same(maps, expected)


def test_cam_equals_torchcams(lessons):
    torchvision()
    from torchcam.methods import CAM

    maps, target = ours(lessons, "resnet18", cam)
    with CAM(zoo("resnet18"), "layer4", fc_layer="fc") as oracle:
        zoo("resnet18")(images(2, 96, 128))
        expected = oracle(class_idx=target, normalized=False)[0].relu()
    assert_same(maps, expected)


def test_cam_of_a_group_is_that_of_its_most_probable_output(lessons):
    single = classifier_of("resnet18")
    both = replace(single, groups={"both": (1, 2)})
    x = images(2, 96, 128)
    outputs = single.network(x)[:, 1:3]
    seen = look(both, lessons, x, "both")
    assert seen.rows is not None
    assert torch.equal(seen.rows, single.network.get_parameter("fc.weight")[1 + outputs.argmax(dim=1)])


def test_cam_is_not_defined_for_vgg(lessons):
    with pytest.raises(ValueError, match="ends in an average"):
        ours(lessons, "vgg16", cam)
    assert not recipes.defined(classifier_of("vgg16"), lessons, recipes.METHODS["cam"])


def test_looking_leaves_no_hooks(lessons):
    classifier = classifier_of("resnet18")
    methods = {"shared": recipes.METHODS["1.5x+shared"]}
    before = hooks_of(classifier.network)
    multi_method.Looker(classifier, lessons, "class 1", methods)(images(2, 96, 96))
    assert hooks_of(classifier.network) == before


# Views


def test_a_mirrored_view_is_turned_back():
    maps = torch.zeros(1, 4, 4)
    maps[0, 1, 0] = 2
    there = multi_method.averaged({recipes.PLAIN: maps, recipes.MIRRORED: maps.flip(-1)})
    assert torch.allclose(there, multi_method.resized(maps / 2, (16, 16), "bilinear"))


def test_views_keep_colours_and_size():
    x = images(1, 64, 64)
    assert torch.equal(multi_method.seen_as(x, recipes.MIRRORED), x.flip(3))
    assert multi_method.seen_as(x, recipes.View(1.5)).shape == (1, 3, 96, 96)


def test_heat_is_shared_by_what_looks_alike():
    """Two kinds of cells, the heat on one cell of the first kind: all of its kind get the same, the others nothing."""
    features = torch.tensor([[[[1.0, 1, 0], [1, 0, 0]], [[0, 0, 1], [0, 1, 1]]]])
    maps = torch.tensor([[[3.0, 0, 0], [0, 0, 0]]])
    shared = multi_method.share(maps, multi_method.similarity(features), (2, 3))
    assert torch.allclose(shared, torch.tensor([[[1.0, 1, 0], [1, 0, 0]]]), atol=1e-6)


@pytest.mark.parametrize(("name", "earlier"), [("resnet18", "layer3"), ("vgg16", "features.29")])
def test_the_earlier_layer(name, earlier):
    assert recipes.earlier_layer(classifier_of(name)).startswith(earlier)


# Ways to boxes


def two_hills(dip: float) -> np.ndarray:
    """Two round hills whose pass is about `dip` of the peaks."""
    y, x = np.mgrid[:96, :128]
    width = np.sqrt(30**2 / 2 / np.log(2 / dip))  # two Gaussians add up to `dip` half way
    return sum(np.exp(-((x - cx) ** 2 + (y - 48) ** 2) / (2 * width**2)) for cx in (34, 94)).astype(np.float32)


@pytest.mark.parametrize(("dip", "count"), [(0.3, 2), (0.95, 1)])
def test_watershed_splits_at_a_deep_pass_only(lessons, dip, count):
    boxes = box_finders.watershed(lessons, two_hills(dip), None, 0.1, 30)
    assert len(box_finders.islands(lessons, two_hills(dip), None, 0.1, 30)) == 1
    assert len(boxes) == count
    if count == 2:
        assert boxes[0, 2] == pytest.approx(64, abs=4)
        assert boxes[1, 0] == pytest.approx(65, abs=4)


def test_otsu_finds_the_gap(lessons):
    full = np.full((40, 60), 0.1, np.float32)
    full[10:20, 30:50] = 0.9
    assert box_finders.otsu(lessons, full, None, 0.0, 30).tolist() == [[31, 11, 50, 20]]
    assert box_finders.otsu(lessons, np.zeros((4, 4), np.float32), None, 0.0, 1).shape == (0, 4)


def test_what_other_finders_leave_out_of_step_3_is_done_as_step_3_does_it(lessons):
    def by_hand(*given):
        return box_finders.islands(*given)

    rng = np.random.default_rng(0)
    for _ in range(20):
        heatmap = rng.random((7, 7)).astype(np.float32)
        mine = box_finders.detect(lessons, by_hand, heatmap, (90, 60), 0.7, 0.6, 30)
        theirs = lessons.boxes.detect(heatmap, (60, 90), 0.7, threshold=0.6, iou=lessons.metrics.box_iou, min_area=30)
        assert np.array_equal(mine, theirs)


def test_otsu_cuts_an_even_ramp_in_the_middle(lessons):
    ramp = np.tile(np.arange(256, dtype=np.float32), (20, 1))
    for ignored in (0.1, 0.9):
        ((xmin, ymin, xmax, ymax),) = box_finders.otsu(lessons, ramp, None, ignored, 1)
        assert 127 <= xmin <= 130
        assert (ymin, xmax, ymax) == (1, 256, 20)
    assert box_finders.otsu(lessons, -ramp, None, 0.1, 1).shape == (0, 4)


@pytest.mark.parametrize(("apart", "count"), [(2, 1), (8, 2)])
def test_a_dent_is_no_valley(lessons, apart, count):
    """Two peaks with a deep dent between them are one hill where they are so near that one window holds both."""
    heat = np.full((32, 32), 0.1, np.float32)
    heat[14:18, 8 : 9 + apart] = 0.5
    heat[15, [8, 8 + apart]] = [1.0, 0.9]
    assert len(np.unique(box_finders.merged(heat, box_finders.hills(heat)))) == count
    assert len(box_finders.watershed(lessons, heat, None, 0.3, 1)) == count


def test_a_hill_may_have_two_islands(lessons):
    full = np.zeros((64, 96), np.float32)
    full[10:14, 40:60] = 1
    full[16:20, 40:50] = 0.9
    boxes = box_finders.watershed(lessons, full, None, 0.3, 1)
    assert sorted(boxes.tolist()) == sorted(box_finders.islands(lessons, full, None, 0.3, 1).tolist())


def test_boxes_of_the_refined_mask_are_scaled_to_the_image(lessons):
    asked = []

    def segment(heatmap, image, **fractions):
        asked.append((heatmap.shape, image.shape, fractions))
        mask = np.zeros(heatmap.shape, dtype=bool)
        mask[12:36, 24:72] = True
        return mask

    theirs = replace(lessons, segmentation=SimpleNamespace(segment=segment, mask_box=lessons.segmentation.mask_box))
    full = np.ones((192, 384), np.float32)
    small = box_finders.shrunk(np.zeros((192, 384, 3), np.uint8))
    assert box_finders.refined(theirs, full, small, 0.05, 30).tolist() == [[97, 49, 288, 144]]
    assert asked == [((48, 96), (48, 96, 3), {"sure_foreground": 0.3, "sure_background": 0.05})]
    with pytest.raises(ValueError, match="give the image"):
        box_finders.refined(theirs, full, None, 0.05, 30)


def test_small_images_are_not_shrunk():
    assert box_finders.shrunk(np.zeros((60, 96, 3), np.uint8)).shape == (60, 96, 3)
