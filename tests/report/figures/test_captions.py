"""Captions and alternative texts."""

from typing import Any

import pytest

from gradcam_lab.report.figures.captions import describe
from tests.synthetic_run import results

CONTENT: Any = results()
TRUTH = CONTENT["truth"]
OURS = CONTENT["table"][0]["name"]
FIGURES = [
    describe("hero.jpg", "dog", True),
    describe("two_classes.jpg", "000123", "dog", "cat"),
    describe("mistake.jpg", "000123", "dog", "cat"),
    describe("cam_vs_gradcam.jpg"),
    describe("input_gradient.jpg"),
    describe("method.jpg", True),
    describe("random.jpg", 10, 0),
    describe("failures.jpg", 0.5),
    describe("threshold_sweep.svg", OURS, CONTENT["threshold"]),
    describe("precision_recall.svg", OURS, False),
    describe("class_ap.svg"),
    describe("segmentation.jpg"),
    describe("segmentation_curve.svg", CONTENT["segmentation"], "dog"),
    describe("replacement.svg", TRUTH["replacement"]),
    describe("randomisation.svg", TRUTH["randomisation"]),
    describe("two_class_test.svg"),
    describe("pipeline.svg", CONTENT["run"]),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["file"])
def test_a_figure_has_a_file_a_caption_and_an_alternative_text(figure):
    assert figure["file"].endswith((".jpg", ".svg"))
    assert figure["caption"].endswith(".")
    assert figure["alt"].endswith(".")


def test_every_figure_has_a_file_of_its_own():
    assert len({figure["file"] for figure in FIGURES}) == len(FIGURES)


def test_the_caption_calls_a_success_what_is_one():
    assert describe("hero.jpg", "dog", True)["caption"].startswith("A success: ")
    assert describe("hero.jpg", "dog", False)["caption"].startswith("The surest detection, though not ")


def test_the_caption_of_the_masks_names_the_colours_of_the_seeds():
    for colour in ("orange", "blue", "grey"):
        assert colour in describe("segmentation.jpg")["caption"]


def test_the_curves_name_whose_boxes_they_are():
    for figure in FIGURES[8:10]:
        assert figure["caption"].startswith("Grad-CAM, 0.75x flipped, watershed: ")


def test_only_a_method_that_cuts_shows_what_stays_above_the_threshold():
    for cut in (True, False):
        assert ("above the threshold" in describe("method.jpg", cut)["caption"]) is cut
        assert ("thresholded region" in describe("method.jpg", cut)["alt"]) is cut
