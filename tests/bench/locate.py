"""How fast does `locate` go, and does its memory grow?

The first is the time from files to written boxes, relative to the bare forward pass: a ResNet-50 of random weights,
photos of 500 x 375 pixels, the two by turns, so that whatever else the machine does slows both alike. The second is by
how much the resident memory grows over 10,000 photos once the first 500 are done, in a process of its own, with a small
network: `python -m tests.bench.locate`. It should be less than 50 MB.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

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
from tests.bench.claims import Claim, Value

SIZE = (500, 375)
KINDS = ("json", "heatmaps", "coco", "csv")
BARE = "plain forward pass, channels-last"
OURS = "from files to boxes"
PART = "resnet50, photos of 500 x 375"
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


def measure(rounds: int, batches: int) -> Claim:
    """Time both by turns, on so many batches a round."""
    torch.manual_seed(0)
    locator = prepared(zoo.load(torchvision().models.resnet50(weights=None)))
    network, count = locator.classifier.network, batches * locator.batch
    values = []
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

        for turn in range(-1, rounds):  # the first is not counted
            seconds = {}
            for way, run in ((BARE, bare), (OURS, files)):
                folder = Path(name) / f"{turn} {way}"
                folder.mkdir()
                start = time.perf_counter()
                run(folder)
                seconds[way] = time.perf_counter() - start
            if turn >= 0:
                values += [Value(PART, way, turn, took / seconds[BARE]) for way, took in seconds.items()]
    title = "From files to boxes is no slower than the plain forward pass"
    return Claim("locate", title, "x plain channels-last forward pass", OURS, values, {PART: 1.0}, BARE)


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
    """Print the growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000, help="photos of the soak (default: 10000)")
    process = multiprocessing.get_context("spawn").Process(target=soak, args=(parser.parse_args().photos,))
    process.start()
    process.join()


if __name__ == "__main__":
    main()
