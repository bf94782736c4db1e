"""The settings of a training: from flags, from a YAML file (see `config_file`), or from both."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.config_file import read_config
from gradcam_lab.models.training.fields import (
    Arch,
    Count,
    Fraction,
    InputSize,
    NonNegativeFloat,
    PositiveFloat,
    Seed,
    reason,
)
from gradcam_lab.models.training.recipe import Optimizer, Precision, Recipe, Scheduler

SIZE = 224
FROM_SCRATCH = Recipe(epochs=((SIZE, 30),))
FINE_TUNING = Recipe(epochs=((SIZE, 10),), batch=32, learning_rate=1e-4, weight_decay=0.01, hidden_images=0)
HEAD_ONLY = Recipe(epochs=((SIZE, 30),), batch=32, learning_rate=1e-3, weight_decay=0.01, freeze_features=True)


class TrainingSettings(BaseModel):
    """The settings of a training, as the user gives them; None leaves a value to the recipe that fits.

    Attributes:
        data: a name, or a folder, as `open_data` takes it.
        data_root: where the user has a data set that is given by its name.
        out: the folder of the training; or a file ending in `.safetensors`, and then nothing else is left.
        arch: one of `ARCHITECTURES`.
        residual: whether the CAM network has residual blocks.
        weights: initial weights: `imagenet`, a state dict with ImageNet's outputs, or a file that was trained here.
        freeze_features: train the head only.
        epochs: passes over the images.
        batch: images per step.
        learning_rate: the highest.
        weight_decay: of the optimiser.
        optimizer: see `Recipe`.
        scheduler: of the learning rate, see `Recipe`.
        patience: stop after this many epochs without an improvement on val.
        precision: arithmetic of the network.
        seed: of weights, order, augmentation, and of the images kept for val.
        img_size: height and width of the input in pixels.
        val_size: the share of `train` that is kept for val, where labelled folders have no `val`.
        num_classes: how many classes the data must have.
        limit: images of each split at most: the first ones, or of labelled folders ones spread over all classes.
        skip_bad: go on without bad images.
        log_every: steps between two lines of progress; None prints one line an epoch.
        save_every: epochs between two checkpoints; a killed process loses at most so many.
        resume: True goes on from the folder's checkpoint, False begins anew; None goes on where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    data: str = "toyvoc"
    data_root: Path | None = None
    out: Path = Path("classifier")
    arch: Arch = "toynet"
    residual: bool | None = None
    weights: str | None = None
    freeze_features: bool = False
    epochs: Count | None = None
    batch: Count | None = None
    learning_rate: PositiveFloat | None = None
    weight_decay: NonNegativeFloat | None = None
    optimizer: Optimizer | None = None
    scheduler: Scheduler | None = None
    patience: Count | None = None
    precision: Precision = "float32"
    seed: Seed = 0
    img_size: InputSize = SIZE
    val_size: Fraction = 0.2
    num_classes: Count | None = None
    limit: Count | None = None
    skip_bad: bool = False
    log_every: Count | None = None
    save_every: Count = 1
    resume: bool | None = None

    def recipe(self) -> Recipe:
        """Return the recipe that fits, with the values that the user gave."""
        recipe = replace(_base_recipe(self), precision=self.precision, seed=self.seed)
        recipe = replace(recipe, epochs=tuple((size * self.img_size // SIZE, count) for size, count in recipe.epochs))
        if self.epochs:
            recipe = recipe.shortened(self.epochs)
        names = ("batch", "learning_rate", "weight_decay", "optimizer", "scheduler", "patience")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(recipe, **given)


def _base_recipe(settings: TrainingSettings) -> Recipe:
    if settings.freeze_features:
        return HEAD_ONLY
    if settings.weights:
        return FINE_TUNING
    return Recipe() if settings.arch == "toynet" else FROM_SCRATCH


def settings_of(flags: Mapping[str, Any], config: Path | None = None) -> TrainingSettings:
    """Join flags and a YAML file; flags win.

    Args:
        flags: by the names of `TrainingSettings`; None is a flag that was not given.
        config: the YAML file.

    Raises:
        LabError: something in the file or a flag is wrong.

    Examples:
        >>> settings_of({"epochs": 12, "batch": None}).recipe().epochs
        ((112, 10), (224, 2))
    """
    given = {name: value for name, value in flags.items() if value is not None}
    values = {**(read_config(config) if config else {}), **given}
    try:
        settings = TrainingSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        flag = "--" + str(first["loc"][0]).replace("_", "-")
        raise LabError(f"{flag} is '{first['input']}', but {reason(first['msg'])}.") from error
    _require_consistent(settings)
    return settings


def _require_consistent(settings: TrainingSettings) -> None:
    if settings.freeze_features and not settings.weights:
        raise LabError("--freeze-features needs features that are worth keeping: give --weights imagenet or a file.")
    if settings.residual and settings.arch != "cam_net":
        raise LabError(f"'residual' belongs to cam_net, and the network is {settings.arch}: leave it out.")
