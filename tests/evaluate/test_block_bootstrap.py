"""A million boxes: the bootstrap of blocks beside the plain one, and how much work is done (times: `bench_scoring`)."""

import json
from typing import Any

import numpy as np
import pytest

from gradcam_lab.data.box_files import json_boxes
from gradcam_lab.evaluate import block_bootstrap, matching
from gradcam_lab.evaluate.block_bootstrap import deal, resample_blocks
from gradcam_lab.evaluate.matching import Matching, Pairs, greedy
from gradcam_lab.evaluate.scores import image_draws, interval, resample_images
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.lessons.step4_metrics import Matches
from gradcam_lab.pipeline import saved_boxes
from gradcam_lab.pipeline.saved_boxes import evaluate_files
from tests.bench_scoring import scene

DRAWS = 300


def matched(images, levels=0, count_difficult=False, ties="group"):
    """Matches and hits of a scene at IoU 0.4; with `levels`, so many different scores only."""
    found, truth = scene(images, boxes_each=4, seed=1)
    if levels:
        found = {image: np.column_stack([r[:, :4], np.ceil(r[:, 4] * levels) / levels]) for image, r in found.items()}
    both = Matching(found, truth, lowest=0.4, count_difficult=count_difficult, ties=ties)
    return both.at(0.4), both.correct(0.4)


def plain(matches, hits, ties, method, draws=DRAWS):
    counts = image_draws(len(matches.objects), 0, draws)
    return resample_images(metrics, matches, hits, counts=counts, ties=ties, method=method)


def in_blocks(matches, hits, ties, method, draws=DRAWS):
    return resample_blocks(metrics, matches, hits, seed=0, draws=draws, ties=ties, method=method)


class TestBlocks:
    @pytest.mark.parametrize("ties", ["group", "order"])
    @pytest.mark.parametrize("levels", [0, 7])
    @pytest.mark.parametrize("method", ["area", "11point"])
    @pytest.mark.parametrize("count_difficult", [False, True])
    def test_few_images_and_few_true_positives_give_the_plain_bootstrap(self, ties, levels, method, count_difficult):
        matches, hits = matched(150, levels, count_difficult, ties)
        assert 100 < (matches.outcomes == 1).sum() < block_bootstrap.BINS
        for ours, theirs in zip(
            in_blocks(matches, hits, ties, method, 60), plain(matches, hits, ties, method, 60), strict=True
        ):
            assert np.allclose(ours, theirs, rtol=0, atol=1e-12)
            assert len(np.unique(ours.round(9))) > 30

    @pytest.mark.parametrize("ties", ["group", "order"])
    @pytest.mark.parametrize("levels", [0, 300])
    def test_bins_move_no_draw_by_more_than_one_of_them(self, monkeypatch, ties, levels):
        monkeypatch.setattr(block_bootstrap, "BINS", 50)
        matches, hits = matched(600, levels, ties=ties)
        assert (matches.outcomes == 1).sum() > 400
        ours, theirs = in_blocks(matches, hits, ties, "area").ap, plain(matches, hits, ties, "area").ap
        assert 0 < np.abs(ours - theirs).max() < 1 / 50
        assert abs(np.mean(ours - theirs)) < 0.001  # what the bins take away from all of them is given back
        assert interval(ours) == pytest.approx(interval(theirs), abs=0.003)

    def test_equal_scores_are_one_step(self):
        matches, _ = matched(300, levels=1)
        assert np.ptp(matches.scores) == 0
        claims, found = block_bootstrap.histograms(matches, deal(300, 0), "group")
        assert claims.shape == found.shape == (300, 1)
        assert claims.sum() == (matches.outcomes != metrics.IGNORED).sum()
        assert found.sum() == (matches.outcomes == metrics.TRUE_POSITIVE).sum()

    @pytest.mark.parametrize("name", ["ap", "recall", "corloc"])
    def test_intervals_agree_with_the_plain_ones(self, monkeypatch, name):
        """Blocks of ten images; the draws differ, so that the widths may differ by about 1 / sqrt(2 * 300)."""
        monkeypatch.setattr(block_bootstrap, "BLOCKS", 300)
        matches, hits = matched(3000)
        ours, theirs = (
            getattr(resample(matches, hits, "group", "area", 1000), name) for resample in (in_blocks, plain)
        )
        (low, high), (plain_low, plain_high) = (np.percentile(values, [2.5, 97.5]) for values in (ours, theirs))
        width = plain_high - plain_low
        assert high - low == pytest.approx(width, rel=0.15)
        assert (low + high) / 2 == pytest.approx((plain_low + plain_high) / 2, abs=0.1 * width)

    def test_every_image_is_dealt_to_a_block_of_equal_size(self):
        images = 2 * block_bootstrap.BLOCKS + 700
        dealt = deal(images, 3)
        assert set(np.bincount(dealt, minlength=block_bootstrap.BLOCKS).tolist()) == {2, 3}
        assert np.array_equal(dealt, deal(images, 3))
        assert not np.array_equal(dealt, deal(images, 4))
        assert np.array_equal(deal(block_bootstrap.BLOCKS, 3), np.arange(block_bootstrap.BLOCKS))

    def test_nothing_is_defined_where_no_object_was_drawn(self):
        matches = Matches(np.array([0]), np.array([0.5]), np.array([1]), np.array([1, 0, 0]))
        hits = np.array([1, np.nan, np.nan])
        ours, theirs = (f(matches, hits, "group", "area") for f in (in_blocks, plain))
        for values, wanted in zip(ours, theirs, strict=True):
            assert np.array_equal(values, wanted, equal_nan=True)
            assert 0 < np.isnan(values).sum() < DRAWS

    def test_without_any_box_or_any_object(self):
        none = np.zeros(0, int)
        empty = Matches(none, np.zeros(0), none, np.array([1, 2, 0]))
        assert set(in_blocks(empty, np.array([0, 0, np.nan]), "group", "area").recall[:5]) <= {0.0}
        nothing = Matches(none, np.zeros(0), none, np.zeros(3, int))
        assert np.isnan(in_blocks(nothing, np.full(3, np.nan), "group", "area").ap).all()


class TestEvaluateFiles:
    @pytest.fixture
    def files(self, tmp_path) -> Any:
        found, truth = scene(120, boxes_each=4, seed=2)
        rows = {image: values.tolist() for image, values in found.items()}
        objects = {
            image: [{"box": b, "difficult": d} for b, d in zip(t.boxes.tolist(), t.difficult.tolist(), strict=True)]
            for image, t in truth.items()
        }
        (tmp_path / "D.json").write_text(json.dumps(rows), encoding="utf-8")
        (tmp_path / "G.json").write_text(json.dumps(objects), encoding="utf-8")
        return {"detections": tmp_path / "D.json", "ground_truth": tmp_path / "G.json"}

    def test_above_a_size_blocks_are_drawn_and_the_points_stay(self, files, monkeypatch):
        options: dict[str, Any] = {
            "ties": "group",
            "method": "area",
            "count_difficult": False,
            "bootstrap": 100,
            "seed": 0,
        }
        small = evaluate_files(**files, thresholds=(0.3, 0.5), **options)
        monkeypatch.setattr(saved_boxes, "LARGE", 119)
        monkeypatch.setattr(block_bootstrap, "BLOCKS", 40)
        large = evaluate_files(**files, thresholds=(0.3, 0.5), **options)
        for row, wanted in zip(large.values(), small.values(), strict=True):
            same = [name for name in row if row[name] == wanted[name]]
            assert {"ap", "ap_worst_order", "ap_best_order", "recall", "corloc"} <= set(same)
            assert row["ap_low"] != wanted["ap_low"]
            assert row["ap_low"] == pytest.approx(wanted["ap_low"], abs=0.05)

    def test_with_a_block_an_image_the_intervals_are_the_same(self, files, monkeypatch):
        options: dict[str, Any] = {
            "ties": "order",
            "method": "area",
            "count_difficult": True,
            "bootstrap": 50,
            "seed": 3,
        }
        small = evaluate_files(**files, thresholds=(0.5,), **options)["0.5"]
        monkeypatch.setattr(saved_boxes, "LARGE", 1)
        monkeypatch.setattr(saved_boxes, "resample_images", None)
        assert evaluate_files(**files, thresholds=(0.5,), **options)["0.5"] == pytest.approx(small, abs=1e-12)

    def test_no_draws_give_no_intervals(self, files, monkeypatch):
        monkeypatch.setattr(saved_boxes, "LARGE", 1)
        options: dict[str, Any] = {
            "ties": "group",
            "method": "area",
            "count_difficult": False,
            "bootstrap": 0,
            "seed": 0,
        }
        row = evaluate_files(**files, thresholds=(0.5,), **options)["0.5"]
        assert row["ap"] is not None
        assert row["ap_low"] is row["recall_high"] is row["corloc_low"] is None


class TestWork:
    def test_only_boxes_of_the_same_image_are_compared(self, monkeypatch):
        compared: list[int] = []
        real = matching.paired_iou

        def counted(a, b):
            compared.append(len(a))
            return real(a, b)

        monkeypatch.setattr(matching, "paired_iou", counted)
        for images in (200, 400):
            found, truth = scene(images, boxes_each=5, seed=0)
            compared.clear()
            Matching(found, truth, lowest=0.3)
            assert sum(compared) == sum(len(found[image]) * len(truth[image].boxes) for image in truth)

    def test_rounds_do_not_grow_with_the_boxes_of_an_image(self):
        """A crowd of boxes on the same two objects, all of which want the first one most."""

        class Counted(np.ndarray):
            reads = 0

            def __getitem__(self, key):
                Counted.reads += 1
                return np.asarray(self)[key]

        rounds = []
        for crowd in (10, 1000, 100_000):
            pairs = Pairs(np.repeat(np.arange(crowd), 2), np.tile([0, 1], crowd), np.tile([0.9, 0.8], crowd))
            Counted.reads = 0
            assert greedy(pairs, np.arange(crowd)[::-1].copy().view(Counted), 2).tolist() == [crowd - 2, crowd - 1]
            rounds.append(Counted.reads)
        assert rounds == [3, 3, 3]

    def test_good_files_are_not_checked_row_by_row(self, tmp_path, monkeypatch):
        monkeypatch.setattr(json_boxes, "_numbers", lambda *a: pytest.fail("a row was checked by itself"))
        path = tmp_path / "boxes.json"
        path.write_text('{"a": [[1, 2, 3, 4, 0.5], [1.5, 2, 3, 4, 1]], "b": []}', encoding="utf-8")
        assert json_boxes.read_detections(path)["a"].tolist() == [[1, 2, 3, 4, 0.5], [1.5, 2, 3, 4, 1]]
        path.write_text('{"a": [[1, 2, 3, 4], {"box": [1, 2, 3, 4.5], "difficult": 1}], "b": []}', encoding="utf-8")
        assert json_boxes.read_ground_truth(path)["a"][0].tolist() == [[1, 2, 3, 4], [1, 2, 3, 4.5]]
