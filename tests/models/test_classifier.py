"""Preprocessing, and how a classifier's outputs become the scores and probabilities of classes."""

import re
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import IMAGENET_MEAN, IMAGENET_STD, Classifier, Preprocessing, weights_hash
from gradcam_lab.models.weights import model_file

GROUPS = {"dog": (1, 3), "cat": (0,), "all": (0, 1, 2, 3)}


def classifier(activation):
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Dropout(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Classifier("tiny", network, ("a", "b", "c", "d"), GROUPS, activation, "0", Preprocessing(), "0")


class TestPreprocessing:
    def test_standardises_each_channel_of_rgb(self):
        image = np.zeros((10, 20, 3), np.uint8)
        image[:] = (255, 51, 0)
        result = Preprocessing(8)(image)
        assert result.shape == (3, 8, 8)
        assert result.dtype == torch.float32
        expected = [(value - m) / s for value, m, s in zip((1, 0.2, 0), IMAGENET_MEAN, IMAGENET_STD, strict=True)]
        assert result[:, 3, 5].tolist() == pytest.approx(expected, abs=1e-6)

    def test_squashes_the_whole_image_so_that_corners_stay_corners(self):
        image = np.zeros((40, 120, 3), np.uint8)
        image[:20, :60] = 255  # the upper left quarter
        result = Preprocessing(16, (0.0,) * 3, (1.0,) * 3)(image)[0]
        expected = torch.zeros(16, 16)
        expected[:8, :8] = 1
        assert torch.equal(result, expected)

    def test_shrinking_averages_over_the_area(self):
        stripes = np.zeros((64, 64, 3), np.uint8)
        stripes[:, ::2] = 200  # sampling would turn these into moire
        result = Preprocessing(16, (0.0,) * 3, (1.0,) * 3)(stripes)
        assert torch.allclose(result, torch.full((3, 16, 16), 100 / 255))

    @pytest.mark.parametrize("shape", [(8, 8, 3), (8, 40, 3), (40, 8, 3)])
    def test_enlarging_a_side_interpolates(self, shape):
        image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        result = Preprocessing(16, (0.0,) * 3, (1.0,) * 3)(image)
        expected = cv2.resize(image, (16, 16), interpolation=cv2.INTER_LINEAR)
        assert np.array_equal((result * 255).round().permute(1, 2, 0).numpy(), expected)

    def test_averages_where_both_sides_shrink_and_interpolates_where_one_grows(self):
        wide = np.zeros((2, 8, 3), np.uint8)
        wide[:, ::2] = 200
        assert Preprocessing(2).squash(wide).tolist() == np.full((2, 2, 3), 100).tolist()  # averaged, shrinking
        assert Preprocessing(4).squash(wide)[0, 0, 0] == 100  # one side grows: interpolated linearly

    def test_leaves_the_image_as_it_was(self):
        image = np.full((224, 224, 3), 7, np.uint8)
        Preprocessing()(image)
        assert (image == 7).all()


class TestScore:
    def test_of_one_output_is_its_logit(self):
        outputs = torch.tensor([[1.5, 0, 0, 0], [-80.0, 1, 1, 1]])
        assert classifier("sigmoid").score(outputs, "cat").tolist() == [1.5, -80]

    def test_of_a_group_is_the_log_sum_exp(self):
        outputs = torch.tensor([[9.0, 1, 9, 2]])
        assert classifier("softmax").score(outputs, "dog").item() == pytest.approx(np.log(np.e + np.e**2))

    def test_its_gradient_spreads_over_the_group_by_share_and_reaches_nothing_else(self):
        outputs = torch.tensor([[9.0, 1, 9, 2]], requires_grad=True)
        (gradient,) = torch.autograd.grad(classifier("softmax").score(outputs, "dog").sum(), outputs)
        share = 1 / (1 + np.e)
        assert gradient[0].tolist() == pytest.approx([0, share, 0, 1 - share])

    def test_under_a_softmax_a_group_is_as_if_its_outputs_were_merged(self):
        outputs = torch.tensor([[0.3, -1, 2, 0.7]])
        model = classifier("softmax")
        merged = torch.stack([outputs[:, 0], outputs[:, 2], model.score(outputs, "dog")], dim=1)
        assert merged.softmax(dim=1)[0, 2].item() == pytest.approx(model.probability(outputs, "dog").item())


class TestProbability:
    def test_softmax_sums_over_the_group(self):
        outputs = torch.tensor([[0.0, 0, 0, 0], [100.0, 0, 0, 0]])
        assert classifier("softmax").probability(outputs, "dog").tolist() == pytest.approx([0.5, 0])

    def test_sigmoid_of_one_output(self):
        outputs = torch.tensor([[0.0, 9, 9, 9], [np.log(3), 9, 9, 9]])
        assert classifier("sigmoid").probability(outputs, "cat").tolist() == pytest.approx([0.5, 0.75])

    def test_sigmoids_of_a_group_are_independent(self):
        outputs = torch.tensor([[9.0, 0, 9, np.log(3)]])
        assert classifier("sigmoid").probability(outputs, "dog").item() == pytest.approx(1 - 0.5 * 0.25)

    def test_a_tiny_probability_is_not_lost_to_rounding(self):
        outputs = torch.full((1, 4), -20.0)
        assert classifier("sigmoid").probability(outputs, "dog").item() == pytest.approx(2 * np.exp(-20), rel=1e-5)

    @given(
        arrays(np.float32, (3, 4), elements=st.floats(-100, 100, width=32)),
        st.sampled_from(["sigmoid", "softmax"]),
        st.sampled_from(list(GROUPS)),
    )
    def test_lies_between_0_and_1_and_each_image_is_judged_alone(self, logits, activation, name):
        model = classifier(activation)
        outputs = torch.from_numpy(logits)
        probability = model.probability(outputs, name)
        assert probability.shape == model.score(outputs, name).shape == (3,)
        assert ((probability >= 0) & (probability <= 1)).all()
        assert torch.allclose(probability[1:2], model.probability(outputs[1:2], name))


class TestClassifier:
    def test_is_in_eval_mode_and_frozen(self):
        network = classifier("sigmoid").network
        assert not any(module.training for module in network.modules())
        assert not any(p.requires_grad for p in network.parameters())

    def test_an_unknown_class_is_answered_with_those_that_exist(self):
        model = classifier("sigmoid")
        assert model.class_names == ("dog", "cat", "all")
        for ask in (model.score, model.probability):
            with pytest.raises(LabError, match=r"'tiny' knows no class 'cow': choose one of dog, cat, all\."):
                ask(torch.zeros(1, 4), "cow")


class TestFingerprint:
    def test_of_the_same_network_loaded_twice_is_the_same(self, weights, tmp_path):
        shutil.copy(weights, tmp_path / "copy.safetensors")
        first, second = zoo.load_file(weights), zoo.load_file(tmp_path / "copy.safetensors")
        assert first.fingerprint == second.fingerprint
        assert re.fullmatch("[0-9a-f]{64}", first.fingerprint)

    @pytest.mark.parametrize(
        "change",
        [
            {"preprocessing": Preprocessing(64)},
            {"preprocessing": Preprocessing(mean=(0.5, 0.5, 0.5))},
            {"preprocessing": Preprocessing(std=(0.5, 0.5, 0.5))},
            {"groups": {**GROUPS, "dog": (1, 2)}},
            {"groups": {"cat": (0,), "dog": (1, 3), "all": (0, 1, 2, 3)}},
            {"layer": "1"},
            {"activation": "softmax"},
            {"sha256": "1"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_changes_with_all_that_the_maps_depend_on(self, change):
        model = classifier("sigmoid")
        assert replace(model, **change).fingerprint != model.fingerprint
        assert replace(model, name="other", metadata={"weights": "copy"}).fingerprint == model.fingerprint

    def test_of_other_weights_is_another(self, weights, tmp_path):
        description, state = model_file.read(weights)
        state["fc.bias"] = state["fc.bias"] + 1
        model_file.save(tmp_path / "other.safetensors", state, description)
        assert zoo.load_file(tmp_path / "other.safetensors").fingerprint != zoo.load_file(weights).fingerprint


class TestWeightsHash:
    def test_is_that_of_the_values_and_not_of_the_object(self):
        first, second = nn.Linear(2, 2), nn.Linear(2, 2)
        assert weights_hash(first) != weights_hash(second)
        second.load_state_dict(first.state_dict())
        assert weights_hash(first) == weights_hash(second)

    def test_sees_buffers_names_and_shapes(self):
        norm = nn.BatchNorm1d(4)
        before = weights_hash(norm)
        norm.get_buffer("running_mean")[2] += 1
        assert weights_hash(norm) != before
        wide, high = nn.Linear(4, 2, bias=False), nn.Linear(2, 4, bias=False)
        high.weight.data = wide.weight.data.reshape(4, 2)
        assert weights_hash(wide) != weights_hash(high)
        assert weights_hash(nn.Sequential(wide)) != weights_hash(wide)
