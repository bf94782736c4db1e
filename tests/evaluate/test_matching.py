"""How much work the matching of all images is (that it is step 4's: `tests/pipeline/test_saved_boxes.py`)."""

import numpy as np

from gradcam_lab.evaluate.matching import Matching, Pairs, greedy
from tests.bench_scoring import scene


class TestWork:
    def test_only_boxes_of_the_same_image_are_compared(self):
        for images in (200, 400):
            found, truth = scene(images, boxes_each=5, seed=0)
            compared = Matching(found, truth, lowest=-1).pairs  # no overlap is too small
            assert len(compared.iou) == sum(len(found[image]) * len(truth[image].boxes) for image in truth)

    def test_rounds_do_not_grow_with_the_boxes_of_an_image(self):
        """A crowd of boxes on the same two objects, all of which want the first one most."""

        class Counted(np.ndarray):
            reads = 0

            def __getitem__(self, key):
                Counted.reads += 1
                return np.asarray(self)[key]

        rounds = []
        for crowd in (10, 1000, 100_000):
            pairs = Pairs(np.repeat(np.arange(crowd), 2), np.tile([0, 1], crowd), np.tile([0.9, 0.8], crowd))
            Counted.reads = 0
            assert greedy(pairs, np.arange(crowd)[::-1].copy().view(Counted), 2).tolist() == [crowd - 2, crowd - 1]
            rounds.append(Counted.reads)
        assert rounds == [3, 3, 3]
