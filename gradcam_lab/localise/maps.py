"""Images to raw heatmaps and class probabilities, in batches, going on where an interrupted run stopped."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, moved_into_place
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Classifier, best_device

ALL = "all"
"""As a target: every class that the classifier speaks."""

BATCH = 16
SAVE_EVERY = 30.0
"""Seconds of work that a killed process may lose."""


class Heatmaps(NamedTuple):
    """The raw maps of one class, with what the classifier said of each image.

    `ids` and `splits` are text, shape (n,); `maps` is float32, shape (n, h, w), or (n, C, h, w) where it holds the maps
    of every class; `probabilities` of the target, shape (n,); `class_probabilities` of every class the classifier
    speaks, shape (n, C); `classes` names them, shape (C,); `sizes` holds `(width, height)` of each image, shape (n, 2).
    """

    ids: np.ndarray
    splits: np.ndarray
    maps: np.ndarray
    probabilities: np.ndarray
    class_probabilities: np.ndarray
    classes: np.ndarray
    sizes: np.ndarray

    def of(self, split: str) -> "Heatmaps":
        """Keep the images of one split."""
        chosen = self.splits == split
        rows = {name: value if name == "classes" else value[chosen] for name, value in self._asdict().items()}
        return Heatmaps(**rows)

    def of_class(self, name: str) -> "Heatmaps":
        """Keep the maps and probabilities of one class, where this holds those of every class."""
        index = self.classes.tolist().index(name)
        return self._replace(maps=self.maps[:, index], probabilities=self.class_probabilities[:, index])


def read_heatmaps(path: Path) -> Heatmaps:
    """Read what `write_heatmaps` wrote; nothing in the file is unpickled."""
    with np.load(path, allow_pickle=False) as arrays:
        return Heatmaps(*(arrays[name] for name in Heatmaps._fields))


def place(classifier: Classifier) -> torch.device:
    """Move a network to the best device there is, in channels-last order, in which its convolutions are fastest.

    A run does this before its first stage, so that the same bits come out whichever stages are skipped.
    """
    device = best_device()
    classifier.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return device


class ClassScores(nn.Module):
    """A network whose outputs are the scores of the classes that a classifier speaks, a column each: (N, C).

    Args:
        classifier: its network keeps its name, `network`, and what it returned last is kept in `seen`.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.network = classifier.network
        self.classifier = classifier
        self.seen = torch.zeros(0)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores of a batch."""
        outputs = self.network(images).float()
        self.seen = outputs.detach()
        return torch.stack([self.classifier.score(outputs, name) for name in self.classifier.class_names], dim=1)


class Explainer:
    """One forward pass gives both the target's heatmap and the probabilities of all classes.

    Args:
        classifier: what is explained; see `place` for where its network runs.
        lessons: whose step 2 does it.
        target: the class to explain, or `ALL`.
        precision: "float32", or "bf16" for automatic mixed precision.
    """

    def __init__(self, classifier: Classifier, lessons: Lessons, target: str, precision: str) -> None:
        self.classifier = classifier
        self.target = target
        self.half = precision == "bf16"
        self.device = place(classifier)
        self.scores = ClassScores(classifier)
        self.gradcam = lessons.gradcam.GradCAM(self.scores, f"network.{classifier.layer}")

    def __call__(self, samples: Sequence[Sample]) -> tuple[np.ndarray, np.ndarray]:
        """Explain a batch: maps (N, h, w), or (N, C, h, w) of all classes, and class probabilities (N, C), float32."""
        inputs = torch.stack([self.classifier.preprocessing(sample.image) for sample in samples])
        inputs = inputs.to(self.device, memory_format=torch.channels_last)
        names = self.classifier.class_names
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            if self.target == ALL:
                maps = self.gradcam.all_classes(inputs)
            else:
                maps = self.gradcam(inputs, names.index(self.target))
        probabilities = [self.classifier.probability(self.scores.seen, name) for name in names]
        return maps.float().cpu().numpy(), torch.stack(probabilities, dim=1).cpu().numpy()


def write_heatmaps(
    path: Path,
    classifier: Classifier,
    lessons: Lessons,
    splits: Mapping[str, Sequence[Sample]],
    target: str,
    precision: str,
) -> None:
    """Write the raw heatmaps of all splits; where several processes work as one, each explains its share.

    Interrupted, also by Ctrl-C, a process leaves what it has in `.heatmaps-<hash>.npz` and takes it up again next time.

    Args:
        path: the file; only the first process writes it.
        classifier: what is explained.
        lessons: whose step 2 does it.
        splits: the samples, by the split's name.
        target: the class to explain, or `ALL`: the maps are then of shape (n, C, h, w).
        precision: see `Explainer`.

    Raises:
        LabError: a map holds NaN or infinity.
    """
    todo = [(split, sample) for split, samples in splits.items() for sample in samples]
    share = distributed.shard(todo)
    unfinished = _Unfinished(path, classifier, lessons, share, target, precision)
    maps, probabilities = _explained(Explainer(classifier, lessons, target, precision), share, unfinished)
    maps, probabilities = distributed.gather(maps), distributed.gather(probabilities)
    if distributed.leads():
        _write(path, todo, np.stack(maps), np.stack(probabilities), classifier.class_names, target)
    unfinished.forget()


def _explained(
    explain: Explainer, todo: Sequence[tuple[str, Sample]], unfinished: "_Unfinished"
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Explain images in batches, going on after what is there already."""
    maps, probabilities = unfinished.read()
    saved = time.monotonic()
    try:
        with progress(f"Grad-CAM of {explain.target}", len(todo)) as advance:
            advance(len(maps))
            for start in range(len(maps), len(todo), BATCH):
                batch = [sample for _, sample in todo[start : start + BATCH]]
                batch_maps, batch_probabilities = explain(batch)
                if not np.isfinite(batch_maps).all():
                    raise LabError(f"The heatmap of '{batch[0].path}' or a neighbour is not finite: check the weights.")
                maps.extend(batch_maps)
                probabilities.extend(batch_probabilities)
                advance(len(batch))
                if time.monotonic() - saved > SAVE_EVERY:
                    unfinished.write(maps, probabilities)
                    saved = time.monotonic()
    except BaseException:  # KeyboardInterrupt above all
        unfinished.write(maps, probabilities)
        raise
    return maps, probabilities


def _write(
    path: Path,
    todo: Sequence[tuple[str, Sample]],
    maps: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    target: str,
) -> None:
    heatmaps = Heatmaps(
        ids=np.array([sample.id for _, sample in todo]),
        splits=np.array([split for split, _ in todo]),
        maps=maps,
        probabilities=probabilities if target == ALL else probabilities[:, classes.index(target)],
        class_probabilities=probabilities,
        classes=np.array(classes),
        sizes=np.array([sample.size for _, sample in todo]),
    )
    write_arrays(path, heatmaps)


def write_arrays(path: Path, heatmaps: Heatmaps) -> None:
    """Write heatmaps, whole or not at all."""
    with moved_into_place(path) as temporary:
        np.savez_compressed(temporary, **heatmaps._asdict())


class _Unfinished:
    """The part of the work that is done, in a file whose name says for exactly which inputs."""

    def __init__(
        self,
        path: Path,
        classifier: Classifier,
        lessons: Lessons,
        todo: Sequence[tuple[str, Sample]],
        target: str,
        precision: str,
    ) -> None:
        images = [(str(sample.path), sample.path.stat().st_mtime_ns) for _, sample in todo]
        code = lessons.sha256["step2_gradcam"]
        key = digest(classifier.sha256, classifier.layer, code, images, target, precision)
        self.path = path.with_name(f".{path.stem}-{key[:16]}.npz")

    def read(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                return list(arrays["maps"]), list(arrays["probabilities"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return [], []  # not there, or damaged: then the work is done again

    def write(self, maps: list[np.ndarray], probabilities: list[np.ndarray]) -> None:
        if maps:
            with moved_into_place(self.path) as temporary:
                np.savez(temporary, maps=np.stack(maps), probabilities=np.stack(probabilities))

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
