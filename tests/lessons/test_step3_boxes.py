"""Step 3 against masks drawn by hand, against PyTorch's interpolation and against the definition of suppression."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch.nn import functional as F

from gradcam_lab.lessons.step3_boxes import detect, mask_to_boxes, nms, threshold_mask, upsample
from gradcam_lab.lessons.step4_metrics import box_iou

repeatable = settings(derandomize=True, deadline=None, max_examples=150)


def drawn(*rows: str) -> np.ndarray:
    """Turn a drawing into a mask: '#' is True."""
    return np.array([[character == "#" for character in row] for row in rows])


# 3.1 upsample


@repeatable
@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.floats(-4, 4, width=32)),
    st.tuples(st.integers(9, 70), st.integers(9, 70)),
)
def test_upsample_is_pytorchs_bilinear_interpolation(heatmap, size):
    full = upsample(heatmap, size)
    expected = F.interpolate(torch.from_numpy(heatmap)[None, None], size, mode="bilinear", align_corners=False)
    assert full.dtype == np.float32
    assert full.shape == size
    assert np.allclose(full, expected[0, 0].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [(200, 300), (300, 200), (375, 500), (224, 224), (480, 640)])
@pytest.mark.parametrize("grid", [(7, 7), (14, 14), (2, 3), (3, 2)])
def test_item_10_upsample_at_the_shapes_of_photos(grid, size):
    """3:2 images catch a swapped (W, H)."""
    heatmap = np.random.default_rng(0).random(grid, dtype=np.float32)
    expected = F.interpolate(torch.from_numpy(heatmap)[None, None], size, mode="bilinear", align_corners=False)
    full = upsample(heatmap, size)
    assert full.shape == size
    assert np.allclose(full, expected[0, 0].numpy(), rtol=0, atol=1e-5)


def test_item_10_the_centre_of_the_second_of_seven_columns():
    """Column 1 covers the pixels 32 to 63, so its centre is 47.5; `align_corners=True` puts it at 37."""
    heatmap = np.zeros((7, 7))
    heatmap[3, 1] = 1
    full = upsample(heatmap, (224, 224))
    hottest = np.argwhere(full == full.max())
    assert hottest.mean(axis=0).tolist() == [111.5, 47.5]
    assert full[111].argmax() == 47
    assert full.max() == pytest.approx((1 - 0.5 / 32) ** 2)  # the nearest pixel's centre is half a pixel away, twice


def test_item_10_the_centre_in_a_wide_image():
    """The same cell of a 7 x 7 map over 210 x 315 pixels (3:2): row 3.5 / 7 * 210, column 1.5 / 7 * 315."""
    heatmap = np.zeros((7, 7))
    heatmap[3, 1] = 1
    full = upsample(heatmap, (210, 315))
    assert np.average(np.arange(315) + 0.5, weights=full.sum(axis=0)) == pytest.approx(67.5, abs=1e-3)
    assert np.average(np.arange(210) + 0.5, weights=full.sum(axis=1)) == pytest.approx(105, abs=1e-3)


def test_upsample_by_hand():
    """Two cells over four pixels: a quarter and three quarters of the way; beyond the last centre it is flat."""
    assert upsample(np.array([[0.0, 4.0]]), (1, 4)).tolist() == [[0, 1, 3, 4]]


# 3.2 threshold_mask


def test_threshold_mask_by_hand():
    heatmap = np.array([[1.0, 2.0, 3.9], [4.0, 8.0, -8.0]])
    assert np.array_equal(threshold_mask(heatmap, 0.5), drawn("...", "##."))  # 4 of 8 is in: `>=`
    assert np.array_equal(threshold_mask(heatmap, 1), drawn("...", ".#."))
    assert np.array_equal(threshold_mask(heatmap, 0), drawn("###", "##."))


@pytest.mark.parametrize("value", [0, -3])
@pytest.mark.parametrize("fraction", [0, 0.2, 1])
def test_item_12_no_evidence_no_mask(value, fraction):
    """Where no cell is positive nothing is marked, whatever the fraction."""
    assert not threshold_mask(np.full((3, 4), value, np.float32), fraction).any()


@repeatable
@given(
    hnp.arrays(np.float64, (4, 5), elements=st.integers(-9, 9).map(float)),
    st.floats(0, 1, allow_subnormal=False),
    st.sampled_from([2.0**-8, 2.0, 64.0]),
)
def test_threshold_mask_is_relative_to_the_maximum(heatmap, fraction, factor):
    mask = threshold_mask(heatmap, fraction)
    assert mask.dtype == bool
    assert mask.any() == (heatmap.max() > 0)  # the maximum itself always reaches any fraction of it
    assert np.array_equal(mask, threshold_mask(heatmap * factor, fraction))
    assert not (threshold_mask(heatmap, min(1, fraction + 0.1)) & ~mask).any()  # higher marks no more


# 3.3 mask_to_boxes


def test_boxes_by_hand():
    """Counted from 1, both ends inside: the columns 0 to 9 are xmin = 1, xmax = 10."""
    mask = np.zeros((6, 12), bool)
    mask[2:5, 0:10] = True
    boxes = mask_to_boxes(mask)
    assert boxes.dtype == np.float64
    assert boxes.tolist() == [[1, 3, 10, 5]]


def test_several_islands():
    mask = drawn(
        "##..#",
        "##...",
        "....#",
        "...##",
    )
    assert sorted(mask_to_boxes(mask).tolist()) == [[1, 1, 2, 2], [4, 3, 5, 4], [5, 1, 5, 1]]


def test_the_whole_image_and_nothing():
    assert mask_to_boxes(np.ones((4, 7), bool)).tolist() == [[1, 1, 7, 4]]
    assert mask_to_boxes(np.zeros((4, 7), bool)).shape == (0, 4)


def test_cells_that_touch_at_a_corner_are_one_island():
    """Eight neighbours, in both diagonals."""
    assert mask_to_boxes(drawn("#..", ".#.", "..#")).tolist() == [[1, 1, 3, 3]]
    assert mask_to_boxes(drawn("..#", ".#.", "#..")).tolist() == [[1, 1, 3, 3]]


def test_item_11_a_line_one_pixel_wide_counts():
    """`contourArea` of such a line is 0; it has as many pixels as it is long."""
    line = drawn(".....", "#####", ".....")
    assert mask_to_boxes(line, min_area=5).tolist() == [[1, 2, 5, 2]]
    assert mask_to_boxes(line.T, min_area=5).tolist() == [[2, 1, 2, 5]]
    assert mask_to_boxes(line, min_area=6).shape == (0, 4)


def test_item_11_the_area_is_the_number_of_pixels():
    """Not the polygon through the pixels' centres (6 here), nor the box (12)."""
    ring = drawn("####", "#..#", "####")
    assert len(mask_to_boxes(ring, min_area=10)) == 1
    assert len(mask_to_boxes(ring, min_area=11)) == 0
    assert len(mask_to_boxes(drawn("#"), min_area=1)) == 1


def test_specks_are_dropped_and_islands_kept():
    assert mask_to_boxes(drawn("#..##", "...##"), min_area=4).tolist() == [[4, 1, 5, 2]]


@repeatable
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8)))
def test_boxes_are_those_of_a_flood_fill(mask):
    """Against a flood fill that walks to all eight neighbours."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    expected = []
    while left:
        island, front = set(), [left.pop()]
        while front:
            row, column = front.pop()
            island.add((row, column))
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            front += near
        rows, columns = zip(*island, strict=True)
        expected.append([min(columns) + 1, min(rows) + 1, max(columns) + 1, max(rows) + 1, len(island)])
    for area in (1, 3):
        assert sorted(mask_to_boxes(mask, area).tolist()) == sorted(box[:4] for box in expected if box[4] >= area)


# 3.4 nms, with a table instead of boxes: which boxes overlap, and by how much, is stated

TABLE = np.array(
    [
        [1.0, 0.6, 0.0, 0.5],
        [0.6, 1.0, 0.6, 0.0],
        [0.0, 0.6, 1.0, 0.0],
        [0.5, 0.0, 0.0, 1.0],
    ]
)


def from_table(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Look the overlap of box i and box j up; a box is its number, four times."""
    return TABLE[a[:, 0].astype(int)][:, b[:, 0].astype(int)]


def suppressed(scores: list[float], max_overlap: float) -> list[int]:
    boxes = np.repeat(np.arange(len(scores), dtype=float)[:, None], 4, axis=1)
    return nms(boxes, np.array(scores), max_overlap, from_table).tolist()


def test_nms_by_hand():
    """Box 1 overlaps both its neighbours; what it suppresses depends on whether it survives itself."""
    assert suppressed([0.9, 0.8, 0.7, 0.6], 0.5) == [0, 2, 3]  # 0 drops 1, so nothing drops 2
    assert suppressed([0.8, 0.9, 0.7, 0.6], 0.5) == [1, 3]  # 1 drops 0 and 2
    assert suppressed([0.7, 0.8, 0.9, 0.6], 0.5) == [2, 0, 3]  # 2 drops 1, so 0 lives; best first
    assert suppressed([0.1, 0.2, 0.3, 0.4], 1.0) == [3, 2, 1, 0]  # nothing overlaps by more than 1


def test_nms_keeps_a_box_that_overlaps_by_exactly_the_limit():
    assert suppressed([0.9, 0.1, 0.2, 0.8], 0.5) == [0, 3, 2]  # 0 and 3: 0.5 is not greater than 0.5
    assert suppressed([0.9, 0.1, 0.2, 0.8], 0.49) == [0, 2]


def test_nms_of_equal_scores_prefers_the_earlier():
    assert suppressed([0.5, 0.5, 0.5, 0.5], 0.5) == [0, 2, 3]


def test_nms_of_nothing():
    kept = nms(np.zeros((0, 4)), np.zeros(0), 0.5, box_iou)
    assert kept.shape == (0,)
    assert np.zeros((0, 4))[kept].shape == (0, 4)


boxes_and_scores = st.lists(
    st.tuples(
        st.integers(1, 8), st.integers(1, 8), st.integers(0, 6), st.integers(0, 6), st.sampled_from([0.2, 0.5, 0.9])
    ),
    min_size=1,
    max_size=8,
)


@repeatable
@given(boxes_and_scores, st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_nms_by_its_definition(rows, max_overlap):
    """The kept ones leave each other alone, and each dropped one has a better one among the kept that it overlaps."""
    boxes = np.array([[x, y, x + w, y + h] for x, y, w, h, _ in rows], dtype=float)
    scores = np.array([row[4] for row in rows])
    overlaps = box_iou(boxes, boxes)
    kept = nms(boxes, scores, max_overlap, box_iou).tolist()
    rank = {box: place for place, box in enumerate(sorted(range(len(rows)), key=lambda i: (-scores[i], i)))}
    assert kept == sorted(set(kept), key=rank.__getitem__)
    for i in range(len(rows)):
        better = [k for k in kept if rank[k] < rank[i] and overlaps[k, i] > max_overlap]
        assert bool(better) == (i not in kept)


# 3.5 detect. Where the map is as large as the image nothing is interpolated, and all can be read off.


def found(heatmap: Sequence[Sequence[float]], probability: float = 1.0, **options: float) -> list[list[float]]:
    array = np.array(heatmap)
    choices = {"threshold": 0.5, "min_area": 1, "max_overlap": 0.5, **options}
    rows = detect(array, array.shape, probability, iou=box_iou, **choices)
    assert rows.dtype == np.float64
    return rows.tolist()


def test_detect_by_hand():
    """Two islands; probability 0.8 times the island's peak as a part of the map's: 6/8 and 8/8, the best first."""
    heatmap = [
        [6, 5, 0, 0, 0],
        [4, 1, 0, 5, 0],
        [0, 0, 0, 8, 5],
    ]
    boxes = found(heatmap, probability=0.8)
    assert [row[:4] for row in boxes] == [[4, 2, 5, 3], [1, 1, 2, 2]]
    assert [row[4] for row in boxes] == pytest.approx([0.8, 0.6])


def test_detect_has_no_unit():
    heatmap = np.array([[6, 0, 0], [0, 0, 8.0]])
    assert found((heatmap * 1e-3).tolist()) == pytest.approx(np.array(found(heatmap.tolist())), abs=1e-6)


def test_detect_drops_small_islands():
    heatmap = [[8, 0, 5, 5], [0, 0, 5, 5]]
    assert [row[:4] for row in found(heatmap, min_area=2)] == [[3, 1, 4, 2]]
    assert len(found(heatmap, min_area=1)) == 2
    assert found(heatmap, min_area=5) == []


def test_detect_suppresses_a_box_inside_the_corner_of_a_larger_one():
    """The box of an L is 5 x 5 pixels; an island of 3 x 2 lies in its corner, so their boxes' IoU is 6/25."""
    heatmap = [
        [8, 0, 0, 0, 0],
        [8, 0, 6, 6, 6],
        [8, 0, 6, 6, 6],
        [8, 0, 0, 0, 0],
        [8, 8, 8, 8, 8],
    ]
    assert [row[:4] for row in found(heatmap, max_overlap=0.2)] == [[1, 1, 5, 5]]  # 6 / 25 > 0.2
    assert len(found(heatmap, max_overlap=0.24)) == 2  # 6 / 25 is not greater than 0.24


def test_item_10_detect_in_a_wide_photo():
    """The hot quarter of a 2 x 2 map over 300 x 200 pixels is up on the right, wider than high."""
    (row,) = detect(np.array([[0, 1], [0, 0.0]]), (200, 300), 0.9, threshold=0.5, iou=box_iou)
    xmin, ymin, xmax, ymax, score = row
    # Along the top row the map rises from column 75 (centre of the first cell) to 225: half of it is at 150.
    assert (xmin, ymin, xmax, ymax) == (151, 1, 300, 100)
    assert score == pytest.approx(0.9)


@pytest.mark.parametrize("value", [0.0, -2.0])
@pytest.mark.parametrize("threshold", [0, 0.5, 1])
@pytest.mark.filterwarnings("error")
def test_item_12_detect_on_an_empty_map(value, threshold):
    """No evidence, no boxes, of shape (0, 5); no warning of a division by zero either."""
    rows = detect(np.full((7, 7), value), (200, 300), 0.9, threshold=threshold, iou=box_iou)
    assert rows.shape == (0, 5)


@repeatable
@given(
    hnp.arrays(np.float64, (5, 6), elements=st.sampled_from([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])),
    st.floats(0.01, 1),
    st.sampled_from([0.25, 0.5, 1.0]),
)
def test_detect_invariants(heatmap, probability, threshold):
    """Boxes inside the image, scores falling from the probability itself, which the hottest island gets."""
    rows = detect(heatmap, (40, 60), probability, threshold=threshold, iou=box_iou, min_area=1)
    assert (len(rows) > 0) == (heatmap.max() > 0)
    assert ((rows[:, :2] >= 1) & (rows[:, :2] <= rows[:, 2:4]) & (rows[:, 2:4] <= [60, 40])).all()
    assert (np.diff(rows[:, 4]) <= 0).all()
    assert (rows[:, 4] > 0).all()
    if len(rows):
        assert rows[0, 4] == pytest.approx(probability)
