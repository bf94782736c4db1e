"""A finished run with invented numbers that keep to the schema of `results.json`: what the tests of the report read."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from gradcam_lab.data.sample import Box
from gradcam_lab.files import write_json
from gradcam_lab.report.figures.captions import FigureEntry, describe
from gradcam_lab.report.figures.photos import Panel, Row, draw_rows, in_rows
from gradcam_lab.report.figures.pictures import failure_rows, faithfulness_curves, pipeline, score_curves
from gradcam_lab.report.figures.plots import draw_segmentation_curve
from gradcam_lab.report.figures.rgb import dimmed, painted_seeds
from gradcam_lab.report.published import PUBLISHED
from gradcam_lab.report.results import Results

STEPS = ("step1_cam", "step2_gradcam", "step3_boxes", "step4_metrics", "step5_segmentation", "step6_faithfulness")
YOUNG = ("methods", "segmentation", "truth")
"""The keys of the parts that not every run has."""
CLASSES = {"boat": 0.88, "car": 0.93, "cat": 0.81, "dog": 0.936, "horse": 0.95, "person": 0.9}


def results() -> dict[str, Any]:
    """Return the content of a `results.json`."""
    grid = [round(0.05 * i, 2) for i in range(1, 20)]
    return {
        "schema": "gradcam-lab/results/1",
        "run": {
            "data": "toyvoc",
            "data_root": "/home/someone/.cache/gradcam-lab/toyvoc-1",
            "target": "dog",
            "classifier": "embedded",
            "architecture": "resnet (ToyNet)",
            "weights": "embedded",
            "layer": "layer4",
            "output": "sigmoid",
            "input_size": 224,
            "seed": 0,
            "limit": None,
            "precision": "float32",
            "quick": False,
            "method": {"name": "pair+watershed", "title": METHODS["pair+watershed"][0], "asked": None}
            | {"find": "watershed", "views": 2, "shared": False},
            "parameters": {
                "min_area": 30,
                "iou_thresholds": [0.3, 0.4, 0.5],
                "ties": "group",
                "ap": "area",
                "nms": 0.5,
                "bootstrap": 1000,
            },
        },
        "provenance": {
            "gradcam_lab": "0.1.0",
            "python": "3.11.7",
            "torch": "2.9.0+cpu",
            "torchvision": "0.24.0",
            "opencv": "4.12.0",
            "numpy": "2.3.1",
            "platform": "Linux-6.1-x86_64",
            "data_sha256": "4f" * 32,
            "weights_sha256": "a0" * 32,
            "code_sha256": {step: sha256_of_lesson(step) for step in STEPS},
            "command": "gradcam-lab run-all --data toyvoc",
        },
        "implementation": dict.fromkeys(STEPS, "reference"),
        "course": None,
        "answers": {},
        "data": {
            "splits": {
                "val": {"images": 300, "images_with_target": 112, "objects": 131, "difficult": 5},
                "test": {"images": 400, "images_with_target": 151, "objects": 178, "difficult": 8},
            },
            "skipped": [],
        },
        "classifier": {
            "recipe": {
                "epochs": 24,
                "batch": 64,
                "optimiser": "AdamW",
                "learning_rate": 0.003,
                "scores": {"map": 0.921},
            },
            "classes": {name: {"ap": ap, "positives": 40 + 17 * i} for i, (name, ap) in enumerate(CLASSES.items())},
            "map": 0.901,
            "map_low": 0.884,
            "map_high": 0.917,
            "images": 400,
        },
        "top5": {
            "image": "000123",
            "true": ["boat", "dog"],
            "predictions": [
                ["dog", 3, 0.981],
                ["cat", 2, 0.62],
                ["boat", 0, 0.31],
                ["horse", 4, 0.05],
                ["car", 1, 0.004],
            ],
        },
        "threshold": {
            "grid": grid,
            "val": sweep(grid, 0.35, 0.62),
            "chosen": 0.35,
            "test": sweep(grid, 0.3, 0.58),
            "oracle": {"threshold": 0.3, "mean_ap": 0.58},
        },
        "iou_thresholds": [0.3, 0.4, 0.5],
        "table": table(),
        "leads": leads(),
        "curves": {iou: curve(end) for iou, end in (("0.3", 0.86), ("0.4", 0.74), ("0.5", 0.58))},
        "cam_vs_gradcam": {"images": 16, "max_relative_difference": 1.9e-7, "mean_cosine": 1.0},
        "failures": {"counts": {"missed": 9, "head only": 31, "merged": 12, "context": 19}, "iou": 0.5},
        "published": PUBLISHED,
        "methods": methods(),
        "segmentation": segmentation(),
        "truth": truth(),
        "alignment": alignment(),
        "throughput": throughput(),
    }


def leads() -> dict[str, Any]:
    """Return what ours has more than plain Grad-CAM and than the scored centre boxes; at the last IoU, hardly."""
    ahead = {iou: {"ap": 0.082, "ap_low": 0.031, "ap_high": 0.129} for iou in ("0.3", "0.4")}
    row = {**ahead, "0.5": {"ap": 0.012, "ap_low": -0.021, "ap_high": 0.044}}
    return dict.fromkeys(("Grad-CAM", "C: scored centre box, s=0.3", "C: scored centre box, s=0.5"), row)


def older(content: dict[str, Any]) -> dict[str, Any]:
    """Return the results as they were before there were methods, masks and tests of the heatmap."""
    run = {key: value for key, value in content["run"].items() if key not in ("quick", "method")}
    rest = {key: value for key, value in content.items() if key not in (*YOUNG, "leads", "throughput")}
    return {**rest, "run": run, "table": plain_table()}


def without(*parts: str, **run: Any) -> dict[str, Any]:
    """Return the results of a run that left out parts; words about the run may be changed."""
    content = results()
    return {**content, **dict.fromkeys(parts), "run": {**content["run"], **run}}


def plain() -> dict[str, Any]:
    """Return the results of a run whose boxes are plain Grad-CAM's, by val's choice."""
    content = without(method={"name": "gradcam", "title": "Grad-CAM", "asked": None})
    leads = {name: lead for name, lead in content["leads"].items() if name != "Grad-CAM"}
    return {**content, "table": plain_table(), "leads": leads, "methods": {**content["methods"], "default": "gradcam"}}


def sha256_of_lesson(step: str) -> str:
    """Return the hash of a lesson file as it is installed now."""
    text = resources.files("gradcam_lab.lessons").joinpath(f"{step}.py").read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def sweep(grid: list[float], best: float, height: float) -> dict[str, Any]:
    """Return a hill over the thresholds, one for each IoU and their mean."""
    ap = {
        iou: [round(max(0.02, height * scale - 1.6 * scale * (t - best) ** 2), 4) for t in grid]
        for iou, scale in (("0.3", 1.25), ("0.4", 1.0), ("0.5", 0.75))
    }
    return {"ap": ap, "recall": ap, "mean_ap": np.mean(list(ap.values()), axis=0).round(4).tolist()}


def curve(end: float) -> dict[str, list[float]]:
    """Return a precision-recall curve that falls unevenly and ends at a recall."""
    recall = np.linspace(end / 60, end, 60)
    precision = 1 - 0.6 * (recall / end) ** 3 - 0.05 * (np.arange(60) % 7 == 3)
    return {"recall": recall.round(4).tolist(), "precision": precision.clip(0, 1).round(4).tolist()}


METHODS = {
    "cam": ("CAM", 0.35, 0.62, 0.58, 1.0),
    "gradcam": ("Grad-CAM", 0.35, 0.62, 0.58, 1.0),
    "gradcam++": ("Grad-CAM++", 0.3, 0.55, 0.51, 1.05),
    "layercam": ("LayerCAM", 0.3, 0.6, 0.57, 1.05),
    "otsu": ("Grad-CAM, Otsu’s threshold", None, 0.5, 0.47, 1.1),
    "mask": ("Grad-CAM, box of the refined mask", 0.7, 0.61, 0.6, 1.9),
    "scales": ("Grad-CAM, 4 scales, half of them flipped", 0.25, 0.7, 0.74, 7.4),
    "pair+watershed": ("Grad-CAM, 0.75x flipped, watershed", 0.25, 0.71, 0.72, 1.8),
}
"""Invented ways to boxes: title, threshold, mean AP on val, AP on test at IoU 0.3, cost."""

SCALES = {"0.3": 1.0, "0.4": 0.8, "0.5": 0.55}
"""What an AP at IoU 0.3 is at the others."""


def _lead(ap: float) -> dict[str, float]:
    return {"ap": ap, "ap_low": ap - 0.03, "ap_high": ap + 0.03}


def methods() -> dict[str, Any]:
    """Return the comparison of the methods, whose default is the method of `table`."""
    rows = [
        {
            "name": name,
            "title": title,
            "threshold": threshold,
            "val_mean_ap": val,
            "scores": {iou: score(ap * scale, False) for iou, scale in SCALES.items()},
            "leads": {iou: _lead(ap * scale - METHODS["gradcam"][3] * scale) for iou, scale in SCALES.items()},
            "milliseconds": 15.5 * cost,
            "cost": cost,
        }
        for name, (title, threshold, val, ap, cost) in METHODS.items()
    ]
    return {"rows": rows, "default": "pair+watershed", "limit": 3.0}


def segmentation() -> dict[str, Any]:
    """Return the IoU of the masks: refining gains, but not on the boat."""
    by_method = {"centre box, s = 0.3": 0.25, "centre box, s = 0.5": 0.3, "thresholded map": 0.4, "refined mask": 0.5}
    names = ["background", *CLASSES]
    rows = []
    for method, mean in by_method.items():
        values = {name: 0.88 if name == "background" else mean + 0.02 * i for i, name in enumerate(names)}
        if method == "refined mask":
            values["boat"] -= 0.2
        classes = {name: {"iou": iou, "low": iou - 0.04, "high": iou + 0.04} for name, iou in values.items()}
        ends = {"mean_iou": mean + 0.1, "mean_iou_low": mean + 0.07, "mean_iou_high": mean + 0.13}
        rows.append({"method": method, **ends, "classes": classes, "milliseconds": 0.4 if "box" in method else 9.7})
    fractions = [round(0.05 * i, 2) for i in range(1, 20)]
    hills = [
        [round(max(top - 1.5 * (t - best) ** 2, 0), 4) for t in fractions] for top, best in ((0.51, 0.3), (0.5, 0.35))
    ]
    return {
        "images": {"val": 118, "test": 400},
        "classes": names,
        "choices": {"threshold": 0.3, "sure_foreground": 0.7, "sure_background": 0.02},
        "grid": [{"sure_foreground": 0.7, "sure_background": 0.02, "mean_iou": 0.58}],
        "rows": rows,
        "curve": {
            "fractions": fractions,
            **{split: {"mean_iou": hill, "target": hill} for split, hill in zip(("val", "test"), hills, strict=True)},
        },
    }


def mean(value: float, around: float = 0.05) -> dict[str, float]:
    """Return a mean with an interval that reaches equally far to both sides."""
    return {"value": value, "low": round(value - around, 4), "high": round(value + around, 4)}


def tested(ours: float, centre: float, random: float, passed: bool, **more: Any) -> dict[str, Any]:
    """Return one test: the means of the three maps and the differences."""
    rows = {"Grad-CAM": mean(ours), "centre map": mean(centre), "random map": mean(random)}
    gains = {"centre map": mean(round(ours - centre, 4)), "random map": mean(round(ours - random, 4))}
    return {"rows": rows, "gains": gains, "passed": passed, **more}


def leak(heat: float, area: float) -> dict[str, Any]:
    """Return one direction or pair of the two-class test."""
    test = tested(heat, area * 1.6, area * 1.1, heat + 0.05 < area, images=14)
    return {**test, "rows": {**test["rows"], "area": mean(area)}, "gains": {**test["gains"], "area": mean(heat - area)}}


def truth() -> dict[str, Any]:
    """Return the tests of the heatmap: insertion fails, the others pass."""
    falling = np.linspace(1, 0.1, 11).tolist()
    quick = (0.1 + 0.9 * np.exp(-0.5 * np.arange(11))).tolist()
    deletion = {"Grad-CAM": quick, "centre map": falling, "random map": falling}
    insertion = {"Grad-CAM": falling[::-1], "centre map": quick[::-1], "random map": falling[::-1]}
    last = np.linspace(0.9, 0.1, 6)
    pairs = [{"map": a, "on": b, **leak(heat, 0.2)} for a, b, heat in (("cat", "dog", 0.3), ("dog", "cat", 0.06))]
    return {
        "target": "dog",
        "pointing": tested(0.93, 0.71, 0.32, True, images=152, tolerance=15),
        "replacement": {
            "images": 30,
            "steps": 10,
            "deletion": tested(0.31, 0.52, 0.61, True, curves=deletion),
            "insertion": tested(0.63, 0.62, 0.41, False, curves=insertion),
        },
        "randomisation": {
            "images": 30,
            "seeds": 3,
            "stages": ["fc", "layer4", "layer3", "layer2", "layer1", "conv1"],
            "curve": [mean(round(value, 4)) for value in last.tolist()],
            "by_seed": [(last + shift).tolist() for shift in (-0.1, 0.0, 0.1)],
            "no_evidence": [0.0] * 6,
            "baselines": {"centre map": mean(0.22), "random map": mean(0.0)},
            "gains": {"centre map": mean(-0.12), "random map": mean(0.1, 0.15)},
            "passed": True,
        },
        "two_classes": {
            "target_on_others": leak(0.06, 0.2),
            "others_on_target": leak(0.07, 0.21),
            "pairs": pairs,
            "passed": True,
        },
        "max_box_acc": {
            name: {
                "oracle": True,
                "images": 152,
                "rows": {iou: {**mean(top - float(iou) / 2), "threshold": 0.2} for iou in ("0.3", "0.5", "0.7")},
                "mean": mean(top - 0.25),
            }
            for name, top in (("Grad-CAM", 1.05), ("centre map", 0.9), ("random map", 0.7))
        },
    }


def alignment() -> dict[str, Any]:
    """Return a shift to the right and down, of which the method's maps have less, and which val leaves in for boxes."""

    def along(value: float, cell: float = 16.0) -> dict[str, Any]:
        ends = {"value": value, "low": value - 1.0, "high": value + 1.0}
        return {**ends, "cells": value / cell, "large": abs(value) - 1.0 > cell / 4}

    def pair(name: str, before: float, after: float) -> dict[str, Any]:
        return {"map": name, "images": 151, "before": mean(before), "after": mean(after)}

    return {
        "mode": "auto",
        "input_size": 224,
        "gradcam": {"images": 32, "right": along(9.5), "down": along(8.0)},
        "method": {"images": 32, "right": along(6.0), "down": along(1.0)},
        "sizes": [{"size": 209, "right": along(9.0)}, {"size": 225, "right": along(-1.5)}],
        "pointing": [pair("Grad-CAM", 0.8, 0.9), pair(METHODS["pair+watershed"][0], 0.9, 0.95)],
        "boxes": {"before": 0.7, "after": 0.69, "threshold": 0.3, "moved": False},
    }


def throughput() -> dict[str, Any]:
    """Return what the ways to compute the maps cost: all but one by one gain, and int8 changes the maps."""
    costs = {"batch": 1.0, "one by one": 1.24, "threads": 0.58, "bf16": 0.6, "int8": 0.23}
    changed = {"int8": (0.9941, 0.913), "bf16": (0.9999, 0.9996)}
    rows = [
        {"way": way, "milliseconds": 4.6 * cost, "cost": cost}
        | dict(zip(("cosine", "box_iou"), changed.get(way, (1.0, 1.0)), strict=True))
        for way, cost in costs.items()
    ]
    return {
        **{"rows": rows, "images": 32, "timed": 8, "threads": 2, "gpu": None},
        **{"float32_bytes": 3_600_000, "int8_bytes": 950_000, "int8_problem": None},
    }


def plain_table() -> list[dict[str, Any]]:
    """Return plain Grad-CAM's row as ours, and the baselines."""
    _, first, *rest = table()
    return [{**first, "kind": "ours"}, *rest]


def table() -> list[dict[str, Any]]:
    """Return our row, plain Grad-CAM's and the baselines."""
    rows = [(METHODS["pair+watershed"][0], "ours", 0.72, False), ("Grad-CAM", "plain", 0.58, False)]
    for s, base in (("0.3", 0.44), ("0.5", 0.52)):
        rows += [
            (f"A: centre box, s={s}", "baseline", base / 8, True),
            (f"B: centre box on dog images, s={s}", "cheating", base * 0.9, True),
            (f"C: scored centre box, s={s}", "baseline", base, False),
        ]
    return [
        {
            "name": name,
            "kind": kind,
            "boxes": 400,
            "scores": {iou: score(ap * scale, ties) for iou, scale in SCALES.items()},
        }
        for name, kind, ap, ties in rows
    ]


def score(ap: float, ties: bool) -> dict[str, float]:
    """Return one score with its intervals."""
    values = {"ap": ap, "recall": min(ap * 1.2, 1), "corloc": min(ap * 1.15, 1)}
    result = {
        f"{name}{end}": round(max(v + d, 0), 4)
        for name, v in values.items()
        for end, d in (("", 0), ("_low", -0.05), ("_high", 0.05))
    }
    spread = 0.04 if ties else 0
    return {**result, "ap_worst_order": round(max(ap - spread, 0), 4), "ap_best_order": round(ap + spread, 4)}


def write_run(folder: Path, photos: Sequence[tuple[np.ndarray, Box]], content: dict[str, Any] | None = None) -> Path:
    """Write a finished run: results and figures.

    Args:
        folder: where to.
        photos: images with the box of one object each, at least 5.
        content: the results; `results()` if left out.
    """
    content = content or results()
    pictures = folder / "figures"
    panels = [with_boxes(f"{i:06d}", *photo) for i, photo in enumerate(photos)]
    maps = [Panel(heated(*photo), "Grad-CAM") for photo in photos]
    image, box = photos[1]
    way = [
        Panel(image, "000001"),
        Panel(heated(image, box, cells=7), "raw map, 7 x 7 cells"),
        Panel(heated(image, box), "upsampled"),
        Panel(dimmed(image, blob(image.shape[:2], box) > 0.35), "≥ 0.35 of max"),
        with_boxes("boxes", image, box),
    ]
    failed = {"missed": panels[:2], "head only": panels[1:5], "merged": panels[3:4], "context": panels[:3]}
    drawn = [
        (
            describe("hero.jpg", "dog", True),
            [Row([panels[0], with_boxes("Grad-CAM", heated(*photos[0]), photos[0][1])])],
        ),
        (describe("two_classes.jpg", "000123", "dog", "cat"), [Row([Panel(photos[2][0], "000123"), maps[2], maps[2]])]),
        (
            describe("cam_vs_gradcam.jpg"),
            [Row([Panel(photo[0]), Panel(maps[i].image, "CAM"), maps[i]]) for i, photo in enumerate(photos[:3])],
        ),
        (describe("input_gradient.jpg"), [Row([Panel(image), Panel(255 - image, "gradient at the pixels"), maps[1]])]),
        (describe("method.jpg", True), in_rows(way, 3)),
        (describe("random.jpg", len(panels), 0), in_rows(panels, 4)),
        (describe("failures.jpg", 0.5), failure_rows(failed)),
    ]
    if content.get("segmentation"):
        rows = [Row(mask_panels(f"{i:06d}", *photo)) for i, photo in enumerate(photos[:3])]
        drawn.append((describe("segmentation.jpg"), rows))
    for figure, rows in drawn:
        draw_rows(pictures / figure["file"], rows, tallest=1.3)
    curves = curves_of(pictures, cast(Results, content))
    write_json(pictures / "figures.json", [*(figure for figure, _ in drawn), *curves])
    write_json(folder / "results.json", content)
    return folder


def curves_of(folder: Path, content: Results) -> list[FigureEntry]:
    """Draw every curve that the results have."""
    figures = [pipeline(folder, content), *score_curves(folder, content)]
    if masks := content.get("segmentation"):
        figures.append(describe("segmentation_curve.svg", masks, "dog"))
        draw_segmentation_curve(folder / figures[-1]["file"], masks, "dog")
    return figures + faithfulness_curves(folder, content.get("truth"))


def mask_panels(title: str, image: np.ndarray, box: Box) -> list[Panel]:
    """Return the way from a heatmap to a mask: a hill, its seeds, its cut, a mask, and the box as the truth."""
    hill = blob(image.shape[:2], box)
    seeds = np.select([hill > 0.8, hill < 0.2], [1, 0], 255)
    truth = np.zeros(image.shape[:2], bool)
    truth[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])] = True
    return [
        Panel(image, title),
        Panel(heated(image, box), "heatmap"),
        Panel(painted_seeds(image, seeds), "seeds"),
        Panel(dimmed(image, hill > 0.5), "at least 0.5"),
        Panel(dimmed(image, truth & (hill > 0.3)), "refined", outlines=[box]),
        Panel(dimmed(image, truth), "truth"),
    ]


def with_boxes(title: str, image: np.ndarray, box: Box) -> Panel:
    """Return an image with its object and a detection that is a little off."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box
    near = (max(1, x0 - 9), y0 + 5, min(width, x1 + 6), max(y0 + 8, y1 - 12))
    return Panel(image, title, [(box, False), ((1, 1, width / 4, height / 3), True)], [(near, 0.87)])


def blob(size: tuple[int, int], box: Box) -> np.ndarray:
    """Return a hill over the box, 0..1."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    x0, y0, x1, y1 = box
    hill = -(((x - (x0 + x1) / 2) / (x1 - x0 + 1)) ** 2) - ((y - (y0 + y1) / 2) / (y1 - y0 + 1)) ** 2
    return np.exp(3 * hill)


def heated(image: np.ndarray, box: Box, cells: int = 0) -> np.ndarray:
    """Return the image under a hill, as coarse cells if asked for."""
    size = image.shape[:2]
    heat = blob(size, box)
    if cells:
        heat = cv2.resize(
            cv2.resize(heat, (cells, cells), interpolation=cv2.INTER_AREA), size[::-1], interpolation=cv2.INTER_NEAREST
        )
    colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_TURBO)[:, :, ::-1]
    return (0.5 * image + 0.5 * colours).astype(np.uint8)
