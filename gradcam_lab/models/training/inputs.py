"""The inputs of a network in training: batches of augmented images, or of features that were computed once."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor, nn

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.memory import in_parts
from gradcam_lab.models.networks.architectures import features
from gradcam_lab.models.training.augmentation import augment
from gradcam_lab.models.training.pixels import open_pixels
from gradcam_lab.models.training.recipe import Recipe

BATCH = 32
"""Images per batch in inference."""

FEATURE_BYTES = 4 * 2**30
"""Memory that features may take, in bytes."""


class Inputs(Protocol):
    """The inputs of a network, for training and for evaluation."""

    def augmented(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield this process's share of each batch, with random augmentation.

        Args:
            batches: the indices of the images, for all processes together.
            size: of the input, in pixels.
            random: every process draws the same numbers from its own copy.
        """

    def plain(self) -> Iterator[Tensor]:
        """Yield this process's share of all inputs in batches, in order and not augmented."""


class ImageInputs:
    """Images, as inputs of a whole network.

    Args:
        samples: n images.
        preprocessing: how they become inputs.
        recipe: how they are augmented.
        device: that of the network.
        batch: images at once in inference.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocessing: Preprocessing,
        recipe: Recipe,
        device: torch.device,
        batch: int = BATCH,
    ) -> None:
        self.count = len(samples)
        self.pixels = open_pixels(samples, preprocessing)
        self.recipe = recipe
        self.device, self.batch = device, batch
        self.mean, self.std = (
            torch.tensor(values, device=device)[:, None, None] for values in (preprocessing.mean, preprocessing.std)
        )

    def augmented(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield augmented inputs, shape (N, 3, size, size)."""
        shares = [distributed.share(len(batch)) for batch in batches]
        own = [batch[share] for batch, share in zip(batches, shares, strict=True)]
        for batch, share, pixels in zip(batches, shares, self.pixels.read(own), strict=True):
            images = pixels.to(self.device)
            yield self._standardised(augment(images, size, self.recipe, random, of=len(batch), start=share.start))

    def plain(self) -> Iterator[Tensor]:
        """Yield inputs of the preprocessing's size."""
        own = torch.arange(self.count)[distributed.share(self.count)]
        for pixels in self.pixels.read(own.split(self.batch)):
            yield self._standardised(pixels.to(self.device).float() / 255)

    def _standardised(self, images: Tensor) -> Tensor:
        return ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


class FeatureInputs:
    """The features of each image and of its mirror image, as inputs of a network's head.

    Args:
        images: the images.
        network: the whole network, in eval mode.
        arch: its architecture.
        memory: bytes that the features may take.

    Raises:
        LabError: the features need more memory.
    """

    def __init__(self, images: ImageInputs, network: nn.Module, arch: str, memory: int = FEATURE_BYTES) -> None:
        self.device = images.device
        self.count = images.count
        kept: list[Tensor] = []
        with progress("features", -(-images.count // BATCH)) as advance, torch.no_grad():
            for inputs in images.plain():
                for part in in_parts(partial(_both_features, network, arch), inputs):
                    kept += part.cpu()  # one tensor (2, ...) per image
                self._require_memory(kept, memory)
                advance()
        self.pairs = torch.stack(distributed.gather(kept))  # (n, 2, ...)

    def _require_memory(self, kept: Sequence[Tensor], memory: int) -> None:
        needed = self.count * kept[0].numel() * kept[0].element_size()
        if needed > memory:
            raise LabError(
                f"The features of {self.count} images need {needed / 2**30:.0f} GiB of memory: give --limit, choose "
                "another --arch, or leave --freeze-features out."
            )

    def augmented(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield the features of each image or, with a probability of one half, of its mirror image."""
        for batch in batches:
            mirrored = torch.randint(2, (len(batch),), generator=random)
            share = distributed.share(len(batch))
            yield self.pairs[batch[share], mirrored[share]].to(self.device)

    def plain(self) -> Iterator[Tensor]:
        """Yield the features of the images that are not mirrored."""
        for pairs in self.pairs[distributed.share(self.count)].split(BATCH):
            yield pairs[:, 0].to(self.device)


def _both_features(network: nn.Module, arch: str, images: Tensor) -> Tensor:
    """Return the features of images (N, ...) and of their mirror images, shape (N, 2, ...)."""
    return torch.stack([features(network, arch, x) for x in (images, images.flip(3))], dim=1)


def all_outputs(network: Callable[[Tensor], Tensor], inputs: Inputs) -> Tensor:
    """Return a network's outputs for all inputs, float32 of shape (n, C) on the CPU, in every process."""
    parts = (part for x in inputs.plain() for part in in_parts(network, x))
    return torch.stack(distributed.gather([row for part in parts for row in part.float().cpu()]))
