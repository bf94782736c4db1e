"""The figures of a run: which maps they show."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import torch

from gradcam_lab.data.sample import Object, Sample, read_image
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT
from gradcam_lab.evaluate.records import MaskChoices
from gradcam_lab.evaluate.segmentation import ExampleMask
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.maps import Maps
from gradcam_lab.report.figures import pictures as drawing
from gradcam_lab.report.figures.photos import DPI, WIDTH, Panel, Row, draw_rows
from gradcam_lab.report.figures.pictures import (
    Pictures,
    failure_rows,
    faithfulness_curves,
    mask_panels,
    overlaid,
    pipeline,
    score_curves,
)
from gradcam_lab.report.figures.rgb import painted_seeds
from tests.synthetic_run import results

DOG = Object("dog", (1, 1, 10, 10))
CHOICES: MaskChoices = {"threshold": 0.35, "sure_foreground": 0.8, "sure_background": 0.1}
CONTENT: Any = results()


@pytest.fixture
def pictures(lessons, tmp_path) -> Pictures:
    """A run of one image, whose boxes were found in other maps than plain Grad-CAM's."""
    sample = Sample("a", tmp_path / "a.png", (20, 10), (DOG,))
    sample.path.write_bytes(cv2.imencode(".png", np.full((10, 20, 3), 100, np.uint8))[1].tobytes())
    left, right = np.zeros((2, 1, 2, 4), np.float32)
    left[0, :, 0], right[0, :, 3] = 2, 2
    columns = {"ids": np.array(["a"]), "probabilities": np.array([0.9]), "sizes": np.array([[20, 10]])}
    columns |= {"class_probabilities": np.array([[0.9]]), "classes": np.array(["dog"]), "splits": np.array(["test"])}
    plain, other = (Maps(maps=maps, **columns) for maps in (left, right))
    rows = {"a": np.array([[1, 1, 10, 10, 0.9]])}
    classifier: Any = SimpleNamespace(network=None, score=None)
    return Pictures(Experiment(classifier, lessons, "dog"), [sample], plain, other, rows, [], 0.5)


@pytest.fixture
def shown(monkeypatch) -> dict[str, Any]:
    """The rows of panels that would be drawn, by the name of the file."""
    kept: dict[str, Any] = {}

    def keep(path: Path, rows: Sequence[Row], **_: Any) -> None:
        kept[path.name] = [list(row.panels) for row in rows]

    monkeypatch.setattr(drawing, "draw_rows", keep)
    return kept


def test_the_gradient_stands_beside_plain_grad_cam_and_the_boxes_over_the_runs_map(
    pictures, shown, lessons, monkeypatch, tmp_path
):
    monkeypatch.setattr(drawing, "inputs_of", lambda *_: None)
    monkeypatch.setattr(lessons.gradcam, "input_gradient", lambda *_: torch.rand(1, 3, 8, 8))
    pictures.input_gradient(tmp_path)
    pictures.method(tmp_path)
    (gradient,), (method, _) = shown["input_gradient.jpg"], shown["method.jpg"]
    sample = pictures.samples[0]
    assert [panel.title for panel in gradient][1:] == ["gradient at the pixels", "Grad-CAM"]
    assert np.array_equal(gradient[2].image, pictures.overlay(sample, pictures.plain.maps[0], NO_SHIFT))
    assert np.array_equal(method[2].image, pictures.overlay(sample, pictures.maps.maps[0], NO_SHIFT))
    assert not np.array_equal(gradient[2].image, method[2].image)


def test_boxes_are_shown_with_the_annotated_ones(pictures, shown, tmp_path):
    figure = pictures.hero(tmp_path)
    ((photo, heatmap),) = shown["hero.jpg"]
    assert figure["caption"].startswith("A success: ")
    assert photo.title == "a, p = 0.90"
    for panel in (photo, heatmap):
        assert panel.truth == [((1, 1, 10, 10), False)]
        assert panel.detections == [((1, 1, 10, 10), 0.9)]


def test_a_row_of_masks_goes_from_the_heatmap_to_the_annotation(lessons):
    image = np.full((2, 3, 3), 100, np.uint8)
    masks = {name: np.zeros((2, 3), bool) for name in ("thresholded", "mask")}
    masks["thresholded"][0, 0] = masks["mask"][0, 1] = True
    truth = np.array([[0, 0, 1], [255, 0, 0]], np.uint8)
    found: dict[str, Any] = {"id": "a", "image": image, "heatmap": np.eye(2, 3, dtype=np.float32), "truth": truth}
    found |= {"seeds": np.array([[1, 255, 255], [0, 255, 255]], np.uint8), "boxes": np.array([[2.0, 1, 2, 1]])}
    panels = mask_panels(lessons, cast(ExampleMask, found | masks), CHOICES)
    assert [panel.title for panel in panels] == ["a", "Grad-CAM", "seeds", "cut at 0.35", "refined", "annotated"]
    assert [list(panel.outlines) for panel in panels] == [[], [], [], [], [[2, 1, 2, 1]], []]
    assert np.array_equal(panels[0].image, image)
    assert np.array_equal(panels[1].image, overlaid(lessons, image, found["heatmap"]))
    assert np.array_equal(panels[2].image, painted_seeds(image, found["seeds"]))
    for panel, place in zip(panels[3:], range(3), strict=True):
        kept = (panel.image == 100).all(axis=2)
        assert np.argwhere(kept).tolist() == [[0, place]]  # the others are faded; nobody can tell is not the dog


def test_masks_are_those_of_the_runs_choices_and_target(pictures, shown, monkeypatch, tmp_path):
    draw = Mock(return_value=["m"])
    monkeypatch.setattr(drawing, "example_masks", draw)
    monkeypatch.setattr(drawing, "mask_panels", lambda lessons, mask, choices: [mask, choices["threshold"]])
    scored: Any = {**CONTENT["segmentation"], "choices": CHOICES}
    names = ["segmentation.jpg", "segmentation_curve.svg"]
    assert [figure["file"] for figure in pictures.masks(tmp_path, scored)] == names
    assert shown["segmentation.jpg"] == [["m", 0.35]]
    draw.assert_called_once_with(pictures.experiment, pictures.samples, CHOICES, 4)
    draw.return_value = []
    assert [figure["file"] for figure in pictures.masks(tmp_path, scored)] == names[1:]


def test_what_there_is_not_has_no_figure(pictures, tmp_path):
    assert pictures.masks(tmp_path, None) == faithfulness_curves(tmp_path, None) == pictures.mistake(tmp_path) == []
    assert pictures.worst_failures(tmp_path, 0.5) == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_curves_are_written_where_their_records_say(tmp_path):
    curves = [*score_curves(tmp_path, CONTENT), *faithfulness_curves(tmp_path, CONTENT["truth"])]
    figures = [pipeline(tmp_path, CONTENT), *curves]
    assert len(figures) == 7
    assert {path.name for path in tmp_path.iterdir()} == {figure["file"] for figure in figures}


def test_failures_show_only_the_kinds_that_occur(tmp_path):
    panel = Panel(np.full((100, 100, 3), 128, np.uint8))
    rows = failure_rows({"merged": [panel] * 5, "missed": []})
    assert [row.heading for row in rows] == ["Merged: the box covers several objects at once", ""]
    draw_rows(tmp_path / "failures.jpg", rows, tallest=1.25)
    two_rows = (2 * 1.25 + 0.30 + 0.08) * DPI  # five panels in rows of at most four, one heading
    assert read_image(tmp_path / "failures.jpg").shape[:2] == (pytest.approx(two_rows, abs=2), int(WIDTH * DPI))
