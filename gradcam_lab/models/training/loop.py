"""The training loop: a recipe, inputs and labels in, epochs out.

All randomness comes from one generator, so that two runs from one seed on one machine are equal. Under torchrun every
process computes its share of each batch, and the steps are those of a single process with the whole batch: the loss is
divided by the number of labels that count in the whole batch, augmentation draws its numbers for the whole batch, and
BatchNorm normalises over the whole batch (see `shared_norm`). Only dropout draws other numbers in each process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gradcam_lab.models import distributed
from gradcam_lab.models.training.inputs import Inputs, all_outputs
from gradcam_lab.models.training.losses import number_of_labels, summed_loss
from gradcam_lab.models.training.recipe import Recipe
from gradcam_lab.models.training.schedules import Schedule, make_optimiser

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class LabelledInputs:
    """Inputs with their labels (see `losses`), of all processes together."""

    inputs: Inputs
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


class Loop:
    """A network in training.

    Args:
        network: on its device; parameters that need no gradient are not trained.
        recipe: the hyperparameters.
        train: the training set.
        on_step: called after each step with its number in the epoch, and the number of steps.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        train: LabelledInputs,
        on_step: Callable[[int, int], None] = lambda step, steps: None,
    ) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.recipe = recipe
        self.train = train
        self.on_step = on_step
        self.device = next(network.parameters()).device
        self.model = distributed.parallel(network)
        self.optimiser = make_optimiser((p for p in network.parameters() if p.requires_grad), recipe)
        self.schedule = Schedule(self.optimiser, recipe, recipe.passes * recipe.steps(len(train)))
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=recipe.precision == "fp16")
        self.random = torch.Generator().manual_seed(recipe.seed)

    def epoch(self, size: int) -> float:
        """Pass once over the images at an input size in pixels, and return the mean loss over all labels."""
        self.network.train()
        torch.manual_seed(int(torch.randint(2**62, (), generator=self.random)) + distributed.rank())  # for dropout
        batches = torch.randperm(len(self.train), generator=self.random).split(self.recipe.batch)
        loss = torch.zeros((), device=self.device)
        inputs = self.train.inputs.augmented(batches, size, self.random)
        for number, (batch, x) in enumerate(zip(batches, inputs, strict=True), start=1):
            loss += self._step(x, self.train.labels[batch])
            self.on_step(number, len(batches))
        return distributed.total(loss).item() / number_of_labels(self.train.labels)

    def _step(self, x: Tensor, labels: Tensor) -> Tensor:
        """Take a step on this process's share of a batch, given the labels of the whole; return the share's loss."""
        own = labels[distributed.share(len(labels))].to(self.device)
        loss = summed_loss(self._forward(self.model, x), own)
        self.optimiser.zero_grad()
        # DistributedDataParallel averages the processes' gradients, but their sum is needed.
        self.scaler.scale(loss * distributed.world() / max(number_of_labels(labels), 1)).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.after_step()
        return loss.detach()

    def _forward(self, network: nn.Module, x: Tensor) -> Tensor:
        dtype = DTYPES.get(self.recipe.precision)
        with torch.autocast(self.device.type, dtype, enabled=dtype is not None):
            return network(x).float()

    @torch.no_grad()
    def logits(self, inputs: Inputs) -> Tensor:
        """Return the logits of all inputs, shape (n, C), in every process."""
        self.network.eval()
        return all_outputs(lambda x: self._forward(self.network, x), inputs)

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
        """Continue from what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimizer"])
        self.schedule.inner.load_state_dict(state["schedule"])
        self.scaler.load_state_dict(state["scaler"])
        self.random.set_state(state["random"])
