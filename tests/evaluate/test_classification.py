"""Whether a class is in an image: AP against scikit-learn and torchmetrics, and its intervals."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.classification import evaluate_classifier
from gradcam_lab.vision import torchvision


def photo(number, *objects):
    return Sample(f"{number}", Path("x.jpg"), (9, 9), tuple(Object(name, (1, 1, 2, 2), hard) for name, hard in objects))


class TestEvaluateClassifier:
    CLASSES = ("dog", "cat", "unseen")

    @pytest.fixture
    def samples(self):
        rng = np.random.default_rng(1)
        return [
            photo(number, *((name, False) for name in self.CLASSES[:2] if rng.random() < 0.4)) for number in range(40)
        ]

    @pytest.fixture
    def probabilities(self):
        return np.random.default_rng(2).random((40, 3)).round(1)  # one digit: many of them tie

    def test_ap_is_that_of_scikit_learn_and_of_torchmetrics(self, samples, probabilities):
        torchvision()  # torchmetrics imports it too, and cannot beside a torch that is for CPUs only
        from torchmetrics.functional.classification import binary_average_precision

        scores = evaluate_classifier(samples, probabilities, self.CLASSES, seed=0)
        for column, name in enumerate(("dog", "cat")):
            wanted = np.array([bool(sample.boxes(name)) for sample in samples])
            ap = scores["classes"][name]["ap"]
            assert ap == pytest.approx(average_precision_score(wanted, probabilities[:, column]))
            theirs = binary_average_precision(torch.tensor(probabilities[:, column]), torch.tensor(wanted).long())
            assert ap == pytest.approx(theirs.item())
            assert scores["classes"][name]["positives"] == wanted.sum()
        assert scores["map"] == pytest.approx(np.mean([entry["ap"] for entry in scores["classes"].values()]))
        assert scores["images"] == 40

    def test_a_class_that_no_image_holds_is_not_scored(self, samples, probabilities):
        scores = evaluate_classifier(samples, probabilities, self.CLASSES, seed=0)
        assert set(scores["classes"]) == {"dog", "cat"}

    @pytest.mark.filterwarnings("error")  # some draws hold no dog that counts
    def test_images_where_all_of_a_class_is_difficult_are_left_out(self):
        samples = [photo(0, ("dog", False)), photo(1, ("dog", True)), photo(2), photo(3, ("dog", True), ("dog", False))]
        probabilities = np.array([[0.5], [0.9], [0.7], [0.6]])
        entry = evaluate_classifier(samples, probabilities, ("dog",), seed=0)["classes"]["dog"]
        # Without image 1 the list is 2 (wrong), 3 (right), 0 (right): precision 1/2 and 2/3 at the two dogs.
        assert entry["positives"] == 2
        assert entry["ap"] == pytest.approx((1 / 2 + 2 / 3) / 2)

    def test_the_interval_is_that_of_images_literally_repeated(self, samples, probabilities):
        scores = evaluate_classifier(samples, probabilities, self.CLASSES, seed=4, draws=25)
        means = []
        for times in image_draws(40, 4, 25):
            chosen = np.repeat(np.arange(40), times)
            ap = []
            for column, name in enumerate(("dog", "cat")):
                wanted = np.array([bool(samples[i].boxes(name)) for i in chosen])
                ap.append(average_precision_score(wanted, probabilities[chosen, column]))
            means.append(np.mean(ap))
        assert (scores["map_low"], scores["map_high"]) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])))
