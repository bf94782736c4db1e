"""Looking at images by several methods at once, and comparing the boxes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate import method_comparison
from gradcam_lab.localise import box_finders, multi_method
from gradcam_lab.localise import maps as heatmaps
from gradcam_lab.localise import methods as recipes
from gradcam_lab.localise import threshold as sweep
from gradcam_lab.localise.cam_variants import look
from gradcam_lab.localise.multi_method import Maps
from gradcam_lab.models import zoo
from tests.networks import images

IOU = (0.3, 0.5)


@pytest.fixture(scope="module")
def classifier(weights):
    return zoo.load_file(weights)


@pytest.fixture(scope="module")
def val(toy, classifier):
    return read_split(toy, "val", known=classifier.class_names).samples


@pytest.fixture(scope="module")
def test(toy, classifier):
    return read_split(toy, "test", known=classifier.class_names).samples[:12]


CHOSEN = {name: recipes.METHODS[name] for name in ("cam", "gradcam", "otsu", "watershed", "refined", "1.5x+shared")}


@pytest.fixture(scope="module")
def on_val(lessons, classifier, val):
    return multi_method.explain_all(multi_method.Looker(classifier, lessons, "dog", CHOSEN), val, "val")


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_plain_maps_are_those_of_the_run(lessons, classifier, val, tmp_path, precision):
    heatmaps.write_heatmaps(tmp_path / "maps.npz", classifier, lessons, {"val": val}, "dog", precision)
    theirs = heatmaps.read_heatmaps(tmp_path / "maps.npz")
    looker = multi_method.Looker(classifier, lessons, "dog", {"gradcam": CHOSEN["gradcam"]}, precision)
    mine = multi_method.explain_all(looker, val, "val")["gradcam"]
    exact = multi_method.explain_all(multi_method.Looker(classifier, lessons, "dog", CHOSEN), val, "val")["gradcam"]
    rough = precision == "bf16"
    assert theirs.maps.max() > 0
    assert np.allclose(mine.maps, theirs.maps, rtol=0.02 if rough else 1e-5, atol=1e-2 * theirs.maps.max() * rough)
    assert np.allclose(mine.probabilities, theirs.probabilities, atol=1e-6)
    assert np.allclose(mine.probabilities, exact.probabilities, atol=1e-6) != rough


def test_one_sight_has_one_array(on_val):
    assert on_val["gradcam"].maps is on_val["otsu"].maps
    assert on_val["gradcam"].maps is on_val["watershed"].maps
    assert on_val["cam"].maps is not on_val["gradcam"].maps


def test_each_view_is_looked_at_once(lessons, classifier, monkeypatch):
    sizes = []

    def noting(classifier, lessons, inputs, target):
        sizes.append((len(inputs), inputs.shape[2]))
        return look(classifier, lessons, inputs, target)

    monkeypatch.setattr(multi_method, "look", noting)
    multi_method.Looker(classifier, lessons, "dog", recipes.METHODS)(images(6, 112, 112))
    plain, small, larger, large, largest = 112, 96, 128, 160, 224  # the sides, to the next multiple of 32
    parts = [(count, side) for count in (4, 2) for side in (larger, large, largest)]
    assert sorted(sizes) == sorted([(6, plain), (6, plain), (6, small), *parts])


def test_a_map_that_is_not_finite_names_its_method(lessons, classifier, val, monkeypatch):
    methods = {name: recipes.METHODS[name] for name in ("gradcam", "watershed", "gradcam++")}
    looker = multi_method.Looker(classifier, lessons, "dog", methods)
    values = {methods["gradcam"].sight: 1.0, methods["gradcam++"].sight: np.nan}
    found = {sight: Maps(np.full((4, 2, 2), value), np.ones(4)) for sight, value in values.items()}
    monkeypatch.setattr(multi_method.Looker, "__call__", lambda looker, inputs: found)
    with pytest.raises(LabError, match=r"is not finite by the method gradcam\+\+: check the weights, or use --quick"):
        multi_method.explain_all(looker, val[:4], "val")


def test_enlarged_images_are_seen_in_parts_to_the_same_effect(lessons, classifier, monkeypatch):
    looker = multi_method.Looker(classifier, lessons, "dog", {"it": recipes.METHODS["1.5x+shared"]})
    (parts,) = looker(images(6, 112, 112)).values()
    monkeypatch.setattr(multi_method, "FEW", 99)
    (whole,) = looker(images(6, 112, 112)).values()
    assert parts.maps.shape == (6, 14, 14)  # the earlier layer's grid in the plain view
    assert np.allclose(parts.maps, whole.maps, atol=1e-4)
    assert np.allclose(parts.probabilities, whole.probabilities, atol=1e-6)


def test_the_mean_over_views(lessons, classifier):
    x = images(3, 112, 112)
    plain, mirrored = (
        multi_method.Looker(classifier, lessons, "dog", {"it": recipes.Method("", recipes.Sight(views=(view,)))})(x)
        for view in (recipes.PLAIN, recipes.MIRRORED)
    )
    (both,) = multi_method.Looker(classifier, lessons, "dog", {"flip": recipes.METHODS["flip"]})(x).values()
    (one,), (other,) = plain.values(), mirrored.values()
    assert np.allclose(both.probabilities, (one.probabilities + other.probabilities) / 2, atol=1e-6)
    upright = multi_method.averaged({recipes.PLAIN: torch.from_numpy(one.maps)})
    expected = (upright + torch.from_numpy(other.maps)) / 2  # a single mirrored view is turned back too
    assert np.allclose(both.maps, expected, atol=1e-5)


# From maps to boxes


def test_plain_boxes_are_the_sweeps(lessons, classifier, val, on_val):
    found, sizes = on_val["gradcam"], np.array([sample.size for sample in val])
    ids = np.array([sample.id for sample in val])
    maps = heatmaps.Heatmaps(ids, ids, found.maps, found.probabilities, found.probabilities, ids, sizes)
    theirs = sweep.detect_all(lessons, maps, threshold=0.3, min_area=30)
    mine = method_comparison.detect_all(lessons, CHOSEN["gradcam"], found, val, 0.3, 30)
    assert sum(map(len, mine.values())) > len(val) / 2
    assert all(np.array_equal(mine[id], theirs[id]) for id in theirs)


def test_plain_boxes_go_through_the_students_detect(lessons, val, on_val):
    asked = []

    def detect(heatmap, size, probability, **given):
        asked.append((size, given["threshold"], given["min_area"]))
        return np.array([[1.0, 1, 2, 2, probability]])

    theirs = replace(lessons, boxes=SimpleNamespace(detect=detect))
    boxes = method_comparison.detect_all(theirs, CHOSEN["gradcam"], on_val["gradcam"], val, 0.3, 7)
    assert {len(rows) for rows in boxes.values()} == {1}
    assert asked == [(sample.size[::-1], 0.3, 7) for sample in val]


# The threshold


def test_plain_grad_cam_tries_every_threshold(lessons, val, monkeypatch):
    """A narrow second peak, which the search in two steps would pass over."""
    monkeypatch.setattr(method_comparison, "detect_at", lambda *given: given[4])
    curve = {0.85: 1.0, 0.9: 1.0, 0.95: 1.0, 0.1: 0.5}
    metrics = SimpleNamespace(
        evaluate=lambda threshold, *given: {0.5: SimpleNamespace(ap=curve.get(threshold, 0.0))},
        GroundTruth=lessons.metrics.GroundTruth,
    )
    lessons, nothing = replace(lessons, metrics=metrics), Maps(np.zeros(0), np.zeros(0))
    assert method_comparison.choose_threshold(lessons, CHOSEN["gradcam"], nothing, val, "dog", IOU, 30) == (0.9, 1.0)


def test_plain_grad_cams_threshold_is_the_runs(lessons, val, on_val):
    found, sizes = on_val["gradcam"], np.array([sample.size for sample in val])
    ids = np.array([sample.id for sample in val])
    maps = heatmaps.Heatmaps(ids, ids, found.maps, found.probabilities, found.probabilities, ids, sizes)
    truth = sweep.ground_truth(lessons, val, "dog")
    swept = sweep.sweep(lessons, lambda t: sweep.detect_all(lessons, maps, t, 30), truth, IOU, "val")
    place = sweep.choose(swept["mean_ap"])
    threshold, ap = method_comparison.choose_threshold(lessons, CHOSEN["gradcam"], found, val, "dog", IOU, 30)
    assert threshold == sweep.GRID[place]
    assert ap == pytest.approx(swept["mean_ap"][place])


@pytest.mark.parametrize("best", [0.05, 0.2, 0.45, 0.8])
def test_the_others_thresholds_are_found_in_two_steps(lessons, val, monkeypatch, best):
    """A curve with one peak: at most eleven of the nineteen thresholds are tried."""
    tried = []

    def evaluate(threshold, *given):  # what `detect_at` found there is the threshold itself
        tried.append(threshold)
        return {iou: SimpleNamespace(ap=-abs(threshold - best)) for iou in IOU}

    monkeypatch.setattr(method_comparison, "detect_at", lambda *given: given[4])
    lessons = replace(lessons, metrics=SimpleNamespace(evaluate=evaluate, GroundTruth=lessons.metrics.GroundTruth))
    method = recipes.METHODS["flip"]
    threshold, ap = method_comparison.choose_threshold(
        lessons, method, Maps(np.zeros(0), np.zeros(0)), val, "dog", IOU, 30
    )
    assert threshold == pytest.approx(best)
    assert ap == pytest.approx(-abs(threshold - best))
    assert len(tried) == len(set(tried)) <= 11
    assert min(tried) <= best <= max(tried)


# The table


def test_the_comparison(lessons, classifier, val, test, on_val):
    on_test = multi_method.explain_all(multi_method.Looker(classifier, lessons, "dog", CHOSEN), test, "test")
    times = {name: 0.002 if name == "refined" else 0.001 for name in CHOSEN}
    table = method_comparison.priced(
        method_comparison.compare(lessons, CHOSEN, on_val, on_test, val, test, "dog", IOU, 30, 0), times
    )
    rows = {row["name"]: row for row in table}
    assert list(rows) == list(CHOSEN)
    assert rows["gradcam"]["cost"] == 1
    assert rows["refined"]["cost"] == 2
    assert rows["refined"]["milliseconds"] == 2
    assert rows["otsu"]["threshold"] is None
    assert rows["gradcam"]["threshold"] in sweep.GRID
    assert rows["refined"]["threshold"] in box_finders.SURE_BACKGROUND
    for name, row in rows.items():
        boxes = method_comparison.detect_all(lessons, CHOSEN[name], on_test[name], test, row["threshold"] or 0, 30)
        expected = lessons.metrics.evaluate(boxes, sweep.ground_truth(lessons, test, "dog"), IOU)[0.3].ap
        assert row["scores"]["0.3"]["ap"] == pytest.approx(expected)
        assert row["scores"]["0.3"]["ap_low"] <= expected <= row["scores"]["0.3"]["ap_high"]


def test_the_default_is_vals_best_that_is_affordable():
    rows = [
        {"name": "gradcam", "cost": 1.0, "val_mean_ap": 0.5},
        {"name": "dear", "cost": 3.1, "val_mean_ap": 0.9},
        {"name": "fair", "cost": 2.9, "val_mean_ap": 0.7},
    ]
    assert method_comparison.best_affordable(rows) == "fair"


def test_what_is_no_better_than_plain_grad_cam_is_not_the_default():
    """CAM is the same method on most networks, and stands first in the table."""
    rows = [{"name": "cam", "cost": 0.9, "val_mean_ap": 0.5004}, {"name": "gradcam", "cost": 1.0, "val_mean_ap": 0.5}]
    assert method_comparison.best_affordable(rows) == "gradcam"
    rows[0]["val_mean_ap"] = 0.5006
    assert method_comparison.best_affordable(rows) == "cam"


def test_times_grow_with_the_input(lessons, classifier, val):
    methods = {name: recipes.METHODS[name] for name in ("gradcam", "scales")}
    times = method_comparison.measure_times(classifier, lessons, "dog", methods, val, dict.fromkeys(methods, 0.3), 30)
    assert times["scales"] > 2 * times["gradcam"] > 0


def test_a_busy_moment_does_not_make_a_method_dear(lessons, classifier, val, monkeypatch):
    """By this clock flip takes twice as long as plain Grad-CAM; one round is slow as a whole, and in one flip alone."""
    methods = {name: recipes.METHODS[name] for name in ("gradcam", "flip", "otsu")}
    lasting = [1, *(1, 2, 1, 1), *(10, 20, 10, 10), *(1, 50, 1, 1)]
    moments = np.cumsum([ticks for lasts in lasting for ticks in (0, method_comparison.TIMED * lasts)]).tolist()
    threads, asked = torch.get_num_threads(), []
    monkeypatch.setattr(method_comparison.time, "process_time", lambda: moments.pop(0))
    monkeypatch.setattr(
        method_comparison, "detect_all", lambda *given: asked.append((given[1], given[4], torch.get_num_threads()))
    )
    thresholds = {"gradcam": 0.2, "flip": 0.4, "otsu": None}
    times = method_comparison.measure_times(classifier, lessons, "dog", methods, val, thresholds, 30, rounds=3)
    assert times == {"gradcam": 1, "flip": 2, "otsu": 1}
    assert not moments
    assert set(asked) == {(methods["gradcam"], 0.2, 1), (methods["flip"], 0.4, 1), (methods["otsu"], 0.0, 1)}
    assert torch.get_num_threads() == threads


def test_methods_that_are_not_defined_are_left_out(lessons, classifier):
    assert set(recipes.applicable(classifier, lessons)) == set(recipes.METHODS)
    headless = replace(classifier, network=torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3)), layer="0")
    left = {"gradcam", "gradcam++", "layercam", "hirescam", "otsu", "watershed", "refined"}
    left |= {"flip", "scales", "1.25x", "1.5x", "pair"}
    assert set(recipes.applicable(headless, lessons)) == left
