"""A finished run on the small ToyVOC whose maps are invented: what `sweep` and `show` read."""

from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.data.box_files.json_boxes import write_detections, write_ground_truth
from gradcam_lab.data.layouts.voc import read_split
from gradcam_lab.files import read_json, write_json
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.maps import Maps, write_maps
from tests.synthetic_run import results


def write_run(folder: Path, toy: Path, lessons: Lessons) -> Path:
    """Write a run whose maps are hot in the middle of the first dog, or anywhere."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(4)
    splits = {name: read_split(toy, name).samples for name in ("val", "test")}
    samples = [sample for part in splits.values() for sample in part]
    cams = rng.random((len(samples), 7, 7)).astype(np.float32) ** 3
    for heat, sample in zip(cams, samples, strict=True):
        for x0, y0, x1, y1 in sample.boxes("dog")[:1]:
            width, height = sample.size
            heat[int(7 * (y0 + y1) / 2 / (height + 1)), int(7 * (x0 + x1) / 2 / (width + 1))] = 3
    has = np.array([bool(sample.boxes("dog")) for sample in samples])
    probabilities = np.where(has, 0.9, 0.2).astype(np.float32)
    maps = Maps(
        ids=np.array([sample.id for sample in samples]),
        splits=np.array([name for name, part in splits.items() for _ in part]),
        maps=cams,
        probabilities=probabilities,
        class_probabilities=probabilities[:, None],
        classes=np.array(["dog"]),
        sizes=np.array([sample.size for sample in samples]),
    )
    write_maps(folder / "heatmaps.npz", maps)
    content = results()
    plain = {"name": "gradcam", "title": "Grad-CAM", "asked": None}
    content["run"].update(data="toy", data_root=str(toy), method=plain)
    content["iou_thresholds"] = [0.3, 0.4, 0.5]
    content["threshold"]["chosen"] = 0.3
    write_json(folder / "results.json", content)
    write_ground_truth(folder / "ground_truth.json", splits["test"], "dog")
    write_detections(folder / "detections.json", Detector(lessons)(maps.of("test"), 0.3))
    return folder


def change_results(folder: Path, *keys: str, value: Any) -> None:
    """Change what `results.json` says under these keys, one inside the other."""
    content = read_json(folder / "results.json")
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    write_json(folder / "results.json", content)
