"""Which images the report shows: the choice of the hero, which must not be called a success when it is none."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import torch

from gradcam_lab.data.sample import Object, Sample
from gradcam_lab.evaluate.error_types import Failure
from gradcam_lab.evaluate.segmentation import Choices
from gradcam_lab.localise.maps import Heatmaps
from gradcam_lab.report.figures import captions
from gradcam_lab.report.figures.photos import painted_seeds
from gradcam_lab.report.figures.select import Pictures

DOG = Object("dog", (1, 1, 10, 10))


def pictures_of(scores, failed):
    """Images a, b, ... with one dog each, one box of the given score each; in the failed ones the dog was not found."""
    samples = [Sample(id, Path(id), (20, 20), (DOG,)) for id in scores]
    rows = {id: np.array([[1, 1, 10, 10, score]]) for id, score in scores.items()}
    failures = [Failure(id, 0, "context", 0.2) for id in failed]
    return Pictures(None, None, samples, None, None, rows, failures, "dog", 0.5, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scores", "failed", "shown", "success"),
    [
        ({"a": 0.9, "b": 0.8, "c": 0.6}, ["a"], "b", True),
        ({"a": 0.9, "b": 0.4}, ["a"], "a", False),  # b is right, but hardly on purpose
        ({"a": 0.7, "b": 0.9}, ["a", "b"], "b", False),
    ],
)
def test_the_hero_is_the_surest_success_or_not_called_one(monkeypatch, tmp_path, scores, failed, shown, success):
    monkeypatch.setattr(Pictures, "panel", lambda self, sample: sample.id)
    monkeypatch.setattr(Pictures, "map_panel", lambda self, sample, boxes: sample.id)
    monkeypatch.setattr(captions, "hero", lambda folder, panels, target, success: (panels, target, success))
    assert pictures_of(scores, failed).hero(tmp_path) == ([shown, shown], "dog", success)


def test_the_caption_calls_a_success_what_is_one(tmp_path):
    from gradcam_lab.report.figures.photos import Panel

    panels = [Panel(np.zeros((8, 12, 3), np.uint8))] * 2
    assert captions.hero(tmp_path, panels, "dog", True)["caption"].startswith("A success: ")
    assert captions.hero(tmp_path, panels, "dog", False)["caption"].startswith("The surest detection, though not ")


class TestOfTheRun:
    """A run whose boxes were found in other maps than plain Grad-CAM's."""

    @pytest.fixture
    def pictures(self, lessons, tmp_path):
        sample = Sample("a", tmp_path / "a.png", (20, 10), (DOG,))
        sample.path.write_bytes(cv2.imencode(".png", np.full((10, 20, 3), 100, np.uint8))[1].tobytes())
        left, right = np.zeros((2, 1, 2, 4), np.float32)
        left[0, :, 0], right[0, :, 3] = 2, 2
        columns = {"ids": np.array(["a"]), "probabilities": np.array([0.9]), "sizes": np.array([[20, 10]])}
        columns |= {
            "class_probabilities": np.array([[0.9]]),
            "classes": np.array(["dog"]),
            "splits": np.array(["test"]),
        }
        plain, other = (Heatmaps(maps=maps, **columns) for maps in (left, right))
        rows = {"a": np.array([[1, 1, 10, 10, 0.9]])}
        classifier = SimpleNamespace(network=None, score=None)
        return Pictures(classifier, lessons, [sample], plain, other, rows, [], "dog", 0.5, 0)  # type: ignore[arg-type]

    def test_the_gradient_stands_beside_plain_grad_cam_and_the_boxes_over_the_runs_map(
        self, pictures, lessons, monkeypatch, tmp_path
    ):
        shown = {}
        for name in ("input_gradient", "method"):
            monkeypatch.setattr(captions, name, lambda folder, panels, name=name: shown.update({name: panels}))
        monkeypatch.setattr("gradcam_lab.report.figures.select.inputs_of", lambda *_: None)
        monkeypatch.setattr(lessons.gradcam, "input_gradient", lambda *_: torch.rand(1, 3, 8, 8))
        pictures.input_gradient(tmp_path)
        pictures.method(tmp_path)
        gradient, method = shown["input_gradient"], shown["method"]
        sample = pictures.samples[0]
        assert [panel.title for panel in gradient][1:] == ["gradient at the pixels", "Grad-CAM"]
        assert np.array_equal(gradient[2].image, pictures.overlay(sample, pictures.plain.maps[0]))
        assert np.array_equal(method[2].image, pictures.overlay(sample, pictures.heatmaps.maps[0]))
        assert not np.array_equal(gradient[2].image, method[2].image)

    def test_a_row_of_masks_goes_from_the_heatmap_to_the_truth(self, pictures):
        image = np.full((2, 3, 3), 100, np.uint8)
        masks = {name: np.zeros((2, 3), bool) for name in ("thresholded", "mask")}
        masks["thresholded"][0, 0] = masks["mask"][0, 1] = True
        truth = np.array([[0, 0, 1], [255, 0, 0]], np.uint8)
        found: dict[str, Any] = {
            "id": "a",
            "image": image,
            "heatmap": np.eye(2, 3, dtype=np.float32),
            "truth": truth,
            **masks,
        }
        found |= {"seeds": np.array([[1, 255, 255], [0, 255, 255]], np.uint8), "boxes": np.array([[2.0, 1, 2, 1]])}
        choices = Choices(threshold=0.35, sure_foreground=0.8, sure_background=0.1)
        panels = pictures.mask_panels(found, choices)
        assert [panel.title for panel in panels] == ["a", "Grad-CAM", "seeds", "cut at 0.35", "refined", "annotated"]
        assert [list(panel.outlines) for panel in panels] == [[], [], [], [], [[2, 1, 2, 1]], []]
        assert np.array_equal(panels[0].image, image)
        assert np.array_equal(panels[1].image, pictures.overlay_full(image, found["heatmap"]))
        assert np.array_equal(panels[2].image, painted_seeds(image, found["seeds"]))
        for panel, place in zip(panels[3:], range(3), strict=True):
            kept = (panel.image == 100).all(axis=2)
            assert np.argwhere(kept).tolist() == [[0, place]]  # the others are faded; nobody can tell is not the dog

    def test_masks_are_those_of_the_runs_choices_and_target(self, pictures, monkeypatch, tmp_path):
        draw = Mock(return_value=["m"])
        monkeypatch.setattr("gradcam_lab.evaluate.segmentation.pictures", draw)
        monkeypatch.setattr(Pictures, "mask_panels", lambda self, mask, choices: (mask, choices.threshold))
        monkeypatch.setattr(captions, "segmentation", lambda folder, rows: rows)
        monkeypatch.setattr(captions, "segmentation_curve", lambda folder, results: "curve")
        pictures.precision = "bf16"
        choices = {"threshold": 0.35, "sure_foreground": 0.8, "sure_background": 0.1}
        results = {"segmentation": {"choices": choices}}
        assert pictures.masks(tmp_path, results) == [[("m", 0.35)], "curve"]
        draw.assert_called_once_with(
            pictures.classifier, pictures.lessons, pictures.samples, Choices(**choices), "dog", 4, "bf16"
        )
        draw.return_value = []
        assert pictures.masks(tmp_path, results) == ["curve"]

    def test_without_masks_and_tests_there_are_no_figures_of_them(self, pictures, tmp_path):
        assert pictures.masks(tmp_path, {"segmentation": None}) == pictures.tests(tmp_path, {"truth": None}) == []
        assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
