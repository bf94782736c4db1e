"""Step 4 against counted pixels and plain loops, on other boxes, lists and images each time."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .checking import Case, Wrong, agree, call, check, demand

TP, FP, IGNORED = 1, 0, -1


def whole_numbers(got: np.ndarray, what: str) -> None:
    """Ask for integers, as the docstring does."""
    if got.dtype.kind not in "iu":
        raise Wrong(f"{what}: int", str(got.dtype), "the docstring promises integers: give the array dtype=int")


# --- 4.1 box_iou ---


def counted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The IoU of whole-numbered boxes, by listing their pixels."""

    def pixels(box: np.ndarray) -> set[tuple[int, int]]:
        xmin, ymin, xmax, ymax = (int(value) for value in box)
        return set(itertools.product(range(xmin, xmax + 1), range(ymin, ymax + 1)))

    first, second = [pixels(box) for box in a], [pixels(box) for box in b]
    return np.array([[len(p & q) / len(p | q) for q in second] for p in first])


def sides(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last minus first pixel, (n, m, 2): of what two boxes share (negative where they are apart), of a, and of b."""
    shared = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    own = np.broadcast_to((a[:, 2:] - a[:, :2])[:, None], shared.shape)
    other = np.broadcast_to((b[:, 2:] - b[:, :2])[None], shared.shape)
    return shared, own, other


@check("4.1", points=1)
def test_iou_is_the_share_of_common_pixels(mine: Any, case: Case) -> None:
    """Shared pixels over all pixels of two boxes, both ends inside, for every box of `a` with every box of `b`."""
    n, m = case.sizes(2, 3, 6)
    # Boxes that all hold the pixel (10, 10), so that every pair overlaps.
    a, b = (np.hstack([case.rng.integers(1, 10, (k, 2)), case.rng.integers(11, 20, (k, 2))]) for k in (n, m))
    a, b = a.astype(float), b.astype(float)
    shared, own, other = sides(a, b)

    def formula(plus_shared: int, plus_area: int) -> np.ndarray:
        common = (shared + plus_shared).prod(axis=2)
        return common / ((own + plus_area).prod(axis=2) + (other + plus_area).prod(axis=2) - common)

    common, area_a, area_b = ((side + 1).prod(axis=2) for side in (shared, own, other))
    hull = np.maximum(a[:, None, 2:], b[None, :, 2:]) - np.minimum(a[:, None, :2], b[None, :, :2]) + 1
    agree(
        call(mine.box_iou, a, b),
        counted(a, b),
        "the IoU of box i of `a` and box j of `b`",
        reasons=[
            (
                "both ends are inside, so a box from 1 to 10 is 10 wide: add 1 to every width and height",
                formula(0, 0),
            ),
            ("the areas count both ends and the intersection does not: add 1 to its sides as well", formula(0, 1)),
            ("the intersection counts both ends and the areas do not: add 1 to their sides as well", formula(1, 0)),
            (
                "the common pixels are counted twice in the union: subtract the intersection from the sum of the areas",
                common / (area_a + area_b),
            ),
            ("this divides by the smaller box: divide by the union of both", common / np.minimum(area_a, area_b)),
            ("this divides by the area of the first box: divide by the union of both", common / area_a),
            ("this divides by the area of the second box: divide by the union of both", common / area_b),
            (
                "this divides by the box around both: divide by the pixels that are in one of them",
                common / hull.prod(2),
            ),
            ("this is the intersection: divide it by the union", common),
            ("rows and columns are swapped: the rows of the result belong to `a`", counted(b, a)),
            (
                "only boxes at the same place were compared: every box of `a` meets every box of `b`",
                lambda: np.diag(counted(a, b)),
            ),
        ],
        reason="draw two small boxes on squared paper, and count the squares in both and in at least one",
    )


@check("4.1", points=1)
def test_iou_of_boxes_that_are_apart(mine: Any, case: Case) -> None:
    """Boxes that share no pixel have an IoU of 0, wherever they lie; no box gives an empty table, (0, m) or (n, 0)."""
    x, y = case.whole(40, 60), case.whole(40, 60)
    width, height = case.sizes(2, 4, 12)
    a = np.array([[x, y, x + width - 1, y + height - 1]] * case.whole(1, 3), dtype=float)
    gap_x, gap_y = case.sizes(2, 0, 9)
    steps = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]
    # Eight neighbours of one size; where the gap is 0, the next pixel is already the neighbour's.
    b = np.array([a[0] + 2 * [i * (width + gap_x), j * (height + gap_y)] for i, j in steps])
    shared, own, other = (side + 1 for side in sides(a, b))
    both = own.prod(axis=2) + other.prod(axis=2)
    product = shared.prod(axis=2)
    apart = "two negative sides have a positive product: cut each side off at 0 before you multiply them"
    agree(
        call(mine.box_iou, a, b),
        np.zeros((len(a), 8)),
        "the IoU of boxes that are apart",
        reasons=[
            (apart, product / (both - product)),
            (apart, product.clip(0) / (both - product.clip(0))),
            (apart, product.clip(0) / (both - product)),
        ],
        reason="boxes that are apart share no pixel: width and height of the intersection are at least 0",
    )
    quarter = np.array([[x, y, x + width - 1, y + height - 1]]) + 0.25  # a box's numbers need not be whole
    twice = quarter + np.array([[0, 0, width, 0]])
    agree(
        call(mine.box_iou, quarter, twice),
        np.array([[1 / 2]]),
        "the IoU of a box with one of the same corner that is twice as wide",
        reasons=[
            (
                "the numbers were rounded: boxes need not begin and end at whole pixels",
                lambda: counted(quarter.round(), twice.round()),
            )
        ],
        reason="use the numbers as they are, as width = xmax - xmin + 1 does",
    )
    for first, second in ((a[:0], b), (a, b[:0])):
        agree(
            call(mine.box_iou, first, second),
            np.zeros((len(first), len(second))),
            "the IoU where there is no box",
            reasons=[
                (
                    "an empty list of rows loses the number of columns: the shape is (n, m) also where n is 0",
                    np.zeros(0),
                )
            ],
            reason="the shape is (n, m), also where n or m is 0",
        )


# --- 4.2 match_detections ---


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """The IoU of two boxes, both ends inside."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    shared = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b)]
    return float(shared / (sum(areas) - shared))


def surest_first(scores: np.ndarray) -> list[int]:
    """The indices by falling score; Python's sort keeps equals in their order."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


def matched(
    boxes: np.ndarray,
    scores: np.ndarray,
    truth: Any,
    threshold: float,
    mistake: str = "",
    order: Iterable[int] | None = None,
) -> np.ndarray:
    """Match by plain loops, from the surest detection down; or with a typical mistake."""
    outcomes = np.full(len(boxes), FP)
    difficult = truth.difficult & (mistake != "difficult counts")
    taken: set[int] = set()

    def at_least(j: int, mistake: str) -> bool:
        return mistake == "at least" or (mistake == "difficult at least" and bool(truth.difficult[j]))

    for i in surest_first(scores) if order is None else order:
        overlaps = [overlap(boxes[i], box) for box in truth.boxes]
        fits = [j for j, o in enumerate(overlaps) if o > threshold or (o == threshold and at_least(j, mistake))]
        free = [j for j in fits if j not in taken and (not difficult[j] or mistake == "difficult competes")]
        if mistake == "favourite":
            free = [j for j in free if overlaps[j] == max(overlaps)]
        if free:
            in_turn = free[::-1] if mistake == "last of equals" else free
            best = free[0] if mistake == "first" else max(in_turn, key=lambda j: overlaps[j])
            outcomes[i] = IGNORED if difficult[best] else TP
            if mistake != "again" and not difficult[best]:
                taken.add(best)
        elif mistake != "difficult is false":
            hard = [j for j in fits if difficult[j] and (j not in taken or mistake != "difficult once")]
            if hard:
                outcomes[i] = IGNORED
                taken.add(hard[0])
    return outcomes


def judge_matches(mine: Any, boxes: np.ndarray, scores: np.ndarray, truth: Any, threshold: float, what: str) -> None:
    """Compare the outcomes with those of the plain loop."""

    def with_mistake(name: str) -> np.ndarray:
        return matched(boxes, scores, truth, threshold, name)

    def in_turn(order: Any) -> np.ndarray:
        return matched(boxes, scores, truth, threshold, order=order)

    expected = with_mistake("")
    later_first = "of two equal scores the earlier box chooses first: sort by -scores with kind='stable'"
    turned_round = f"equal scores come in reversed order, as [::-1] turns them round too; {later_first}"
    outcomes = call(mine.match_detections, boxes, scores, truth, threshold)
    agree(
        outcomes,
        expected,
        what,
        reasons=[
            (
                "these are the outcomes in the order of the scores: write each to the place of its box in the input",
                expected[surest_first(scores)],
            ),
            (
                "of two objects that overlap equally the last was taken: take the earlier, as argmax does",
                with_mistake("last of equals"),
            ),
            (
                "an object was found twice: after the first hit it is no longer free, and a second one is false",
                with_mistake("again"),
            ),
            (
                "an overlap of exactly the threshold is no match with a difficult object either: it has to be greater",
                with_mistake("difficult at least"),
            ),
            (
                "an overlap of exactly the threshold is no match: the IoU has to be greater",
                with_mistake("at least"),
            ),
            (
                "a detection of a difficult object counts as true: it is ignored, unless it finds another object",
                with_mistake("difficult counts"),
            ),
            (
                "a detection of a difficult object counts as false: it is ignored",
                with_mistake("difficult is false"),
            ),
            (
                "a second detection of a difficult object counts as false: these may be found any number of times",
                with_mistake("difficult once"),
            ),
            (
                "a difficult object was preferred because it fits better: look for a free object that counts "
                "first, and for difficult ones only if there is none",
                with_mistake("difficult competes"),
            ),
            (
                "the first object that overlaps enough was taken: take the one with the largest overlap",
                with_mistake("first"),
            ),
            (
                "a detection whose best object is taken was given up: let it have the best of those still free",
                with_mistake("favourite"),
            ),
            (
                "the detections choose in the order of the input: let the one with the highest score begin",
                in_turn(range(len(boxes))),
            ),
            (
                "the least sure detection chooses first: sort by falling score",
                in_turn(surest_first(scores)[::-1]),
            ),
            (turned_round, in_turn(np.argsort(scores, kind="stable")[::-1])),
            (later_first, in_turn(np.argsort(scores)[::-1])),
            (later_first, in_turn(np.argsort(-scores))),
        ],
        reason="from the surest down: take the free object with the largest IoU, if that is greater than the threshold",
    )
    whole_numbers(outcomes, "the outcomes")


def truth_of(mine: Any, boxes: Any, difficult: Sequence[int] = ()) -> Any:
    """The objects of one image; `difficult` names some by their index."""
    array = np.array(boxes, dtype=float).reshape(-1, 4)
    return mine.GroundTruth(array, np.isin(np.arange(len(array)), difficult))


def in_a_row(case: Case, count: int) -> np.ndarray:
    """Boxes beside each other, 20 to 30 pixels wide and high, none of which touches another."""
    left = 40.0 * np.arange(count) + case.whole(1, 9)
    return np.stack([left, left, left + case.whole(20, 30), left + case.whole(20, 30)], axis=1)


@check("4.2", points=1)
def test_the_surest_detection_chooses_first(mine: Any, case: Case) -> None:
    """By falling score each object is found once; the outcomes stand in the order of the input, as integers."""
    count = case.whole(3, 5)
    objects = in_a_row(case, count)
    # Three detections of each object, the surest last and the least sure in the middle; and a very sure one of none.
    boxes = np.repeat(objects, 3, axis=0) + case.rng.uniform(-1, 1, (3 * count, 4))
    scores = np.tile([0.5, 0.1, 0.9], count) + case.rng.uniform(-0.05, 0.05, 3 * count)
    boxes, scores = np.vstack([[5, 300, 20, 320], boxes]), np.append(0.99, scores)
    judge_matches(mine, boxes, scores, truth_of(mine, objects), 0.5, "the outcomes")
    # Many equal scores: an unstable sort shows only in a longer list.
    objects = in_a_row(case, 8)
    which = case.rng.permutation(np.repeat(np.arange(8), 25))
    scores = case.rng.choice([0.4, 0.8], len(which))
    judge_matches(mine, objects[which], scores, truth_of(mine, objects), 0.5, "the outcomes of equal scores")


@check("4.2", points=1)
def test_a_detection_takes_the_best_object_that_is_free(mine: Any, case: Case) -> None:
    """It takes the free object with the largest IoU, not only its favourite, if the IoU exceeds the threshold."""
    size = 10 * case.whole(1, 4)
    half = np.array([[1, 1, size, size / 2]], dtype=float)
    for threshold in (0.5, 0.49):
        judge_matches(
            mine, half, np.array([0.9]), truth_of(mine, [1, 1, size, size]), threshold, "the outcome at an IoU of 0.5"
        )
    # Two objects that overlap by 2/3. First each has a detection, then there are two detections of one of them.
    two = truth_of(mine, [[1, 1, 10, 10], [3, 1, 12, 10]])
    scores = np.array([0.9, 0.8])
    judge_matches(mine, np.array([[3, 1, 12, 10], [1, 1, 8, 10.0]]), scores, two, 0.5, "the outcomes")
    judge_matches(mine, np.array([[1, 1, 10, 10], [1, 1, 10, 10.0]]), scores, two, 0.5, "the outcomes")
    # Two objects that the first detection overlaps equally, by 2/3. It takes the earlier one: so the second, which
    # overlaps only the left one by more than the threshold, has none where the left one is the earlier.
    left, right = [1, 1, 10, 10], [5, 1, 14, 10]
    between = np.array([[3, 1, 12, 10], [1, 1, 10, 10.0]])
    for pair in ([left, right], [right, left]):
        judge_matches(mine, between, scores, truth_of(mine, pair), 0.5, "the outcomes between two objects")
    # Not whole numbers, so that no two overlaps are equal.
    boxes, objects = (
        np.hstack([case.rng.uniform(1, 5, (k, 2)), case.rng.uniform(9, 14, (k, 2))]) for k in case.sizes(2, 4, 8)
    )
    scores = 1 - np.arange(len(boxes)) / 10
    judge_matches(mine, boxes, scores, truth_of(mine, objects), 0.4, "the outcomes")


@check("4.2", points=1)
def test_difficult_objects_count_neither_way(mine: Any, case: Case) -> None:
    """What finds only a difficult object is ignored, each time; no object and no detection are cases too."""
    count = case.whole(4, 6)
    objects = in_a_row(case, count)
    hard = [int(i) for i in case.rng.permutation(count)[:2]]
    which = np.append(case.rng.permutation(count), hard)
    boxes = np.vstack([objects[which], [5, 300, 20, 320]])
    scores = 1 - np.arange(len(boxes)) / 20
    judge_matches(mine, boxes, scores, truth_of(mine, objects, hard), 0.5, "the outcomes")
    # Both detections fit the difficult object better than the other one, which counts.
    x = case.whole(1, 30)
    pair = truth_of(mine, [[x, 1, x + 9, 8], [x, 1, x + 9, 10]], difficult=[0])
    twice = np.array([[x, 1, x + 9, 8]] * 2, dtype=float)
    judge_matches(mine, twice, np.array([0.9, 0.8]), pair, 0.5, "the outcomes")
    half = np.array([[x, 1, x + 9, 5]], dtype=float)
    lone = truth_of(mine, [[x, 1, x + 9, 10]], difficult=[0])
    for threshold in (0.5, 0.49):
        what = "the outcome at an IoU of 0.5 with a difficult object"
        judge_matches(mine, half, np.array([0.9]), lone, threshold, what)
    judge_matches(mine, boxes, scores, truth_of(mine, []), 0.0, "the outcomes where there is no object")
    nothing = np.zeros((0, 4)), np.zeros(0)
    judge_matches(mine, *nothing, truth_of(mine, objects, hard), 0.5, "the outcomes where there is no detection")


# --- 4.3 precision_recall ---


def walked(scores: np.ndarray, outcomes: np.ndarray, objects: int, ties: str) -> tuple[np.ndarray, ...]:
    """Precision, recall, score and the number of true ones, by counting anew at every length of the list."""
    order = [i for i in surest_first(scores) if outcomes[i] != IGNORED]
    steps = []
    for length in range(1, len(order) + 1):
        last = scores[order[length - 1]]
        if ties == "group" and length < len(order) and scores[order[length]] == last:
            continue
        found = sum(outcomes[i] == TP for i in order[:length])
        steps.append((found / length, found / objects if objects else 0, last, found))
    return tuple(np.array(steps, dtype=float).reshape(-1, 4).T)


def judge_curve(mine: Any, scores: np.ndarray, outcomes: np.ndarray, objects: int, ties: str, what: str) -> None:
    """Compare a curve with the one that is counted."""
    curve = call(mine.precision_recall, scores, outcomes, objects, ties)
    if not isinstance(curve, mine.Curve):
        raise Wrong("a Curve", type(curve).__name__, "return Curve(precision, recall, score)")
    precision, recall, score, found = walked(scores, outcomes, objects, ties)
    kept = outcomes != IGNORED
    total = max(int(kept.sum()), 1)

    def in_turn(order: np.ndarray) -> tuple[np.ndarray, ...]:
        """The curve of the counted detections in this order, each a step of its own."""
        precision, recall, _, found = walked(-np.arange(len(order)), outcomes[kept][order], objects, "order")
        return precision, recall, scores[kept][order], found

    by_step = walked(scores, outcomes, objects, "order")
    first_of_run = np.searchsorted(-by_step[2], -score)
    rising = walked(-scores, outcomes, objects, ties)
    later_first = "equal scores keep the order of the input: sort by -scores with kind='stable'"
    turned_round = (
        "equal scores come in reversed order, as [::-1] turns them round too: sort by -scores with kind='stable'"
    )
    reasons = [
        (
            "ignored detections are in the curve: leave those that are IGNORED out before you count",
            walked(scores, outcomes.clip(0), objects, ties),
        ),
        ("the list begins with the lowest score: sort by falling score", (*rising[:2], -rising[2])),
        ("equal scores are steps of their own: with ties='group' keep only the last step of each run", by_step),
        ("the list is in the order of the input: sort it by falling score", in_turn(np.arange(kept.sum()))),
        (
            "the curve is cut at the first of several equal scores: cut it at the last, after all are counted",
            tuple(values[first_of_run] for values in by_step),
        ),
        (
            "equal scores were made one step: with ties='order' each detection is one",
            walked(scores, outcomes, objects, "group"),
        ),
        (turned_round, in_turn(np.argsort(scores[kept], kind="stable")[::-1])),
        (later_first, in_turn(np.argsort(scores[kept])[::-1])),
        (later_first, in_turn(np.argsort(-scores[kept]))),
    ]
    agree(
        curve.precision,
        precision,
        f"the precision {what}",
        reasons=[
            *((sentence, values[0]) for sentence, values in reasons),
            (
                "ignored detections are subtracted, because IGNORED is -1: leave them out before you add up",
                np.cumsum(outcomes[surest_first(scores)]) / np.arange(1, len(scores) + 1),
            ),
            ("this is the recall: precision divides the true ones by the claims so far", recall),
            ("this divides by the number of all claims: divide by the claims so far, 1, 2, 3, ...", found / total),
        ],
        reason="after k claims, precision is the number of true ones among these k, divided by k",
    )
    if objects == 0 and not np.isfinite(curve.recall).all():
        raise Wrong(f"the recall {what}: 0", "NaN or infinity", "this divides by zero: without any object recall is 0")
    agree(
        curve.recall,
        recall,
        f"the recall {what}",
        reasons=[
            *((sentence, values[1]) for sentence, values in reasons),
            (
                "this divides by the number of detections: recall divides by the number of objects, found or not",
                found / total,
            ),
            (
                "this divides by the number of objects that were found: divide by `objects`, found or not",
                found / max(found.max(initial=0), 1),
            ),
            ("this is the precision: recall divides the true ones by `objects`", precision),
        ],
        reason="recall is the number of true ones so far, divided by `objects`; without any object it is 0",
    )
    agree(
        curve.score,
        score,
        f"the score {what}",
        reasons=[(sentence, values[2]) for sentence, values in reasons],
        reason="give the score at which the list is cut, one for each step",
    )


@check("4.3", points=1)
def test_the_curve_counts_along_the_list(mine: Any, case: Case) -> None:
    """Precision over the claims so far, recall over all objects, without the ignored; also where there is nothing."""
    count = case.whole(9, 14)
    outcomes = np.append([FP, TP, TP, FP, IGNORED, TP], case.rng.integers(-1, 2, count))
    scores = np.append([0.3, 0.95, 0.5, 0.9, 0.92, 0.2], case.rng.uniform(0, 1, count))
    objects = len(outcomes) + case.whole(1, 5)
    for ties in ("group", "order"):
        judge_curve(mine, scores, outcomes, objects, ties, "along the list")
        judge_curve(mine, scores, np.minimum(outcomes, 0), 0, ties, "where there is no object")
        judge_curve(mine, np.array([0.9, 0.4]), np.array([FP, TP]), 1, ties, "where there is one object")
        judge_curve(mine, np.zeros(0), np.zeros(0, dtype=int), objects, ties, "where there is no detection")
        judge_curve(mine, np.array([0.5]), np.array([IGNORED]), objects, ties, "where all detections are ignored")


@check("4.3", points=1)
def test_equal_scores_are_one_step_or_stay_in_order(mine: Any, case: Case) -> None:
    """With ties="group" equal scores are one step of the curve, with ties="order" they keep the input's order."""
    by_hand = np.array([0.9, 0.5, 0.5, 0.5, 0.1]), np.array([TP, FP, TP, FP, TP])
    # Many equal scores: an unstable sort shows only in a longer list.
    count = case.whole(40, 60)
    many = case.rng.choice([0.25, 0.5, 0.75], count), case.rng.integers(0, 2, count)
    for scores, outcomes in (by_hand, many):
        for ties in ("group", "order"):
            objects = len(outcomes) + case.whole(1, 5)
            judge_curve(mine, scores, outcomes, objects, ties, f"of equal scores with ties='{ties}'")


# --- 4.4 average_precision ---


def best_from(precision: np.ndarray, recall: np.ndarray, level: float) -> float:
    """The best precision at this recall or a higher one; 0 where it is never reached."""
    return max((float(p) for p, r in zip(precision, recall, strict=True) if r >= level - 1e-9), default=0.0)


def exact_area(precision: np.ndarray, recall: np.ndarray) -> float:
    """The area below the interpolated curve, strip by strip."""
    levels = [0.0, *sorted(set(recall.tolist()))]
    strips = itertools.pairwise(levels)
    return float(sum((high - low) * best_from(precision, recall, high) for low, high in strips))


def eleven_points(precision: np.ndarray, recall: np.ndarray) -> float:
    """The mean of the best precisions at the recalls 0, 0.1, ..., 1."""
    return sum(best_from(precision, recall, level / 10) for level in range(11)) / 11


def curves(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """A curve worked out by hand, and a random one; no recall is nearly a tenth, so that rounding cannot decide.

    By hand: of 2, 6, 7 and 20 claims 2, 3, 4 and 8 are true, of 8 objects. By chance: T F T T ... over 17 objects.
    """
    outcomes = np.append([1, 0, 1, 1], case.rng.integers(0, 2, case.whole(8, 12)))
    found = outcomes.cumsum()
    return [
        (np.array([2 / 2, 3 / 6, 4 / 7, 8 / 20]), np.array([2, 3, 4, 8]) / 8),
        (found / np.arange(1, len(found) + 1), found / 17),
    ]


@check("4.4", points=1)
def test_the_area_below_the_interpolated_curve(mine: Any, case: Case) -> None:
    """At each recall the best precision at this recall or a higher one, then the exact area; 0 for an empty curve."""
    for precision, recall in curves(case):
        best = np.array([best_from(precision, recall, level) for level in recall])
        from_left = np.maximum.accumulate(precision)
        width = np.diff(recall, prepend=0)
        agree(
            call(mine.average_precision, precision, recall),
            exact_area(precision, recall),
            "the average precision by area",
            reasons=[
                (
                    "the curve is not interpolated: at each recall take the best precision from there to the right",
                    float((width * precision).sum()),
                ),
                (
                    "the best precision was looked for to the left: take the best at this recall or a higher one",
                    float((width * from_left).sum()),
                ),
                (
                    "the strip from recall 0 to the first recall is missing: begin at 0",
                    float((np.diff(recall) * best[1:]).sum()),
                ),
                (
                    "these are trapezoids: the interpolated curve goes in steps, so multiply each step of recall "
                    "by its best precision",
                    float((np.diff(recall) * (best[1:] + best[:-1]) / 2).sum()),
                ),
                (
                    "these are trapezoids below the raw curve: interpolate first, then add up rectangles",
                    float((np.diff(recall) * (precision[1:] + precision[:-1]) / 2).sum()),
                ),
                ("this is the mean of the precisions: weight each by the step of recall", float(precision.mean())),
                ("this is the mean of the best precisions: weight each by the step of recall", float(best.mean())),
                (
                    "this is the average over eleven recalls: method='area', the default, is the exact area",
                    eleven_points(precision, recall),
                ),
            ],
            reason="add up, for each recall, its step times the best precision at this recall or a higher one",
        )
    nothing = np.zeros(0)
    agree(
        call(mine.average_precision, nothing, nothing),
        0.0,
        "the average precision of an empty curve",
        reason="whoever claims nothing earns nothing: the area is 0",
    )


def tenths_reached() -> list[tuple[np.ndarray, np.ndarray]]:
    """Curves whose recalls are tenths: 0.3 is a little less than 3 * 0.1 in floating point, and reaches it."""
    some = np.array([1, 0.9, 0.8]), np.array([0.1, 0.2, 0.3])  # by hand: (1 + 1 + 0.9 + 0.8) / 11
    every = np.linspace(1, 0.5, 10), np.arange(1, 11) / 10
    return [some, every]


@check("4.4", points=1)
def test_the_mean_at_eleven_recalls(mine: Any, case: Case) -> None:
    """The best precision at the recalls 0, 0.1, ..., 1 or higher, 0 where none is, on average; 0 for an empty curve."""
    for precision, recall in [*curves(case), *tenths_reached()]:
        tenths = [level / 10 for level in range(11)]
        best = np.array([best_from(precision, recall, level) for level in tenths])
        above = np.array([best_from(precision, recall, level + 1e-6) for level in tenths])
        reached = np.array(tenths) <= recall.max() + 1e-9
        raw = np.append(precision, 0)[np.searchsorted(recall, np.array(tenths) - 1e-9)]
        agree(
            call(mine.average_precision, precision, recall, "11point"),
            eleven_points(precision, recall),
            "the average precision by eleven points",
            reasons=[
                (
                    "this is the exact area: for '11point' take the mean at 0, 0.1, ..., 1",
                    exact_area(precision, recall),
                ),
                ("the recalls are eleven, 0 and 1 included: divide by 11", float(best.sum() / 10)),
                ("the recall 0 is missing: the eleven are 0, 0.1, ..., 1", float(best[1:].mean())),
                ("the recall 1 is missing: the eleven are 0, 0.1, ..., 1", float(best[:-1].mean())),
                (
                    "recalls that are never reached were left out: there the best precision is 0, and counts",
                    float(best[reached].mean()),
                ),
                (
                    "a recall that is reached exactly counts: take the best precision where recall >= level, not >",
                    float(above.mean()),
                ),
                (
                    "a recall of 0.3 reaches the level 0.3, and 3 * 0.1 is 0.30000000000000004 in floating point: "
                    "compare with a little less than the level, such as level - 1e-9",
                    float(np.mean([precision[recall >= 0.1 * i].max(initial=0) for i in range(11)])),
                ),
                (
                    "a recall of 0.3 reaches the level 0.3, and np.linspace gives 0.30000000000000004 for it: compare "
                    "with a little less than the level, such as level - 1e-9",
                    float(np.mean([precision[recall >= i].max(initial=0) for i in np.linspace(0, 1, 11)])),
                ),
                (
                    "this takes the precision where each recall is first reached: take the best from there on",
                    float(raw.mean()),
                ),
            ],
            reason="for each of 0, 0.1, ..., 1 take the best precision where recall >= level, or 0, and average them",
        )
    nothing = np.zeros(0)
    agree(
        call(mine.average_precision, nothing, nothing, "11point"),
        0.0,
        "the average precision of an empty curve",
        reason="whoever claims nothing earns nothing: at none of the recalls is there a precision",
    )


# --- 4.5 evaluate ---

Detections = Mapping[str, np.ndarray]
OBJECTS = [(1, 0), (1, 1), (2, 0), (1, 1), (0, 1), (2, 0), (0, 1), (0, 0)]
"""Objects that count and difficult ones, image by image: 7 and 4, so that no recall is a tenth by rounding."""


def scene(mine: Any, case: Case) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Detections and objects of eight images; scores tie between images, but not within one."""
    names = [f"{number:06d}" for number in case.rng.permutation(10_000)[: len(OBJECTS)]]
    detections, truths = {}, {}
    for name, (easy, hard) in zip(names, OBJECTS, strict=True):
        objects = in_a_row(case, easy + hard)
        truths[name] = truth_of(mine, objects, range(easy, easy + hard))
        near = objects + case.rng.uniform(-6, 6, objects.shape)  # an IoU of about 0.3 to 0.8
        far = np.array([[5, 300, 20, 320]], dtype=float)
        boxes = np.vstack([near, far])
        detections[name] = np.column_stack([boxes, case.rng.permutation([0.2, 0.4, 0.6, 0.8])[: len(boxes)]])
    # One image has no detections, neither an entry. Equal scores at the top: first a true one, in the last image a
    # false one. And a difficult object is found for sure.
    del detections[names[3]]
    detections[names[0]][0] = [*truths[names[0]].boxes[0], 0.95]
    detections[names[-1]][0, 4] = 0.95
    detections[names[4]][0, :4] = truths[names[4]].boxes[0]
    # Two detections of the upper part of an object: which thresholds they exceed is known.
    for row, (xmin, ymin, xmax, ymax), share in zip(
        detections[names[2]], truths[names[2]].boxes, (0.35, 0.45), strict=False
    ):
        row[:4] = [xmin, ymin, xmax, ymin - 1 + share * (ymax - ymin + 1)]
    return detections, truths


def gathered(
    detections: Detections,
    truths: Mapping[str, Any],
    threshold: float,
    ties: str = "group",
    count_difficult: bool = False,
    mistake: str = "",
) -> tuple[np.ndarray, np.ndarray, int]:
    """Scores, outcomes and number of objects of all images by plain loops; or with a typical mistake."""
    scores, outcomes, objects = [np.zeros(0)], [np.zeros(0, dtype=int)], 0
    for name, truth in truths.items():
        if count_difficult:
            truth = truth._replace(difficult=np.zeros(len(truth.boxes), dtype=bool))
        if (mistake == "silent images left out" and name not in detections) or (
            mistake == "empty images left out" and truth.difficult.all()
        ):
            continue
        rows = detections.get(name, np.zeros((0, 5)))
        if ties == "group":  # equal boxes by their coordinates, so that their order in the file does not matter
            rows = np.array(sorted(rows.tolist(), key=lambda row: row[::-1], reverse=True)).reshape(-1, 5)
        scores.append(rows[:, 4])
        outcomes.append(matched(rows[:, :4], rows[:, 4], truth, threshold))
        objects += len(truth.boxes) if mistake == "difficult in the count" else int((~truth.difficult).sum())
    return np.concatenate(scores), np.concatenate(outcomes), objects


def scored(
    detections: Detections,
    truths: Mapping[str, Any],
    threshold: float,
    ties: str = "group",
    method: str = "area",
    count_difficult: bool = False,
    mistake: str = "",
    ties_within: str = "",
) -> tuple[float, float, int]:
    """AP, recall and number of objects by plain loops; or with a typical mistake."""
    scores, outcomes, objects = gathered(detections, truths, threshold, ties_within or ties, count_difficult, mistake)
    if objects == 0:
        return float("nan"), float("nan"), 0
    precision, recall, _, _ = walked(scores, outcomes, objects, ties)
    area = exact_area if method == "area" else eleven_points
    return area(precision, recall), float(recall.max(initial=0)), objects


def judge_scores(mine: Any, detections: Detections, truths: Mapping[str, Any], **options: Any) -> None:
    """Compare the scores at all thresholds with those of the plain loops."""
    thresholds = options.pop("thresholds", None)
    given = {} if thresholds is None else {"thresholds": thresholds}
    result = call(mine.evaluate, detections, truths, **given, **options)
    if type(result) is not dict:
        raise Wrong("a dictionary", type(result).__name__, "return one Score for each threshold, by threshold")
    wanted = list(thresholds or (0.3, 0.4, 0.5))
    agree(sorted(result), sorted(wanted), "the thresholds", reason="there is one Score for each of `thresholds`")
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    for threshold in wanted:
        score = result[threshold]
        if not isinstance(score, mine.Score):
            raise Wrong("a Score", type(score).__name__, "the dictionary's values are of the class Score")

        def otherwise(at: float = threshold, **other: Any) -> tuple[float, float, int]:
            return scored(detections, truths, at, **{**options, **other})

        def image_by_image(at: float = threshold) -> tuple[float, float, int]:
            every = [scored(detections, {name: truth}, at, **options) for name, truth in truths.items()]
            aps, recalls, objects = zip(*every, strict=True)
            return float(np.nanmean(aps)), float(np.nanmean(recalls)), sum(objects)

        ap, recall, objects = otherwise()
        agree(
            (score.ap, score.recall, score.objects),
            (ap, recall, objects),
            f"AP, recall and objects at IoU {threshold}{said}",
            reasons=[
                (
                    "without any object there is nothing to measure: AP and recall are NaN, as summarise gives them",
                    (0.0, 0.0, 0),
                ),
                (
                    "`count_difficult` changes nothing: pass it on to match_all",
                    lambda: otherwise(count_difficult=False),
                ),
                ("`ties` changes nothing: pass it on to match_all and to summarise", lambda: otherwise(ties="group")),
                ("`method` changes nothing: pass it on to summarise", lambda: otherwise(method="area")),
                ("all scores are those of one threshold: match anew for each", lambda: otherwise(wanted[0])),
                ("all scores are those of one threshold: match anew for each", lambda: otherwise(wanted[-1])),
                ("all scores are those of one threshold: match anew for each", lambda: otherwise(0.5)),
                (
                    "images without a detection are left out: their objects are missed, so count them",
                    lambda: otherwise(mistake="silent images left out"),
                ),
                (
                    "images without an object are left out: their detections are false, so count them",
                    lambda: otherwise(mistake="empty images left out"),
                ),
                (
                    "difficult objects are in the number of objects: use the numbers that match_all gives",
                    lambda: otherwise(mistake="difficult in the count"),
                ),
                (
                    "this is the mean over images: one list of all detections of all images gives one curve",
                    image_by_image,
                ),
                ("AP and recall are swapped: Score begins with ap", (recall, ap, objects)),
                (
                    "`ties` changes nothing within an image: pass it on to match_all too",
                    lambda: otherwise(ties_within="group" if options.get("ties") == "order" else "order"),
                ),
            ],
            reason="gather the matches of all images with match_all, then summarise them, for each threshold",
        )
        reason = "a Score holds the curve as well, as precision_recall, and so summarise, gives it"
        demand(isinstance(score.curve, mine.Curve), "a Curve in each Score", type(score.curve).__name__, reason)
        ties = options.get("ties", "group")
        scores, outcomes, _ = gathered(
            detections, truths, threshold, ties, count_difficult=options.get("count_difficult", False)
        )
        precision, recalls, at, _ = walked(scores, outcomes, objects, ties)
        curve = (score.curve.precision, score.curve.recall, score.curve.score)
        agree(curve, (precision, recalls, at), f"the curve at IoU {threshold}{said}", reason=reason)


@check("4.5", points=1)
def test_evaluate_all_images_at_each_threshold(mine: Any, case: Case) -> None:
    """All images count, also silent and empty ones; thresholds, ties, method and count_difficult are passed on."""
    detections, truths = scene(mine, case)
    judge_scores(mine, detections, truths)
    judge_scores(mine, detections, truths, thresholds=[0.2, 0.6])
    judge_scores(mine, detections, truths, ties="order")
    judge_scores(mine, detections, truths, method="11point")
    judge_scores(mine, detections, truths, count_difficult=True)
    # Of two equally sure boxes of one image, either may choose first: as they come, or by their coordinates.
    left, right = [1, 1, 10, 10], [5, 1, 14, 10]
    pair = {"000001": truth_of(mine, [left, right])}
    as_they_come = {"000001": np.array([[*left, 0.8], [3, 1, 12, 10, 0.8]], dtype=float)}
    for ties in ("group", "order"):
        judge_scores(mine, as_they_come, pair, ties=ties)
    # AP and recall are NaN where there is no object to find, and 0 where there is no detection.
    judge_scores(mine, detections, {name: truth_of(mine, []) for name in truths})
    judge_scores(mine, {}, truths)


@check("4")
def test_boxes_become_numbers(mine: Any, case: Case) -> None:
    """Your own chain, from the boxes of several images to AP and recall."""
    detections, truths = scene(mine, case)
    result = call(mine.evaluate, detections, truths)
    for threshold in (0.3, 0.4, 0.5):
        ap, recall, objects = scored(detections, truths, threshold)
        score = result[threshold]
        agree(
            (score.ap, score.recall, score.objects),
            (ap, recall, objects),
            f"AP, recall and objects at IoU {threshold}",
            reason="one function of the chain gives something else: `check` the tasks 4.1 to 4.5 one by one",
        )
