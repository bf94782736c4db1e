"""Step 5 by hand, on drawn images, against OpenCV and scikit-learn."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import jaccard_score

from gradcam_lab.lessons.step5_segmentation import (
    BACKGROUND,
    FOREGROUND,
    UNKNOWN,
    class_iou,
    confusion,
    mask_box,
    mean_iou,
    refine,
    seeds,
    segment,
)

repeatable = settings(derandomize=True, deadline=None, max_examples=100)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """A red ellipse on a green, slightly noisy meadow, and the ellipse."""
    y, x = np.mgrid[:60, :90]
    ellipse = np.hypot((y - 28) / 18, (x - 50) / 27) <= 1
    pixels = np.where(ellipse[..., None], [200, 60, 40], [60, 160, 50]) + np.random.default_rng(0).normal(
        0, 6, (60, 90, 3)
    )
    return pixels.clip(0, 255).astype(np.uint8), ellipse


def heat(ellipse: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(ellipse.astype(np.float32), (0, 0), 5)


# 5.1 seeds


def test_seeds_by_hand():
    heatmap = np.array([[8.0, 6.0, 5.9], [2.0, 1.9, -1.0]])
    expected = [[FOREGROUND, FOREGROUND, UNKNOWN], [UNKNOWN, BACKGROUND, BACKGROUND]]
    assert seeds(heatmap, 0.75, 0.25).tolist() == expected
    assert seeds(heatmap, 0.75, 0.25).dtype == np.uint8


@pytest.mark.parametrize("value", [0, -2])
@pytest.mark.parametrize("lower", [0, 0.3])
def test_no_evidence_is_all_background(value, lower):
    assert (seeds(np.full((3, 4), value, np.float32), 0.5, lower) == BACKGROUND).all()


@repeatable
@given(hnp.arrays(np.float64, (4, 5), elements=st.integers(-9, 9).map(float)), st.floats(0, 1), st.floats(0, 1))
def test_seeds_are_relative_and_shrink_as_the_fractions_part(heatmap, a, b):
    lower, upper = sorted((a, b))
    found = seeds(heatmap, upper, lower)
    assert np.array_equal(found, seeds(4 * heatmap, upper, lower))
    assert (found == FOREGROUND).any() == (heatmap.max() > 0)
    narrower = seeds(heatmap, min(1, upper + 0.1), max(0, lower - 0.1))
    assert not ((narrower == FOREGROUND) & (found != FOREGROUND)).any()
    if heatmap.max() > 0:
        assert not ((narrower == BACKGROUND) & (found != BACKGROUND)).any()


# 5.2 refine


def test_grabcut_finds_an_ellipse_to_the_pixel():
    image, ellipse = drawn()
    assert np.array_equal(segment(heat(ellipse), image, sure_foreground=0.9, sure_background=0.05), ellipse)


def test_refine_is_opencvs_grabcut():
    image = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    given_seeds = np.full((30, 40), UNKNOWN, np.uint8)
    given_seeds[12:18, 15:25], given_seeds[:3] = FOREGROUND, BACKGROUND
    labels = np.full((30, 40), cv2.GC_PR_FGD, np.uint8)
    labels[12:18, 15:25], labels[:3] = cv2.GC_FGD, cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK)
    expected = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))
    before = given_seeds.copy()
    for number in (5, 6):
        cv2.setRNGSeed(number)
        mask = refine(image, given_seeds, 2)
        assert mask.dtype == bool
        assert np.array_equal(mask, expected)
    assert np.array_equal(given_seeds, before)
    assert mask[12:18, 15:25].all()
    assert not mask[:3].any()


def test_unknown_starts_as_probably_foreground_and_the_seed_is_0(monkeypatch):
    """Most images hide both, so listen to the call."""
    image, ellipse = drawn()
    known = seeds(heat(ellipse), 0.9, 0.05)
    heard = []

    def draw() -> list[float]:
        return cv2.randu(np.zeros((1, 8), np.int32), np.zeros(1), np.full(1, 2.0**30)).ravel().tolist()

    monkeypatch.setattr(cv2, "grabCut", lambda image, labels, *rest: heard.append((labels.copy(), draw())))
    cv2.setRNGSeed(7)
    refine(image, known, 1)
    (labels, chance) = heard[0]
    cv2.setRNGSeed(0)
    assert chance == draw()
    assert (labels[known == UNKNOWN] == cv2.GC_PR_FGD).all()


@pytest.mark.parametrize("missing", [FOREGROUND, BACKGROUND])
def test_with_one_side_only_the_mask_is_the_sure_foreground(missing):
    image, ellipse = drawn()
    known = seeds(heat(ellipse), 0.9, 0.05)
    known[known == missing] = UNKNOWN
    assert np.array_equal(refine(image, known, 1), known == FOREGROUND)


# 5.3 the measure


def test_confusion_and_iou_by_hand():
    truth = np.array([[0, 0, 1, 1], [0, 1, 255, 255]], np.uint8)
    said = np.array([[0, 1, 1, 0], [0, 1, 1, 0]], np.uint8)
    table = confusion(said, truth, 3)
    assert table.dtype == np.int64
    assert table.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert class_iou(table)[:2].tolist() == [0.5, 0.5]
    assert np.isnan(class_iou(table)[2])
    assert mean_iou(table) == 0.5


def test_only_predicted_is_zero_and_nothing_at_all_is_nan():
    assert class_iou(np.array([[3, 1], [0, 0]])).tolist() == [0.75, 0]
    assert np.isnan(mean_iou(np.zeros((2, 2), int)))


@repeatable
@given(st.integers(0, 10**6), st.sampled_from([2, 5, 21]))
def test_iou_is_scikit_learns_jaccard(seed, classes):
    rng = np.random.default_rng(seed)
    truth, said = rng.integers(0, classes, (2, 9, 11)).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.2] = 255
    seen = truth != 255
    present = np.union1d(truth[seen], said[seen])
    table = confusion(said, truth, classes)
    ious = class_iou(table)
    assert table.sum() == seen.sum()
    expected = jaccard_score(truth[seen], said[seen], average=None, labels=present)
    assert np.allclose(ious[present], expected)
    assert np.isnan(np.delete(ious, present)).all()
    assert mean_iou(table) == pytest.approx(expected.mean())


# 5.4 mask_box


def test_mask_box_by_hand():
    mask = np.zeros((12, 20), bool)
    mask[2:4, 0:3] = mask[5:9, 6:16] = mask[0, 18] = True
    assert mask_box(mask, 0.15).tolist() == [[7, 6, 16, 9], [1, 3, 3, 4]]  # 6 of 40 pixels is a share of 0.15
    assert mask_box(mask).tolist() == [[7, 6, 16, 9]]
    assert mask_box(np.zeros((3, 4), bool)).shape == (0, 4)


@repeatable
@given(hnp.arrays(bool, (6, 8)), st.floats(0, 1))
def test_boxes_lie_in_the_image_and_the_first_is_the_largest(mask, share):
    boxes = mask_box(mask, share)
    assert len(boxes) == 0 if not mask.any() else len(boxes) >= 1
    assert (boxes[:, :2] >= 1).all()
    assert (boxes[:, 2:] <= [8, 6]).all()
    assert np.array_equal(boxes[:1], mask_box(mask, 1)[:1])
    assert len(boxes) <= len(mask_box(mask, 0))
