"""Saved boxes of many images: above a size the intervals come from blocks of images."""

import json
from functools import partial
from typing import Any

import pytest

from gradcam_lab.evaluate.block_bootstrap import resample_blocks
from gradcam_lab.evaluate.bootstrap import image_draws, resample_images
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.evaluate.scores import score_matches
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.pipeline.saved_boxes import LARGE, by_score, evaluate_files
from tests.bench_scoring import scene

OPTIONS: dict[str, Any] = {"ties": "group", "method": "area"}


def written(folder, found, truth):
    """Both files, in our format."""
    rows = {image: values.tolist() for image, values in found.items()}
    objects = {
        image: [{"box": b, "difficult": d} for b, d in zip(t.boxes.tolist(), t.difficult.tolist(), strict=True)]
        for image, t in truth.items()
    }
    (folder / "D.json").write_text(json.dumps(rows), encoding="utf-8")
    (folder / "G.json").write_text(json.dumps(objects), encoding="utf-8")
    return {"detections": folder / "D.json", "ground_truth": folder / "G.json"}


def scored(found, truth, resample):
    matching = Matching(found, truth, lowest=0.5, ties="group")
    matches, hits = by_score(matching.at(0.5)), matching.correct(0.5)
    return score_matches(metrics, matches, hits, resample(matches, hits), **OPTIONS)


@pytest.mark.parametrize(("images", "boxes_each", "large"), [(120, 4, False), (2500, 9, True)])
def test_above_a_size_blocks_are_drawn_and_the_points_stay(tmp_path, images, boxes_each, large):
    found, truth = scene(images, boxes_each, seed=2)
    assert (sum(map(len, found.values())) > LARGE) is large
    row = evaluate_files(
        **written(tmp_path, found, truth), thresholds=(0.5,), **OPTIONS, count_difficult=False, bootstrap=50, seed=3
    )["0.5"]
    plain = scored(found, truth, partial(resample_images, metrics, counts=image_draws(images, 3, 50), **OPTIONS))
    blocks = scored(found, truth, partial(resample_blocks, metrics, seed=3, draws=50, **OPTIONS))
    assert row == (blocks if large else plain)
    for name in ("ap", "ap_worst_order", "ap_best_order", "recall", "corloc"):
        assert row[name] == plain[name]
    assert (row["ap_low"] != plain["ap_low"]) is large
    assert row["ap_low"] == pytest.approx(plain["ap_low"], abs=0.01)


def test_no_draws_give_no_intervals(tmp_path):
    files = written(tmp_path, *scene(2500, 9, seed=2))
    row = evaluate_files(**files, thresholds=(0.5,), **OPTIONS, count_difficult=False, bootstrap=0, seed=0)["0.5"]
    assert row["ap"] is not None
    assert row["ap_low"] is row["recall_high"] is row["corloc_low"] is None
