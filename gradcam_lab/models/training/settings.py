"""What a training is asked for: by flags, by a YAML file (see `config`), or by both."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gradcam_lab.errors import LabError
from gradcam_lab.models.networks.architectures import ARCHITECTURES
from gradcam_lab.models.training.recipe import Recipe


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("should be a number")
    return value


def _known(name: str) -> str:
    if name not in ARCHITECTURES:
        raise ValueError(f"should be one of {', '.join(ARCHITECTURES)}{_nearest(name)}")
    return name


def _nearest(name: str) -> str:
    near = get_close_matches(name, ARCHITECTURES, n=1)
    return f"; did you mean '{near[0]}'" if near else ""


Number = BeforeValidator(_no_bool)
Whole = Annotated[int, Number, Field(gt=0)]
Positive = Annotated[float, Number, Field(gt=0, allow_inf_nan=False)]
Natural = Annotated[float, Number, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Number, Field(gt=0, lt=1)]
Size = Annotated[int, Number, Field(ge=32, le=2048)]
Arch = Annotated[str, AfterValidator(_known)]
Optimizer = Literal["adam", "adamw", "sgd"]
Scheduler = Literal["onecycle", "step", "cosine", "plateau", "constant"]

SIZE = 224
VAL_SIZE = 0.2
FROM_NOTHING = Recipe(epochs=((SIZE, 30),))
FINE_TUNING = Recipe(epochs=((SIZE, 10),), batch=32, learning_rate=1e-4, weight_decay=0.01, hidden_images=0)
HEAD_ALONE = Recipe(epochs=((SIZE, 30),), batch=32, learning_rate=1e-3, weight_decay=0.01, freeze_features=True)


class Settings(BaseModel):
    """A training, as the user asks for it; whatever is None is left to the recipe that fits.

    Attributes:
        data: a name, or a folder, as `open_data` takes it.
        data_root: where the user has a data set that is given by its name.
        out: the folder of the training; or a file ending in `.safetensors`, and then nothing else is left.
        arch: one of `ARCHITECTURES`.
        residual: of the CAM network.
        weights: what to start from: `imagenet`, a state dict with ImageNet's outputs, or a file that was trained here.
        freeze_features: train the head alone.
        epochs: passes over the images.
        batch: images a step.
        learning_rate: the highest.
        weight_decay: of the optimiser.
        optimizer: which.
        scheduler: what becomes of the learning rate.
        patience: stop after so many epochs without an improvement on val.
        precision: arithmetic of the network.
        seed: of weights, order, augmentation, and of the images kept for val.
        img_size: height and width of the input.
        val_size: the share of `train` that is kept for val, where labelled folders have no `val`.
        num_classes: how many classes the data must have.
        limit: only so many images of each split: the first, or of labelled folders so many spread over all classes.
        skip_bad: go on without bad images.
        log_every: say a line every so many steps, beside the line of each epoch.
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
    epochs: Whole | None = None
    batch: Whole | None = None
    learning_rate: Positive | None = None
    weight_decay: Natural | None = None
    optimizer: Optimizer | None = None
    scheduler: Scheduler | None = None
    patience: Whole | None = None
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    seed: Annotated[int, Number, Field(ge=0)] = 0
    img_size: Size = SIZE
    val_size: Share = VAL_SIZE
    num_classes: Whole | None = None
    limit: Whole | None = None
    skip_bad: bool = False
    log_every: Whole | None = None
    save_every: Whole = 1
    resume: bool | None = None

    def recipe(self) -> Recipe:
        """Return the recipe that fits, with what the user wants to be different."""
        recipe = replace(_base(self), precision=self.precision, seed=self.seed)
        recipe = replace(recipe, epochs=tuple((size * self.img_size // SIZE, count) for size, count in recipe.epochs))
        if self.epochs:
            recipe = recipe.shortened(self.epochs)
        names = ("batch", "learning_rate", "weight_decay", "optimizer", "scheduler", "patience")
        wanted = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(recipe, **wanted)


def _base(settings: Settings) -> Recipe:
    if settings.freeze_features:
        return HEAD_ALONE
    if settings.weights:
        return FINE_TUNING
    return Recipe() if settings.arch == "toynet" else FROM_NOTHING


def settings_of(flags: Mapping[str, Any], config: Path | None = None) -> Settings:
    """Join flags and a YAML file; flags win.

    Args:
        flags: by the names of `Settings`; None is a flag that was not given.
        config: the YAML file.

    Raises:
        LabError: something in the file or a flag is wrong.
    """
    from gradcam_lab.models.training.config_file import read_config

    given = {name: value for name, value in flags.items() if value is not None}
    values = {**(read_config(config) if config else {}), **given}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        flag = "--" + str(first["loc"][0]).replace("_", "-")
        raise LabError(f"{flag} is '{first['input']}', but {reason(first['msg'])}.") from error
    return _sound(settings)


def _sound(settings: Settings) -> Settings:
    if settings.freeze_features and not settings.weights:
        raise LabError("--freeze-features needs features that are worth keeping: give --weights imagenet or a file.")
    if settings.residual and settings.arch != "cam_net":
        raise LabError(f"'residual' belongs to cam_net, and the network is {settings.arch}: leave it out.")
    return settings


def reason(message: str) -> str:
    """Turn pydantic's message into the end of a sentence."""
    return message.removeprefix("Input ").removeprefix("Value error, ")
