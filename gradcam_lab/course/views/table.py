"""Which view each function of the course has: a row for every one that a student writes."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gradcam_lab.course.views import calls, shown
from gradcam_lab.course.views.scene import IMAGES, IOU, Scene
from gradcam_lab.course.views.shown import Shown
from gradcam_lab.report.figures.beside.drawings import Drawing


class View(NamedTuple):
    """How a function's result is looked at.

    Attributes:
        call: calls the lesson's function on a scene.
        shown: makes a drawing of what it returned.
        given: draws what the function was given; None where there is nothing to see.
        named: what that is, in a word or two.
        rows: whether the first axis may be of another length than the reference's: another number of boxes.
        many: whether it is about many images at once, and not one.
    """

    call: Callable[[Any, Scene], Any]
    shown: Shown
    given: Callable[[Scene], Drawing] | None = None
    named: str = ""
    rows: bool = False
    many: bool = False


PHOTO = shown.given_photo, "the image"
CURVE = shown.given_curve, f"the curve, IoU > {IOU}"

VIEWS: dict[str, View] = {
    # step 1
    "predict": View(calls.predict, shown.probabilities, *PHOTO),
    "get_features": View(calls.get_features, shown.strongest_channels, *PHOTO),
    "compute_cam": View(calls.compute_cam, shown.one_map, *PHOTO),
    "normalize_map": View(calls.normalize_map, shown.one_map, shown.given_signed_map, "the raw map"),
    "overlay": View(calls.overlay, shown.picture, *PHOTO),
    # step 2
    "channel_weights": View(calls.channel_weights, shown.channel_bars, *PHOTO),
    "weighted_map": View(calls.weighted_map, shown.one_map, *PHOTO),
    "watched": View(calls.watched, shown.strongest_channels, *PHOTO),
    "select_scores": View(calls.select_scores, shown.scores, *PHOTO),
    "GradCAM.__call__": View(calls.gradcam, shown.one_map, *PHOTO),
    "GradCAM.all_classes": View(calls.all_classes, shown.map_of_each_class, *PHOTO),
    "input_gradient": View(calls.input_gradient, shown.strongest_colour, *PHOTO),
    "vgg_gradcam": View(calls.vgg_gradcam, shown.one_map, *PHOTO),
    # step 3
    "upsample": View(calls.upsample, shown.one_map, shown.given_map, "the map"),
    "threshold_mask": View(calls.threshold_mask, shown.mask, shown.given_heatmap, "the heatmap"),
    "mask_to_boxes": View(calls.mask_to_boxes, shown.boxes, shown.given_islands, "the mask", rows=True),
    "nms": View(calls.nms, shown.kept_boxes, shown.given_candidates, "all boxes", rows=True),
    "detect": View(calls.detect, shown.boxes, shown.given_overlay, "the heatmap", rows=True),
    # step 4
    "box_iou": View(calls.box_iou, shown.overlaps, shown.given_numbered, "boxes and objects"),
    "match_detections": View(calls.match_detections, shown.judged_boxes, shown.given_candidates, "the boxes"),
    "precision_recall": View(calls.precision_recall, shown.precision_over_recall, many=True),
    "average_precision": View(calls.average_precision, shown.named("area", "11point", what="AP"), *CURVE, many=True),
    "evaluate": View(calls.evaluate, shown.curve_of_each_threshold, many=True),
    # step 5
    "seeds": View(calls.seeds, shown.trimap, shown.given_heatmap, "the heatmap"),
    "refine": View(calls.refine, shown.mask, shown.given_seeds, "the seeds"),
    "confusion": View(calls.confusion, shown.pixel_table, shown.given_masks, "the true mask"),
    "class_iou": View(calls.class_iou, shown.named("background", "{}", what="IoU"), shown.given_table, "pixels"),
    "mean_iou": View(calls.mean_iou, shown.named("mean IoU"), shown.given_table, "pixels"),
    "mask_box": View(calls.mask_box, shown.boxes, shown.given_mask, "the mask", rows=True),
    # step 6
    "pointing_game": View(calls.pointing_game, shown.pointed, shown.given_pointers, "the hottest pixels"),
    "replacement_curve": View(calls.replacement_curve, shown.walked, shown.given_overlay, "the heatmap"),
    "area_under": View(
        calls.area_under, shown.named("deletion", "insertion", what="area"), shown.given_walks, "the curves"
    ),
    "rank_correlation": View(calls.rank_correlation, shown.named(*calls.COMPARED), shown.given_map, "Grad-CAM's map"),
    "reinitialised": View(calls.reinitialised, shown.one_map, shown.given_map, "before"),
    "heat_on_other": View(
        calls.heat_on_other,
        shown.named("heat", "area", what="share on others"),
        shown.given_both_classes,
        "the heatmap",
    ),
    "mirror_shift": View(
        calls.mirror_shift, shown.named("shift", what="cells"), shown.given_mirrored, "the mirrored one, turned back"
    ),
}
"""A function that is not here has no view; a test holds that every one of the course is."""


def where(view: View, scene: Scene) -> str:
    """Say of which class in which image a view is, or of which images."""
    if not view.many:
        return scene.title
    return f"{scene.name}, in {IMAGES} images of ToyVOC's test split from number {scene.wish.number} on"
