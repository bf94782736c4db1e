"""The optimiser and the learning rate's way through the training, as a recipe wants them."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import lr_scheduler

from gradcam_lab.models.training.recipe import Recipe

MOMENTUM = 0.9
FALL = 0.1
"""What `step` and `plateau` multiply the learning rate by."""

PLATEAU = 3
"""Epochs without an improvement that `plateau` waits."""


def optimiser(parameters: Iterable[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Return a recipe's optimiser of these parameters."""
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=MOMENTUM, weight_decay=decay)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, rate, weight_decay=decay)


class Schedule:
    """The learning rate's way: told of every step and of every epoch.

    Args:
        optimiser: whose learning rate it is.
        recipe: which way.
        steps: how many there will be.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, recipe: Recipe, steps: int) -> None:
        self.optimiser = optimiser
        self.by_epoch = recipe.scheduler == "plateau"
        self.inner = _inner(optimiser, recipe, steps)

    @property
    def rate(self) -> float:
        """The learning rate now."""
        return self.optimiser.param_groups[0]["lr"]

    def after_step(self) -> None:
        """Go on by a step."""
        if not self.by_epoch:
            self.inner.step()

    def after_epoch(self, score: float) -> None:
        """Look whether val has improved."""
        if self.by_epoch:
            self.inner.step(score)  # type: ignore[arg-type]


def _inner(optimiser: torch.optim.Optimizer, recipe: Recipe, steps: int) -> lr_scheduler.LRScheduler:
    if recipe.scheduler == "onecycle":
        # A rise of one step, a tenth of 10, would make torch divide by 0.
        return lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, steps + (steps == 10), pct_start=0.1)
    if recipe.scheduler == "step":
        return lr_scheduler.StepLR(optimiser, -(-steps // 3), gamma=FALL)
    if recipe.scheduler == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimiser, steps)
    if recipe.scheduler == "plateau":
        return lr_scheduler.ReduceLROnPlateau(optimiser, "max", factor=FALL, patience=PLATEAU)
    return lr_scheduler.ConstantLR(optimiser, factor=1)
