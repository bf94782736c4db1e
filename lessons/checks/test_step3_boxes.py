"""Step 3 against PyTorch's interpolation, a flood fill and suppression by plain loops, on other images each time."""

from collections.abc import Iterable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from .checking import Case, Wrong, agree, boxes_around, call, check, islands, misplaced


def holds(got: np.ndarray, dtype: type, what: str) -> None:
    """Ask for the dtype that the docstring promises."""
    if got.dtype != dtype:
        name = np.dtype(dtype).name
        raise Wrong(f"{what}: {name}", str(got.dtype), f"the docstring promises {name}: convert with .astype")


# --- 3.1 upsample ---


def stretched(heatmap: np.ndarray, size: Sequence[int], mode: str = "bilinear", **options: Any) -> np.ndarray:
    """The map at another size, by PyTorch; its default is between the centres of the cells."""
    tensor = torch.from_numpy(heatmap.astype(np.float32))[None, None]
    return F.interpolate(tensor, tuple(size), mode=mode, **options)[0, 0].numpy()


@check("3.1", points=1)
def test_upsample_stretches_between_the_centres_of_the_cells(mine: Any, case: Case) -> None:
    """The map comes back as (height, width), interpolated between the centres of its cells, in float32."""
    h, w = case.sizes(2, 3, 8)
    size = tuple(case.sizes(2, 20, 60))
    heatmap = case.array(h, w)
    full = call(mine.upsample, heatmap, size)
    expected = stretched(heatmap, size)
    agree(
        full,
        expected,
        "the map at the image's size",
        reasons=[
            (
                "height and width are swapped: cv2.resize wants (width, height), and `size` is (height, width)",
                stretched(heatmap, size[::-1]),
            ),
            (
                "the corners are aligned (align_corners=True): interpolate between the centres of the cells, as "
                "cv2.resize does, and as align_corners=False does in PyTorch",
                stretched(heatmap, size, align_corners=True),
            ),
            (
                "each pixel has the value of its nearest cell: use bilinear interpolation (cv2.INTER_LINEAR)",
                stretched(heatmap, size, "nearest"),
            ),
            (
                "each pixel has the value of its nearest cell: use bilinear interpolation (cv2.INTER_LINEAR)",
                cv2.resize(heatmap, size[::-1], interpolation=cv2.INTER_NEAREST),
            ),
            (
                "this is cubic interpolation: use bilinear interpolation (cv2.INTER_LINEAR)",
                stretched(heatmap, size, "bicubic"),
            ),
            ("the map is divided by its maximum: leave its values as they are", expected / expected.max()),
            ("negative values are cut off: leave the map's values as they are", expected.clip(min=0)),
        ],
        reason="the values differ: interpolate bilinearly, and change nothing else",
        picture=True,
    )
    holds(full, np.float32, "the map's dtype")


# --- 3.2 threshold_mask ---


@check("3.2", points=1)
def test_threshold_mask_marks_what_reaches_a_fraction_of_the_maximum(mine: Any, case: Case) -> None:
    """A pixel is marked from `fraction * max` on, that value included; without a positive value none is."""
    rows, columns = case.sizes(2, 4, 8)
    # Raw maps have no unit: the second half of them is weak, as of a network that is far from sure.
    for fraction, unit in [(fraction, unit) for unit in (1, 2**-10) for fraction in (0.25, 0.5, 0.75, 0, 1)]:
        whole = case.rng.integers(-9, 8, (rows, columns)).astype(float)
        # The maximum, a pixel that just reaches its part, the minimum: numbers that no way to calculate this rounds.
        whole.flat[case.rng.permutation(whole.size)[:3]] = [8, 8 * fraction, -10]
        heatmap, peak = whole * unit, 8 * unit
        agree(
            call(mine.threshold_mask, heatmap, fraction),
            heatmap >= fraction * peak,
            "the mask",
            reasons=[
                (
                    "a pixel that has exactly `fraction * max` is in the mask too: use >= and not >",
                    heatmap > fraction * peak,
                ),
                (
                    "a map with a small maximum is evidence too: mark nothing only where the maximum is not positive",
                    np.zeros_like(heatmap, dtype=bool),
                ),
                (
                    "the heat is compared with the fraction itself: multiply the fraction by the map's maximum first",
                    heatmap >= fraction,
                ),
                (
                    "the map was first scaled from its minimum to its maximum: here a fraction is one of the maximum, "
                    "and 0 stays 0",
                    whole + 10 >= fraction * 18,
                ),
                (
                    "strong negative values are marked as well: they speak against the class, so use no abs",
                    abs(heatmap) >= fraction * abs(heatmap).max(),
                ),
                ("the mask is the wrong way round: True is where it is hot", heatmap < fraction * peak),
            ],
            reason="compare each pixel with fraction * heatmap.max(): True where it is as large or larger",
            picture=True,
        )
    for value in (0.0, -3.0):
        for fraction in (0, 0.5, 1):
            agree(
                call(mine.threshold_mask, np.full((rows, columns), value), fraction),
                np.zeros((rows, columns), dtype=bool),
                f"the mask of a map that is {value:g} everywhere",
                reason="there is no evidence in this map: where the maximum is not positive, mark nothing",
                picture=True,
            )


# --- 3.3 mask_to_boxes ---


def in_order_around(groups: Sequence[np.ndarray]) -> np.ndarray:
    """One box around each group of pixels, from left to right."""
    return in_order(boxes_around(groups))


def contours(mask: np.ndarray, mode: int) -> np.ndarray:
    """Boxes around what cv2.findContours takes for islands."""
    found, _ = cv2.findContours(mask.astype(np.uint8), mode, cv2.CHAIN_APPROX_NONE)
    return in_order_around([outline[:, 0, ::-1] for outline in found])


def in_order(boxes: Any) -> Any:
    """Boxes from left to right: nobody promised an order."""
    return boxes[np.lexsort(boxes.T[::-1])] if type(boxes) is np.ndarray and boxes.ndim == 2 else boxes


DRAWING = """
    ####...#
    ####..#.
    ........
    .#####..
    .#...#..
    .#.#.#..
    .#...#..
    .#####..
"""
ISLANDS = np.array([[character == "#" for character in line] for line in DRAWING.split()])


@check("3.3", points=1)
def test_boxes_surround_the_islands(mine: Any, case: Case) -> None:
    """Each island, also one that hangs together at corners, has its box: counted from 1, both ends inside, float64."""
    top, left, bottom, right = case.sizes(4, 1, 5)
    noise = case.rng.random(case.sizes(2, 5, 9)) < 0.3
    for small in (ISLANDS, noise):
        # Each cell becomes 2 x 2 pixels: how to count the pixels of a speck is the next check's question.
        mask = np.pad(small.repeat(2, axis=0).repeat(2, axis=1), ((top, bottom), (left, right)))
        expected = in_order_around(islands(mask))
        boxes = call(mine.mask_to_boxes, mask)
        first, size = expected[:, :2], expected[:, 2:] - expected[:, :2] + 1
        agree(
            in_order(boxes),
            expected,
            "the boxes",
            reasons=[
                *misplaced(expected),
                (
                    "the last two numbers are width and height: give xmax and ymax, the last pixels inside",
                    np.hstack([first - 1, size]),
                ),
                ("x and y are swapped: x counts columns, y counts rows", in_order(expected[:, [1, 0, 3, 2]])),
                (
                    "pixels that touch at a corner belong to one island: use 8 neighbours, not 4",
                    in_order_around(islands(mask, diagonals=False)),
                ),
                (
                    "the sea has a box as well: label 0 is the background, leave its row out",
                    in_order_around([*islands(mask), np.argwhere(~mask)]),
                ),
                (
                    "there is one box around all islands: find the connected components first, one box for each",
                    in_order_around([np.argwhere(mask)]),
                ),
                (
                    "an island inside a ring has no box: cv2.RETR_EXTERNAL skips it, use connectedComponentsWithStats",
                    contours(mask, cv2.RETR_EXTERNAL),
                ),
                (
                    "a hole has a box as well: use connectedComponentsWithStats instead of contours",
                    contours(mask, cv2.RETR_LIST),
                ),
            ],
            reason="draw a small mask on paper and count: xmin, ymin, xmax, ymax, from 1, both ends inside",
            picture=True,
        )
        holds(boxes, np.float64, "the boxes' dtype")


@check("3.3", points=1)
def test_small_islands_are_dropped_by_their_number_of_pixels(mine: Any, case: Case) -> None:
    """An island stays if it has at least `min_area` pixels; where none stays, the shape is (0, 4)."""
    ring = np.ones(case.sizes(2, 4, 6), dtype=bool)
    ring[1:-1, 1:-1] = False
    shapes = [np.ones((1, case.whole(4, 7)), dtype=bool), ring, np.ones((2, 3), dtype=bool), np.eye(3, dtype=bool)]
    # One beside the other, each with sea around it.
    mask = np.hstack([np.pad(shape, ((1, 7 - len(shape)), (1, 1))) for shape in shapes])
    for sea, area in ((np.zeros_like(mask), 1), (mask, mask.size)):
        agree(
            call(mine.mask_to_boxes, sea, area),
            np.zeros((0, 4)),
            "the boxes where there is none",
            reasons=[("an empty list becomes an array of shape (0,): give it the shape (0, 4)", np.zeros(0))],
            reason="there is no island of this size, so there is no box: the shape is (0, 4)",
        )

    pixels = [int(shape.sum()) for shape in shapes]
    limits = np.unique([*pixels, *(number + 1 for number in pixels), *(shape.size for shape in shapes)])

    def stay(areas: Sequence[float]) -> np.ndarray:
        return (np.array(areas) >= limits[:, None]).sum(axis=1)

    outlines = [cv2.findContours(s.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0][0] for s in shapes]
    polygons = [cv2.contourArea(outline) for outline in outlines]
    agree(
        np.array([len(call(mine.mask_to_boxes, mask, int(limit))) for limit in limits]),
        stay(pixels),
        f"how many of the islands of {sorted(pixels)} pixels stay for min_area in {limits.tolist()}",
        reasons=[
            ("an island of exactly `min_area` pixels stays: use >= and not >", stay([number - 1 for number in pixels])),
            (
                "contourArea measures the polygon through the pixels' centres, 0 for a line: count pixels, as the "
                "area of connectedComponentsWithStats does",
                stay(polygons),
            ),
            (
                "contourArea measures the polygon through the pixels' centres, 0 for a line: count pixels, as the "
                "area of connectedComponentsWithStats does",
                stay([area - 1 for area in polygons]),
            ),
            (
                "this is the area of the box: count the pixels of the island itself",
                stay([shape.size for shape in shapes]),
            ),
            ("`min_area` changes nothing: keep only the islands that have as many pixels", stay([np.inf] * 4)),
            ("the small islands stay and the large ones go: turn the comparison round", 4 - stay(pixels)),
        ],
        reason="count the pixels of each island and keep it if they are at least `min_area`",
    )


# --- 3.4 nms ---


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The overlap of boxes in VOC's pixels, one pair after the other."""
    table = np.zeros((len(a), len(b)))
    for i, (ax0, ay0, ax1, ay1) in enumerate(a):
        for j, (bx0, by0, bx1, by1) in enumerate(b):
            shared = max(0, min(ax1, bx1) - max(ax0, bx0) + 1) * max(0, min(ay1, by1) - max(ay0, by0) + 1)
            both = (ax1 - ax0 + 1) * (ay1 - ay0 + 1) + (bx1 - bx0 + 1) * (by1 - by0 + 1)
            table[i, j] = shared / (both - shared)
    return table


def survivors(table: np.ndarray, order: Iterable[int], limit: float, dropped_too: bool = False) -> np.ndarray:
    """Go through the boxes in this order; with `dropped_too`, a box that was dropped can still drop others."""
    kept: list[int] = []
    seen: list[int] = []
    for i in order:
        if all(table[i, j] <= limit for j in (seen if dropped_too else kept)):
            kept.append(int(i))
        seen.append(int(i))
    return np.array(kept, dtype=int)


def judge_nms(mine: Any, boxes: np.ndarray, scores: np.ndarray, limit: float) -> None:
    """Compare the kept boxes with those of the plain loop."""
    best_first = sorted(range(len(boxes)), key=lambda i: -scores[i])  # Python's sort keeps equals in their order
    table = iou(boxes, boxes)
    expected = survivors(table, best_first, limit)
    chosen = np.isin(np.arange(len(boxes)), expected)
    later_first = "of two equal scores the earlier box is the better: sort by -scores with kind='stable'"
    turned_round = f"equal scores come in reversed order, as [::-1] turns them round too; {later_first}"
    kept = call(mine.nms, boxes, scores, limit, iou)
    agree(
        kept,
        expected,
        "the indices of the kept boxes",
        reasons=[
            ("the boxes are right, but in the order of the input: return the best score first", np.sort(expected)),
            ("this is a mask: return the indices of the kept boxes, the best score first", chosen),
            (
                "a box that overlaps by exactly `max_overlap` is kept: drop it only where the overlap is greater",
                survivors(table, best_first, limit - 1e-9),
            ),
            (
                "a box was dropped because of one that is dropped itself: compare only with boxes that were kept",
                survivors(table, best_first, limit, dropped_too=True),
            ),
            (
                "this goes through the boxes from the worst score up: begin with the best",
                survivors(table, best_first[::-1], limit),
            ),
            (
                "this goes through the boxes in the order of the input: sort them by score first",
                survivors(table, range(len(boxes)), limit),
            ),
            (turned_round, survivors(table, np.argsort(scores, kind="stable")[::-1], limit)),
            (later_first, survivors(table, np.argsort(scores)[::-1], limit)),
            (later_first, survivors(table, np.argsort(-scores), limit)),
            ("nothing was dropped: compare each box with those that are kept already", np.array(best_first, int)),
            (
                "these are places in the sorted list: translate them back into indices of `boxes`",
                np.array([best_first.index(i) for i in expected], dtype=int),
            ),
        ],
        reason="from the best score down, keep a box if it overlaps no kept box by more than `max_overlap`",
    )
    if kept.dtype.kind not in "iu":
        raise Wrong("indices: int", str(kept.dtype), "an array of these cannot be used as an index: give it dtype=int")


# Three boxes in a row, the middle one overlaps its neighbours by 6 of 14 columns; the fourth lies apart.
ROW = np.array([[1, 1, 10, 5], [5, 1, 14, 5], [9, 1, 18, 5], [40, 1, 50, 5]], dtype=float)


@check("3.4", points=1)
def test_nms_keeps_the_better_of_two(mine: Any, case: Case) -> None:
    """From the best score down, a box is dropped only by one that was kept; the indices come best first."""
    shift = case.whole(0, 30)
    for scores in ([0.7, 0.9, 0.6, 0.8], [0.9, 0.8, 0.7, 0.6], [0.7, 0.8, 0.9, 0.6]):
        judge_nms(mine, ROW + shift, np.array(scores), 0.4)
    count = case.whole(10, 14)
    crowd = case.boxes(count, width=16, height=12)
    judge_nms(mine, crowd, case.rng.permutation(count) / count, float(case.rng.uniform(0.2, 0.3)))


@check("3.4", points=1)
def test_nms_at_the_limits(mine: Any, case: Case) -> None:
    """Exactly `max_overlap` is not too much, equal scores stay in their order, and nothing gives shape (0,)."""
    height = 2 * case.whole(2, 9)
    halves = np.array([[3, 1, 12, height], [3, 1, 12, height / 2]], dtype=float)
    judge_nms(mine, halves, np.array([0.6, 0.8]), 0.5)
    # Many boxes, none of which touches another: an unstable sort shows only in a longer list.
    count = case.whole(40, 60)
    apart = np.repeat(np.arange(count, dtype=float)[:, None] * 3 + 1, 4, axis=1)
    judge_nms(mine, apart, case.rng.choice([0.25, 0.5], count), 0.5)
    judge_nms(mine, np.zeros((0, 4)), np.zeros(0), 0.5)


# --- 3.5 detect ---


def detected(
    heatmap: np.ndarray, size: Sequence[int], probability: float, threshold: float, min_area: int
) -> np.ndarray:
    """Boxes and scores of a map where no box is suppressed, in order."""
    full = stretched(heatmap, size).astype(float)
    groups = [pixels for pixels in islands(full >= threshold * full.max()) if len(pixels) >= min_area]
    boxes = in_order_around(groups)
    peaks = np.array([within(full, box).max() for box in boxes])
    return best_first(np.column_stack([boxes, probability * peaks / full.max()]))


def within(full: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The part of the map inside a box."""
    x0, y0, x1, y1 = (int(value) for value in box[:4])
    return full[y0 - 1 : y1, x0 - 1 : x1]


def best_first(rows: Any) -> Any:
    """Scored boxes from the highest score down; equal ones from left to right, since nobody promised their order."""
    if type(rows) is not np.ndarray or rows.ndim != 2:
        return rows
    return rows[np.lexsort([*rows[:, :4].T[::-1], -rows[:, -1].round(6)])]


def noise_and_threshold(case: Case) -> tuple[np.ndarray, tuple[int, int], float]:
    """A map with islands in three corners, the size of its image, and a threshold that no pixel reaches just so.

    The image is an odd number of times as large as the map, so that the hottest pixel is as hot as the hottest cell.
    """
    h, w = case.sizes(2, 5, 8)
    factors = case.rng.permutation([5, 7, 9])[:2]
    heatmap = case.array(h, w).clip(-1.5, 1.5)
    corners = case.rng.permutation([[0, 0], [0, -1], [-1, 0], [-1, -1]])[:3]
    heatmap[tuple(corners.T)] = [4, 5, 6]
    size = int(h * factors[0]), int(w * factors[1])
    heats = stretched(heatmap, size) / heatmap.max()
    candidates = case.rng.uniform(0.3, 0.6, 20)
    return heatmap, size, float(max(candidates, key=lambda threshold: abs(heats - threshold).min()))


@check("3.5", points=1)
def test_detect_scores_each_box(mine: Any, case: Case) -> None:
    """The score is the probability times the peak inside the box over the map's; the best comes first, in float64."""
    # Islands side by side in a map as large as the image, so that nothing is interpolated. Their peaks are 7 to 10,
    # at the last pixel of every other island and at the first pixel of the rest.
    peaks = 10 - case.rng.permutation(4).astype(float)
    peaks[:2] = sorted(peaks[:2])  # the first island is not the best
    left, top = case.whole(1, 3), case.whole(0, 4)
    heatmap, rows = np.zeros((12, 40)), []
    for number, peak in enumerate(peaks):
        width, height = case.whole(3, 6), case.whole(3, 7)
        heatmap[top : top + height, left : left + width] = 5.5
        heatmap[(top, left) if number % 2 else (top + height - 1, left + width - 1)] = peak
        rows.append([left + 1, top + 1, left + width, top + height])
        left += width + 2
    boxes = np.array(rows, dtype=float)
    probability = float(case.rng.uniform(0.6, 0.9))  # more than the islands' heat, 0.55: it is no threshold

    def scored(scores: Any) -> np.ndarray:
        return np.column_stack([boxes, scores])

    unscaled = "the heat is not relative: divide the peak of the box by the maximum of the map"
    inside = [within(heatmap, box) for box in boxes]
    got = call(mine.detect, heatmap, heatmap.shape, probability, threshold=0.5, iou=iou, min_area=1, max_overlap=0.5)
    agree(
        in_order(got),
        scored(probability * peaks / 10),
        "the boxes and their scores, from left to right",
        reasons=[
            (
                "all boxes have the same score, the probability: multiply it by the peak inside the box over the map's",
                scored(np.full(4, probability)),
            ),
            ("the probability is missing from the score: multiply the relative heat by it", scored(peaks / 10)),
            (unscaled, scored(probability * peaks)),
            (unscaled, scored(peaks)),
            (
                "this is the mean heat inside the box: take the highest",
                scored([probability * part.mean() / 10 for part in inside]),
            ),
            (
                "the first row and column of the box are left out of its peak: counted from 0 it begins at "
                "ymin - 1 and xmin - 1",
                scored([probability * part[1:, 1:].max() / 10 for part in inside]),
            ),
            (
                "the last row and column of the box are left out of its peak: a slice ends before its second "
                "number, so from ymin - 1 to ymax",
                scored([probability * part[:-1, :-1].max() / 10 for part in inside]),
            ),
            (
                "the columns are in another order: xmin, ymin, xmax, ymax, score",
                lambda: in_order(np.column_stack([probability * peaks / 10, boxes])),
            ),
        ],
        reason="score = probability * (highest heat inside the box) / (highest heat of the map)",
        picture=True,
    )
    agree(
        got[:, 4],
        probability * np.array([1, 0.9, 0.8, 0.7]),
        "the scores from the first row to the last",
        reason="the best box comes first: nms returns the indices in order, take the rows by them",
    )
    holds(got, np.float64, "the dtype")
    judge_peaks(mine, case)


def pinwheel(case: Case) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """A plus, whose box has hot pixels of other islands just outside of each side; none touches the plus.

    Returns the map, its boxes with the peaks inside, and the peaks that one finds who looks one pixel too far.
    """
    arm = case.whole(2, 4)
    first, last = 2, 2 + 2 * arm  # the rows and columns of the plus
    heatmap = np.zeros((last + 3, last + 3))
    heatmap[first + arm, first : last + 1] = heatmap[first : last + 1, first + arm] = 6
    outside = {
        "row before": (first - 1, first),
        "column before": (last, first - 1),
        "row after": (last + 1, last),
        "column after": (first, last + 1),
    }
    hot = dict(zip(outside, case.rng.permutation([7.0, 8.0, 9.0, 10.0]).tolist(), strict=True))
    for name, place in outside.items():
        heatmap[place] = hot[name]
    boxes = boxes_around(islands(heatmap > 0))  # the plus is the largest, and so the first
    peaks = np.array([within(heatmap, box).max() for box in boxes])
    too_far = {f"the {name}": [hot[name]] for name in outside}
    too_far |= {f"the row and the column {side}": [hot[f"row {side}"], hot[f"column {side}"]] for side in SIDES}
    return heatmap, np.column_stack([boxes, peaks]), {name: np.append(max(v), peaks[1:]) for name, v in too_far.items()}


SIDES = ("before", "after")


def judge_peaks(mine: Any, case: Case) -> None:
    """A box's peak is inside the box, to the pixel, and relative to the maximum of the map in the image's size."""
    heatmap, rows, too_far = pinwheel(case)
    probability = float(case.rng.uniform(0.6, 0.9))

    def scored(peaks: np.ndarray) -> np.ndarray:
        return in_order(np.column_stack([rows[:, :4], probability * peaks / 10]))

    choices: dict[str, Any] = {"iou": iou, "min_area": 1, "max_overlap": 1.0}
    agree(
        in_order(call(mine.detect, heatmap, heatmap.shape, probability, threshold=0.5, **choices)),
        scored(rows[:, 4]),
        "the boxes of a plus and of hot pixels just outside of its box, from left to right",
        reasons=[
            (
                f"a box's peak is looked for in {where} the box too: an array is counted from 0 and a slice ends "
                "before its second number, so from ymin - 1 to ymax and from xmin - 1 to xmax",
                scored(peaks),
            )
            for where, peaks in too_far.items()
        ],
        reason="the peak of a box is the highest of full[ymin - 1 : ymax, xmin - 1 : xmax], and of nothing else",
        picture=True,
    )
    # Stretched by an even number, no pixel lies in the middle of the hottest cell: so the peak is lower than the cell.
    hill = np.ones((3, 3))
    hill[1, 1] = 4
    size = (3 * 2 * case.whole(2, 4), 3 * 2 * case.whole(5, 7))
    full = stretched(hill, size)
    box = boxes_around(islands(full >= 0.5 * full.max()))
    agree(
        call(mine.detect, hill, size, probability, threshold=0.5, **choices),
        np.column_stack([box, [probability]]),
        "the box of a map's only hill",
        reasons=[
            (
                "the heat is divided by the maximum of the raw map: divide by that of the upsampled one",
                np.column_stack([box, [probability * full.max() / 4]]),
            ),
            (
                "the threshold is a fraction of the raw map's maximum: give threshold_mask the upsampled map",
                lambda: np.column_stack([boxes_around(islands(full >= 0.5 * 4)), [probability]]),
            ),
        ],
        reason="score = probability * (highest heat inside the box) / (highest heat of the upsampled map)",
        picture=True,
    )
    agree(
        call(mine.detect, hill, size, probability, threshold=0.5, iou=iou, min_area=full.size, max_overlap=1.0),
        np.zeros((0, 5)),
        "the boxes of a map whose only island is too small",
        reasons=[("an empty list becomes an array of shape (0,): give it the shape (0, 5)", np.zeros(0))],
        reason="no island has `min_area` pixels, so there is no box: shape (0, 5)",
    )


@check("3.5", points=1)
def test_detect_chains_the_four_steps(mine: Any, case: Case) -> None:
    """The map is upsampled before it is cut, specks and worse doubles are dropped, and no evidence gives (0, 5)."""
    heatmap, size, threshold = noise_and_threshold(case)
    probability = float(case.rng.uniform(0.3, 0.9))
    choices = {"threshold": threshold, "iou": iou}
    full = stretched(heatmap, size)
    areas = sorted(len(pixels) for pixels in islands(full >= threshold * full.max()))
    min_area = areas[0] + 1  # the smallest island goes

    def cut_first() -> np.ndarray:
        """Threshold the coarse map and stretch the mask."""
        cells = stretched((heatmap >= threshold * heatmap.max()).astype(float), size, "nearest")
        boxes = in_order_around([pixels for pixels in islands(cells > 0) if len(pixels) >= min_area])
        scores = [probability * within(full, box).max() / full.max() for box in boxes]
        return best_first(np.column_stack([boxes, scores]))

    agree(
        best_first(call(mine.detect, heatmap, size, probability, min_area=min_area, max_overlap=1.0, **choices)),
        detected(heatmap, size, probability, threshold, min_area),
        "the boxes in a photo",
        reasons=[
            (
                "small islands have a box: pass `min_area` on to mask_to_boxes",
                detected(heatmap, size, probability, threshold, 1),
            ),
            ("the map was cut before it was stretched: upsample first, then threshold", cut_first),
            (
                "the boxes are those of the layer's grid: upsample the map to `size` first",
                lambda: detected(heatmap, heatmap.shape, probability, threshold, min_area),
            ),
            (
                "the boxes are those of the layer's grid: upsample the map to `size` first",
                lambda: detected(heatmap, heatmap.shape, probability, threshold, 1),
            ),
            (
                "height and width are swapped: pass `size` on as it is",
                lambda: detected(heatmap, size[::-1], probability, threshold, min_area),
            ),
            (
                "the threshold is not the one that was given: pass `threshold` on",
                lambda: detected(heatmap, size, probability, 0.5, min_area),
            ),
        ],
        reason="upsample, threshold_mask with `threshold`, mask_to_boxes with `min_area`, scores, nms",
        picture=True,
    )
    # The box of an L is 5 x 5 pixels, and an island of 3 x 2 lies in its corner: their boxes overlap by 6 / 25.
    corner = np.full((5, 5), 8.0)
    corner[0:4, 1:5] = 0
    corner[1:3, 2:5] = 6
    large, small = [1, 1, 5, 5, probability], [3, 2, 5, 3, probability * 0.75]
    for limit, rows in ((0.2, [large]), (0.3, [large, small])):
        agree(
            call(mine.detect, corner, (5, 5), probability, threshold=0.5, iou=iou, min_area=1, max_overlap=limit),
            np.array(rows, dtype=float),
            f"the boxes of an L with an island in its corner, which overlap by 0.24, for max_overlap={limit}",
            reasons=[
                (
                    "a worse box that overlaps too much is still there: let nms choose, and pass `max_overlap` on",
                    np.array([large, small]),
                ),
                ("the worse box was kept: nms wants the scores of these boxes", np.array([small])),
            ],
            reason="nms decides with `max_overlap` which boxes stay",
            picture=True,
        )
    for value in (0.0, -2.0):
        agree(
            call(mine.detect, np.full(heatmap.shape, value), size, probability, min_area=1, max_overlap=0.5, **choices),
            np.zeros((0, 5)),
            f"the boxes of a map that is {value:g} everywhere",
            reasons=[("an empty list becomes an array of shape (0,): give it the shape (0, 5)", np.zeros(0))],
            reason="a map without a positive value is no evidence: no box, shape (0, 5)",
        )


@check("3")
def test_a_map_becomes_boxes(mine: Any, case: Case) -> None:
    """Your own chain, from a map on the layer's grid to scored boxes in the photo."""
    heatmap, size, threshold = noise_and_threshold(case)
    agree(
        best_first(call(mine.detect, heatmap, size, 0.8, threshold=threshold, iou=iou, min_area=10, max_overlap=1.0)),
        detected(heatmap, size, 0.8, threshold, 10),
        "the boxes in a photo",
        reason="one function of the chain gives something else: `check` the tasks 3.1 to 3.5 one by one",
        picture=True,
    )
