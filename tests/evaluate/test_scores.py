"""Scores of detections and their intervals: against slow, independent computations, and by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gradcam_lab.evaluate.bootstrap import image_draws, resample_images
from gradcam_lab.evaluate.scores import ap_differences, rows_of, score_detections, score_matches

THRESHOLDS = (0.3, 0.4, 0.5)


def truth_of(lessons, boxes, difficult=None):
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    flags = np.zeros(len(boxes), bool) if difficult is None else np.array(difficult, bool)
    return lessons.metrics.GroundTruth(boxes, flags)


def random_case(lessons, images=12, levels=5):
    """Objects, and detections that are near some of them, with `levels` different scores in all."""
    rng = np.random.default_rng(3)
    truth, found = {}, {}
    for number in range(images):
        corners = rng.integers(1, 60, (number % 4, 2))  # some images hold nothing
        boxes = np.hstack([corners, corners + rng.integers(8, 40, (number % 4, 2))]).astype(float)
        truth[f"{number}"] = truth_of(lessons, boxes, rng.random(len(boxes)) < 0.2)
        rows = [[*(box + rng.integers(-5, 6, 4)), rng.integers(1, levels + 1) / levels] for box in boxes[:2]]
        rows += [[1, 1, 20, 20, rng.integers(1, levels + 1) / levels]] * int(rng.random() < 0.6)
        found[f"{number}"] = np.array(rows, dtype=float).reshape(-1, 5)
    return found, truth


class TestScoreDetections:
    def test_a_perfect_detector_is_perfect_in_every_draw(self, experiment, lessons):
        _, truth = random_case(lessons)
        found = {
            image: np.array([[*box, 1.0] for box in objects.boxes]).reshape(-1, 5) for image, objects in truth.items()
        }
        for row, _ in score_detections(experiment, found, truth, image_draws(len(truth), 0)).values():
            assert set(row.values()) == {1.0}
            assert len(row) == 11

    def test_the_seed_decides_the_intervals_and_nothing_else(self, experiment, lessons):
        found, truth = random_case(lessons)
        first, again, other = (
            score_detections(replace(experiment, ious=(0.5,)), found, truth, image_draws(len(truth), seed, 100))["0.5"]
            for seed in (0, 0, 1)
        )
        assert first.row == again.row
        assert first.row != other.row
        for name in ("ap", "recall", "corloc", "ap_worst_order", "ap_best_order"):
            assert first.row[name] == other.row[name]

    @pytest.mark.parametrize(
        ("ties", "levels", "method"), [("group", 5, "area"), ("group", 5, "11point"), ("order", 10**9, "area")]
    )
    @pytest.mark.parametrize("count_difficult", [False, True])
    def test_intervals_are_those_of_images_literally_repeated(self, lessons, ties, levels, method, count_difficult):
        found, truth = random_case(lessons, levels=levels)
        counts = image_draws(len(truth), 0, draws=40)
        options = {"ties": ties, "method": method, "count_difficult": count_difficult}
        matches = lessons.metrics.match_all(found, truth, 0.4, count_difficult, ties)
        right = lessons.metrics.correct_localisation(found, truth, 0.4)
        hits = np.array([right.get(image, np.nan) for image in truth])
        draws = resample_images(lessons.metrics, matches, hits, counts=counts, ties=ties, method=method)
        row: Any = score_matches(lessons.metrics, matches, hits, draws, ties, method)
        values: dict[str, list[float]] = {"ap": [], "recall": [], "corloc": []}
        for times in counts:
            copies = [(image, copy) for image, n in zip(truth, times, strict=True) for copy in range(n)]
            repeated_truth = {f"{image} again {copy}": truth[image] for image, copy in copies}
            repeated_found = {f"{image} again {copy}": found[image] for image, copy in copies}
            score = lessons.metrics.evaluate(repeated_found, repeated_truth, (0.4,), **options)[0.4]
            correct = lessons.metrics.correct_localisation(repeated_found, repeated_truth, 0.4)
            values["ap"].append(score.ap)
            values["recall"].append(score.recall)
            values["corloc"].append(np.mean(list(correct.values())))
        for name, drawn in values.items():
            low, high = np.nanpercentile(drawn, [2.5, 97.5])
            assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((low, high))
            assert low < high

    def test_the_point_is_that_of_step_4(self, experiment, lessons):
        found, truth = random_case(lessons)
        rows = rows_of(score_detections(experiment, found, truth, image_draws(len(truth), 0, 10)))
        assert list(rows) == ["0.3", "0.4", "0.5"]
        for threshold, score in lessons.metrics.evaluate(found, truth, THRESHOLDS).items():
            row = {name: np.array(value, dtype=float) for name, value in rows[f"{threshold:g}"].items()}
            assert (row["ap"], row["recall"]) == (score.ap, score.recall)
            assert row["ap_worst_order"] <= row["ap"] <= row["ap_best_order"]
        recalls = [float(row["recall"] or 0) for row in rows.values()]
        assert recalls == sorted(recalls, reverse=True)
        assert recalls[0] != recalls[-1]

    def test_corloc_by_hand(self, experiment, lessons):
        box, elsewhere = [1, 1, 10, 10], [50, 50, 60, 60]
        truth = {
            "right": truth_of(lessons, [box, elsewhere]),
            "the surest box is wrong": truth_of(lessons, [box]),
            "no box at all": truth_of(lessons, [box]),
            "found, but only difficult": truth_of(lessons, [box], [True]),
            "no object": truth_of(lessons, []),
        }
        found = {
            "right": np.array([[*elsewhere, 0.3]]),
            "the surest box is wrong": np.array([[*box, 0.8], [*elsewhere, 0.9]]),
            "found, but only difficult": np.array([[*box, 0.9]]),
            "no object": np.array([[*box, 0.9]]),
        }
        row = score_detections(replace(experiment, ious=(0.5,)), found, truth, image_draws(5, 0))["0.5"].row
        assert row["corloc"] == pytest.approx(1 / 3)
        assert row["corloc_low"] == 0
        assert row["corloc_high"] == 1

    def test_the_range_over_the_order_of_ties_by_hand(self, experiment, lessons):
        truth = {"a": truth_of(lessons, [[1, 1, 10, 10]])}
        found = {"a": np.array([[1, 1, 10, 10, 0.5], [50, 50, 60, 60, 0.5]])}
        row = score_detections(replace(experiment, ious=(0.5,)), found, truth, image_draws(1, 0, 5))["0.5"].row
        assert (row["ap_worst_order"], row["ap"], row["ap_best_order"]) == (0.5, 0.5, 1)

    def test_without_any_object_nothing_is_defined(self, experiment, lessons):
        truth = {"a": truth_of(lessons, []), "b": truth_of(lessons, [[1, 1, 9, 9]], [True])}
        found = {"a": np.array([[1, 1, 10, 10, 0.5]])}
        row = score_detections(replace(experiment, ious=(0.5,)), found, truth, image_draws(2, 0, 5))["0.5"].row
        assert set(row.values()) == {None}

    def test_without_draws_there_are_points_without_intervals(self, experiment, lessons):
        found, truth = random_case(lessons)
        row: Any = score_detections(replace(experiment, ious=(0.5,)), found, truth, image_draws(len(truth), 0, 0))[
            "0.5"
        ].row
        for name in ("ap", "recall", "corloc"):
            assert row[name] is not None
            assert row[f"{name}_low"] is row[f"{name}_high"] is None


def test_the_difference_of_two_detectors_is_taken_draw_by_draw(experiment, lessons):
    """Two detectors that share their luck: each one's interval is wide, that of the difference is not."""
    rng = np.random.default_rng(3)
    truth, ours, theirs = {}, {}, {}
    for k in range(40):
        box, seen = np.array([[1.0, 1, 20, 20]]), rng.random() < 0.5
        truth[f"{k}"] = lessons.metrics.GroundTruth(box, np.array([False]))
        hit, miss = [*box[0], 0.9], [50.0, 50, 60, 60, 0.9]
        ours[f"{k}"] = np.array([hit if seen else miss])
        theirs[f"{k}"] = np.array([hit if seen and k else miss])
    counts = image_draws(len(truth), 0)
    scored, their_scored = (score_detections(experiment, rows, truth, counts) for rows in (ours, theirs))
    found: Any = ap_differences(scored, {"theirs": their_scored, "ours": scored})
    both: list[Any] = [scored["0.3"].row, their_scored["0.3"].row]
    mine, other, lead = (
        np.array([row[f"ap{end}"] for end in ("", "_low", "_high")]) for row in (*both, found["theirs"]["0.3"])
    )
    assert lead[0] == pytest.approx(mine[0] - other[0])
    assert lead[1] == 0  # in more than one draw of forty the one image is missing
    assert lead[2] > 2 * lead[0]  # and in some it is there three times
    assert np.ptp(lead) < 0.5 * min(np.ptp(mine), np.ptp(other))
    assert found["ours"] == {iou: {"ap": 0.0, "ap_low": 0.0, "ap_high": 0.0} for iou in ("0.3", "0.4", "0.5")}
