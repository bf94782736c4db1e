"""MaxBoxAcc, MaxBoxAccV2 and PxAP against wsolevaluation's rules, written down here once more, box by box."""

import cv2
import numpy as np
import pytest

from gradcam_lab.evaluate.wsol_scores import (
    IOUS,
    SIDE,
    best_overlaps,
    max_box_acc,
    pixel_counts,
    px_ap,
    score_map,
    squashed_boxes,
    squashed_mask,
)


def drawn_map(rng: np.random.Generator, side: int) -> np.ndarray:
    """Some hills and a hollow, which makes contours of holes too, on a grid of that side."""
    y, x = np.mgrid[:side, :side] / side
    heat = np.zeros((side, side))
    for sign in (1.0, 0.8, 0.6, -0.7):
        cy, cx = rng.uniform(0.1, 0.9, 2)
        heat += sign * np.exp(-(((y - cy) ** 2 + (x - cx) ** 2) / rng.uniform(0.01, 0.06)))
    return heat


@pytest.fixture(scope="module")
def shared():
    """Maps, sizes of images, and one or two objects in each in VOC's pixels."""
    rng = np.random.default_rng(3)
    maps = [drawn_map(rng, side) for side in (7, 14, 28, 224, 60, 14)]
    sizes = [(500, 375), (320, 240), (224, 224), (333, 500), (640, 480), (100, 80)]
    objects: list[np.ndarray] = []
    for width, height in sizes:
        wide = np.array([width, height])
        cam = maps[len(objects)]
        peaks = [np.argwhere(cam == cam.max())[0], np.argwhere(cam > 0.6 * cam.max())[0]]
        centres = (np.array(peaks)[:, ::-1] + 0.5) / len(cam) * wide
        half = rng.uniform(0.08, 0.2, (2, 2)) * wide
        boxes = np.hstack([(centres - half).clip(1), np.minimum(centres + half, wide)]).round()
        objects.append(boxes[: 1 + width % 2])
    return maps, sizes, objects


def their_score_map(cam):
    """`normalize_scoremap` of the resized map."""
    cam = cv2.resize(cam.astype(np.float64), (224, 224), interpolation=cv2.INTER_CUBIC)
    if cam.min() == cam.max():
        return np.zeros_like(cam)
    cam = cam - cam.min()
    return cam / cam.max()


def their_boxes(scoremap, threshold, every):
    """One threshold: the largest contour's box, or that of each; its far corner lies one pixel beyond."""
    image = (scoremap * 255).astype(np.uint8)
    _, cut = cv2.threshold(image, int(threshold * image.max()), 255, cv2.THRESH_BINARY)
    contours, _ = cv2.findContours(cut, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return [(0, 0, 0, 0)]
    boxes = []
    for contour in contours if every else [max(contours, key=cv2.contourArea)]:
        x, y, width, height = cv2.boundingRect(contour)
        boxes.append((x, y, min(x + width, 223), min(y + height, 223)))
    return boxes


def their_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    common = max(width, 0) * max(height, 0)
    return common / ((a[2] - a[0] + 1) * (a[3] - a[1] + 1) + (b[2] - b[0] + 1) * (b[3] - b[1] + 1) - common)


def their_accuracy(maps, sizes, objects, iou, every):
    """The share of right images at the best of 1000 thresholds, in percent."""
    right = np.zeros(1000)
    for cam, (width, height), found in zip(maps, sizes, objects, strict=True):
        truth = [
            (int(x0 * 224 / width), int(y0 * 224 / height), int(x1 * 224 / width), int(y1 * 224 / height))
            for x0, y0, x1, y1 in (found - 1).tolist()
        ]
        scoremap = their_score_map(cam)
        for place, threshold in enumerate(np.arange(0, 1, 0.001)):
            boxes = their_boxes(scoremap, threshold, every)
            right[place] += max(their_iou(box, one) for box in boxes for one in truth) >= iou
    return (100 * right / len(maps)).max()


def test_max_box_acc_and_v2_are_those_of_wsolevaluation(shared):
    maps, sizes, objects = shared
    found = [
        best_overlaps(score_map(cam), squashed_boxes(boxes, size))
        for cam, size, boxes in zip(maps, sizes, objects, strict=True)
    ]
    largest, every = (np.array(rows) for rows in zip(*found, strict=True))
    once = np.ones((1, len(maps)))
    ours = [max_box_acc(largest >= 0.5, once), *(max_box_acc(every >= iou, once) for iou in IOUS)]
    theirs = [
        their_accuracy(maps, sizes, objects, iou, every_one)
        for iou, every_one in ((0.5, False), (0.3, True), (0.5, True), (0.7, True))
    ]
    assert [100 * value.item() for value in ours] == pytest.approx(theirs, abs=0.01)
    assert theirs[0] != theirs[2]  # the largest contour is not always the best
    assert len(set(theirs)) > 2


def test_px_ap_is_that_of_wsolevaluation(shared):
    maps, sizes, objects = shared
    inside, outside, hits, misses = np.zeros((4, 1002))
    for cam, (width, height), boxes in zip(maps, sizes, objects, strict=True):
        mask = np.zeros((height, width), np.uint8)
        for x0, y0, x1, y1 in boxes.astype(int).tolist():
            mask[y0 - 1 : y1, x0 - 1 : x1] = 1
        mask[:, :9] = 255  # does not count
        small = cv2.resize(mask, (224, 224), interpolation=cv2.INTER_NEAREST)
        counts = pixel_counts(score_map(cam), squashed_mask(mask))
        inside, outside = inside + counts.inside, outside + counts.outside
        edges = [*np.arange(0, 1, 0.001), 1, 2, 3]
        hits += np.histogram(their_score_map(cam)[small == 1], edges)[0]
        misses += np.histogram(their_score_map(cam)[small == 0], edges)[0]
    true, false = hits[::-1].cumsum(), misses[::-1].cumsum()
    expected, before = 0.0, 0.0
    for tp, fp in zip(true, false, strict=True):
        expected += (tp / (tp + fp) if tp + fp else 0) * (tp / hits.sum() - before)
        before = tp / hits.sum()
    assert 100 * px_ap(inside[None], outside[None])[0] == pytest.approx(100 * expected, abs=0.01)
    assert 0.1 < expected < 0.9


def test_what_has_no_range_has_a_box_of_one_pixel():
    overlaps = best_overlaps(score_map(np.ones((7, 7))), squashed_boxes(np.array([[1, 1, 10, 10]]), (SIDE, SIDE)))
    assert overlaps.largest.tolist() == [0.01] * 1000
    assert overlaps.any_contour.tolist() == [0.01] * 1000


def test_each_sample_of_images_finds_its_own_best_threshold():
    overlaps = np.zeros((2, 1000))
    overlaps[0, 3] = overlaps[1, 7] = 0.5
    assert max_box_acc(overlaps >= 0.5, np.array([[1, 1], [2, 0]])).tolist() == [0.5, 1.0]


def test_without_an_object_px_ap_is_not_defined():
    none = np.zeros((1, 1002), int)
    assert np.isnan(px_ap(none, none + 1)).all()
