"""From maps to boxes, by the whole of step 3."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.methods import GRADCAM
from gradcam_lab.models import zoo


@pytest.fixture(scope="module")
def experiment(weights, lessons):
    return Experiment(zoo.load("embedded", str(weights)), lessons, "dog", min_area=7)


def test_plain_boxes_go_through_the_students_detect(experiment, lessons, toy):
    samples = read_split(toy, "val").samples
    maps = make_maps(experiment, {"val": samples})[GRADCAM]
    asked = []

    def detect(heatmap, size, probability, **given):
        asked.append((size, given["threshold"], given["min_area"]))
        return np.array([[1.0, 1, 2, 2, probability]])

    theirs = replace(lessons, boxes=SimpleNamespace(detect=detect))
    boxes = Detector(replace(experiment, lessons=theirs))(maps, 0.3)
    assert {len(rows) for rows in boxes.values()} == {1}
    assert asked == [(sample.size[::-1], 0.3, 7) for sample in samples]
