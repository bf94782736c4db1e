"""The top five, and CAM beside Grad-CAM, on a network on which both are the same."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from gradcam_lab.evaluate.cam_agreement import cam_and_gradcam, measure, top5
from tests.models.layers.toys import OddForward


def test_the_top_five_are_the_most_probable_first(experiment, splits):
    found = top5(experiment, splits["test"][0])
    chances = [chance for _, _, chance in found["predictions"]]
    assert len(chances) == 5
    assert chances == sorted(chances, reverse=True)
    assert found["named"]
    assert found["true"] == sorted({item.name for item in splits["test"][0].objects})


def test_cam_is_grad_cam_where_the_network_ends_in_a_linear_layer(experiment, splits):
    found = measure(cam_and_gradcam(experiment, splits["test"][:4]))
    assert found is not None
    assert found["images"] == 4
    assert found["max_relative_difference"] == pytest.approx(0, abs=1e-3)
    assert found["mean_cosine"] == pytest.approx(1)


def test_a_network_without_one_has_no_cam(experiment, splits):
    network = nn.Sequential(nn.Conv2d(3, 9, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    headless = replace(experiment.classifier, network=network, layer="0")
    assert cam_and_gradcam(replace(experiment, classifier=headless), splits["test"][:2]) is None
    assert measure(None) is None


def test_maps_without_evidence_have_no_direction():
    maps = torch.zeros(2, 3, 3), torch.zeros(2, 3, 3)
    assert measure(maps) == {"images": 2, "max_relative_difference": None, "mean_cosine": None}


def test_a_network_whose_parts_run_in_another_order_has_no_cam(experiment, splits):
    own = replace(experiment.classifier, network=OddForward(9), layer="gate")
    assert cam_and_gradcam(replace(experiment, classifier=own), splits["test"][:2]) is None


def test_a_students_mistake_is_not_taken_for_the_networks(experiment, splits):
    def mistaken(network, images, index):
        raise TypeError("mine")

    mine = SimpleNamespace(linear_layer=experiment.lessons.cam.linear_layer, class_activation_map=mistaken)
    lessons = replace(experiment.lessons, cam=mine)
    with pytest.raises(TypeError, match="mine"):
        cam_and_gradcam(replace(experiment, lessons=lessons), splits["test"][:2])
