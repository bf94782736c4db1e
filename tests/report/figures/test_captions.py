"""Captions and alternative texts."""

from typing import Any

import pytest

from gradcam_lab.report.figures import captions
from tests.synthetic_run import results

CONTENT: Any = results()
TRUTH = CONTENT["truth"]
FIGURES = [
    captions.hero("dog", True),
    captions.two_classes("000123", "dog", "cat"),
    captions.mistake("000123", "dog", "cat"),
    captions.cam_vs_gradcam(),
    captions.input_gradient(),
    captions.method(cut=True),
    captions.random_images(10, 0),
    captions.failures(0.5),
    captions.threshold_sweep(CONTENT["table"], CONTENT["threshold"]),
    captions.precision_recall(CONTENT["table"]),
    captions.class_ap(),
    captions.segmentation(),
    captions.segmentation_curve(CONTENT["segmentation"], "dog"),
    captions.replacement(TRUTH),
    captions.randomisation(TRUTH),
    captions.two_class_test(),
]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure["file"])
def test_a_figure_has_a_file_a_caption_and_an_alternative_text(figure):
    assert figure["file"].endswith((".jpg", ".svg"))
    assert figure["caption"].endswith(".")
    assert figure["alt"].endswith(".")


def test_every_figure_has_a_file_of_its_own():
    assert len({figure["file"] for figure in FIGURES}) == len(FIGURES)


def test_the_caption_calls_a_success_what_is_one():
    assert captions.hero("dog", True)["caption"].startswith("A success: ")
    assert captions.hero("dog", False)["caption"].startswith("The surest detection, though not ")


def test_the_caption_of_the_masks_names_the_colours_of_the_seeds():
    for colour in ("orange", "blue", "grey"):
        assert colour in captions.segmentation()["caption"]


def test_the_curves_name_whose_boxes_they_are():
    for figure in FIGURES[8:10]:
        assert figure["caption"].startswith("Grad-CAM, 0.75x flipped, watershed: ")


def test_only_a_method_that_cuts_shows_what_stays_above_the_threshold():
    for cut in (True, False):
        assert ("above the threshold" in captions.method(cut)["caption"]) is cut
        assert ("thresholded region" in captions.method(cut)["alt"]) is cut
