"""How long does `evaluate` take? `python -m tests.bench.scoring`: 10 000, 100 000 and a million boxes, ten an image.

`--large` instead: 10 million boxes in a million images (at most 60 s on two idle cores and 4 GB), and 6000 boxes and
objects in one image (at most 300 MB), by VOC's rules and by COCO's protocol. It writes 2.2 GB of files.

Everything that the command does is timed, in a process of its own: starting Python, reading the files, matching at
three thresholds, the bootstrap with its default 1000 draws. The growth exponent of two sizes is that of the time
between them: 1 is linear, 2 is quadratic. Below `saved_boxes.LARGE` boxes the plain bootstrap runs, which costs more
a box, so the exponent of the first step says little.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gradcam_lab.lessons.step4_metrics import GroundTruth
from tests.bench.claims import Claim, Value

SIZES = (10_000, 100_000, 1_000_000)
FORMATS = ("ours", "comp4", "coco")
WORDS = {"ours": "our JSON", "comp4": "VOC's text", "coco": "COCO's JSON"}
OURS = "gradcam-lab evaluate"


def scene(images: int, boxes_each: int, seed: int) -> tuple[dict[str, np.ndarray], dict[str, GroundTruth]]:
    """Up to three objects an image, one in ten difficult; boxes near them, and others anywhere."""
    rng = np.random.default_rng(seed)
    found, truth = {}, {}
    for number in range(images):
        objects = _boxes(rng, int(rng.integers(0, 4)))
        near = objects[:boxes_each] + rng.normal(0, 12, objects[:boxes_each].shape)
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2])
        far = _boxes(rng, boxes_each - len(near))
        scores = np.append(rng.beta(3, 2, len(near)), rng.beta(2, 4, len(far)))
        found[f"{number:07}"] = np.column_stack([np.vstack([near, far]), scores]).round(6)
        truth[f"{number:07}"] = GroundTruth(objects, rng.random(len(objects)) < 0.1)
    return found, truth


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corners = rng.integers(1, 300, (count, 2))
    return np.hstack([corners, corners + rng.integers(20, 150, (count, 2))]).astype(float)


def write(folder: Path, found: dict[str, np.ndarray], truth: dict[str, GroundTruth]) -> None:
    """Write the detections in every format, and the ground truth in the two that go with them."""
    rows = [(image, row) for image, part in found.items() for row in part.tolist()]
    objects = [
        (image, box, flag)
        for image, part in truth.items()
        for box, flag in zip(part.boxes.tolist(), part.difficult.tolist(), strict=True)
    ]
    ours: dict[str, list] = {image: [] for image in truth}
    for image, box, flag in objects:
        ours[image].append({"box": box, "difficult": flag})
    annotations = [
        {"image_id": int(image), "category_id": 1, "bbox": _coco(box), "iscrowd": int(flag)}
        for image, box, flag in objects
    ]
    content = {
        "ours.json": {image: part.tolist() for image, part in found.items()},
        "ours-truth.json": ours,
        "coco.json": [
            {"image_id": int(image), "category_id": 1, "bbox": _coco(row), "score": row[4]} for image, row in rows
        ],
        "coco-truth.json": {
            "images": [{"id": int(image), "file_name": f"{image}.jpg"} for image in truth],
            "annotations": annotations,
            "categories": [{"id": 1, "name": "dog"}],
        },
    }
    for name, value in content.items():
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    lines = (f"{image} {row[4]} {row[0]} {row[1]} {row[2]} {row[3]}\n" for image, row in rows)
    (folder / "comp4_det_test_dog.txt").write_text("".join(lines), encoding="utf-8")


def _coco(box: list[float]) -> list[float]:
    xmin, ymin, xmax, ymax = box[:4]
    return [xmin - 1, ymin - 1, xmax - xmin + 1, ymax - ymin + 1]


class Measured(NamedTuple):
    """What a run of `gradcam-lab evaluate` takes: seconds by the clock and of the processors, and GB at its peak."""

    seconds: float
    cpu: float
    peak: float


def measured(folder: Path, kind: str, *options: str) -> Measured:
    """Run `gradcam-lab evaluate`; the peak is known on Linux and macOS alone."""
    detections = "comp4_det_test_dog.txt" if kind == "comp4" else f"{kind}.json"
    truth = "coco-truth.json" if kind == "coco" else "ours-truth.json"
    files = ["--detections", str(folder / detections), "--ground-truth", str(folder / truth)]
    command = [sys.executable, "-m", "gradcam_lab", "evaluate", *files, "--json", *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9)


def write_large(folder: Path, images: int, boxes_each: int, objects_each: range) -> None:
    """Write a scene in every format, image by image, for as a whole it would not fit into the memory."""
    rng = np.random.default_rng(0)
    names = ("coco.json", "annotations", "images", "ours.json", "ours-truth.json")
    with ExitStack() as stack:
        results, annotations, entries, found, held = (stack.enter_context(_Listed(folder / name)) for name in names)
        lines = stack.enter_context((folder / "comp4_det_test_dog.txt").open("w", encoding="utf-8"))
        for image in range(images):
            objects = _boxes(rng, int(rng.choice(objects_each)))
            near = objects[:boxes_each] + rng.normal(0, 12, objects[:boxes_each].shape)
            near[:, 2:] = np.maximum(near[:, 2:], near[:, :2])
            boxes = np.vstack([near, _boxes(rng, boxes_each - len(near))])
            rows = np.column_stack([boxes, rng.random(len(boxes))]).round(6).tolist()
            entry = {"image_id": image, "category_id": 1}
            for row in rows:
                results.add(json.dumps(entry | {"bbox": [round(value, 6) for value in _coco(row)], "score": row[4]}))
            for box in objects.tolist():
                annotations.add(json.dumps(entry | {"bbox": _coco(box)}))
            entries.add(json.dumps({"id": image, "file_name": f"{image:07}.jpg"}))
            found.add(f'"{image:07}": {json.dumps(rows)}')
            held.add(f'"{image:07}": {json.dumps(objects.tolist())}')
            lines.writelines(f"{image:07} {score} {' '.join(map(str, box))}\n" for *box, score in rows)
    for name, first, last in (("coco", "[", "]"), ("ours", "{", "}"), ("ours-truth", "{", "}")):
        path = folder / f"{name}.json"
        path.write_text(first + path.read_text(encoding="utf-8") + last, encoding="utf-8")
    lists = [(folder / name).read_text(encoding="utf-8") for name in ("images", "annotations")]
    text = '{{"categories": [{{"id": 1, "name": "dog"}}], "images": [{}], "annotations": [{}]}}'.format(*lists)
    (folder / "coco-truth.json").write_text(text, encoding="utf-8")


class _Listed:
    """A file of texts with commas between them."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8")
        self.between = ""

    def __enter__(self) -> "_Listed":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def add(self, text: str) -> None:
        self.file.write(self.between + text)
        self.between = ", "


def large() -> None:
    """Print the time and the memory of many boxes, and of a crowd in one image."""
    for name, scene_size in (
        ("6000 in one image", (1, 6000, range(6000, 6001))),
        ("10 million boxes", (1_000_000, 10, range(4))),
    ):
        with tempfile.TemporaryDirectory() as folder:
            write_large(Path(folder), *scene_size)
            for kind, options in (("ours", ()), ("comp4", ()), ("coco", ()), ("coco", ("--protocol", "coco"))):
                found = measured(Path(folder), kind, *options)
                print(
                    f"{name:<20}{' '.join((kind, *options)):<24}{found.seconds:>7.1f} s  {found.cpu:>7.1f} s of "
                    f"processors  {found.peak:>6.2f} GB",
                    flush=True,
                )


def measure(rounds: int) -> Claim:
    """Time a million boxes in every format."""
    part, values = "a million boxes on 100,000 images", []
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), *scene(100_000, boxes_each=10, seed=0))
        for turn in range(rounds):
            values += [
                Value(f"{part}, {WORDS[kind]}", OURS, turn, measured(Path(name), kind).seconds) for kind in FORMATS
            ]
    goals = {value.part: 10.0 for value in values}
    return Claim("scoring", "A million boxes are soon scored", "seconds", OURS, values, goals)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="the quickest of so many counts")
    parser.add_argument("--large", action="store_true", help="instead: ten million boxes, and a crowd")
    options = parser.parse_args()
    if options.large:
        return large()
    rounds = options.rounds
    seconds: dict[str, list[float]] = {kind: [] for kind in FORMATS}
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            write(Path(name), *scene(size // 10, boxes_each=10, seed=0))
            for kind in FORMATS:
                seconds[kind].append(min(measured(Path(name), kind).seconds for _ in range(rounds)))
    print(
        f"{'seconds':<10}" + "".join(f"{f'{size:,}'.replace(',', ' '):>12}" for size in SIZES) + "   growth exponents"
    )
    for kind, times in seconds.items():
        growth = [math.log10(b / a) for a, b in pairwise(times)]
        print(f"{kind:<10}" + "".join(f"{t:>12.2f}" for t in times) + "   " + ", ".join(f"{g:.2f}" for g in growth))


if __name__ == "__main__":
    main()
