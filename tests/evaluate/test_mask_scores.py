"""Masks of every class: counted by scikit-learn on ToyVOC, and by hand."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

from gradcam_lab.data.masks import LABELS, read_mask
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.mask_methods import Item, at_one_size, centred, refined, thresholded
from gradcam_lab.evaluate.mask_scores import Tables, curve_of, mean_iou, occurring_in, row_of, tables

CAT, DOG = LABELS.index("cat"), LABELS.index("dog")


@pytest.fixture(scope="module")
def samples(splits):
    return splits["test"][:14]


@pytest.fixture(scope="module")
def items(samples):
    """A network that knows the truth on a coarse grid, misses the first image altogether and adds a boat to another."""
    found = []
    for number, sample in enumerate(samples):
        truth = read_mask(sample)
        labels = np.array([] if number == 0 else sorted(set(truth.ravel()) - {0, 255}), int)
        raw = [coarse(truth == label) for label in labels]
        if number == 1:
            labels, raw = np.append(labels, 4), [*raw, np.eye(14, dtype=np.float32)]
        maps = np.array(raw, np.float32).reshape(-1, 14, 14)
        found.append(Item(sample, truth, labels, np.linspace(0.6, 0.9, len(labels)), maps))
    return found


def coarse(mask: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(mask.astype(np.float32)).resize((14, 14), Image.Resampling.BOX))


METHODS = ("centre box", "thresholded map", "refined mask")


@pytest.fixture(scope="module")
def methods(lessons):
    methods = (
        centred(0.3),
        thresholded(lessons, 0.3),
        refined(lessons, 0.7, 0.05),
    )
    return dict(zip(METHODS, methods, strict=True))


@pytest.fixture(scope="module")
def counted(lessons, items, methods):
    return tables(lessons, items, methods, "")


class TestCounting:
    @pytest.mark.parametrize("name", METHODS)
    def test_every_class_is_scored_as_scikit_learn_scores_it(self, lessons, items, methods, counted, name):
        scaled = [at_one_size(lessons, item) for item in items]
        said = np.concatenate([methods[name](each).ravel() for each in scaled])
        true = np.concatenate([item.truth.ravel() for item in items])
        known = true != 255
        occurring = occurring_in([counted[name]])
        assert occurring == sorted(set(true[known]) | set(said[known]))
        expected = jaccard_score(true[known], said[known], labels=occurring, average=None)
        row = row_of(lessons, name, counted[name], image_draws(len(items), 0), occurring)
        assert list(row["classes"]) == [LABELS[label] for label in occurring]
        assert [found["iou"] for found in row["classes"].values()] == pytest.approx(expected)
        assert row["mean_iou"] == pytest.approx(expected.mean())
        assert row["milliseconds"] > 0

    def test_the_mask_beats_the_map_and_the_map_the_box(self, lessons, counted):
        box, cut, mask = (mean_iou(lessons, counted[name]) for name in METHODS)
        assert box < cut < mask

    def test_an_image_in_which_nothing_is_seen_counts(self, items, counted):
        first = counted["refined mask"].confusions[0]
        known = items[0].truth[items[0].truth != 255]
        assert (known > 0).any()
        assert first[:, 0].tolist() == np.bincount(known, minlength=21).tolist()
        assert first[:, 1:].sum() == 0

    def test_one_thread_draws_what_two_draw(self, lessons, items, counted, methods):
        again = tables(lessons, items, methods, "", threads=1)
        assert all(np.array_equal(again[name].confusions, counted[name].confusions) for name in METHODS)

    def test_intervals_by_hand(self, lessons):
        """Two images of four pixels, one dog found and one missed: each draw has 0, 1 or 2 of the first."""
        found, missed = np.zeros((21, 21), int), np.zeros((21, 21), int)
        found[0, 0], found[DOG, DOG], missed[0, 0], missed[DOG, 0] = 2, 2, 2, 2
        table = Tables(np.array([found, missed]), 0.25)
        row: Any = row_of(lessons, "mask", table, np.array([[2, 0]] * 20 + [[0, 2]] * 20 + [[1, 1]]), [0, DOG])
        assert row["classes"]["dog"] == {"iou": 0.5, "low": 0, "high": 1}
        assert row["classes"]["background"] == {"iou": pytest.approx(4 / 6), "low": 0.5, "high": 1}
        expected = [(4 / 6 + 0.5) / 2, 0.25, 1]
        assert [row[f"mean_iou{end}"] for end in ("", "_low", "_high")] == pytest.approx(expected)
        assert row["milliseconds"] == 250

    def test_a_class_that_one_method_never_says_has_no_number(self, lessons):
        table = Tables(np.diag([5, *[0] * 20])[None], 0)
        row = row_of(lessons, "mask", table, image_draws(1, 0), [0, DOG])
        assert row["classes"]["dog"] == {"iou": None, "low": None, "high": None}
        assert row["mean_iou"] == 1

    def test_a_class_occurs_in_the_truth_or_in_any_prediction(self):
        missed, invented = (Tables(counted, 0) for counted in np.zeros((2, 1, 21, 21), int))
        missed.confusions[0, CAT, 0], invented.confusions[0, 0, DOG] = 3, 2
        assert occurring_in([missed]) == [0, CAT]
        assert occurring_in([missed, invented]) == [0, CAT, DOG]

    def test_small_images_keep_their_aspect_and_their_labels(self, lessons, items):
        width, height = items[2].sample.size
        small = at_one_size(lessons, items[2], 64)
        assert max(small.truth.shape) == 64
        assert small.truth.shape[1] / small.truth.shape[0] == pytest.approx(width / height, abs=0.03)
        assert small.image.shape[:2] == small.heatmaps.shape[1:] == small.truth.shape
        assert set(small.truth.ravel()) <= set(items[2].truth.ravel())

    def test_a_target_that_voc_does_not_have_has_no_curve(self, lessons, counted):
        curve = curve_of(lessons, [counted["thresholded map"]], "unicorn")
        assert curve["target"] == [None]
        assert curve["mean_iou"] == [mean_iou(lessons, counted["thresholded map"])]
