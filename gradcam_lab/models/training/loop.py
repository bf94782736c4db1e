"""The one training loop: a recipe, inputs and labels in, epochs out.

Everything random comes from one generator, so that a seed makes two runs on one machine equal. Under torchrun every
process computes its share of each batch, and the steps are those of a single process with the whole batch: the loss is
divided by the number of labels that count in the whole batch, augmentation draws its numbers for the whole batch, and
BatchNorm sees the whole batch (see `shared_norm`). Dropout alone draws other numbers in each process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.models import distributed
from gradcam_lab.models.training.inputs import Source
from gradcam_lab.models.training.losses import counted, summed_loss
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.schedules import Schedule, optimiser

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Examples:
    """Inputs with their labels (see `losses`), of all processes together."""

    source: Source
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


class Loop:
    """A network in training.

    Args:
        network: what is trained, on the device it is on; parameters that need no gradient stay as they are.
        recipe: how.
        train: what it learns from.
        on_step: called after each step with its number in the epoch, and how many there are.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        train: Examples,
        on_step: Callable[[int, int], None] = lambda step, steps: None,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.train = train
        self.on_step = on_step
        self.device = next(network.parameters()).device
        self.model = distributed.parallel(network)
        self.steps = -(-len(train) // recipe.batch)
        self.optimiser = optimiser((p for p in network.parameters() if p.requires_grad), recipe)
        self.schedule = Schedule(self.optimiser, recipe, recipe.passes * self.steps)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=recipe.precision == "fp16")
        self.random = torch.Generator().manual_seed(recipe.seed)

    def epoch(self, size: int) -> float:
        """Pass once over the images at an input size and return the mean loss over all labels."""
        self.network.train()
        torch.manual_seed(int(torch.randint(2**62, (), generator=self.random)) + distributed.rank())  # for dropout
        batches = torch.randperm(len(self.train), generator=self.random).split(self.recipe.batch)
        loss = torch.zeros((), device=self.device)
        inputs = self.train.source.training(batches, size, self.random)
        for number, (batch, x) in enumerate(zip(batches, inputs, strict=True), start=1):
            loss += self._step(x, self.train.labels[batch])
            self.on_step(number, len(batches))
        return distributed.total(loss).item() / counted(self.train.labels)

    def _step(self, x: Tensor, labels: Tensor) -> Tensor:
        """Learn from this process's share of a batch, given the labels of the whole; return the share's summed loss."""
        own = labels[distributed.share(len(labels))].to(self.device)
        loss = summed_loss(self._logits(self.model, x), own)
        self.optimiser.zero_grad()
        # What comes out of parallel processes is the mean of their gradients, and wanted is the sum.
        self.scaler.scale(loss * distributed.world() / max(counted(labels), 1)).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.after_step()
        return loss.detach()

    def _logits(self, network: nn.Module, x: Tensor) -> Tensor:
        dtype = DTYPES.get(self.recipe.precision)
        with torch.autocast(self.device.type, dtype, enabled=dtype is not None):
            return network(x).float()

    @torch.no_grad()
    def logits(self, source: Source) -> Tensor:
        """Return the logits of all inputs, shape (n, C), in every process."""
        self.network.eval()
        return torch.stack(
            distributed.gather([row for x in source.plain() for row in self._logits(self.network, x).cpu()])
        )

    def state(self) -> dict[str, Any]:
        """Return all that the next epoch depends on, as numbers and tensors."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimiser.state_dict(),
            "schedule": self.schedule.inner.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": self.random.get_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimizer"])
        self.schedule.inner.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        self.random.set_state(state["random"])


def mean_loss(logits: Tensor, labels: Tensor) -> float:
    """Return the mean loss over all labels that count."""
    return summed_loss(logits, labels).item() / max(counted(labels), 1)
