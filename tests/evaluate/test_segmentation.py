"""Masks of all classes: val's choices, the scores on test, and what the report draws."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gradcam_lab.data.masks import read_mask
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.data.voc_classes import LABELS, VOID
from gradcam_lab.evaluate.records import MaskChoices, SeedTrial
from gradcam_lab.evaluate.segmentation import chosen, example_masks, items_of, score_masks
from gradcam_lab.localise.maps import Maps
from gradcam_lab.models.networks.toynet import ToyNet
from tests import folders
from tests.voc_masks import write_mask

DOG = LABELS.index("dog")
CHOICES: MaskChoices = {"threshold": 0.5, "sure_foreground": 0.7, "sure_background": 0.05}


class TestChosen:
    def test_the_threshold_is_of_a_smooth_curve_and_the_seeds_are_the_best_pair(self):
        curve = [0.0] * 19
        curve[3:6], curve[10] = [0.5, 0.5, 0.5], 0.6  # a lucky point, and one whose neighbours do well too
        grid: list[SeedTrial] = [
            {"sure_foreground": 0.5, "sure_background": 0.01, "mean_iou": 0.2},
            {"sure_foreground": 0.7, "sure_background": 0.05, "mean_iou": 0.4},
            {"sure_foreground": 0.9, "sure_background": 0.02, "mean_iou": 0.3},
        ]
        assert chosen(curve, grid) == {**CHOICES, "threshold": 0.25}


@pytest.fixture(scope="module")
def samples(splits):
    return splits["test"][:14]


@pytest.fixture(scope="module")
def result(experiment, splits, samples):
    """On few images: GrabCut is slow, and the network has learned nothing anyway."""
    found = score_masks(experiment, splits["val"][:3], samples[:5])
    assert found
    return found


def test_present_are_the_probable_classes_that_voc_has(samples):
    """Of a bird, a unicorn and a dog, at 0.4, 0.9 and 0.5, only the dog can be drawn."""
    count = len(samples)
    cams = np.broadcast_to(np.arange(3, dtype=np.float32)[:, None, None], (count, 3, 2, 2))
    probabilities = np.tile(np.array([0.4, 0.9, 0.5], np.float32), (count, 1))
    ids = np.array([sample.id for sample in samples])
    sizes = np.array([sample.size for sample in samples])
    maps = Maps(ids, ids, cams, probabilities, probabilities, np.array(["bird", "unicorn", "dog"]), sizes)
    found = items_of(samples, [np.zeros(sample.size[::-1], np.uint8) for sample in samples], maps)
    assert [item.sample for item in found] == list(samples)
    assert {item.labels.tolist() == [DOG] for item in found} == {True}
    assert {item.cams.tolist() == np.full((1, 2, 2), 2.0).tolist() for item in found} == {True}


class TestScoreMasks:
    def test_its_shape(self, result):
        json.dumps(result, allow_nan=False)
        assert result["images"] == {"val": 3, "test": 5}
        assert result["classes"][0] == "background"
        places = [LABELS.index(name) for name in result["classes"]]
        assert all(a < b for a, b in pairwise(places))
        assert [row["method"] for row in result["rows"]] == [
            *("centre box, s = 0.3", "centre box, s = 0.5", "thresholded map", "refined mask")
        ]
        for row in result["rows"]:
            assert list(row["classes"]) == result["classes"]
            assert 0 <= row["mean_iou_low"] <= row["mean_iou"] <= row["mean_iou_high"] <= 1
        for split in ("val", "test"):
            assert {len(values) for values in result["curve"][split].values()} == {19}

    def test_the_rows_are_of_the_choices(self, result):
        choices, curve = result["choices"], result["curve"]
        at = curve["fractions"].index(choices["threshold"])
        row = {row["method"]: row for row in result["rows"]}["thresholded map"]
        assert row["mean_iou"] == curve["test"]["mean_iou"][at]
        assert row["classes"]["dog"]["iou"] == curve["test"]["target"][at]
        best = max(result["grid"], key=lambda tried: tried["mean_iou"])
        assert [choices[name] for name in ("sure_foreground", "sure_background")] == [*best.values()][:2]

    def test_without_masks_there_is_nothing(self, experiment, samples, tmp_path):
        bare = [Sample("a", tmp_path / "JPEGImages" / "a.jpg", (3, 2))]
        assert score_masks(experiment, samples, bare) is None
        assert score_masks(experiment, bare, samples) is None

    def test_masks_in_which_nobody_can_tell_anything_are_none(self, experiment, samples, tmp_path):
        (tmp_path / "SegmentationClass").mkdir()
        mask = tmp_path / "SegmentationClass" / "a.png"
        void = Sample("a", tmp_path / "JPEGImages" / "a.jpg", (3, 2), mask=mask)
        write_mask(mask, np.full((2, 3), VOID))
        assert score_masks(experiment, samples, [void]) is None
        assert score_masks(experiment, [void], samples) is None


def sure(experiment, bias: float):
    """The same network, which says yes or no to all classes: its maps stay what they are."""
    with torch.random.fork_rng():
        network = ToyNet(len(CLASSES))
    network.load_state_dict(experiment.classifier.network.state_dict())
    network.eval().fc.bias.data.fill_(bias)
    return replace(experiment, classifier=replace(experiment.classifier, network=network))


class TestExampleMasks:
    def test_they_are_of_predicted_targets_in_the_lists_order(self, experiment, lessons, samples):
        drawn = example_masks(sure(experiment, 9), samples, CHOICES, 2)
        holding = [sample for sample in samples if (read_mask(sample) == DOG).any()]
        assert [picture["id"] for picture in drawn] == [sample.id for sample in holding[:2]]
        for picture, sample in zip(drawn, holding, strict=False):
            truth = read_mask(sample)
            assert np.array_equal(picture["truth"] == 1, truth == DOG)
            assert np.array_equal(picture["truth"] == 255, truth == 255)
            assert picture["image"].shape == (*truth.shape, 3)
            shapes = {picture[name].shape for name in ("heatmap", "seeds", "thresholded", "mask")}
            assert shapes == {truth.shape}
            assert np.array_equal(picture["seeds"], lessons.segmentation.seeds(picture["heatmap"], 0.7, 0.05))
            assert picture["mask"][picture["seeds"] == 1].all()
        assert example_masks(sure(experiment, -9), samples, CHOICES, 2) == []

    def test_no_more_images_are_explained_than_are_drawn(self, experiment, lessons, samples):
        explained = []

        def gradcam(network, layer):
            explain = lessons.gradcam.GradCAM(network, layer)

            def counted(images, target):
                explained.append(len(images))
                return explain(images, target)

            return counted

        watched = SimpleNamespace(**{**vars(lessons.gradcam), "GradCAM": gradcam})
        watching = replace(sure(experiment, 9), lessons=replace(lessons, gradcam=watched))
        assert len(example_masks(watching, samples, CHOICES, 2)) == 2
        assert explained == [2]


class TestVocOf2007:
    """The devkit's own layout, by hand: images of 30 x 20, a dog in a border of void."""

    @pytest.fixture
    def devkit(self, tmp_path):
        root = tmp_path / "VOCdevkit" / "VOC2007"
        folders.voc(root, ("train", "val", "test"))
        indices = np.zeros((20, 30), np.uint8)
        indices[5:15, 8:24], indices[6:14, 9:23] = 255, DOG
        write_mask(root / "SegmentationClass" / "000003.png", indices)
        folders.write(root / "ImageSets" / "Segmentation" / "test.txt", "000003\n")
        return tmp_path

    def test_it_is_scored(self, devkit, experiment):
        val, test = (read(devkit, "voc2007-segmentation", split) for split in ("val", "test"))
        result = score_masks(experiment, val, test)
        assert result
        assert result["images"] == {"val": 1, "test": 1}
        assert set(result["classes"]) <= {"background", *CLASSES}
        assert "dog" in result["classes"]

    def test_a_dog_without_a_pixel_of_its_own_is_not_shown(self, devkit, experiment):
        samples = read(devkit, "voc2007", "test")
        assert all(sample.boxes("dog") for sample in samples)
        drawn = example_masks(sure(experiment, 9), samples, CHOICES, 5)
        assert [picture["id"] for picture in drawn] == ["000003"]


def read(devkit: Path, name: str, split: str) -> tuple[Sample, ...]:
    data = open_data(name, devkit)
    assert isinstance(data, BoxData)
    return data.read(split).samples
