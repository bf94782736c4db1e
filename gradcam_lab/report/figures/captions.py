"""The figures of a run: each function draws one file into `figures/` and returns its record for `figures.json`.

The pipeline decides which images to show and computes the maps; what they look like and what their captions say is
decided here. A record is `{"file", "section", "key", "caption", "alt"}`, all plain text; the report's sections ask for
figures by `key`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradcam_lab.report.figures.photos import SHOWN_SCORE, Panel, Row, draw_photos, draw_rows, in_rows
from gradcam_lab.report.figures.plots import (
    draw_class_ap,
    draw_precision_recall,
    draw_randomisation,
    draw_replacement,
    draw_segmentation_curve,
    draw_threshold_sweep,
    draw_two_classes,
)
from gradcam_lab.report.text.wording import FAILURES, threshold

Record = dict[str, str]

_BOXES = (
    "Green boxes are annotated (dashed: difficult), orange boxes are detected, with their score "
    f"(those below {SHOWN_SCORE} are left out)."
)


def hero(folder: Path, panels: Sequence[Panel], target: str, success: bool) -> Record:
    """Draw the picture of the title page: the photo and its heatmap, with boxes."""
    draw_photos(folder / "hero.jpg", panels, columns=len(panels), tallest=4.6)
    kind = "A success" if success else "The surest detection, though not every object is found"
    return {
        "file": "hero.jpg",
        "section": "title",
        "key": "hero",
        "caption": f"{kind}: asked whether there is a {target}, the heatmap answers where. {_BOXES}",
        "alt": f"A photo with a {target}, and the same photo under its heatmap, with their boxes.",
    }


def two_classes(folder: Path, panels: Sequence[Panel], image: str, classes: Sequence[str]) -> Record:
    """Draw one image beside its maps for two classes (panels: image, map of the first, map of the second)."""
    first, second = classes
    draw_photos(folder / "two_classes.jpg", panels, columns=len(panels))
    return {
        "file": "two_classes.jpg",
        "section": "cam",
        "key": "two_classes",
        "caption": f"Image {image}, and where the same forward pass finds evidence for {first} and for {second}. "
        "Each map is scaled by its own maximum: compare where they are hot, not how hot.",
        "alt": f"Image {image} beside two heatmaps of it, one for {first} and one for {second}.",
    }


def mistake(folder: Path, panels: Sequence[Panel], image: str, target: str, other: str) -> Record:
    """Draw the surest false alarm (panels: image, map of the target that is not there, map of a class that is)."""
    draw_photos(folder / "mistake.jpg", panels, columns=len(panels))
    return {
        "file": "mistake.jpg",
        "section": "cam",
        "key": "mistake",
        "caption": f"The surest false alarm of test: image {image} holds no {target}. Its map for {target}, and for {other}, "
        "which is there.",
        "alt": f"Image {image} beside two heatmaps: one for {target}, which is not in it, and one for {other}, which is.",
    }


def cam_vs_gradcam(folder: Path, rows: Sequence[Sequence[Panel]]) -> Record:
    """Draw CAM beside Grad-CAM, one image a row (panels: image, CAM, Grad-CAM)."""
    draw_rows(folder / "cam_vs_gradcam.jpg", [Row(panels) for panels in rows], tallest=1.3)
    return {
        "file": "cam_vs_gradcam.jpg",
        "section": "gradcam",
        "key": "cam_vs_gradcam",
        "caption": "The image, its class activation map after ReLU, and Grad-CAM at the same layer.",
        "alt": "Rows of three pictures: an image, its class activation map and its Grad-CAM map, which look the same.",
    }


def input_gradient(folder: Path, panels: Sequence[Panel]) -> Record:
    """Draw the image, the gradient at its pixels, and Grad-CAM."""
    draw_photos(folder / "input_gradient.jpg", panels, columns=len(panels))
    return {
        "file": "input_gradient.jpg",
        "section": "gradcam",
        "key": "input_gradient",
        "caption": "The gradient of the score at the pixels (largest absolute value of the three colours) beside "
        "Grad-CAM: fine and noisy against coarse and calm.",
        "alt": "An image, the speckled gradient at its pixels, and the smooth Grad-CAM map of the same score.",
    }


def method(folder: Path, panels: Sequence[Panel]) -> Record:
    """Draw the way from the map to the boxes (panels: image, coarse map, upsampled map, perhaps mask, boxes)."""
    cut = " what stays above the threshold;" if len(panels) == 5 else ""
    draw_photos(folder / "method.jpg", panels, columns=3, tallest=1.9)
    return {
        "file": "method.jpg",
        "section": "boxes",
        "key": "method",
        "caption": "From the map to boxes: the image; the raw map, one square a cell; the map upsampled to the image;"
        f"{cut} the boxes. {_BOXES}",
        "alt": "Pictures of one image: plain, under coarse heat cells, under the smooth heatmap,"
        f"{' with the thresholded region kept and the rest faded,' if cut else ''} and with the resulting boxes.",
    }


def random_images(folder: Path, panels: Sequence[Panel], seed: int) -> Record:
    """Draw images of test that were drawn by lot."""
    draw_photos(folder / "random.jpg", panels, columns=4, tallest=2.4)
    return {
        "file": "random.jpg",
        "section": "results",
        "key": "random",
        "caption": f"Images of test, drawn by lot (seed {seed}) and not chosen by anyone. {_BOXES}",
        "alt": f"{len(panels)} test images with annotated boxes in green and detected boxes in orange.",
    }


def failures(folder: Path, panels: Mapping[str, Sequence[Panel]], iou: float) -> Record:
    """Draw the worst failures, one heading for each kind that occurs, in the order of `FAILURES`."""
    rows = []
    for kind, meaning in FAILURES.items():
        for number, part in enumerate(in_rows(panels.get(kind, ()), columns=4)):
            rows.append(Row(part, f"{kind.capitalize()}: {meaning}" if number == 0 else ""))
    draw_rows(folder / "failures.jpg", rows, tallest=1.25)
    return {
        "file": "failures.jpg",
        "section": "results",
        "key": "failures",
        "caption": f"The worst failures at IoU {iou:g}, sorted by kind. {_BOXES}",
        "alt": "Test images on which the detection failed, grouped as missed, head only, merged and context.",
    }


def ours_of(results: dict[str, Any]) -> str:
    """The name of the method whose boxes these are."""
    return next(str(row["name"]) for row in results["table"] if row["kind"] == "ours")


def threshold_sweep(folder: Path, results: dict[str, Any]) -> Record:
    """Draw AP over the threshold, on val and on test."""
    draw_threshold_sweep(folder / "threshold_sweep.svg", results)
    sweep = results["threshold"]
    return {
        "file": "threshold_sweep.svg",
        "section": "boxes",
        "key": "threshold_sweep",
        "caption": f"{ours_of(results)}: AP of its boxes over the threshold. The dashed line is the threshold of {threshold(sweep['chosen'])} that val chose; "
        f"the blue point is the one that would have been best on test ({threshold(sweep['oracle']['threshold'])}), an oracle "
        "that no honest method may use.",
        "alt": "Two line plots of average precision over the threshold, for the validation and the test split, with "
        "the chosen threshold and the oracle marked.",
    }


def precision_recall(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the precision-recall curves of our boxes on test."""
    draw_precision_recall(folder / "precision_recall.svg", results)
    return {
        "file": "precision_recall.svg",
        "section": "metrics",
        "key": "precision_recall",
        "caption": f"{ours_of(results)}: precision over recall of its boxes on test (dark line), and the interpolated curve "
        "(orange), whose area is AP.",
        "alt": "Precision-recall curves at each IoU threshold, with the area under the interpolated curve shaded.",
    }


def class_ap(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the classifier's AP for each class."""
    draw_class_ap(folder / "class_ap.svg", results)
    return {
        "file": "class_ap.svg",
        "section": "metrics",
        "key": "class_ap",
        "caption": "AP of the classifier on test for each class (in brackets the number of images that hold it). "
        "The dashed line is the mean.",
        "alt": "Bars of the classifier's average precision for each class.",
    }


def segmentation(folder: Path, rows: Sequence[Sequence[Panel]]) -> Record:
    """Draw the way to a mask, one image a row (panels: image, heatmap, seeds, cut map, refined mask with boxes, truth)."""
    draw_rows(folder / "segmentation.jpg", [Row(panels) for panels in rows], tallest=1.3)
    return {
        "file": "segmentation.jpg",
        "section": "segmentation",
        "key": "segmentation",
        "caption": "From a heatmap to a mask: the image; its heatmap; the seeds, orange for sure foreground, blue for "
        "sure background, grey for unknown; the map cut at the threshold; the refined mask, with orange boxes around "
        "its islands; the annotated mask.",
        "alt": "Rows of six pictures: an image, its heatmap, the seeds painted on it, the thresholded map, the refined "
        "mask with its boxes, and the true mask.",
    }


def segmentation_curve(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the IoU of the cut map over the threshold, on val and on test."""
    draw_segmentation_curve(folder / "segmentation_curve.svg", results)
    chosen = results["segmentation"]["choices"]["threshold"]
    return {
        "file": "segmentation_curve.svg",
        "section": "segmentation",
        "key": "segmentation_curve",
        "caption": f"IoU of the map that is cut at a threshold, on val (grey) and on test (orange). The dashed vertical "
        f"line is the threshold of {chosen:.2f} that val chose. The horizontal lines have no threshold: the refined "
        "mask (blue) and the better centre box (dotted) on test.",
        "alt": "Two line plots of intersection over union by threshold, one of the mean over the classes and one of "
        f"{results['run']['target']}, with levels for the refined mask and for the centre box.",
    }


def replacement(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the curves of deletion and insertion."""
    draw_replacement(folder / "replacement.svg", results)
    return {
        "file": "replacement.svg",
        "section": "truth",
        "key": "replacement",
        "caption": "The probability while pixels are exchanged, the hottest first: deletion, where it should fall "
        "quickly, and insertion, where it should rise quickly. In brackets the mean area under the curve, over "
        f"{results['truth']['replacement']['images']} images.",
        "alt": "Two line plots of the probability over the share of exchanged pixels, for Grad-CAM, the centre map and "
        "the random map.",
    }


def randomisation(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the rank correlation along the cascade of layers made random."""
    draw_randomisation(folder / "randomisation.svg", results)
    test = results["truth"]["randomisation"]
    return {
        "file": "randomisation.svg",
        "section": "truth",
        "key": "randomisation",
        "caption": "Rank correlation of the real maps with those of a network whose weights are random from the last "
        f"layer down to the named one: mean and 95% interval over {test['images']} images, thin lines for each of the "
        f"{test['seeds']} random networks. The horizontal lines are what a centre map and a random map reach.",
        "alt": "A line plot of the rank correlation at each stage of the cascade, with two horizontal baselines.",
    }


def two_class_test(folder: Path, results: dict[str, Any]) -> Record:
    """Draw the heat on the other class, less its area, for each pair of classes."""
    draw_two_classes(folder / "two_class_test.svg", results)
    return {
        "file": "two_class_test.svg",
        "section": "truth",
        "key": "two_class_test",
        "caption": "The share of a class's heat that lies on another class's objects, less the share of the area that "
        "they cover, with 95% intervals (in brackets the number of images). Left of 0 the map avoids the other class. Blue: the interval lies left of 0.",
        "alt": "Points with intervals, one for each ordered pair of classes, beside a vertical line at 0.",
    }
