"""Boxes of every class, at one threshold."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam_lab.evaluate import all_classes
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.scores import rows_of, score_detections
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import ALL
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.threshold import choose


@pytest.fixture(scope="module")
def experiment(experiment):
    return replace(experiment, target=ALL, ious=(0.3, 0.5))


@pytest.fixture(scope="module")
def maps(experiment, splits):
    return make_maps(experiment, splits)[GRADCAM]


@pytest.fixture(scope="module")
def scored(experiment, maps, splits):
    return all_classes.score_all(experiment, maps, splits["val"], splits["test"])


def test_each_row_is_what_scoring_the_class_alone_gives(experiment, maps, splits, scored):
    test = splits["test"]
    counts = image_draws(len(test), 0)
    mine, centre = scored["rows"]
    for name in scored["objects"]:
        of_class = replace(experiment, target=name)
        boxes = Detector.of(of_class)(maps.of("test").of_class(name), scored["threshold"])
        assert mine["classes"][name] == rows_of(score_detections(of_class, boxes, of_class.ground_truth(test), counts))
    assert centre["classes"] != mine["classes"]


def test_map_is_the_mean_of_the_classes(scored):
    for row in scored["rows"]:
        for iou, mean in row["map"].items():
            values = [found[iou]["ap"] for found in row["classes"].values()]
            assert mean["ap"] == pytest.approx(np.mean(values))
            assert mean["ap_low"] <= mean["ap"] <= mean["ap_high"] or mean["ap_low"] < mean["ap_high"]


def test_the_threshold_is_the_best_of_vals_smoothed_curve(scored):
    assert scored["threshold"] == all_classes.COARSE_GRID[choose(scored["curve"])]
    assert len(scored["curve"]) == len(all_classes.COARSE_GRID) == 9


def test_only_classes_with_something_to_find_in_both_splits_count(splits):
    everything = {o.name for samples in splits.values() for s in samples for o in s.objects}
    common = all_classes.classes_with_objects(splits["val"], splits["test"])
    assert common == sorted(common)
    assert set(common) <= everything
    assert all_classes.classes_with_objects(splits["val"], []) == []


@pytest.mark.filterwarnings("error")
def test_samples_of_images_without_any_object_are_left_out_of_the_interval():
    one, two = (
        SimpleNamespace(row={"ap": ap}, draws=SimpleNamespace(ap=np.array(ap_of_draws)))
        for ap, ap_of_draws in ((0.5, [0.4, np.nan, 0.6]), (0.7, [np.nan, np.nan, 0.8]))
    )
    result = all_classes.mean_ap([one, two])  # type: ignore[list-item]
    assert result["ap"] == pytest.approx(0.6)
    assert (result["ap_low"], result["ap_high"]) == (pytest.approx(0.4, abs=0.02), pytest.approx(0.7, abs=0.02))
