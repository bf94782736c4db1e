"""`evaluate`: the scores of any boxes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from gradcam_lab.api.checked import CONVENTION, checked
from gradcam_lab.api.sentences import sentences
from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.box_files.formats import Source
from gradcam_lab.data.box_files.in_memory import in_memory
from gradcam_lab.evaluate.records import ScoreRow
from gradcam_lab.pipeline.saved_boxes import Rules, evaluate_files


@sentences()
@checked(boxes=CONVENTION)
def evaluate(
    detections: str | Path | Mapping[Any, Any] | Sequence[Mapping[str, Any]],
    ground_truth: str | Path | Mapping[Any, Any],
    *,
    target: str | None = None,
    split: str = "test",
    boxes: Convention = "voc",
    iou: Sequence[float] = (0.3, 0.4, 0.5),
    ties: Literal["group", "order"] = "group",
    ap: Literal["area", "11point"] = "area",
    count_difficult: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, ScoreRow]:
    """Score boxes: AP, recall and CorLoc, with 95% bootstrap intervals over the images.

    Boxes are `xmin, ymin, xmax, ymax` in VOC's pixels, 1-based, both ends inclusive, if `boxes` does not say otherwise.

    Args:
        detections: the boxes of each image, `{image: array of shape (n, 5)}` with the score last, an image without any
            box included or not; or a file of them, as the command takes it: JSON, COCO results, or VOC's `comp4` text.
        ground_truth: the objects of each image, `{image: array of shape (m, 4)}`, every image included; where some are
            difficult, a list of `{"box": [...], "difficult": True}`; or a file, or a folder in VOC layout.
        target: the class, where the files hold several.
        split: the split of a folder in VOC layout.
        boxes: how arrays, our JSON and `comp4` text state them: `"voc"`, `"zero-based"` (corners counted from 0),
            `"coco"` (x, y, width, height) or, with ground truth that has sizes, `"relative"`.
        iou: IoU thresholds, each between 0 and 1; a match needs more.
        ties: boxes of equal scores count as one step of the curve, `"group"`, or in their own order, `"order"`.
        ap: the area below all points, `"area"`, or VOC2007's mean of eleven, `"11point"`.
        count_difficult: count difficult objects like all others.
        bootstrap: number of samples behind the intervals; 0 for none.
        seed: of the bootstrap.

    Returns:
        For each IoU threshold its scores, all fractions: `ap`, `recall` and `corloc`, each with `_low` and `_high`, the
        ends of its interval, and the range of AP over the orders of equal scores. What is not defined is None.

    Raises:
        LabError: a box is none, the detections name an image that the ground truth does not, a file cannot be used, or
            there is no object to find.

    Examples:
        >>> import gradcam_lab as lab
        >>> import numpy as np
        >>> found = {"a": np.array([[10, 10, 50, 50, 0.9], [60, 60, 80, 90, 0.4]]), "b": np.empty((0, 5))}
        >>> truth = {"a": np.array([[12, 10, 50, 52]]), "b": np.array([[5, 5, 30, 30]])}
        >>> scores = lab.evaluate(found, truth, iou=[0.5])
        >>> scores["0.5"]["ap"], scores["0.5"]["recall"]
        (0.5, 0.5)
    """
    rules = Rules(tuple(iou), ties, ap, count_difficult, bootstrap, seed)
    sources = _source("detections", detections), _source("ground_truth", ground_truth)
    return evaluate_files(*sources, rules, target=target, split=split, boxes=None if boxes == "voc" else boxes)


def _source(name: str, boxes: object) -> Source:
    return Path(boxes) if isinstance(boxes, str | Path) else in_memory(name, boxes)
