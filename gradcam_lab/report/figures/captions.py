"""The captions and alternative texts of the report's figures, as words.

Each function returns the record of one figure, as `figures.json` lists it. A section asks for a figure by the name of
its file without the ending.
"""

from collections.abc import Sequence

from typing_extensions import TypedDict

from gradcam_lab.evaluate.faithfulness.records import Faithfulness
from gradcam_lab.evaluate.records import Segmentation, TableRow, Threshold
from gradcam_lab.report.figures.photos import SHOWN_SCORE
from gradcam_lab.report.text.wording import threshold


class Figure(TypedDict):
    """A figure: its file in the folder of figures, its alternative text and its caption, both plain text."""

    file: str
    alt: str
    caption: str


_BOXES = (
    "Green boxes are annotated (dashed: difficult), orange boxes are detected, with their score "
    f"(those below {SHOWN_SCORE} are left out)."
)


def hero(target: str, success: bool) -> Figure:
    """The picture of the title page: the photo and its heatmap, with boxes."""
    kind = "A success" if success else "The surest detection, though not every object is found"
    return Figure(
        file="hero.jpg",
        alt=f"A photo with a {target}, and the same photo under its heatmap, with their boxes.",
        caption=f"{kind}: asked whether there is a {target}, the heatmap answers where. {_BOXES}",
    )


def two_classes(image: str, first: str, second: str) -> Figure:
    """One image beside its maps for two classes."""
    return Figure(
        file="two_classes.jpg",
        alt=f"Image {image} beside two heatmaps of it, one for {first} and one for {second}.",
        caption=f"Image {image}, and where the same forward pass finds evidence for {first} and for {second}. "
        "Each map is scaled by its own maximum: compare where they are hot, not how hot.",
    )


def mistake(image: str, target: str, other: str) -> Figure:
    """The surest false alarm, beside its maps for the target, which is not there, and for a class that is."""
    return Figure(
        file="mistake.jpg",
        alt=f"Image {image} beside two heatmaps: one for {target}, which is not in it, and one for {other}, which is.",
        caption=f"The surest false alarm of test: image {image} holds no {target}. Its map for {target}, and for "
        f"{other}, which is there.",
    )


def cam_vs_gradcam() -> Figure:
    """CAM beside Grad-CAM."""
    return Figure(
        file="cam_vs_gradcam.jpg",
        alt="Rows of three pictures: an image, its class activation map and its Grad-CAM map, which look the same.",
        caption="The image, its class activation map after ReLU, and Grad-CAM at the same layer.",
    )


def input_gradient() -> Figure:
    """The image, the gradient at its pixels, and Grad-CAM."""
    return Figure(
        file="input_gradient.jpg",
        alt="An image, the speckled gradient at its pixels, and the smooth Grad-CAM map of the same score.",
        caption="The gradient of the score at the pixels (largest absolute value of the three colours) beside "
        "Grad-CAM: fine and noisy against coarse and calm.",
    )


def method(cut: bool) -> Figure:
    """The way from the map to the boxes; `cut` says whether a panel shows what stays above the threshold."""
    return Figure(
        file="method.jpg",
        alt="Pictures of one image: plain, under coarse heat cells, under the smooth heatmap,"
        f"{' with the thresholded region kept and the rest faded,' if cut else ''} and with the resulting boxes.",
        caption="From the map to boxes: the image; the raw map, one square a cell; the map upsampled to the image;"
        f"{' what stays above the threshold;' if cut else ''} the boxes. {_BOXES}",
    )


def random_images(count: int, seed: int) -> Figure:
    """Images of test that were drawn by lot."""
    return Figure(
        file="random.jpg",
        alt=f"{count} test images with annotated boxes in green and detected boxes in orange.",
        caption=f"Images of test, drawn by lot (seed {seed}) and not chosen by anyone. {_BOXES}",
    )


def failures(iou: float) -> Figure:
    """The worst failures, by kind."""
    return Figure(
        file="failures.jpg",
        alt="Test images on which the detection failed, grouped as missed, head only, merged and context.",
        caption=f"The worst failures at IoU {iou:g}, sorted by kind. {_BOXES}",
    )


def threshold_sweep(table: Sequence[TableRow], sweep: Threshold) -> Figure:
    """AP over the threshold, on val and on test."""
    return Figure(
        file="threshold_sweep.svg",
        alt="Two line plots of average precision over the threshold, for the validation and the test split, with "
        "the chosen threshold and the oracle marked.",
        caption=f"{our_name(table)}: AP of its boxes over the threshold. The dashed line is the threshold of "
        f"{threshold(sweep['chosen'])} that val chose; the blue point is the one that would have been best on test "
        f"({threshold(sweep['oracle']['threshold'])}), an oracle that no honest method may use.",
    )


def precision_recall(table: Sequence[TableRow]) -> Figure:
    """The precision-recall curves of our boxes on test."""
    return Figure(
        file="precision_recall.svg",
        alt="Precision-recall curves at each IoU threshold, with the area under the interpolated curve shaded.",
        caption=f"{our_name(table)}: precision over recall of its boxes on test (dark line), and the interpolated "
        "curve (orange), whose area is AP.",
    )


def our_name(table: Sequence[TableRow]) -> str:
    """The name of the method whose boxes the report shows."""
    return next(row["name"] for row in table if row["kind"] == "ours")


def class_ap() -> Figure:
    """The classifier's AP for each class."""
    return Figure(
        file="class_ap.svg",
        alt="Bars of the classifier's average precision for each class.",
        caption="AP of the classifier on test for each class (in brackets the number of images that hold it). "
        "The dashed line is the mean.",
    )


def segmentation() -> Figure:
    """The way from a heatmap to a mask."""
    return Figure(
        file="segmentation.jpg",
        alt="Rows of six pictures: an image, its heatmap, the seeds painted on it, the thresholded map, the refined "
        "mask with its boxes, and the true mask.",
        caption="From a heatmap to a mask: the image; its heatmap; the seeds, orange for sure foreground, blue for "
        "sure background, grey for unknown; the map cut at the threshold; the refined mask, with orange boxes around "
        "its islands; the annotated mask.",
    )


def segmentation_curve(masks: Segmentation, target: str) -> Figure:
    """IoU of the thresholded map over the threshold, on val and on test."""
    return Figure(
        file="segmentation_curve.svg",
        alt="Two line plots of intersection over union by threshold, one of the mean over the classes and one of "
        f"{target}, with levels for the refined mask and for the centre box.",
        caption=f"IoU of the map that is cut at a threshold, on val (grey) and on test (orange). The dashed vertical "
        f"line is the threshold of {masks['choices']['threshold']:.2f} that val chose. The horizontal lines have no "
        "threshold: the refined mask (blue) and the better centre box (dotted) on test.",
    )


def replacement(faithfulness: Faithfulness) -> Figure:
    """The curves of deletion and insertion."""
    return Figure(
        file="replacement.svg",
        alt="Two line plots of the probability over the share of exchanged pixels, for Grad-CAM, the centre map and "
        "the random map.",
        caption="The probability while pixels are exchanged, the hottest first: deletion, where it should fall "
        "quickly, and insertion, where it should rise quickly. In brackets the mean area under the curve, over "
        f"{faithfulness['replacement']['images']} images.",
    )


def randomisation(faithfulness: Faithfulness) -> Figure:
    """The rank correlation along the cascade of layers made random."""
    test = faithfulness["randomisation"]
    return Figure(
        file="randomisation.svg",
        alt="A line plot of the rank correlation at each stage of the cascade, with two horizontal baselines.",
        caption="Rank correlation of the real maps with those of a network whose weights are random from the last "
        f"layer down to the named one: mean and 95% interval over {test['images']} images, thin lines for each of the "
        f"{test['seeds']} random networks. The horizontal lines are what a centre map and a random map reach.",
    )


def two_class_test() -> Figure:
    """The heat on the other class less its area, for each pair of classes."""
    return Figure(
        file="two_class_test.svg",
        alt="Points with intervals, one for each ordered pair of classes, beside a vertical line at 0.",
        caption="The share of a class's heat that lies on another class's objects, less the share of the area that "
        "they cover, with 95% intervals (in brackets the number of images). Left of 0 the map avoids the other class. "
        "Blue: the interval lies left of 0.",
    )
