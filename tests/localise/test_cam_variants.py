"""The variants of CAM against captum, grad-cam and torchcam."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gradcam_lab.localise.cam_variants import (
    ChannelWeights,
    Evidence,
    bag_cams,
    cam,
    find_both_evidence,
    find_evidence,
    grad_cam,
    grad_cam_plus_plus,
    hires_cam,
    layer_cam,
    weighted_cam,
)
from gradcam_lab.vision import torchvision
from tests.localise.classifiers import LAYERS, classifier_of
from tests.networks import images, zoo


def strongest(name: str) -> int:
    """The class with the most evidence in both images, since two empty maps would agree about nothing."""
    from gradcam_lab.lessons.step2_gradcam import GradCAM

    return int(GradCAM(zoo(name), LAYERS[name]).all_classes(images(2, 96, 128)).amax(dim=(2, 3)).amin(dim=0).argmax())


def ours(lessons, name: str, weights: ChannelWeights) -> tuple[Tensor, int]:
    target = strongest(name)
    evidence = find_evidence(classifier_of(name), lessons, images(2, 96, 128), f"class {target}")
    return weighted_cam(evidence, weights, lessons), target


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
    evidence = find_evidence(both, lessons, x, "both")
    assert evidence.rows is not None
    assert torch.equal(evidence.rows, single.network.get_parameter("fc.weight")[1 + outputs.argmax(dim=1)])


def test_cam_is_not_defined_for_vgg(lessons):
    with pytest.raises(ValueError, match="ends in an average"):
        ours(lessons, "vgg16", cam)


def test_bag_cams_as_its_authors_compute_it(lessons):
    """Channel by channel and cell by cell: the share times one more than its mean, where that is positive."""
    random = torch.Generator().manual_seed(5)
    features, gradients = (torch.randn(2, 3, 4, 5, generator=random) for _ in range(2))
    maps = weighted_cam(Evidence(features, gradients, torch.zeros(2, 1), None), bag_cams, lessons)
    for image in range(2):
        expected = torch.zeros(4, 5)
        for a, g in zip(features[image], gradients[image], strict=True):
            expected += ((a * g + 1).mean() * (a * g)).clamp(min=0)
        assert torch.allclose(maps[image], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "earlier"), [("resnet18", "layer3"), ("vgg16", "features.28")])
def test_one_pass_has_the_evidence_of_both_layers(lessons, name, earlier):
    """What follows either layer may work in place, as VGG's ReLU does."""
    classifier, x, target = classifier_of(name), images(2, 96, 128), f"class {strongest(name)}"
    both = find_both_evidence(classifier, lessons, x, target, earlier)
    each = [
        find_evidence(replace(classifier, layer=layer), lessons, x, target) for layer in (classifier.layer, earlier)
    ]
    for mine, alone in zip(both, each, strict=True):
        for part in ("features", "gradients", "outputs"):
            assert torch.allclose(getattr(mine, part), getattr(alone, part), rtol=1e-3, atol=1e-6)
    assert not any(module._forward_hooks for module in classifier.network.modules())
