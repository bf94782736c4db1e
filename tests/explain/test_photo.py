"""The maps of one photo, and what cannot be explained."""

import copy
from dataclasses import replace

import cv2
import numpy as np
import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.explain.photo import Photo
from gradcam_lab.explain.targets import find_target, rather_than
from tests.models.layers.toys import OddForward, seeded


def test_cam_averages_to_the_logit_and_gradcam_is_its_positive_part(photo):
    target = photo.predicted()
    cam = photo.cam(target)
    assert cam.shape == (3, 3)
    assert cam.mean() + float(photo.classifier.network.fc.bias[target.index]) == pytest.approx(
        photo.score(target), rel=1e-4
    )
    np.testing.assert_allclose(photo.gradcam(target.score), np.maximum(cam, 0) / 9, rtol=1e-3, atol=1e-5)


def test_any_function_of_the_logits_can_be_explained(photo):
    """The worked example of the module: why a dog rather than an insect."""
    dog, insects = photo.classifier.output_names.index("dog"), photo.classifier.outputs_of("insect")
    heatmap = photo.gradcam(lambda logits: logits[:, dog] - logits[:, insects].logsumexp(dim=1))
    target = rather_than(find_target(photo.classifier, "dog"), find_target(photo.classifier, "insect"))
    np.testing.assert_array_equal(heatmap, photo.gradcam(target.score))
    assert not np.allclose(heatmap, photo.gradcam(find_target(photo.classifier, "dog").score))


def test_cam_of_a_difference_is_the_difference_of_the_cams(photo):
    ant, gnu = (find_target(photo.classifier, word) for word in ("ant", "gnu"))
    np.testing.assert_allclose(photo.cam(rather_than(ant, gnu)), photo.cam(ant) - photo.cam(gnu))


def test_cam_of_a_group_is_that_of_its_most_probable_output(photo):
    insect = find_target(photo.classifier, "insect")
    best = max(insect.outputs, key=lambda index: float(photo.outputs[0, index]))
    np.testing.assert_array_equal(photo.cam(insect), photo.cam(find_target(photo.classifier, str(best))))


def test_cam_is_refused_where_it_is_not_defined(picture, vgg, lessons):
    photo = Photo(picture, vgg, lessons)
    with pytest.raises(LabError, match=r"CAM is not defined for 'vgg11' \(.* has 3\): take --method gradcam"):
        photo.cam(photo.predicted())
    assert photo.gradcam(photo.predicted().score).shape == (3, 3)


def test_one_linear_layer_is_not_enough_for_cam(picture, resnet, lessons):
    class Bent(type(resnet.network)):  # type: ignore[misc]
        """A ResNet that takes the square root of the averages."""

        def forward(self, x):
            features = lessons.cam.get_features(self, x)
            return self.fc(self.avgpool(features).flatten(1).sqrt())

    network = copy.deepcopy(resnet.network)
    network.__class__ = Bent
    photo = Photo(picture, replace(resnet, network=network), lessons)
    assert photo.why_no_cam == "something stands between its last feature map, the average and the linear layer"


def test_a_network_whose_parts_run_in_another_order_is_refused_too(picture, resnet, lessons):
    photo = Photo(picture, replace(resnet, network=seeded(lambda: OddForward(10)), layer="gate"), lessons)
    with pytest.raises(LabError, match=r"the network's parts do not run in the order in which they are listed\)"):
        photo.cam(photo.predicted())
    assert photo.gradcam(photo.predicted().score).max() > 0


def test_gradcam_looks_at_any_layer(photo):
    score = photo.predicted().score
    assert photo.gradcam(score, "layer3").shape == (6, 6)
    assert photo.gradcam(score, "layer2.0.conv1").shape == (12, 12)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ("layer5", "'layer5': the model has no layer 'layer5'; did you mean one of .*layer"),
        ("fc", "'fc': layer 'fc' does not return a feature map"),
        ("layer4.0.relu", "runs more than once in a forward pass: choose the block around it"),
        ("", "'': layer '' does not return a feature map"),
    ],
)
def test_a_layer_that_cannot_be_looked_at_is_refused(photo, layer, says):
    with pytest.raises(LabError, match=says):
        photo.gradcam(photo.predicted().score, layer)


def test_weights_that_are_not_finite_are_refused(picture, resnet, lessons):
    network = copy.deepcopy(resnet.network)
    network.fc.bias[0] = float("nan")
    with pytest.raises(LabError, match="are not finite: check the weights"):
        Photo(picture, replace(resnet, network=network), lessons)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "The image '.*' is missing: give another"),
        (b"", "is broken, truncated or no JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF: give another"),
        (b"GIF89a nothing", "is broken, truncated or no JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF: give another"),
        ("truncated", "is broken, truncated or no JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF: give another"),
    ],
)
def test_a_broken_image_is_refused(tmp_path, picture, resnet, lessons, content, says):
    path = tmp_path / "größer.jpg"
    if content is not None:
        path.write_bytes(picture.read_bytes()[:-200] if content == "truncated" else content)
    with pytest.raises(LabError, match=says):
        Photo(path, resnet, lessons)


def test_a_photo_of_16_bits_is_as_bright_as_its_data(resnet, lessons, tmp_path, capsys):
    path = tmp_path / "deep.png"
    path.write_bytes(cv2.imencode(".png", np.full((20, 30), 3000, np.uint16))[1].tobytes())
    assert (Photo(path, resnet, lessons).image == 3000 >> 4).all()
    assert capsys.readouterr().err == "The images of 16 bits hold data of 12: they are scaled so that 4095 is white.\n"
    assert (Photo(path, resnet, lessons, bits=14).image == 3000 >> 6).all()  # as in its data set, which said so
    assert capsys.readouterr().err == ""
