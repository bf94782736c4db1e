"""The names of boxes: inside the picture, and never one over another."""

import numpy as np
import pytest

from gradcam_lab.report.figures.labels import Label, names_of, place

SIZE, SCALE = (400, 300), 0.01  # a picture of 4 by 3 inches


def overlap(one: Label, other: Label) -> bool:
    """Whether two labels share more than an edge."""
    (l1, t1, r1, b1), (l2, t2, r2, b2) = one.place, other.place
    return min(r1, r2) - max(l1, l2) > 1e-9 and min(b1, b2) - max(t1, t2) > 1e-9


def labels(truth=(), detections=(), name="dog", size=SIZE, scale=SCALE) -> list[Label]:
    return place(names_of(name, truth, detections), size, scale)


def test_a_label_stands_on_its_box():
    (label,) = labels(detections=[((101, 101, 200, 200), 0.5)])
    left, _, _, bottom = label.place
    assert (label.text, left, bottom) == ("dog_1 0.50", 100, 100)


def test_names_follow_the_score_and_not_the_order():
    found = labels([(1, 1, 300, 250)], [((101, 101, 200, 200), 0.25), ((251, 201, 350, 280), 0.75)])
    assert [label.text for label in found] == ["dog_1 0.75", "dog_2 0.25", "GT_dog"]
    assert found[0].place[0] == 250


@pytest.mark.parametrize("box", [(1, 1, 400, 300), (1, 1, 9, 9), (390, 1, 400, 9), (390, 290, 400, 300)])
def test_a_label_is_not_cut_at_an_edge(box):
    for label in labels([box], [(box, 0.5)]):
        left, top, right, bottom = label.place
        assert 0 <= left < right <= SIZE[0]
        assert 0 <= top < bottom <= SIZE[1]


def test_labels_never_cover_each_other():
    rng = np.random.default_rng(0)
    for _ in range(50):
        corners = rng.integers(1, 200, size=(8, 2))
        boxes = [tuple(map(float, (x, y, x + 60, y + 40))) for x, y in corners]
        found = labels(boxes[:4], [(box, 0.5) for box in boxes[4:]])
        assert len(found) >= 4
        assert not any(overlap(a, b) for i, a in enumerate(found) for b in found[:i])


def test_where_there_is_no_room_the_score_is_left():
    small = {"size": (400, 300), "scale": 0.002}  # 0.8 by 0.6 inches
    assert [label.text for label in labels([(1, 1, 300, 250)], [((101, 101, 200, 200), 0.5)], **small)] == ["0.50"]


def test_every_score_is_there_even_where_boxes_are_the_same():
    box = (101.0, 101.0, 140.0, 120.0)
    found = labels([box] * 20, [(box, score / 30) for score in range(20, 0, -1)])
    assert sum("GT" not in label.text for label in found) == 20


def test_boxes_without_a_name_carry_their_scores_alone():
    assert [label.text for label in labels([(1, 1, 9, 9)], [((1, 1, 90, 90), 0.5)], name="")] == ["0.50"]
