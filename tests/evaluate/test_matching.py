"""Matching of all images at once: it is that of step 4, and how much work it is."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcam_lab.evaluate.matching import PAIRS, Boxes, Matching, Pairs, flat, greedy, overlapping
from gradcam_lab.lessons import step4_metrics as metrics
from tests.bench.scoring import scene

corners = st.integers(1, 6)
lengths = st.integers(0, 4)
boxes = st.tuples(corners, corners, lengths, lengths).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
objects = st.lists(st.tuples(boxes, st.booleans()), max_size=5)
claims = st.lists(st.tuples(boxes, st.sampled_from([0.0, 0.5, 1.0])), max_size=7)
blocks = st.sampled_from([1, 9, PAIRS])
scenes = st.lists(st.tuples(objects, st.none() | claims), max_size=4)


def arrays(scene):
    truth, found = {}, {}
    for number, (of_truth, of_claims) in enumerate(scene):
        rows = np.array([box for box, _ in of_truth], dtype=float).reshape(-1, 4)
        truth[f"{number}"] = metrics.GroundTruth(rows, np.array([flag for _, flag in of_truth], dtype=bool))
        if of_claims is not None:
            found[f"{number}"] = np.array([[*box, score] for box, score in of_claims], dtype=float).reshape(-1, 5)
    return found, truth


class TestMatching:
    """Few places, few scores: nearly every scene has ties, objects that overlap, and boxes that compete."""

    @settings(max_examples=400, deadline=None)
    @given(scenes, st.sampled_from(["group", "order"]), st.booleans(), st.sampled_from([0.1, 0.3, 0.5]), blocks)
    def test_is_that_of_step_4(self, scene, ties, count_difficult, threshold, block):
        found, truth = arrays(scene)
        options = {"count_difficult": count_difficult, "ties": ties, "block": block}
        matching = Matching(found, truth, thresholds=[0.1, threshold], **options)
        wanted = metrics.match_all(found, truth, threshold, count_difficult, ties)
        for ours, lessons in zip(matching.at(threshold), wanted, strict=True):
            assert np.array_equal(ours, lessons)
        plain = {image: metrics.GroundTruth(t.boxes, t.difficult & (not count_difficult)) for image, t in truth.items()}
        correct = metrics.correct_localisation(found, plain, threshold)
        hits = [float(correct.get(image, math.nan)) for image in truth]
        assert np.array_equal(matching.correct(threshold), hits, equal_nan=True)

    @pytest.mark.parametrize(("first", "outcomes"), [([1, 1, 4, 4], [1, 0]), ([3, 1, 6, 4], [1, 1])])
    def test_of_equal_overlaps_the_earlier_object_is_taken(self, first, outcomes):
        """The surer box lies between two objects; the other one can only have the left object."""
        second = {1: [3, 1, 6, 4], 3: [1, 1, 4, 4]}[first[0]]
        truth = {"a": metrics.GroundTruth(np.array([first, second], dtype=float), np.zeros(2, bool))}
        found = {"a": np.array([[2, 1, 5, 4, 0.9], [1, 1, 4, 4, 0.8]])}
        assert metrics.match_all(found, truth, 0.5).outcomes.tolist() == outcomes
        assert Matching(found, truth, thresholds=[0.5]).at(0.5).outcomes.tolist() == outcomes

    def test_a_crowd_of_more_pairs_than_are_compared_at_a_time(self):
        rng = np.random.default_rng(0)
        found, truth = {}, {}
        for image in ("a", "b", "c"):
            corners = rng.integers(1, 90, (2, 450, 2))
            boxes, objects = np.concatenate([corners, corners + rng.integers(5, 40, (2, 450, 2))], axis=2).astype(float)
            found[image] = np.column_stack([boxes, rng.random(450)])
            truth[image] = metrics.GroundTruth(objects, rng.random(450) < 0.1)
        assert sum(len(found[image]) * len(truth[image].boxes) for image in truth) > PAIRS
        wanted = metrics.match_all(found, truth, 0.3)
        for ours, lessons in zip(Matching(found, truth, thresholds=[0.3]).at(0.3), wanted, strict=True):
            assert np.array_equal(ours, lessons)


class TestWork:
    def test_only_boxes_of_the_same_image_are_compared(self):
        for images in (200, 400):
            found, truth = scene(images, boxes_each=5, seed=0)
            rows, image = flat([found[name] for name in truth], np.zeros((0, 5)))
            objects = Boxes(*flat([truth[name].boxes for name in truth], np.zeros((0, 4))))
            pairs = list(overlapping(Boxes(rows[:, :4], image), objects, -1))  # no overlap is too small
            compared = sum(len(part.iou) for part in pairs)
            assert compared == sum(len(found[image]) * len(truth[image].boxes) for image in truth)

    @pytest.mark.parametrize("spread", [0, 9])
    def test_a_crowd_takes_memory_for_one_block_of_pairs(self, spread):
        """All boxes overlap all objects, so that every pair is one that might match."""
        rng = np.random.default_rng(0)
        boxes = np.tile([10.0, 10, 210, 210], (2, 1500, 1)) + rng.integers(0, spread + 1, (2, 1500, 4))
        found = {"a": np.column_stack([boxes[0], rng.random(1500)])}
        truth = {"a": metrics.GroundTruth(boxes[1], np.zeros(1500, bool))}
        tracemalloc.start()
        outcomes = Matching(found, truth, thresholds=[0.3, 0.99]).at(0.99).outcomes
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 200 * PAIRS  # bytes; all pairs at once would take 24 a pair at the very least
        assert 24 * boxes.shape[1] ** 2 > 2 * 200 * PAIRS
        assert np.array_equal(outcomes, metrics.match_all(found, truth, 0.99).outcomes)

    def test_rounds_do_not_grow_with_the_boxes_of_an_image(self):
        """A crowd of boxes on the same two objects, all of which want the first one most."""

        class Counted(np.ndarray):
            reads = 0

            def __getitem__(self, key):
                Counted.reads += 1
                return np.asarray(self)[key]

        rounds = []
        for crowd in (10, 1000, 100_000):
            items = np.tile([0, 1], crowd).view(Counted)
            pairs = Pairs(np.repeat(np.arange(crowd), 2), items, np.tile([0.9, 0.8], crowd))
            Counted.reads = 0
            taken = greedy(pairs, 2)
            assert (taken.detection.tolist(), taken.object.tolist()) == ([0, 1], [0, 1])
            rounds.append(Counted.reads)
        assert rounds == [4, 4, 4]
