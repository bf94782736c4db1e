"""A finished run with invented numbers, written from the contract: what the report's tests read."""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gradcam_lab.data.sample import Box
from gradcam_lab.files import write_json
from gradcam_lab.report import figures
from gradcam_lab.report.photos import Panel, dimmed

STEPS = ("step1_cam", "step2_gradcam", "step3_boxes", "step4_metrics")
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
            "parameters": {
                "min_area": 30,
                "iou_thresholds": [0.3, 0.4, 0.5],
                "ties": "group",
                "method": "area",
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
        "table": table(),
        "curves": {iou: curve(end) for iou, end in (("0.3", 0.86), ("0.4", 0.74), ("0.5", 0.58))},
        "cam_vs_gradcam": {"images": 16, "max_relative_difference": 1.9e-7, "mean_cosine": 1.0},
        "failures": {"counts": {"missed": 9, "head only": 31, "merged": 12, "context": 19}, "iou": 0.5},
    }


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


def table() -> list[dict[str, Any]]:
    """Return our row and the baselines."""
    rows = [("Grad-CAM", "ours", 0.72, False)]
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
            "scores": {iou: score(ap * scale, ties) for iou, scale in (("0.3", 1.0), ("0.4", 0.8), ("0.5", 0.55))},
        }
        for name, kind, ap, ties in rows
    ]


def score(ap: float, ties: bool) -> dict[str, float]:
    """Return one score with its intervals."""
    values = {"ap": ap, "recall": min(ap * 1.2, 1), "corloc": min(ap * 1.15, 1)}
    result = {
        f"{name}{end}": round(v + d, 4)
        for name, v in values.items()
        for end, d in (("", 0), ("_low", -0.05), ("_high", 0.05))
    }
    spread = 0.04 if ties else 0
    return {**result, "ap_worst_order": round(ap - spread, 4), "ap_best_order": round(ap + spread, 4)}


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
    hot = blob(image.shape[:2], box)
    records = [
        figures.hero(pictures, [panels[0], with_boxes("Grad-CAM", heated(*photos[0]), photos[0][1])], "dog", True),
        figures.two_classes(
            pictures,
            [
                Panel(photos[2][0], "000123"),
                Panel(maps[2].image, "dog, p = 0.98"),
                Panel(maps[2].image, "cat, p = 0.62"),
            ],
            "000123",
            ("dog", "cat"),
        ),
        figures.cam_vs_gradcam(
            pictures,
            [[Panel(photo[0], f"{i:06d}"), Panel(maps[i].image, "CAM"), maps[i]] for i, photo in enumerate(photos[:3])],
        ),
        figures.input_gradient(
            pictures,
            [
                Panel(image, "000001"),
                Panel(255 - image, "gradient at the pixels"),
                Panel(heated(image, box), "Grad-CAM"),
            ],
        ),
        figures.method(
            pictures,
            [
                Panel(image, "000001"),
                Panel(heated(image, box, cells=7), "raw map, 7 x 7 cells"),
                Panel(heated(image, box), "upsampled"),
                Panel(dimmed(image, hot > 0.35), "at least 0.35 of the maximum"),
                with_boxes("boxes", image, box),
            ],
        ),
        figures.threshold_sweep(pictures, content),
        figures.precision_recall(pictures, content),
        figures.class_ap(pictures, content),
        figures.random_images(pictures, panels[:10], 0),
        figures.failures(
            pictures,
            {"missed": panels[:2], "head only": panels[1:5], "merged": panels[3:4], "context": panels[:3]},
            0.5,
        ),
    ]
    write_json(pictures / "figures.json", records)
    write_json(folder / "results.json", content)
    return folder


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
