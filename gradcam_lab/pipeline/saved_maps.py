"""`evaluate --maps`: score maps that anyone has saved, by the rules of wsolevaluation."""

import json as json_text
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.formats import read_truth
from gradcam_lab.data.box_files.ground_truth import ClassGroundTruth
from gradcam_lab.data.box_files.tables import name_of
from gradcam_lab.data.map_files import SavedMaps, find_maps
from gradcam_lab.data.object_masks import find_object_masks, read_object_mask
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate import wsol_scores as wsol
from gradcam_lab.evaluate.bootstrap import estimate, image_draws
from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.pipeline.saved_boxes import cell
from gradcam_lab.pipeline.saved_classes import Options


def evaluate_maps(maps: Path, ground_truth: Path, options: Options, masks: Path | None = None, *, json: bool) -> str:
    """Score saved maps: MaxBoxAcc, MaxBoxAccV2 and, where there are masks, PxAP.

    Args:
        maps: a folder of `id.npy`, or one `.npz`, see `data.map_files`.
        ground_truth: the boxes, in any format that detections are scored against.
        options: what is asked; of these the target, split, boxes, difficult objects, bootstrap and seed.
        masks: a folder of masks, see `data.object_masks`; None for those of a VOC folder.
        json: return JSON instead of a table.

    Raises:
        LabError: a file cannot be used, an image with an object has no map, or the options ask for what boxes have.
    """
    _require_rules_of_maps(options)
    truth = read_truth(ground_truth, target=options.target, split=options.split, boxes=options.boxes)
    truth.require("any" if options.count_difficult else "not difficult", ground_truth)
    saved = find_maps(maps, options.target)
    names = _names(saved, truth, ground_truth, options.count_difficult)
    draws = 1000 if options.bootstrap is None else options.bootstrap
    scores: dict[str, Any] = {
        "protocol": "wsolevaluation",
        "images": len(names),
        **_boxes(saved, truth, names, options, draws),
        "px_ap": _pixels(saved, names, find_object_masks(masks, ground_truth, names), options, draws),
    }
    return json_text.dumps(scores, indent=1, allow_nan=False) if json else _table(scores)


def _require_rules_of_maps(options: Options) -> None:
    asked = {
        "--protocol": options.protocol is not None,
        "--iou": options.iou is not None,
        "--ties": options.ties is not None,
        "--ap": options.ap is not None,
        "--errors": options.errors is not None,
    }
    if wrong := [name for name, given in asked.items() if given]:
        raise LabError(f"--maps has the rules of wsolevaluation: leave out {' and '.join(wrong)}.")


def _names(saved: SavedMaps, truth: ClassGroundTruth, path: Path, count_difficult: bool) -> dict[str, str]:
    """The images with an object, by the name that their map has; maps of other images are left out."""
    holding = {image for image, (_, difficult) in truth.objects.items() if (~difficult | count_difficult).any()}
    found = {name_of(name, truth.objects, truth.names): name for name in saved.arrays}
    if missing := sorted(holding - set(found)):
        raise LabError(
            f"'{saved.path}' lacks the maps of {len(missing)} of {len(holding)} image(s) in which '{path}' has an "
            f"object, first '{missing[0]}': save them too."
        )
    return {image: found[image] for image in truth.objects if image in holding}


def _size(saved: SavedMaps, truth: ClassGroundTruth, image: str, name: str, cam: np.ndarray) -> tuple[float, float]:
    """The image's `(width, height)`: the ground truth's, or the maps', or that of a map of the image's own size."""
    known = truth.sizes.get(image) or saved.sizes.get(name)
    size = known or (float(cam.shape[1]), float(cam.shape[0]))
    if not known and (truth.objects[image][0][:, 2:] > size).any():
        raise LabError(
            f"Nothing says how large the image '{image}' is, and its map in '{saved.path}' has {cam.shape[1]} x "
            f"{cam.shape[0]} cells, less than its boxes: give ground truth in COCO's format with sizes, a folder in "
            "VOC layout, or maps of the images' sizes."
        )
    return size


def _boxes(
    saved: SavedMaps, truth: ClassGroundTruth, names: Mapping[str, str], options: Options, draws: int
) -> dict[str, Any]:
    """MaxBoxAcc, and MaxBoxAccV2 with its parts."""
    right = np.zeros((1 + len(wsol.IOUS), len(names), len(wsol.THRESHOLDS)), bool)
    for row, (image, name) in enumerate(tracked(names.items(), "boxes of maps", len(names))):
        cam, (boxes, difficult) = saved.read(name), truth.objects[image]
        counted = boxes[~difficult | options.count_difficult]
        size = _size(saved, truth, image, name, cam)
        found = wsol.best_overlaps(wsol.score_map(cam), wsol.squashed_boxes(counted, size))
        right[0, row] = found.largest >= wsol.IOU
        right[1:, row] = [found.any_contour >= iou for iou in wsol.IOUS]
    once, counts = np.ones((1, len(names))), image_draws(len(names), options.seed, draws)
    points = [wsol.max_box_acc(part, once)[0] for part in right]
    samples = np.array([wsol.max_box_acc(part, counts) for part in right])
    each = {f"{iou:g}": estimate(points[k], samples[k]) for k, iou in enumerate(wsol.IOUS, start=1)}
    return {
        "max_box_acc": estimate(points[0], samples[0]),
        "max_box_acc_v2": {**estimate(np.mean(points[1:]), samples[1:].mean(axis=0)), "ious": each},
    }


def _pixels(
    saved: SavedMaps, names: Mapping[str, str], masks: Mapping[str, Path], options: Options, draws: int
) -> dict[str, Any] | None:
    """PxAP of the images whose mask has an object; None where none has one."""
    counts: list[wsol.PixelCounts] = []
    for image, path in tracked(masks.items(), "pixels of maps", len(masks)):
        mask = wsol.squashed_mask(read_object_mask(path, options.target))
        if (mask == 1).any():
            counts.append(wsol.pixel_counts(wsol.score_map(saved.read(names[image])), mask))
    if not counts:
        return None
    inside, outside = (np.array(part) for part in zip(*counts, strict=True))
    times = image_draws(len(counts), options.seed, draws)
    point = wsol.px_ap(inside.sum(axis=0)[None], outside.sum(axis=0)[None])[0]
    return {**estimate(point, wsol.px_ap(times @ inside, times @ outside)), "images": len(counts)}


def _table(scores: Mapping[str, Any]) -> str:
    """Return the scores as a plain table in percent."""
    lines = [f"{'':<16}{'':>8}  95%"]
    v2, pixels = scores["max_box_acc_v2"], scores["px_ap"]
    rows: Sequence[tuple[str, MeanWithInterval]] = [
        ("MaxBoxAcc", scores["max_box_acc"]),
        ("MaxBoxAccV2", v2),
        *((f"  at IoU {iou}", row) for iou, row in v2["ious"].items()),
        *([("PxAP", pixels)] if pixels else []),
    ]
    lines += [f"{name:<16}{cell(row['value'], row['low'], row['high'])}".rstrip() for name, row in rows]
    about = f"{scores['images']} images with an object, by the rules of wsolevaluation: the best threshold is chosen on"
    lines.append(f"{about} these very images.")
    if pixels:
        lines.append(f"PxAP is that of the {pixels['images']} images with a mask.")
    return "\n".join(lines)
