"""The squashed pixels of many images: kept in memory where they fit, else read again in every epoch."""

import os
from collections.abc import Iterator, Sequence
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.processes import SPAWN

MEMORY = 2**30
"""Memory that pixels may take, in bytes."""

WORKERS = min(4, os.cpu_count() or 1)
"""Number of processes that read files where the pixels are not kept in memory."""


class InMemory:
    """All pixels in one tensor."""

    def __init__(self, samples: Sequence[Sample], preprocessing: Preprocessing) -> None:
        images = tracked(samples, "reading images", len(samples))
        self.pixels = stacked([preprocessing.squash(sample.image) for sample in images], preprocessing.size)

    def read(self, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield uint8 of shape (N, 3, size, size) for each batch of N indices; N may be 0."""
        return (self.pixels[batch] for batch in batches)


class FromFiles:
    """Pixels that worker processes read from the files while the network computes."""

    def __init__(self, samples: Sequence[Sample], preprocessing: Preprocessing, workers: int = WORKERS) -> None:
        self.order: list[list[int]] = []
        self.loader = DataLoader(
            _ImageFiles(samples, preprocessing),
            batch_sampler=self.order,
            num_workers=workers,
            multiprocessing_context=SPAWN if workers else None,
            persistent_workers=workers > 0,
            collate_fn=partial(_joined, size=preprocessing.size),  # no closure: it is pickled for the workers
            worker_init_fn=_without_threads,
        )

    def read(self, batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield uint8 of shape (N, 3, size, size) for each batch of N indices; N may be 0.

        Raises:
            LabError: an image cannot be read.
        """
        self.order[:] = [batch.tolist() for batch in batches]  # the loader reads it when an epoch begins
        for pixels in self.loader:
            if isinstance(pixels, LabError):
                raise pixels
            yield pixels


class _ImageFiles(Dataset):
    def __init__(self, samples: Sequence[Sample], preprocessing: Preprocessing) -> None:
        self.samples = samples
        self.preprocessing = preprocessing

    def __getitem__(self, number: int) -> np.ndarray | LabError:
        try:
            return self.preprocessing.squash(self.samples[number].image)
        except LabError as error:
            return error  # raised here, it would reach the user with the traceback of another process


def _joined(images: Sequence[np.ndarray | LabError], size: int) -> Tensor | LabError:
    """Join images to a batch, or return the first error among them."""
    errors = [image for image in images if isinstance(image, LabError)]
    return errors[0] if errors else stacked([image for image in images if isinstance(image, np.ndarray)], size)


def _without_threads(worker: int) -> None:
    cv2.setNumThreads(0)  # the workers already use all cores


def stacked(images: Sequence[np.ndarray], size: int) -> Tensor:
    """Turn n images (size, size, 3) into a tensor (n, 3, size, size); n may be 0."""
    if not images:
        return torch.empty(0, 3, size, size, dtype=torch.uint8)
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def open_pixels(samples: Sequence[Sample], preprocessing: Preprocessing, memory: int = MEMORY) -> InMemory | FromFiles:
    """Read all images now if their pixels fit into so many bytes of memory, else later from their files.

    Raises:
        LabError: an image cannot be read.
    """
    needed = len(samples) * 3 * preprocessing.size**2
    return InMemory(samples, preprocessing) if needed <= memory else FromFiles(samples, preprocessing)
