"""The settings of a training, and the recipe that follows from them."""

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.limits import MAX_BATCH, MAX_COUNT, MAX_SEED
from gradcam_lab.models.model_choice import Device
from gradcam_lab.models.networks.architectures import ARCHITECTURES
from gradcam_lab.models.training.recipe import Optimizer, Recipe, Scheduler, TrainingPrecision

RESNET_CAM = "resnet_cam"
"""The Imagenette exercise's name for torchvision's ResNet-18, which begins with ImageNet's weights and a new `fc`."""

RANDOM = "random"
"""The initial weights' name where they are drawn from the seed."""

SIZE = 224
FROM_SCRATCH = Recipe(epochs=((SIZE, 30),))
FINE_TUNING = Recipe(epochs=((SIZE, 10),), batch=32, learning_rate=1e-4, weight_decay=0.01, hidden_images=0)
HEAD_ONLY = Recipe(epochs=((SIZE, 30),), batch=32, learning_rate=1e-3, weight_decay=0.01, freeze_features=True)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _known(name: str) -> str:
    known = (RESNET_CAM, *ARCHITECTURES)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        advice = f"; did you mean '{near[0]}'" if near else ""
        raise ValueError(f"should be one of {', '.join(known)}{advice}")
    return name


def _share_or_number(value: float) -> float:
    if value >= 1 and value != int(value):
        raise ValueError("should be a share below 1 or a whole number of images")
    return value


_Number = BeforeValidator(_no_bool)
PositiveCount = Annotated[int, _Number, Field(gt=0, le=MAX_COUNT)]
Seed = Annotated[int, _Number, Field(ge=0, le=MAX_SEED)]
PositiveFloat = Annotated[float, _Number, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, _Number, Field(ge=0, allow_inf_nan=False)]
ValSize = Annotated[float, _Number, Field(gt=0, allow_inf_nan=False), AfterValidator(_share_or_number)]
InputSize = Annotated[int, _Number, Field(ge=32, le=2048)]
Arch = Annotated[str, AfterValidator(_known)]


class TrainingSettings(BaseModel):
    """The settings of a training, as the user gives them; None leaves a value to the recipe that fits.

    Attributes:
        data: a name, or a folder, as `open_data` takes it.
        data_root: where the user has a data set that is given by its name.
        data_dir: the folder for it: downloaded into it where it is not there yet.
        out: the folder of the training; or a file ending in `.safetensors`, and then nothing else is left.
        arch: one of `ARCHITECTURES`; `RESNET_CAM` becomes `resnet18`, with the weights of `imagenet` where none are
            named.
        residual: whether the CAM network has residual blocks; of another network, whether it is residual.
        weights: initial weights: `imagenet`, a state dict, a file that was trained here, or None for `random` ones.
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
        val_size: of labelled folders, the number of val's images; below 1 the share of `train` that is kept for val
            where they have no `val`. Of boxes, see `Reading`.
        num_classes: how many classes the data must have.
        limit: images of each split at most: the first ones, or of labelled folders ones spread over all classes.
        annotations: see `Reading`, as the next two.
        boxes: how they are stated.
        split_seed: of the choice of val and test; None for 0, and of labelled folders for `seed`.
        skip_bad: go on without bad images.
        log_every: steps between two lines of progress; None prints one line an epoch.
        save_every: epochs between two checkpoints; a killed process loses at most so many.
        device: where the network is trained.
        resume: True goes on from the folder's checkpoint, False begins anew; None goes on where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = "toyvoc"
    data_root: Path | None = None
    data_dir: Path | None = None
    out: Path = Path("classifier")
    arch: Arch = "toynet"
    residual: bool | None = None
    weights: str | None = None
    freeze_features: bool = False
    epochs: PositiveCount | None = None
    batch: Annotated[int, _Number, Field(gt=0, le=MAX_BATCH)] | None = None
    learning_rate: PositiveFloat | None = None
    weight_decay: NonNegativeFloat | None = None
    optimizer: Optimizer | None = None
    scheduler: Scheduler | None = None
    patience: PositiveCount | None = None
    precision: TrainingPrecision = "float32"
    seed: Seed = 0
    img_size: InputSize = SIZE
    val_size: ValSize = 0.2
    num_classes: PositiveCount | None = None
    limit: PositiveCount | None = None
    annotations: Path | None = None
    boxes: Convention | None = None
    split_seed: Seed | None = None
    skip_bad: bool = False
    log_every: PositiveCount | None = None
    save_every: PositiveCount = 1
    device: Device = "auto"
    resume: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _resnet_cam(cls, values: Any) -> Any:
        """Read the exercise's name for a network, and `random` for no weights."""
        values = dict(values)
        if values.get("arch") == RESNET_CAM:
            values = {**values, "arch": "resnet18", "weights": values.get("weights") or "imagenet"}
        return values | ({"weights": None} if values.get("weights") == RANDOM else {})

    @property
    def reading(self) -> Reading:
        """How the data are read."""
        return Reading(self.annotations, self.boxes, self.val_size, self.split_seed)

    def recipe(self) -> Recipe:
        """Return the recipe that fits, with the values that the user gave."""
        recipe = replace(self._base_recipe(), precision=self.precision, seed=self.seed)
        recipe = replace(recipe, epochs=tuple((size * self.img_size // SIZE, count) for size, count in recipe.epochs))
        if self.epochs:
            recipe = recipe.shortened(self.epochs)
        names = {"batch", "learning_rate", "weight_decay", "optimizer", "scheduler", "patience"}
        return replace(recipe, **self.model_dump(include=names, exclude_none=True))

    def _base_recipe(self) -> Recipe:
        if self.freeze_features:
            return HEAD_ONLY
        if self.weights:
            return FINE_TUNING
        return Recipe() if self.arch == "toynet" else FROM_SCRATCH
