"""Comparing the boxes of several methods: the threshold of each, the table, the default, and the times."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gradcam_lab.evaluate.method_comparison import (
    TIMED,
    best_affordable,
    choose_threshold,
    compare,
    measure_times,
    priced,
)
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.grabcut import SURE_BACKGROUND
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.methods import GRID, METHODS
from gradcam_lab.localise.threshold import choose, sweep

CHOSEN = {name: METHODS[name] for name in ("cam", "gradcam", "otsu", "watershed", "refined", "pair+shared")}


@pytest.fixture(scope="module")
def splits(splits):
    return {"val": splits["val"], "test": splits["test"][:12]}


@pytest.fixture(scope="module")
def maps(experiment, splits):
    return make_maps(experiment, splits, {name: method.recipe for name, method in CHOSEN.items()})


class TestChooseThreshold:
    @pytest.fixture
    def tried(self):
        """The thresholds that were tried, in order."""
        return []

    @pytest.fixture
    def judged_by(self, experiment, tried):
        """An experiment whose boxes are the threshold itself, which a function judges in step 4's place."""

        def make(judge, method):
            def evaluate(detections, truth, ious, method):
                (threshold,) = {float(rows[0, 4]) for rows in detections.values()}
                tried.append(threshold)
                return {iou: SimpleNamespace(ap=judge(threshold), recall=0.0) for iou in ious}

            def detect(cam, size, probability, *, threshold, **given):
                return np.array([[1.0, 1, 2, 2, threshold]])

            lessons = experiment.lessons
            metrics = SimpleNamespace(
                evaluate=evaluate, GroundTruth=lessons.metrics.GroundTruth, box_iou=lessons.metrics.box_iou
            )
            fake = replace(lessons, metrics=metrics, boxes=SimpleNamespace(detect=detect))
            return replace(experiment, lessons=fake), method

        return make

    def test_plain_grad_cam_tries_every_threshold(self, judged_by, tried, maps, splits):
        """A narrow second peak, which the search in two steps would pass over."""
        curve = {0.85: 1.0, 0.9: 1.0, 0.95: 1.0, 0.1: 0.5}
        judged, method = judged_by(lambda threshold: curve.get(threshold, 0.0), METHODS[GRADCAM])
        found = choose_threshold(judged, method, maps[GRADCAM].of("val"), splits["val"])
        assert found == (0.9, pytest.approx(1.0))
        assert tuple(tried) == GRID

    @pytest.mark.parametrize("best", [0.05, 0.2, 0.45, 0.8])
    def test_the_others_thresholds_are_found_in_two_steps(self, judged_by, tried, maps, splits, best):
        """A curve with one peak: at most eleven of the nineteen thresholds are tried."""
        judged, method = judged_by(lambda threshold: -abs(threshold - best), METHODS["flip"])
        threshold, ap = choose_threshold(judged, method, maps[GRADCAM].of("val"), splits["val"])
        assert threshold == pytest.approx(best)
        assert ap == pytest.approx(-abs(threshold - best))
        assert len(tried) == len(set(tried)) <= 11
        assert min(tried) <= best <= max(tried)

    def test_where_each_image_has_its_own_there_is_none(self, experiment, maps, splits):
        threshold, ap = choose_threshold(experiment, METHODS["otsu"], maps["otsu"].of("val"), splits["val"])
        assert threshold is None
        assert 0 <= ap <= 1

    def test_plain_grad_cams_threshold_is_the_runs(self, experiment, maps, splits):
        val, mine = splits["val"], maps[GRADCAM].of("val")
        swept = sweep(Detector.of(experiment), mine, experiment.ground_truth(val), GRID, experiment.ious)
        place = choose(swept.mean_ap)
        assert choose_threshold(experiment, METHODS[GRADCAM], mine, val) == (GRID[place], swept.mean_ap[place])


def test_the_comparison(experiment, maps, splits):
    test = splits["test"]
    times = {name: 0.002 if name == "refined" else 0.001 for name in CHOSEN}
    table = priced(compare(experiment, CHOSEN, maps, splits["val"], test), times)
    rows = {row["name"]: row for row in table}
    assert list(rows) == list(CHOSEN)
    assert rows["gradcam"]["cost"] == 1
    assert rows["refined"]["cost"] == 2
    assert rows["refined"]["milliseconds"] == 2
    assert rows["otsu"]["threshold"] is None
    assert rows["gradcam"]["threshold"] in GRID
    assert set(rows["gradcam"]["leads"]["0.5"].values()) == {0}  # not even luck lies between a method and itself
    for row in rows.values():
        for iou, lead in row["leads"].items():
            values: list[Any] = [lead["ap_low"], lead["ap"], lead["ap_high"]]
            mine, plain = (np.array(one["scores"][iou]["ap"]) for one in (row, rows["gradcam"]))
            assert values == sorted(values)
            assert lead["ap"] == pytest.approx(float(mine - plain))
    assert rows["refined"]["threshold"] in SURE_BACKGROUND
    truth = experiment.ground_truth(test)
    for name, row in rows.items():
        boxes = Detector.of(experiment, CHOSEN[name])(maps[name].of("test"), row["threshold"] or 0, test)
        expected = experiment.lessons.metrics.evaluate(boxes, truth, experiment.ious)[0.3].ap
        scores = row["scores"]["0.3"]
        assert scores["ap"] == pytest.approx(expected)
        assert scores["ap_low"] is not None
        assert scores["ap_high"] is not None
        assert scores["ap_low"] <= expected <= scores["ap_high"]


class TestBestAffordable:
    def test_it_is_vals_best_that_costs_little(self):
        rows: list[Any] = [
            {"name": "gradcam", "cost": 1.0, "val_mean_ap": 0.5},
            {"name": "dear", "cost": 3.1, "val_mean_ap": 0.9},
            {"name": "fair", "cost": 2.9, "val_mean_ap": 0.7},
        ]
        assert best_affordable(rows) == "fair"

    def test_what_is_no_better_than_plain_grad_cam_is_not_the_default(self):
        """CAM is the same method on most networks, and stands first in the table."""
        rows: list[Any] = [
            {"name": "cam", "cost": 0.9, "val_mean_ap": 0.5004},
            {"name": "gradcam", "cost": 1.0, "val_mean_ap": 0.5},
        ]
        assert best_affordable(rows) == "gradcam"
        rows[0]["val_mean_ap"] = 0.5006
        assert best_affordable(rows) == "cam"


class TestMeasureTimes:
    def test_times_grow_with_the_input(self, experiment, splits):
        methods = {name: METHODS[name] for name in ("gradcam", "pair")}
        times = measure_times(experiment, methods, splits["val"], dict.fromkeys(methods, 0.3))
        assert times["pair"] > 1.2 * times["gradcam"] > 0

    def test_a_busy_moment_does_not_make_a_method_dear(self, experiment, splits):
        """Flip takes twice as long as plain Grad-CAM; one round is slow as a whole, and in one flip alone."""
        methods = {name: METHODS[name] for name in ("gradcam", "flip", "watershed", "otsu")}
        rounds = [(1, 2, 1, 1, 1, 1), (10, 20, 10, 10, 10, 10), (1, 50, 1, 1, 1, 1)]
        lasting = [1, *(lasts for of_round in rounds for lasts in of_round)]
        moments = np.cumsum([ticks for lasts in lasting for ticks in (0, TIMED * lasts)]).tolist()
        before, threads, asked = torch.get_num_threads(), set(), set()

        def clock():
            threads.add(torch.get_num_threads())
            return moments.pop(0)

        def detect(cam, size, probability, *, threshold, **given):  # of plain Grad-CAM and flip
            asked.add(threshold)
            return np.zeros((0, 5))

        def threshold_mask(heatmap, fraction):  # of watershed; Otsu's threshold is the image's own
            asked.add(fraction)
            return experiment.lessons.boxes.threshold_mask(heatmap, fraction)

        boxes = SimpleNamespace(**vars(experiment.lessons.boxes))
        boxes.detect, boxes.threshold_mask = detect, threshold_mask
        fake = replace(experiment, lessons=replace(experiment.lessons, boxes=boxes))
        thresholds = {"gradcam": 0.2, "flip": 0.4, "watershed": 0.6, "otsu": None}
        times = measure_times(fake, methods, splits["val"], thresholds, rounds=3, clock=clock)
        assert times == {"gradcam": 1, "flip": 2, "watershed": 1, "otsu": 1}
        assert not moments
        assert {0.2, 0.4, 0.6} < asked
        assert threads == {1}
        assert torch.get_num_threads() == before
