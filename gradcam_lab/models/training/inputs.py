"""What a training loop is fed with: batches of augmented images, or of features that were computed once."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from gradcam_lab.console import progress
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.models import distributed
from gradcam_lab.models.classifier import Preprocessing
from gradcam_lab.models.networks.architectures import features
from gradcam_lab.models.training.augmentation import augment
from gradcam_lab.models.training.pixels import open_pixels
from gradcam_lab.models.training.recipe import Recipe

BATCH = 32
"""Images at a time where nothing is learned from them."""

FEATURES = 4 * 2**30
"""Bytes of features that may be kept."""


class Source(Protocol):
    """The inputs of a network, for training and for looking how good it is."""

    def training(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield this process's share of each batch, changed at random.

        Args:
            batches: the numbers of the images, for all processes together.
            size: of the input, in pixels.
            random: every process draws the same numbers from its own copy.
        """

    def plain(self) -> Iterator[Tensor]:
        """Yield this process's share of all inputs, in order and unchanged."""


class Images:
    """Images for a whole network.

    Args:
        samples: where they are.
        preprocessing: how they become inputs.
        recipe: how they are augmented.
        device: where the network is.
    """

    def __init__(
        self, samples: Sequence[Sample], preprocessing: Preprocessing, recipe: Recipe, device: torch.device
    ) -> None:
        self.count = len(samples)
        self.pixels = open_pixels(samples, preprocessing)
        self.recipe = recipe
        self.device = device
        self.mean, self.std = (
            torch.tensor(values, device=device)[:, None, None] for values in (preprocessing.mean, preprocessing.std)
        )

    def training(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield augmented inputs, shape (N, 3, size, size)."""
        shares = [distributed.share(len(batch)) for batch in batches]
        mine = [batch[share] for batch, share in zip(batches, shares, strict=True)]
        for batch, share, pixels in zip(batches, shares, self.pixels.read(mine), strict=True):
            there = pixels.to(self.device)
            yield self._standardised(augment(there, size, self.recipe, random, of=len(batch), start=share.start))

    def plain(self) -> Iterator[Tensor]:
        """Yield inputs of the full size."""
        mine = torch.arange(self.count)[distributed.share(self.count)]
        for pixels in self.pixels.read(mine.split(BATCH)):
            yield self._standardised(pixels.to(self.device).float() / 255)

    def _standardised(self, images: Tensor) -> Tensor:
        return ((images - self.mean) / self.std).contiguous(memory_format=torch.channels_last)


class Features:
    """What a network's frozen part makes of each image and of its mirror image, for the head alone.

    Args:
        images: whose features.
        network: the whole network, in eval mode.
        arch: its architecture.
    """

    def __init__(self, images: Images, network: nn.Module, arch: str) -> None:
        self.device = images.device
        self.count = images.count
        kept: list[Tensor] = []
        with progress("features", -(-images.count // BATCH)) as advance, torch.no_grad():
            for inputs in images.plain():
                both = [features(network, arch, x) for x in (inputs, inputs.flip(3))]
                kept += torch.stack(both, dim=1).cpu()  # one tensor (2, ...) an image
                self._require_room(kept)
                advance()
        self.pairs = torch.stack(distributed.gather(kept))  # (n, 2, ...)

    def _require_room(self, kept: Sequence[Tensor]) -> None:
        needed = self.count * kept[0].numel() * kept[0].element_size()
        if needed > FEATURES:
            raise LabError(
                f"The features of {self.count} images need {needed / 2**30:.0f} GiB of memory: give --limit, choose "
                "another --arch, or leave --freeze-features out."
            )

    def training(self, batches: Sequence[Tensor], size: int, random: torch.Generator) -> Iterator[Tensor]:
        """Yield features, of the image or of its mirror image by chance."""
        for batch in batches:
            mirrored = torch.randint(2, (len(batch),), generator=random)
            share = distributed.share(len(batch))
            yield self.pairs[batch[share], mirrored[share]].to(self.device)

    def plain(self) -> Iterator[Tensor]:
        """Yield features of the images as they are."""
        for pairs in self.pairs[distributed.share(self.count)].split(BATCH):
            yield pairs[:, 0].to(self.device)
