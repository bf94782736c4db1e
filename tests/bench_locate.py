"""How fast does `locate` go, and does its memory grow? `python -m tests.bench_locate`: two figures.

The first is the images per second from files to written boxes, as a share of the bare forward pass's: a ResNet-50 of
random weights, photos of 500 x 375 pixels, the two by turns, so that whatever else the machine does slows both alike.
It should be at least 0.9; where other programs keep the cores busy, the ratio by CPU time tells more. The second is by
how much the resident memory grows over 10,000 photos once the first 500 are done, in a process of its own, with a small
network. It should be less than 50 MB.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import psutil
import torch

from gradcam_lab.data.image_files import read_image
from gradcam_lab.explain.locate.about import about
from gradcam_lab.explain.locate.locator import Locator
from gradcam_lab.explain.locate.outputs.write import write_outputs
from gradcam_lab.explain.locate.parts import Parts
from gradcam_lab.explain.locate.request import Request, settled
from gradcam_lab.explain.locate.work import Work
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.models import zoo
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.vision import torchvision

SIZE = (500, 375)
KINDS = ("json", "heatmaps", "coco", "csv")
WAYS = ("bare forward pass", "from files to boxes")
WARM = 500
"""Photos after which the memory counts."""


def draw_photos(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Write JPEGs of coarse noise with fine grain, which take as long to decode as photos of their size."""
    random, paths = np.random.default_rng(seed), []
    for number in range(count):
        coarse = cv2.resize(random.integers(0, 256, (12, 16, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
        pixels = np.clip(coarse + random.normal(0, 8, coarse.shape), 0, 255).astype(np.uint8)
        paths.append(folder / f"{number:05}.jpg")
        paths[-1].write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    return paths


def prepared(classifier: Classifier) -> Locator:
    """Return what the command works with."""
    lessons = load_lessons()
    return Locator(classifier, lessons, settled(Request(), classifier))


def located(locator: Locator, paths: Iterator[Path], folder: Path, count: int, watch: "Memory | None" = None) -> None:
    """Do all that the command does from files to written boxes."""
    work = Work(locator, Parts(folder / "parts"))
    work.do(paths, watch or (lambda steps=1: None))
    outputs = folder / "outputs"
    outputs.mkdir()
    write_outputs(outputs, work.found(), count, KINDS, about(locator, next(work.found())))


class Memory:
    """Watches the resident memory of this process, in megabytes."""

    def __init__(self) -> None:
        self.done, self.before, self.most = 0, 0.0, 0.0

    def __call__(self, steps: int = 1) -> None:
        """Note so many more photos."""
        self.done += steps
        now = psutil.Process().memory_info().rss / 1e6
        if self.done <= WARM:
            self.before = now
        self.most = max(self.most, now)


def speed(rounds: int, batches: int) -> None:
    """Print the images per second of both, and the ratio."""
    torch.manual_seed(0)
    locator = prepared(zoo.load(torchvision().models.resnet50(weights=None)))
    network, count = locator.classifier.network, batches * locator.batch
    clocks = {"wall": time.perf_counter, "CPU": time.process_time}
    seconds: dict[tuple[str, str], list[float]] = {(way, clock): [] for way in WAYS for clock in clocks}
    with tempfile.TemporaryDirectory() as name:
        paths = draw_photos(Path(name), count)
        inputs = torch.stack([locator.classifier.preprocessing(read_image(path)) for path in paths])
        inputs = inputs.to(locator.mapper.device).contiguous(memory_format=torch.channels_last)

        def bare(folder: Path) -> None:
            with torch.inference_mode():
                for batch in inputs.split(locator.batch):
                    network(batch).cpu()

        def files(folder: Path) -> None:
            located(locator, iter(paths), folder, count)

        for turn in range(rounds + 1):
            folder = Path(name) / str(turn)
            folder.mkdir()
            for way, run in zip(WAYS, (bare, files), strict=True):
                before = {clock: read() for clock, read in clocks.items()}
                run(folder)
                for clock, read in clocks.items():
                    if turn:  # the first warms up
                        seconds[way, clock].append(read() - before[clock])
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {rounds} rounds of {count} photos, medians")
    for clock in clocks:
        first, second = (seconds[way, clock] for way in WAYS)
        ratio = median(a / b for a, b in zip(first, second, strict=True))
        rates = ", ".join(f"{way} {count / median(seconds[way, clock]):.1f} images/s" for way in WAYS)
        print(f"by {clock} time: {rates}, ratio {ratio:.3f}", flush=True)


def soak(count: int) -> None:
    """Print by how much the memory grows."""
    locator, memory = prepared(zoo.load("embedded", size=64)), Memory()
    with tempfile.TemporaryDirectory() as name:
        paths = draw_photos(Path(name), 50)
        located(locator, islice(cycle(paths), count), Path(name), count, memory)
        memory()
    growth = memory.most - memory.before
    print(f"{count} photos: {memory.before:.0f} MB after the first {WARM}, at most {growth:.1f} MB more", flush=True)


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="timed rounds (default: 5)")
    parser.add_argument("--batches", type=int, default=8, help="batches of 16 photos a round (default: 8)")
    parser.add_argument("--photos", type=int, default=10_000, help="photos of the soak (default: 10000)")
    options = parser.parse_args()
    speed(options.rounds, options.batches)
    process = multiprocessing.get_context("spawn").Process(target=soak, args=(options.photos,))
    process.start()
    process.join()


if __name__ == "__main__":
    main()
