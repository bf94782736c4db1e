"""COCO's numbers: those of its own tool, pycocotools, on scenes that are drawn and on some that are made by hand."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.data.box_files.tables import Detections, Objects
from gradcam_lab.evaluate.coco_matching import PAIRS, match_coco
from gradcam_lab.evaluate.coco_scores import NAMES, score_coco
from tests.coco_oracle import arrays_of, content_of, oracle, results_of

IMAGES, CLASSES = 3, 3
SIDES = (8, 31, 32, 33, 96, 97)
"""Squares of 32 and of 96 lie on the borders between the ranges of area."""

images, classes = st.integers(0, IMAGES - 1), st.integers(0, CLASSES - 2)
boxes = st.tuples(*[st.integers(0, 4).map(lambda n: 4.0 * n)] * 2, *[st.sampled_from(SIDES).map(float)] * 2)
areas = st.sampled_from([None, 1024.0, 9216.0, 100.0, 20000.0])
annotations = st.lists(st.tuples(images, classes, boxes, areas, st.sampled_from([0, 0, 1])), max_size=10)
claims = st.lists(
    st.tuples(images, st.integers(0, CLASSES - 1), boxes, st.sampled_from([0.0, 0.3, 0.5, 0.9])), max_size=14
)


def with_area(rows):
    """Give the area of its box to every annotation that has none."""
    return [(i, k, box, box[2] * box[3] if area is None else area, crowd) for i, k, box, area, crowd in rows]


def ours(annotations, claims, images=IMAGES, classes=CLASSES):
    return score_coco(*arrays_of(annotations, claims), images=images, classes=classes)


def compare(annotations, claims, images=IMAGES, classes=CLASSES):
    """Compare ours with pycocotools, return ours."""
    scores = ours(annotations, claims, images, classes)
    wanted = oracle(content_of(annotations, images, classes), results_of(claims))
    np.testing.assert_allclose(scores.overall, wanted, rtol=0, atol=1e-6)
    for number in range(classes):
        of_class = [row for row in annotations if row[1] == number]
        one = oracle(content_of(of_class, images, classes), results_of([row for row in claims if row[1] == number]))
        np.testing.assert_allclose(scores.classes[number], one, rtol=0, atol=1e-6)
    return dict(zip(NAMES, scores.overall.tolist(), strict=True))


def square(x, side, y=0):
    return (float(x), float(y), float(side), float(side))


class TestBesidePycocotools:
    @settings(max_examples=150, deadline=None)
    @given(annotations.map(with_area), claims)
    def test_drawn_scenes_have_the_same_twelve_numbers(self, rows, found):
        compare(rows, found)

    @pytest.mark.parametrize("seed", range(3))
    def test_a_detector_of_random_boxes(self, seed):
        """Decimals, many images, unlike areas, crowds, more than 100 detections an image."""
        rng = np.random.default_rng(seed)
        rows, found = [], []
        for image in range(20):
            for _ in range(rng.integers(0, 12)):
                box = np.append(rng.uniform(0, 300, 2), rng.uniform(5, 160, 2)).round(2)
                kind = int(rng.integers(0, 4))
                rows.append(
                    (
                        image,
                        kind,
                        tuple(box.tolist()),
                        float(box[2] * box[3] * rng.uniform(0.4, 1)),
                        int(rng.random() < 0.15),
                    )
                )
                for _ in range(rng.integers(0, 25)):
                    near = (box + rng.normal(0, 6, 4)).round(2)
                    near[2:] = near[2:].clip(1)
                    found.append((image, kind, tuple(near.tolist()), round(float(rng.random()), 2)))
        assert max(sum(row[:2] == (i, k) for row in found) for i in range(20) for k in range(4)) > 100 or seed
        numbers = compare(rows, found, images=20, classes=5)
        assert 0.05 < numbers["map"] < 1
        assert len(set(numbers.values())) == 12

    def test_more_than_100_detections_of_one_image(self):
        """The 101st is right, and comes too late; of equal scores the earlier one stays."""
        far = [(0, 0, square(400 + n, 20), 0.9) for n in range(99)]
        right, other = (0, 0, square(0, 40), 0.5), (0, 0, square(100, 40), 0.5)
        rows = with_area([(0, 0, square(0, 40), None, 0), (0, 0, square(100, 40), None, 0)])
        numbers = compare(rows, [*far, right, other])
        assert numbers["ar100"] == 0.5
        assert numbers["ar10"] == 0

    def test_a_crowd_takes_any_number_and_its_overlap_is_a_share_of_the_detection(self):
        rows = [(0, 0, square(0, 200), 40000.0, 1), (0, 0, square(300, 40), 1600.0, 0)]
        inside = [(0, 0, square(x, 40), 0.9) for x in (0, 50, 100)]
        numbers = compare(rows, [*inside, (0, 0, square(300, 40), 0.5)])
        assert numbers["map"] == pytest.approx(1)

    def test_a_detection_of_an_ignored_object_takes_it_once(self):
        """At large, the medium object is ignored, and so is the first box on it; the second is out of range."""
        rows = with_area([(0, 0, square(0, 96), None, 0), (0, 0, square(300, 200), None, 0)])
        found = [(0, 0, square(0, 96), 0.9), (0, 0, square(0, 97), 0.8), (0, 0, square(300, 200), 0.7)]
        compare(rows, found)

    @pytest.mark.parametrize("side", SIDES)
    @pytest.mark.parametrize("factor", [1.0, 0.5])
    def test_areas_on_a_border_belong_to_both_ranges(self, side, factor):
        box = square(0, side)
        numbers = compare([(0, 0, box, side * side * factor, 0)], [(0, 0, box, 0.5)])
        held = [not np.isnan(numbers[f"ap_{name}"]) for name in ("small", "medium", "large")]
        assert sum(held) == 1 + (side * side * factor in (1024, 9216))

    def test_no_detection_at_all(self):
        numbers = ours(with_area([(0, 0, square(0, 40), None, 0)]), [])
        assert numbers.overall[0] == numbers.overall[8] == 0
        assert np.isnan(numbers.overall[3])

    def test_no_object_at_all(self):
        scores = ours([], [(0, 0, square(0, 40), 0.5)])
        assert np.isnan(scores.overall).all()
        assert scores.objects.tolist() == [0] * CLASSES

    def test_equal_overlaps(self):
        """The last of two objects that a box overlaps alike is taken, so the next box can have the first."""
        rows = with_area([(0, 0, square(0, 40), None, 0), (0, 0, square(20, 40), None, 0)])
        compare(rows, [(0, 0, square(10, 40), 0.9), (0, 0, square(0, 40), 0.8), (0, 0, square(20, 40), 0.7)])

    @pytest.mark.parametrize("order", [1, -1])
    def test_equal_scores_in_the_order_of_images_then_of_the_file(self, order):
        rows = with_area([(0, 0, square(0, 40), None, 0), (2, 0, square(0, 40), None, 0)])
        found = [
            (2, 0, square(0, 40), 0.5),
            (1, 0, square(0, 40), 0.5),
            (0, 0, square(100, 40), 0.5),
            (0, 0, square(0, 40), 0.5),
        ]
        compare(rows, found[::order])

    def test_an_overlap_at_the_threshold_is_enough(self):
        numbers = compare(with_area([(0, 0, (0.0, 0.0, 40.0, 40.0), None, 0)]), [(0, 0, (0.0, 0.0, 40.0, 20.0), 0.5)])
        assert numbers["ap50"] == pytest.approx(1)
        assert numbers["map"] == pytest.approx(0.1)


class TestWork:
    @settings(max_examples=40, deadline=None)
    @given(annotations.map(with_area), claims, st.sampled_from([1, 7]))
    def test_blocks_change_nothing(self, rows, found, block):
        arrays = arrays_of(rows, found)
        whole, parts = (match_coco(*arrays, images=IMAGES, classes=CLASSES, block=b) for b in (PAIRS, block))
        for ours, theirs in zip(whole, parts, strict=True):
            assert np.array_equal(ours, theirs)

    def test_a_crowd_takes_memory_for_little_more_than_one_block(self):
        """6000 boxes and as many objects in one image, all on each other: only 100 of the boxes count."""
        rng = np.random.default_rng(0)
        boxes = np.tile([10.0, 10, 200, 200], (2, 6000, 1)) + rng.integers(0, 9, (2, 6000, 4))
        nothing, zeros = np.zeros(6000, bool), np.zeros(6000, int)
        truth = Objects(boxes[0], boxes[0][:, 2] * boxes[0][:, 3], nothing, nothing, zeros, zeros)
        tracemalloc.start()
        scores = score_coco(Detections(boxes[1], rng.random(6000), zeros, zeros), truth, images=1, classes=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert scores.overall[8] == pytest.approx(100 / 6000, rel=0.2)
        assert peak < 3e8
        assert 24 * 6000**2 > 3e8  # all pairs at once
