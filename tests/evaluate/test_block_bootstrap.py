"""The bootstrap of blocks beside the plain one (its times: `tests.bench.scoring`)."""

import numpy as np
import pytest

from gradcam_lab.evaluate.block_bootstrap import BINS, BLOCKS, deal, histograms, resample_blocks
from gradcam_lab.evaluate.bootstrap import image_draws, interval, resample_images
from gradcam_lab.evaluate.matching import Matching
from gradcam_lab.lessons import step4_metrics as metrics
from gradcam_lab.lessons.step4_metrics import Matches
from tests.bench.scoring import scene

DRAWS = 300


def matched(images, levels=0, count_difficult=False, ties="group"):
    """Matches and hits of a scene at IoU 0.4; with `levels`, so many different scores only."""
    found, truth = scene(images, boxes_each=4, seed=1)
    if levels:
        found = {image: np.column_stack([r[:, :4], np.ceil(r[:, 4] * levels) / levels]) for image, r in found.items()}
    both = Matching(found, truth, thresholds=[0.4], count_difficult=count_difficult, ties=ties)
    return both.at(0.4), both.correct(0.4)


def plain(matches, hits, ties, method, draws=DRAWS):
    counts = image_draws(len(matches.objects), 0, draws)
    return resample_images(metrics, matches, hits, counts=counts, ties=ties, method=method)


def in_blocks(matches, hits, ties, method, draws=DRAWS, **fewer):
    return resample_blocks(metrics, matches, hits, seed=0, draws=draws, ties=ties, method=method, **fewer)


class TestBlocks:
    @pytest.mark.parametrize("ties", ["group", "order"])
    @pytest.mark.parametrize("levels", [0, 7])
    @pytest.mark.parametrize("method", ["area", "11point"])
    @pytest.mark.parametrize("count_difficult", [False, True])
    def test_few_images_and_few_true_positives_give_the_plain_bootstrap(self, ties, levels, method, count_difficult):
        matches, hits = matched(150, levels, count_difficult, ties)
        assert 100 < (matches.outcomes == 1).sum() < BINS
        for ours, theirs in zip(
            in_blocks(matches, hits, ties, method, 60), plain(matches, hits, ties, method, 60), strict=True
        ):
            assert np.allclose(ours, theirs, rtol=0, atol=1e-12)
            assert len(np.unique(ours.round(9))) > 30

    @pytest.mark.parametrize("ties", ["group", "order"])
    @pytest.mark.parametrize("levels", [0, 300])
    def test_bins_move_no_draw_by_more_than_one_of_them(self, ties, levels):
        matches, hits = matched(600, levels, ties=ties)
        assert (matches.outcomes == 1).sum() > 400
        ours, theirs = in_blocks(matches, hits, ties, "area", bins=50).ap, plain(matches, hits, ties, "area").ap
        assert 0 < np.abs(ours - theirs).max() < 1 / 50
        assert abs(np.mean(ours - theirs)) < 0.001  # what the bins take away from all of them is given back
        assert interval(ours) == pytest.approx(interval(theirs), abs=0.003)

    def test_equal_scores_are_one_step(self):
        matches, _ = matched(300, levels=1)
        assert np.ptp(matches.scores) == 0
        claims, found = histograms(matches, deal(300, 0), "group")
        assert claims.shape == found.shape == (300, 1)
        assert claims.sum() == (matches.outcomes != metrics.IGNORED).sum()
        assert found.sum() == (matches.outcomes == metrics.TRUE_POSITIVE).sum()

    @pytest.mark.parametrize("name", ["ap", "recall", "corloc"])
    def test_intervals_agree_with_the_plain_ones(self, name):
        """Blocks of ten images; the draws differ, so that the widths may differ by about 1 / sqrt(2 * 300)."""
        matches, hits = matched(3000)
        ours = getattr(in_blocks(matches, hits, "group", "area", 1000, blocks=300), name)
        theirs = getattr(plain(matches, hits, "group", "area", 1000), name)
        (low, high), (plain_low, plain_high) = (np.percentile(values, [2.5, 97.5]) for values in (ours, theirs))
        width = plain_high - plain_low
        assert high - low == pytest.approx(width, rel=0.15)
        assert (low + high) / 2 == pytest.approx((plain_low + plain_high) / 2, abs=0.1 * width)

    def test_every_image_is_dealt_to_a_block_of_equal_size(self):
        images = 2 * BLOCKS + 700
        dealt = deal(images, 3)
        assert set(np.bincount(dealt, minlength=BLOCKS).tolist()) == {2, 3}
        assert np.array_equal(dealt, deal(images, 3))
        assert not np.array_equal(dealt, deal(images, 4))
        assert np.array_equal(deal(BLOCKS, 3), np.arange(BLOCKS))

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
