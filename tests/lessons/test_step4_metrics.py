"""Step 4 against counted pixels, tables worked out by hand and plain double loops."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.lessons.step4_metrics import (
    FALSE_POSITIVE,
    IGNORED,
    TRUE_POSITIVE,
    GroundTruth,
    average_precision,
    box_iou,
    correct_localisation,
    evaluate,
    match_all,
    match_detections,
    order_range,
    precision_recall,
)

repeatable = settings(derandomize=True, deadline=None, max_examples=150)

TP, FP, IG = TRUE_POSITIVE, FALSE_POSITIVE, IGNORED


def truth(*boxes: tuple[float, ...], difficult: tuple[int, ...] = ()) -> GroundTruth:
    """Return the objects of one image; `difficult` lists the indices of those that are."""
    flags = np.array([index in difficult for index in range(len(boxes))], dtype=bool)
    return GroundTruth(np.array(boxes, dtype=float).reshape(-1, 4), flags)


def rows(*boxes: tuple[float, ...]) -> np.ndarray:
    """Return detections (n, 5)."""
    return np.array(boxes, dtype=float).reshape(-1, 5)


box = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 7), st.integers(0, 7)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def pixels(corners: tuple[float, ...]) -> set[tuple[int, int]]:
    """List the pixels of a box."""
    xmin, ymin, xmax, ymax = (int(value) for value in corners[:4])
    return {(x, y) for x in range(xmin, xmax + 1) for y in range(ymin, ymax + 1)}


def counted_iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Count the pixels of two boxes."""
    return len(pixels(a) & pixels(b)) / len(pixels(a) | pixels(b))


# 4.1 box_iou


def test_iou_by_hand():
    """Both ends are inside: 1 to 10 is 10 pixels."""
    a = np.array([[1, 1, 10, 10]], float)
    b = np.array([[1, 1, 10, 10], [6, 1, 15, 10], [1, 1, 10, 5], [11, 1, 20, 10], [10, 10, 19, 19]], float)
    assert box_iou(a, b)[0].tolist() == [1, 50 / 150, 0.5, 0, 1 / 199]


def test_iou_of_single_pixels():
    """Without the `+ 1` they would have no area."""
    pixel = np.array([[3, 4, 3, 4]], float)
    assert box_iou(pixel, pixel).tolist() == [[1]]
    assert box_iou(pixel, np.array([[3, 4, 4, 4.0]])).tolist() == [[0.5]]
    assert box_iou(pixel, np.array([[4, 4, 4, 4.0]])).tolist() == [[0]]


def test_iou_of_fractions():
    """Boxes need not be whole pixels: [1, 1.5] is 1.5 wide."""
    assert box_iou(np.array([[1, 1, 1.5, 1]]), np.array([[1, 1, 1, 1.0]])).tolist() == [[1 / 1.5]]


def test_iou_is_a_table():
    a, b = np.array([[1, 1, 2, 2], [1, 1, 4, 4.0]]), np.array([[1, 1, 2, 2], [1, 1, 4, 2], [9, 9, 9, 9.0]])
    assert box_iou(a, b).tolist() == [[1, 0.5, 0], [0.25, 0.5, 0]]
    assert box_iou(a[:0], b).shape == (0, 3)
    assert box_iou(a, b[:0]).shape == (2, 0)


@repeatable
@given(st.lists(box, min_size=1, max_size=4), st.lists(box, min_size=1, max_size=4))
def test_iou_is_the_count_of_pixels(a, b):
    expected = [[counted_iou(first, second) for second in b] for first in a]
    assert np.allclose(box_iou(np.array(a, float), np.array(b, float)), expected, rtol=0, atol=1e-12)


# 4.2 match_detections


def judged(detections: np.ndarray, objects: GroundTruth, threshold: float = 0.5) -> list[int]:
    return match_detections(detections[:, :4], detections[:, 4], objects, threshold).tolist()


def test_a_match_needs_more_than_the_threshold():
    half = rows((1, 1, 10, 5, 0.9))  # IoU is exactly 0.5
    assert judged(half, truth((1, 1, 10, 10)), 0.5) == [FP]
    assert judged(half, truth((1, 1, 10, 10)), 0.49) == [TP]
    assert judged(half, truth((1, 1, 10, 10), difficult=(0,)), 0.5) == [FP]
    assert judged(half, truth((1, 1, 10, 10), difficult=(0,)), 0.49) == [IG]


def test_a_second_hit_is_false():
    """The surer one chooses first, wherever it stands in the list."""
    pair = rows((1, 1, 10, 9, 0.3), (1, 1, 10, 10, 0.8), (50, 50, 60, 60, 0.9))
    assert judged(pair, truth((1, 1, 10, 10))) == [FP, TP, FP]


def test_of_equal_scores_the_earlier_chooses_first():
    assert judged(rows((1, 1, 10, 9, 0.5), (1, 1, 10, 10, 0.5)), truth((1, 1, 10, 10))) == [TP, FP]


def test_the_object_with_the_largest_overlap_is_taken():
    """Detection 0 overlaps both objects; it takes the second, and leaves the first to detection 1."""
    objects = truth((1, 1, 10, 10), (3, 1, 12, 10))
    assert judged(rows((3, 1, 12, 10, 0.9), (1, 1, 8, 10, 0.8)), objects) == [TP, TP]


def test_the_second_detection_may_have_the_second_dog():
    """Its best object is taken, its second best is free and overlaps enough: ours, and COCO's, unlike the devkit."""
    objects = truth((1, 1, 10, 10), (3, 1, 12, 10))  # IoU of the two: 80 / 120
    assert judged(rows((1, 1, 10, 10, 0.9), (1, 1, 10, 10, 0.8)), objects) == [TP, TP]
    assert judged(rows((1, 1, 10, 10, 0.9), (1, 1, 10, 10, 0.8)), objects, 0.7) == [TP, FP]


def test_difficult_objects_count_neither_way():
    objects = truth((1, 1, 10, 10), (50, 50, 60, 60), difficult=(1,))
    detections = rows((50, 50, 60, 60, 0.9), (50, 50, 60, 60, 0.8), (1, 1, 10, 10, 0.7), (80, 80, 90, 90, 0.6))
    assert judged(detections, objects) == [IG, IG, TP, FP]


def test_an_easy_object_goes_before_a_difficult_one():
    """The difficult one fits better, but a match that counts is preferred; the second hit then is ignored."""
    objects = truth((1, 1, 10, 10), (1, 1, 10, 8), difficult=(1,))
    assert judged(rows((1, 1, 10, 8, 0.9), (1, 1, 10, 8, 0.8)), objects) == [TP, IG]


def test_item_12_empty_lists():
    """No detection, no object, neither."""
    assert judged(rows(), truth((1, 1, 2, 2))) == []
    assert judged(rows((1, 1, 2, 2, 0.5)), truth()) == [FP]
    assert judged(rows((1, 1, 2, 2, 0.5)), truth(), 0) == [FP]
    assert judged(rows(), truth()) == []


# Boxes that nearly all overlap, so that detections compete for objects.
crowded = st.tuples(st.integers(1, 5), st.integers(1, 2), st.integers(3, 6), st.integers(3, 4)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
scored_box = st.tuples(crowded, st.sampled_from([0.1, 0.3, 0.5, 0.9])).map(lambda pair: (*pair[0], pair[1]))


@repeatable
@given(
    st.lists(scored_box, max_size=5),
    st.lists(st.tuples(crowded, st.booleans()), max_size=4),
    st.sampled_from([0, 0.3, 0.5]),
)
def test_matching_is_the_plain_double_loop(detections, objects, threshold):
    expected = [FP] * len(detections)
    taken: set[int] = set()
    for i in sorted(range(len(detections)), key=lambda i: -detections[i][4]):  # Python's sort keeps equals in order
        best, best_overlap = None, threshold
        meets_difficult = False
        for j, (corners, difficult) in enumerate(objects):
            overlap = counted_iou(detections[i], corners)
            meets_difficult |= difficult and overlap > threshold
            if not difficult and j not in taken and overlap > best_overlap:
                best, best_overlap = j, overlap
        if best is not None:
            taken.add(best)
            expected[i] = TP
        elif meets_difficult:
            expected[i] = IG
    flags = tuple(j for j, (_, difficult) in enumerate(objects) if difficult)
    assert (
        judged(rows(*detections), truth(*(corners for corners, _ in objects), difficult=flags), threshold) == expected
    )


# 4.3 precision_recall


def curve(scores: list[float], outcomes: list[int], objects: int, ties: str = "group") -> list[list[float]]:
    result = precision_recall(np.array(scores, float), np.array(outcomes, int), objects, ties)
    return [values.tolist() for values in result]


@pytest.mark.parametrize("ties", ["group", "order"])
def test_curve_by_hand(ties):
    """Given out of order: T (0.9), F (0.8), T (0.6), F (0.3); five objects, so three are never found."""
    precision, recall, score = curve([0.6, 0.9, 0.3, 0.8], [TP, TP, FP, FP], 5, ties)
    assert precision == [1, 1 / 2, 2 / 3, 2 / 4]
    assert recall == [1 / 5, 1 / 5, 2 / 5, 2 / 5]  # over the objects, not over the detections
    assert score == [0.9, 0.8, 0.6, 0.3]


def test_equal_scores_are_one_step():
    precision, recall, score = curve([0.9, 0.5, 0.5, 0.5, 0.1], [TP, FP, TP, FP, TP], 5)
    assert precision == [1, 2 / 4, 3 / 5]
    assert recall == [1 / 5, 2 / 5, 3 / 5]
    assert score == [0.9, 0.5, 0.1]


def test_equal_scores_in_the_order_of_the_input():
    precision, recall, score = curve([0.5, 0.9, 0.5, 0.5], [FP, TP, TP, FP], 2, "order")
    assert precision == [1, 1 / 2, 2 / 3, 2 / 4]
    assert recall == [1 / 2, 1 / 2, 1, 1]
    assert score == [0.9, 0.5, 0.5, 0.5]
    assert curve([0.5, 0.9, 0.5, 0.5], [TP, TP, FP, FP], 2, "order")[0] == [1, 1, 2 / 3, 2 / 4]


@pytest.mark.parametrize("ties", ["group", "order"])
def test_ignored_detections_leave_no_trace(ties):
    with_ignored = curve([0.9, 0.8, 0.7, 0.6], [IG, TP, IG, FP], 2, ties)
    assert with_ignored == curve([0.8, 0.6], [TP, FP], 2, ties)


@pytest.mark.parametrize("ties", ["group", "order"])
def test_item_12_curve_of_nothing(ties):
    """No detection gives an empty curve; no object a recall of 0, not a division by zero."""
    assert curve([], [], 3, ties) == [[], [], []]
    assert curve([0.5], [IG], 3, ties) == [[], [], []]
    assert curve([0.5, 0.4], [FP, FP], 0, ties) == [[0, 0], [0, 0], [0.5, 0.4]]


# 4.4 average_precision. The table: T F T F T over 4 objects, so one object is never found.
#
# recall     1/4   1/4   2/4   2/4   3/4
# precision  1     1/2   2/3   2/4   3/5
# best from  1     2/3   2/3   3/5   3/5
# here on
#
# Area: 1/4 * (1 + 2/3 + 3/5). Eleven levels: 0, .1, .2 meet 1; .3, .4, .5 meet 2/3; .6, .7 meet 3/5; .8, .9, 1 meet 0.

PRECISION, RECALL = np.array([1, 1 / 2, 2 / 3, 2 / 4, 3 / 5]), np.array([1, 1, 2, 2, 3]) / 4


def test_area_by_hand():
    assert average_precision(PRECISION, RECALL) == pytest.approx((1 + 2 / 3 + 3 / 5) / 4, abs=1e-12)


def test_11_point_by_hand():
    expected = (3 * 1 + 3 * 2 / 3 + 2 * 3 / 5) / 11
    assert average_precision(PRECISION, RECALL, "11point") == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("found", range(11))
def test_11_point_reaches_the_levels_it_should(found):
    """3 of 10 objects are a recall of 0.3, although 0.1 + 0.1 + 0.1 is more than 3 / 10 in floating point."""
    recall = np.arange(1, found + 1) / 10
    expected = (found + 1) / 11 if found else 0
    assert average_precision(np.ones(found), recall, "11point") == pytest.approx(expected, abs=1e-12)
    assert average_precision(np.ones(found), recall) == pytest.approx(found / 10, abs=1e-12)


def test_a_late_rise_of_precision_counts_from_the_start():
    """F T T over 2 objects: precision 0, 1/2, 2/3; interpolated it is 2/3 throughout."""
    assert average_precision(np.array([0, 1 / 2, 2 / 3]), np.array([0, 1 / 2, 1])) == pytest.approx(2 / 3)
    assert average_precision(np.array([0, 1 / 2, 2 / 3]), np.array([0, 1 / 2, 1]), "11point") == pytest.approx(2 / 3)


@pytest.mark.parametrize("method", ["area", "11point"])
def test_item_12_ap_of_an_empty_curve(method):
    """Nothing claimed, nothing earned."""
    assert average_precision(np.array([]), np.array([]), method) == 0


# 4.5 evaluate


SCENE = {
    "one": truth((1, 1, 10, 10)),
    "two": truth((1, 1, 10, 10), (31, 31, 40, 40), difficult=(1,)),
    "missed": truth((1, 1, 10, 10)),
    "empty": truth(),
}
CLAIMS = {
    "one": rows((1, 1, 10, 10, 0.9), (1, 1, 10, 10, 0.2)),  # found; found again
    "two": rows((31, 31, 40, 40, 0.95), (1, 1, 10, 4, 0.7)),  # difficult; IoU 0.4
    "empty": rows((1, 1, 10, 10, 0.8)),  # nothing there
}


def test_evaluate_by_hand():
    """Scores 0.9 T, 0.8 F, 0.7 (T at 0.3 only), 0.2 F, of three objects; 0.95 found a difficult one."""
    result = evaluate(CLAIMS, SCENE)
    assert list(result) == [0.3, 0.4, 0.5]
    assert result[0.3].ap == pytest.approx((1 + 2 / 3) / 3)
    assert result[0.3].recall == pytest.approx(2 / 3)
    assert result[0.4].ap == result[0.5].ap == pytest.approx(1 / 3)  # 0.4 is not greater than 0.4
    assert result[0.5].recall == pytest.approx(1 / 3)
    assert result[0.3].objects == 3
    assert result[0.3].curve.score.tolist() == [0.9, 0.8, 0.7, 0.2]


def test_evaluate_with_difficult_objects_counted():
    """0.95 T, 0.9 T, 0.8 F, 0.7 F, 0.2 F, of four."""
    result = evaluate(CLAIMS, SCENE, thresholds=[0.5], count_difficult=True)[0.5]
    assert (result.ap, result.recall, result.objects) == (0.5, 0.5, 4)


def test_evaluate_by_eleven_points():
    """At 0.3: precision 1 up to a recall of 1/3 (levels 0 to 0.3), then 2/3 up to 2/3 (0.4, 0.5, 0.6)."""
    result = evaluate(CLAIMS, SCENE, thresholds=[0.3], method="11point")[0.3]
    assert result.ap == pytest.approx((4 * 1 + 3 * 2 / 3) / 11)


def test_evaluate_ties():
    """Two images, equal scores, the wrong one first: 1/2 in that order, 1 in the other, 1/2 as one step."""
    objects = {"a": truth(), "b": truth((1, 1, 10, 10))}
    claims = {name: rows((1, 1, 10, 10, 1)) for name in objects}
    swapped = dict(reversed(objects.items()))
    assert [evaluate(claims, g, [0.5], "order")[0.5].ap for g in (objects, swapped)] == [0.5, 1]
    assert [evaluate(claims, g, [0.5], "group")[0.5].ap for g in (objects, swapped)] == [0.5, 0.5]


def test_recall_is_the_one_at_the_end_of_the_list():
    result = evaluate({"a": rows((50, 50, 60, 60, 0.9), (1, 1, 10, 10, 0.1))}, {"a": truth((1, 1, 10, 10))}, [0.5])
    assert (result[0.5].recall, result[0.5].ap) == (1, 0.5)


def test_item_12_images_without_detections_and_without_objects():
    """The first are missed, the second bear false positives; leaving either out would raise the AP."""
    objects = {"a": truth((1, 1, 10, 10)), "b": truth((1, 1, 10, 10)), "c": truth()}
    only_a = {"a": rows((1, 1, 10, 10, 0.5))}
    assert evaluate(only_a, objects, [0.5])[0.5][:2] == (0.5, 0.5)
    with_c = {**only_a, "b": rows(), "c": rows((1, 1, 10, 10, 0.9))}
    assert evaluate(with_c, objects, [0.5])[0.5][:2] == (0.25, 0.5)


def test_item_12_no_detection_at_all():
    """An AP and a recall of 0."""
    for claims in ({}, {"a": rows()}):
        result = evaluate(claims, {"a": truth((1, 1, 10, 10))}, [0.5])[0.5]
        assert (result.ap, result.recall, result.objects) == (0, 0, 1)


@pytest.mark.parametrize("claims", [{}, {"a": rows((1, 1, 10, 10, 0.9))}])
def test_item_12_a_class_with_no_object_anywhere(claims):
    """Nothing to find, so neither AP nor recall is defined; a difficult object is none."""
    for objects in ({"a": truth(), "b": truth()}, {"a": truth((1, 1, 10, 10), difficult=(0,))}):
        result = evaluate(claims, objects, [0.5])[0.5]
        assert math.isnan(result.ap)
        assert math.isnan(result.recall)
        assert result.objects == 0


def test_an_image_that_is_not_in_the_ground_truth_is_named():
    with pytest.raises(ValueError, match="'stranger' has detections but is not in the ground truth"):
        evaluate({"a": rows(), "stranger": rows()}, {"a": truth()}, [0.5])


def test_matches_remember_their_image():
    """Bootstrap samples of images are drawn from these without matching again."""
    matches = match_all(CLAIMS, SCENE, 0.5)
    assert matches.image.tolist() == [0, 0, 1, 1, 3]
    assert matches.scores.tolist() == [0.9, 0.2, 0.95, 0.7, 0.8]
    assert matches.outcomes.tolist() == [TP, FP, IG, FP, FP]
    assert matches.objects.tolist() == [1, 1, 1, 0]


# Order


judged_list = st.lists(
    st.tuples(st.sampled_from([0.2, 0.5, 0.8]), st.sampled_from([TP, FP, FP, IG])), min_size=1, max_size=6
)


def arrays(judgements: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    scores, outcomes = zip(*judgements, strict=True)
    return np.array(scores), np.array(outcomes)


def area(judgements: list[tuple[float, int]], objects: int, ties: str, method: str) -> float:
    result = precision_recall(*arrays(judgements), objects, ties)
    return average_precision(result.precision, result.recall, method)


@repeatable
@given(judged_list, st.randoms(use_true_random=False), st.integers(0, 3), st.sampled_from(["area", "11point"]))
def test_the_order_of_the_input_cannot_change_ap(judgements, random, missed, method):
    objects = sum(outcome == TP for _, outcome in judgements) + missed
    shuffled = random.sample(judgements, len(judgements))
    assert area(judgements, objects, "group", method) == area(shuffled, objects, "group", method)


@repeatable
@given(
    st.lists(
        st.tuples(st.lists(scored_box, max_size=4), st.lists(crowded, max_size=3)),
        max_size=5,
        min_size=1,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_images_and_of_boxes_cannot_change_a_result(scene, random):
    """Scores tie across images here, and within one."""
    objects = {str(i): truth(*boxes) for i, (_, boxes) in enumerate(scene)}
    claims = {str(i): rows(*boxes) for i, (boxes, _) in enumerate(scene)}
    names = random.sample(list(objects), len(objects))
    shuffled = {name: claims[name][random.sample(range(len(claims[name])), len(claims[name]))] for name in names}
    one, other = evaluate(claims, objects), evaluate(shuffled, {name: objects[name] for name in names})
    for threshold in one:
        assert np.array_equal(one[threshold][:2], other[threshold][:2], equal_nan=True)


def test_two_equally_sure_boxes_choose_in_the_same_order_however_the_file_lists_them():
    """By `ties="order"` the file decides: 0.5 or 1."""
    objects = {"a": truth((1, 1, 10, 10), (4, 1, 13, 10))}
    claims = [(2, 1, 11, 10, 0.5), (1, 1, 10, 10, 0.5)]
    given, turned = {"a": rows(*claims)}, {"a": rows(*claims[::-1])}
    assert evaluate(given, objects, [0.6])[0.6].ap == evaluate(turned, objects, [0.6])[0.6].ap
    by_order = {evaluate(boxes, objects, [0.6], ties="order")[0.6].ap for boxes in (given, turned)}
    assert by_order == {0.5, 1.0}


@settings(repeatable, max_examples=60)
@given(judged_list, st.integers(0, 2), st.sampled_from(["area", "11point"]))
def test_order_range_is_what_all_orders_can_give(judgements, missed, method):
    """Against every permutation; and counting equal scores as one step is the worst that an order can do."""
    objects = sum(outcome == TP for _, outcome in judgements) + missed
    every = [area(list(p), objects, "order", method) for p in set(itertools.permutations(judgements))]
    lowest, highest = order_range(*arrays(judgements), objects, method)
    if objects == 0:
        assert math.isnan(lowest)
        assert math.isnan(highest)
    else:
        assert lowest == pytest.approx(min(every), abs=1e-12)
        assert highest == pytest.approx(max(every), abs=1e-12)
        assert lowest == pytest.approx(area(judgements, objects, "group", method), abs=1e-12)


# CorLoc


def test_correct_localisation_by_hand():
    """The surest box decides; images without an object, or with difficult ones only, are left out."""
    objects = {
        "right": truth((50, 50, 60, 60), (1, 1, 10, 10)),
        "wrong": truth((1, 1, 10, 10)),
        "silent": truth((1, 1, 10, 10)),
        "empty": truth(),
        "difficult": truth((1, 1, 10, 10), difficult=(0,)),
        "exactly": truth((1, 1, 10, 10)),
    }
    claims = {
        "right": rows((80, 80, 90, 90, 0.1), (1, 1, 10, 10, 0.9)),
        "wrong": rows((1, 1, 10, 10, 0.1), (80, 80, 90, 90, 0.9)),
        "empty": rows((1, 1, 10, 10, 0.9)),
        "difficult": rows((1, 1, 10, 10, 0.9)),
        "exactly": rows((1, 1, 10, 5, 0.9)),
    }
    expected = {"right": True, "wrong": False, "silent": False, "exactly": False}
    assert correct_localisation(claims, objects, 0.5) == expected
    assert correct_localisation(claims, objects, 0.4)["exactly"] is True
