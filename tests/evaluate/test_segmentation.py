"""Masks of every class: counted by hand on drawn scenes, by scikit-learn on ToyVOC, and read as VOC writes them."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score

from gradcam_lab.data import masks
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.data.registry import BoxData, open_data
from gradcam_lab.data.sample import Sample
from gradcam_lab.data.toyvoc import CLASSES
from gradcam_lab.evaluate import segmentation
from gradcam_lab.evaluate.scores import image_draws
from gradcam_lab.evaluate.segmentation import Choices, Item, Scene
from gradcam_lab.localise.maps import Explainer
from gradcam_lab.models import zoo
from tests import folders

CAT, DOG = masks.LABELS.index("cat"), masks.LABELS.index("dog")


def scene(*present: tuple[int, float, list[list[float]]], truth: np.ndarray | None = None) -> Scene:
    """A black picture of 2 x 3 pixels in which (label, probability, map) are seen."""
    heat = np.array([heat for _, _, heat in present], np.float32).reshape(-1, 2, 3)
    labels, chances = np.array([row[0] for row in present], int), np.array([row[1] for row in present])
    truth = np.zeros((2, 3), np.uint8) if truth is None else truth
    return Scene(np.zeros((2, 3, 3), np.uint8), truth, labels, chances, heat)


class TestOneLabelMap:
    def test_a_pixel_goes_to_the_highest_share_of_its_own_maximum(self, lessons):
        """The dog's map is ten times as high, but in the middle the cat's is nearer to its own maximum."""
        both = scene((DOG, 0.9, [[10, 6, 0], [10, 0, 0]]), (CAT, 0.8, [[0, 0.8, 1], [0, 0.1, 1]]))
        assert segmentation.thresholded(lessons, 0.5)(both).tolist() == [[DOG, CAT, CAT], [DOG, 0, CAT]]

    def test_only_who_claims_a_pixel_can_have_it(self, lessons):
        both = scene((DOG, 0.9, [[10, 6, 0], [10, 0, 0]]), (CAT, 0.8, [[0, 0.8, 1], [0, 0.1, 1]]))
        claims = [np.array([[True, True, False], [False, True, False]]), np.array([[False, False, True]] * 2)]
        assert segmentation.claimed(both, claims).tolist() == [[DOG, DOG, CAT], [0, DOG, CAT]]

    def test_no_evidence_draws_nothing(self, lessons):
        dark = scene((DOG, 0.9, [[0, 0, 0], [0, 0, 0]]))
        assert not segmentation.thresholded(lessons, 0.05)(dark).any()
        assert not segmentation.refined(lessons, Choices(0.5, 0.7, 0.05))(dark).any()

    def test_the_centre_box_is_of_the_most_probable_class(self):
        some = np.zeros((100, 200), np.uint8)
        seen = scene((DOG, 0.7, [[1, 1, 1]] * 2), (CAT, 0.8, [[1, 1, 1]] * 2), truth=some)
        box = segmentation.centred(0.25)(seen)
        assert set(box[25:75, 50:150].ravel()) == {CAT}  # a quarter of the area: half of each side
        assert (box == CAT).sum() == 50 * 100
        assert not segmentation.centred(0.25)(scene(truth=some)).any()


@pytest.fixture(scope="module")
def samples(toy):
    return read_split(toy, "test").samples[:14]


@pytest.fixture(scope="module")
def items(samples):
    """A network that knows the truth on a coarse grid, misses the first image altogether and adds a boat to another."""
    found = []
    for number, sample in enumerate(samples):
        truth = masks.read_mask(sample)
        labels = np.array([] if number == 0 else sorted(set(truth.ravel()) - {0, 255}), int)
        raw = [coarse(truth == label) for label in labels]
        if number == 1:
            labels, raw = np.append(labels, 4), [*raw, np.eye(14, dtype=np.float32)]
        maps = np.array(raw, np.float32).reshape(-1, 14, 14)
        found.append(Item(sample, truth, labels, np.linspace(0.6, 0.9, len(labels)), maps))
    return found


def coarse(mask: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(mask.astype(np.float32)).resize((14, 14), Image.Resampling.BOX))


METHODS = ("centre box", "thresholded map", "refined mask")


@pytest.fixture(scope="module")
def methods(lessons):
    methods = (
        segmentation.centred(0.3),
        segmentation.thresholded(lessons, 0.3),
        segmentation.refined(lessons, Choices(0, 0.7, 0.05)),
    )
    return dict(zip(METHODS, methods, strict=True))


@pytest.fixture(scope="module")
def counted(lessons, items, methods):
    return segmentation.tables(lessons, items, methods, "")


class TestCounting:
    @pytest.mark.parametrize("name", METHODS)
    def test_every_class_is_scored_as_scikit_learn_scores_it(self, lessons, items, methods, counted, name):
        scenes = [segmentation.scene_of(lessons, item) for item in items]
        said = np.concatenate([methods[name](scene).ravel() for scene in scenes])
        true = np.concatenate([item.truth.ravel() for item in items])
        known = true != 255
        occurring = segmentation.occurring_in([counted[name].confusions])
        assert occurring == sorted(set(true[known]) | set(said[known]))
        expected = jaccard_score(true[known], said[known], labels=occurring, average=None)
        row = segmentation.row_of(lessons, counted[name], image_draws(len(items), 0), occurring)
        assert list(row["classes"]) == [masks.LABELS[label] for label in occurring]
        assert [found["iou"] for found in row["classes"].values()] == pytest.approx(expected)
        assert row["mean_iou"] == pytest.approx(expected.mean())
        assert row["milliseconds"] > 0

    def test_the_mask_beats_the_map_and_the_map_the_box(self, lessons, counted):
        box, cut, mask = (segmentation.mean_of(lessons, counted[name]) for name in METHODS)
        assert box < cut < mask

    def test_an_image_in_which_nothing_is_seen_counts(self, items, counted):
        first = counted["refined mask"].confusions[0]
        known = items[0].truth[items[0].truth != 255]
        assert (known > 0).any()
        assert first[:, 0].tolist() == np.bincount(known, minlength=21).tolist()
        assert first[:, 1:].sum() == 0

    def test_one_thread_draws_what_two_draw(self, lessons, items, counted, methods, monkeypatch):
        monkeypatch.setattr(segmentation, "THREADS", 1)
        again = segmentation.tables(lessons, items, methods, "")
        assert all(np.array_equal(again[name].confusions, counted[name].confusions) for name in METHODS)

    def test_intervals_by_hand(self, lessons):
        """Two images of four pixels, one dog found and one missed: each draw has 0, 1 or 2 of the first."""
        found, missed = np.zeros((21, 21), int), np.zeros((21, 21), int)
        found[0, 0], found[DOG, DOG], missed[0, 0], missed[DOG, 0] = 2, 2, 2, 2
        table = segmentation.Tables(np.array([found, missed]), 0.25)
        row = segmentation.row_of(lessons, table, np.array([[2, 0]] * 20 + [[0, 2]] * 20 + [[1, 1]]), [0, DOG])
        assert row["classes"]["dog"] == {"iou": 0.5, "low": 0, "high": 1}
        assert row["classes"]["background"] == {"iou": pytest.approx(4 / 6), "low": 0.5, "high": 1}
        expected = [(4 / 6 + 0.5) / 2, 0.25, 1]
        assert [row[f"mean_iou{end}"] for end in ("", "_low", "_high")] == pytest.approx(expected)
        assert row["milliseconds"] == 250

    def test_a_class_that_one_method_never_says_has_no_number(self, lessons):
        table = segmentation.Tables(np.diag([5, *[0] * 20])[None], 0)
        row = segmentation.row_of(lessons, table, image_draws(1, 0), [0, DOG])
        assert row["classes"]["dog"] == {"iou": None, "low": None, "high": None}
        assert row["mean_iou"] == 1

    def test_a_class_occurs_in_the_truth_or_in_any_prediction(self):
        missed, invented = np.zeros((2, 1, 21, 21), int)
        missed[0, CAT, 0], invented[0, 0, DOG] = 3, 2
        assert segmentation.occurring_in([missed]) == [0, CAT]
        assert segmentation.occurring_in([missed, invented]) == [0, CAT, DOG]

    def test_small_images_keep_their_aspect_and_their_labels(self, lessons, items):
        width, height = items[2].sample.size
        small = segmentation.scene_of(lessons, items[2], 64)
        assert max(small.truth.shape) == 64
        assert small.truth.shape[1] / small.truth.shape[0] == pytest.approx(width / height, abs=0.03)
        assert small.image.shape[:2] == small.heat.shape[1:] == small.truth.shape
        assert set(small.truth.ravel()) <= set(items[2].truth.ravel())


class TestChoices:
    def test_the_threshold_is_of_a_smooth_curve_and_the_seeds_are_the_best_pair(self):
        curve = [0.0] * 19
        curve[3:6], curve[10] = [0.5, 0.5, 0.5], 0.6  # a lucky point, and one whose neighbours do well too
        grid = [
            {"sure_foreground": 0.5, "sure_background": 0.01, "mean_iou": 0.2},
            {"sure_foreground": 0.7, "sure_background": 0.05, "mean_iou": 0.4},
            {"sure_foreground": 0.9, "sure_background": 0.02, "mean_iou": 0.3},
        ]
        assert segmentation.chosen(curve, grid) == Choices(0.25, 0.7, 0.05)


@pytest.fixture(scope="module")
def classifier(weights):
    return zoo.load("embedded", str(weights))


@pytest.fixture(scope="module")
def result(classifier, lessons, toy, samples):
    """On few images: GrabCut is slow, and the network has learned nothing anyway."""
    val = read_split(toy, "val").samples[:3]
    found = segmentation.segment_data(classifier, lessons, val, samples[:5], "dog", 0)
    assert found
    return found


class TestWholeStage:
    def test_its_shape(self, result):
        json.dumps(result, allow_nan=False)
        assert result["images"] == {"val": 3, "test": 5}
        assert result["classes"][0] == "background"
        places = [masks.LABELS.index(name) for name in result["classes"]]
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

    def test_present_are_the_probable_classes_that_voc_has(self, classifier, samples):
        """Of a bird, a unicorn and a dog, at 0.4, 0.9 and 0.5, only the dog can be drawn."""

        class Fixed(Explainer):
            def __init__(self):
                self.classifier = replace(classifier, groups=dict.fromkeys(("bird", "unicorn", "dog"), (0,)))

            def __call__(self, samples):
                maps = np.broadcast_to(np.arange(3, dtype=np.float32)[:, None, None], (len(samples), 3, 2, 2))
                return maps, np.tile(np.array([0.4, 0.9, 0.5], np.float32), (len(samples), 1))

        truths = [np.zeros(sample.size[::-1], np.uint8) for sample in samples]
        found = segmentation.items_of(Fixed(), samples, truths)
        assert [item.sample.id for item in found] == [sample.id for sample in samples]
        assert {item.labels.tolist() == [DOG] for item in found} == {True}
        assert {item.maps.tolist() == np.full((1, 2, 2), 2.0).tolist() for item in found} == {True}

    def test_without_masks_there_is_nothing(self, classifier, lessons, samples, tmp_path):
        bare = [Sample("a", tmp_path / "JPEGImages" / "a.jpg", (3, 2))]
        assert segmentation.segment_data(classifier, lessons, samples, bare, "dog", 0) is None
        assert segmentation.segment_data(classifier, lessons, bare, samples, "dog", 0) is None

    def test_masks_in_which_nobody_can_tell_anything_are_none(self, classifier, lessons, samples, tmp_path):
        (tmp_path / "SegmentationClass").mkdir()
        void = Sample("a", tmp_path / "JPEGImages" / "a.jpg", (3, 2))
        folders.mask(masks.mask_path(void), np.full((2, 3), masks.VOID))
        assert segmentation.segment_data(classifier, lessons, samples, [void], "dog", 0) is None
        assert segmentation.segment_data(classifier, lessons, [void], samples, "dog", 0) is None

    def test_a_target_that_voc_does_not_have_has_no_curve(self, lessons, counted):
        curve = segmentation.curve_of(lessons, [counted["thresholded map"]], "unicorn")
        assert curve["target"] == [None]
        assert curve["mean_iou"] == [segmentation.mean_of(lessons, counted["thresholded map"])]

    def test_pictures_are_of_seen_targets_in_the_lists_order(self, classifier, lessons, samples, monkeypatch):
        monkeypatch.setattr(segmentation, "PRESENT", 0)  # the network has learned nothing
        explained = []
        real = Explainer.__call__

        def watched(self, part):
            explained.extend(part)
            return real(self, part)

        monkeypatch.setattr(Explainer, "__call__", watched)
        choices = Choices(0.5, 0.7, 0.05)
        drawn = segmentation.pictures(classifier, lessons, samples, choices, "dog", 2)
        holding = [sample for sample in samples if (masks.read_mask(sample) == DOG).any()]
        assert [picture["id"] for picture in drawn] == [sample.id for sample in holding[:2]]
        assert len(explained) == 2
        for picture, sample in zip(drawn, holding, strict=False):
            truth = masks.read_mask(sample)
            assert np.array_equal(picture["truth"] == 1, truth == DOG)
            assert np.array_equal(picture["truth"] == 255, truth == 255)
            assert picture["image"].shape == (*truth.shape, 3)
            assert {picture[name].shape for name in ("heatmap", "seeds", "thresholded", "mask")} == {truth.shape}
            assert np.array_equal(picture["seeds"], lessons.segmentation.seeds(picture["heatmap"], 0.7, 0.05))
            assert picture["mask"][picture["seeds"] == 1].all()
        monkeypatch.setattr(segmentation, "PRESENT", 1.01)
        assert segmentation.pictures(classifier, lessons, samples, choices, "dog", 2) == []


def read(devkit: Path, name: str, split: str) -> tuple[Sample, ...]:
    data = open_data(name, devkit)
    assert isinstance(data, BoxData)
    return data.read(split).samples


class TestVocOf2007:
    """The devkit's own layout, by hand: images of 30 x 20, a dog in a border of void."""

    @pytest.fixture
    def devkit(self, tmp_path):
        root = tmp_path / "VOCdevkit" / "VOC2007"
        folders.voc(root, ("train", "val", "test"))
        indices = np.zeros((20, 30), np.uint8)
        indices[5:15, 8:24], indices[6:14, 9:23] = 255, DOG
        folders.mask(root / "SegmentationClass" / "000003.png", indices)
        folders.write(root / "ImageSets" / "Segmentation" / "test.txt", "000003\n")
        return tmp_path

    def test_its_masks_are_found_and_read(self, devkit):
        (sample,) = read(devkit, "voc2007-segmentation", "test")
        assert sample.id == "000003"
        mask = masks.read_mask(sample)
        assert np.unique(mask).tolist() == [0, DOG, 255]
        assert ((mask == DOG).sum(), (mask == 255).sum()) == (8 * 14, 10 * 16 - 8 * 14)

    def test_it_is_scored(self, devkit, classifier, lessons):
        val, test = (read(devkit, "voc2007-segmentation", split) for split in ("val", "test"))
        result = segmentation.segment_data(classifier, lessons, val, test, "dog", 0)
        assert result
        assert result["images"] == {"val": 1, "test": 1}
        assert set(result["classes"]) <= {"background", *CLASSES}
        assert "dog" in result["classes"]

    def test_a_dog_without_a_pixel_of_its_own_is_not_shown(self, devkit, classifier, lessons, monkeypatch):
        monkeypatch.setattr(segmentation, "PRESENT", 0)
        samples = read(devkit, "voc2007", "test")
        assert all(sample.boxes("dog") for sample in samples)
        drawn = segmentation.pictures(classifier, lessons, samples, Choices(0.5, 0.7, 0.05), "dog", 5)
        assert [picture["id"] for picture in drawn] == ["000003"]

    def test_in_the_split_of_all_images_those_without_a_mask_are_left_out(self, devkit):
        root = devkit / "VOCdevkit" / "VOC2007"
        (root / "SegmentationClass" / "000004.png").unlink()
        samples = read(devkit, "voc2007", "test")
        assert len(samples) == 2
        assert [sample.id for sample in masks.with_masks(samples)] == ["000003"]
