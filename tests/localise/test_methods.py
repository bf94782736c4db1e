"""Which methods suit which network."""

from dataclasses import replace

import torch

from gradcam_lab.localise.methods import METHODS, applicable
from gradcam_lab.models import zoo
from tests.localise.classifiers import classifier_of


def test_methods_that_are_not_defined_are_left_out(lessons, weights):
    classifier = zoo.load("embedded", str(weights))
    assert set(applicable(classifier)) == set(METHODS)
    headless = replace(classifier, network=torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3)), layer="0")
    left = {"gradcam", "gradcam++", "layercam", "hirescam", "otsu", "watershed", "refined"}
    left |= {"flip", "1.15x+1", "pair"}
    assert set(applicable(headless)) == left


def test_cam_is_not_offered_for_vgg(lessons):
    assert "cam" not in applicable(classifier_of("vgg16"))
