"""What a function returned as a drawing, and what it was given: one way for each kind of result."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcam_lab.course.views import calls
from gradcam_lab.course.views.scene import Scene
from gradcam_lab.report.figures.beside.drawings import Bars, Boxes, Curve, Curves, Drawing, Grid, Picture, mosaic
from gradcam_lab.report.figures.rgb import dimmed, gradient_strength, painted_seeds
from gradcam_lab.report.text.wording import threshold

Shown = Callable[[Any, Scene], Drawing]
"""From what the function returned, arrays with the reference's shape, to a drawing."""

OUTCOMES = {1: "true", 0: "false", -1: "ignored"}
POINTED = {1: "hit", 0: "miss", -1: "not asked"}


# --- maps and pictures ---


def one_map(values: Any, scene: Scene) -> Grid:
    """A map (h, w), or the only one of a batch (1, h, w)."""
    return Grid(values.reshape(values.shape[-2:]).astype(float))


def strongest_channels(values: Any, scene: Scene) -> Grid:
    """The 16 strongest channels of a feature map (1, K, h, w)."""
    return mosaic(values[0, scene.channels].astype(float))


def map_of_each_class(values: Any, scene: Scene) -> Grid:
    """The maps (1, C, h, w) of all classes, with their names."""
    return mosaic(values[0].astype(float), scene.classifier.class_names)


def strongest_colour(values: Any, scene: Scene) -> Grid:
    """The gradient at the pixels (1, 3, H, W): of the three colours the strongest."""
    return Grid(gradient_strength(values[0].astype(float)))


def picture(values: Any, scene: Scene) -> Picture:
    """An RGB picture; a rounding of one level is no difference."""
    return Picture(np.clip(np.nan_to_num(values.astype(float)), 0, 255).astype(np.uint8), values, tolerance=1)


def mask(values: Any, scene: Scene) -> Picture:
    """A mask (H, W): what it keeps of the photo."""
    return Picture(dimmed(scene.image, values.astype(bool)), values)


def trimap(values: Any, scene: Scene) -> Picture:
    """Seeds (H, W): orange surely the class, blue surely not."""
    return Picture(painted_seeds(scene.image, values), values)


# --- boxes ---


def boxes(values: Any, scene: Scene) -> Boxes:
    """Boxes (n, 4), or with their scores (n, 5)."""
    labels = tuple(f"{score:.2f}" for score in values[:, 4]) if values.shape[1] == 5 else ()
    return Boxes(scene.image, values[:, :4].astype(float), labels)


def kept_boxes(values: Any, scene: Scene) -> Boxes:
    """The candidates of these indices (k,), each with its score."""
    return boxes(scene.candidates[values.astype(int)], scene)


def judged_boxes(values: Any, scene: Scene) -> Boxes:
    """The candidates, each with its outcome, over the objects."""
    words = tuple(OUTCOMES.get(int(value), str(value)) for value in values)
    return Boxes(scene.image, scene.candidates[:, :4], words, scene.objects().boxes)


# --- tables and numbers ---


def overlaps(values: Any, scene: Scene) -> Grid:
    """A table (n, m): a row for each box, a column for each object."""
    rows, columns = values.shape
    return Grid(
        values.astype(float),
        tuple(f"box {i}" for i in range(rows)),
        tuple(f"object {chr(65 + i)}" for i in range(columns)),
    )


def pixel_table(values: Any, scene: Scene) -> Grid:
    """A table (2, 2) of pixels: the true class by the predicted one."""
    names = ("background", scene.name)
    return Grid(values.astype(float), tuple(f"is {name}" for name in names), tuple(f"called {name}" for name in names))


def pointed(values: Any, scene: Scene) -> Grid:
    """A word for each map."""
    return Grid(values.astype(float)[:, None], tuple(calls.maps_to_judge(scene)), ("",), POINTED)


def probabilities(values: Any, scene: Scene) -> Bars:
    """Entries `(name, index, probability)`."""
    return Bars(
        np.array([float(entry[2]) for entry in values]), tuple(str(entry[0]) for entry in values), "probability"
    )


def channel_bars(values: Any, scene: Scene) -> Bars:
    """One bar a channel, of weights (1, K)."""
    return Bars(values[0].astype(float), what="channel")


def scores(values: Any, scene: Scene) -> Bars:
    """The scores that `select_scores` picks."""
    names, versus = scene.classifier.class_names, scene.classifier.class_names[calls.other(scene)]
    each = tuple(f"{name}, of a list" for name in names)
    return Bars(values.astype(float), (*each, f"{scene.name}, for all", f"{scene.name} - {versus}"), "score")


def named(*names: str, what: str = "") -> Shown:
    """Bars of numbers with these names; `{}` in a name is the class."""

    def shown(values: Any, scene: Scene) -> Bars:
        return Bars(np.atleast_1d(values).astype(float), tuple(name.format(scene.name) for name in names), what)

    return shown


# --- curves ---


def precision_over_recall(values: Any, scene: Scene) -> Curves:
    """One curve of step 4."""
    return _precision_recall([Curve(*_points(values))])


def curve_of_each_threshold(values: Any, scene: Scene) -> Curves:
    """The curves of several IoU thresholds, each with its AP."""
    return _precision_recall(
        [Curve(*_points(one.curve), f"IoU {threshold(iou)}, AP", float(one.ap)) for iou, one in values.items()]
    )


def _points(curve: Any) -> tuple[np.ndarray, np.ndarray]:
    precision, recall, _ = curve
    return np.asarray(recall, dtype=float), np.asarray(precision, dtype=float)


def _precision_recall(curves: list[Curve]) -> Curves:
    return Curves(tuple(curves), "recall", "precision")


def walked(values: Any, scene: Scene) -> Curves:
    """A deletion and an insertion, shape (2, steps + 1)."""
    share = np.linspace(0, 1, values.shape[1])
    lines = zip(("deletion", "insertion"), values.astype(float), strict=True)
    curves = tuple(Curve(share, line, name) for name, line in lines)
    return Curves(curves, "share of the pixels", f"p({scene.name})", "center right")


# --- what a function was given ---


def given_photo(scene: Scene) -> Drawing:
    """The photo."""
    return Picture(scene.image, scene.image)


def given_map(scene: Scene) -> Drawing:
    """The map on the layer's grid."""
    return Grid(scene.cam.astype(float))


def given_signed_map(scene: Scene) -> Drawing:
    """The class activation map, with its negative cells."""
    return Grid(scene.signed_cam.astype(float))


def given_heatmap(scene: Scene) -> Drawing:
    """The map at the image's size."""
    return Grid(scene.heatmap.astype(float))


def given_overlay(scene: Scene) -> Drawing:
    """The photo under its heatmap."""
    image = scene.lessons.cam.overlay(scene.image, scene.heat)
    return Picture(image, image)


def given_islands(scene: Scene) -> Drawing:
    """The thresholded map's pixels of the photo."""
    kept = calls.threshold_mask(scene.lessons.boxes, scene)
    return Picture(dimmed(scene.image, kept), kept)


def given_mask(scene: Scene) -> Drawing:
    """The refined mask's pixels of the photo."""
    return mask(scene.mask, scene)


def given_seeds(scene: Scene) -> Drawing:
    """The seeds over the photo."""
    return trimap(scene.seeds, scene)


def given_masks(scene: Scene) -> Drawing:
    """The true mask's pixels of the photo."""
    return mask(scene.true_mask == 1, scene)


def given_candidates(scene: Scene) -> Drawing:
    """Overlapping boxes with their scores."""
    return boxes(scene.candidates, scene)


def given_numbered(scene: Scene) -> Drawing:
    """Overlapping boxes by their numbers, over the objects."""
    numbers = tuple(map(str, range(len(scene.candidates))))
    objects = scene.objects().boxes
    marks = tuple((float(box[:3:2].mean()), float(box[1::2].mean()), chr(65 + i)) for i, box in enumerate(objects))
    return Boxes(scene.image, scene.candidates[:, :4], numbers, objects, marks)


def given_pointers(scene: Scene) -> Drawing:
    """The objects, and the hottest pixel of each map that has one."""
    marks = []
    for name, one in calls.maps_to_judge(scene).items():
        row, column = np.unravel_index(int(one.argmax()), one.shape)
        marks += [(float(column), float(row), name)] if one.min() < one.max() else []
    return Boxes(scene.image, np.zeros((0, 4)), truth=scene.objects().boxes, marks=tuple(marks))


def given_curve(scene: Scene) -> Drawing:
    """The reference's curve of precision and recall."""
    return precision_over_recall(scene.curve, scene)


def given_walks(scene: Scene) -> Drawing:
    """The reference's deletion and insertion."""
    return walked(scene.walked.numpy(), scene)


def given_table(scene: Scene) -> Drawing:
    """The table of pixels."""
    return pixel_table(scene.confusion, scene)


def given_both_classes(scene: Scene) -> Drawing:
    """The photo under its heatmap, with the objects of the class green and those of others orange."""
    image = scene.lessons.cam.overlay(scene.image, scene.heat)
    others = scene.objects(other=True).boxes
    return Boxes(image, others, ("other",) * len(others), scene.objects().boxes)


def given_mirrored(scene: Scene) -> Drawing:
    """The map of the mirrored image, mirrored back."""
    return Grid(calls.mirrored_cam(scene)[:, ::-1].astype(float))
