"""The optimiser and the learning rate schedule of a recipe."""

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import lr_scheduler

from gradcam_lab.models.training.recipe import Recipe

MOMENTUM = 0.9
FACTOR = 0.1
"""`step` and `plateau` multiply the learning rate by it."""

PLATEAU_PATIENCE = 3
"""Epochs without an improvement after which `plateau` still waits."""


def make_optimiser(parameters: Iterable[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimiser for these parameters."""
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=MOMENTUM, weight_decay=decay)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(parameters, rate, weight_decay=decay)


class Schedule:
    """The learning rate schedule: call `after_step` after every step and `after_epoch` after every epoch.

    Args:
        optimiser: its learning rate is set.
        recipe: it names the schedule.
        steps: the number of steps of the whole training.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, recipe: Recipe, steps: int) -> None:
        self.optimiser = optimiser
        self.by_epoch = recipe.scheduler == "plateau"
        self.inner = _inner(optimiser, recipe, steps)

    @property
    def rate(self) -> float:
        """The current learning rate."""
        return self.optimiser.param_groups[0]["lr"]

    def after_step(self) -> None:
        """Set the learning rate of the next step."""
        if not self.by_epoch:
            self.inner.step()

    def after_epoch(self, score: float) -> None:
        """Set the learning rate of the next epoch, given the score on val."""
        if self.by_epoch:
            self.inner.step(score)  # type: ignore[arg-type]


def _inner(optimiser: torch.optim.Optimizer, recipe: Recipe, steps: int) -> lr_scheduler.LRScheduler:
    if recipe.scheduler == "onecycle":
        # A rise of one step (a tenth of 10) makes torch divide by 0.
        return lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, steps + (steps == 10), pct_start=0.1)
    if recipe.scheduler == "step":
        return lr_scheduler.StepLR(optimiser, -(-steps // 3), gamma=FACTOR)
    if recipe.scheduler == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimiser, steps)
    if recipe.scheduler == "plateau":
        return lr_scheduler.ReduceLROnPlateau(optimiser, "max", factor=FACTOR, patience=PLATEAU_PATIENCE)
    return lr_scheduler.ConstantLR(optimiser, factor=1)
