"""The settings of a training in a YAML file: `gradcam-lab train --config cam.yaml`.

    model:    {name: cam_net, input_shape: [3, 160, 160], num_classes: 10, residual: true}
    training: {learning_rate: 0.001, batch_size: 32, num_epochs: 30, weight_decay: 0.0001, checkpoint_dir: cam,
               log_every: 50, save_every: 1, early_stopping_patience: 5, optimizer: adam, scheduler: cosine}
    dataset:  {name: imagenette, data_dir: data, img_size: 160, val_size: 0.2}

Every key may be left out. An error names its line.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gradcam_lab.errors import LabError
from gradcam_lab.models.training.fields import (
    Arch,
    Count,
    Fraction,
    InputSize,
    NonNegativeFloat,
    PositiveFloat,
    reason,
)
from gradcam_lab.models.training.recipe import Optimizer, Scheduler

Place = tuple[str | int, ...]
"""The position of a value: its section and its key."""


def _square(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    if shape[0] != 3 or shape[1] != shape[2]:
        raise ValueError("should be [3, S, S]: three colours, and a square because every image is squashed to one")
    return shape


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Model(_Section):
    """The section `model`: the network."""

    name: Arch | None = None
    input_shape: Annotated[tuple[Count, InputSize, InputSize], AfterValidator(_square)] | None = None
    num_classes: Count | None = None
    residual: bool | None = None


class Training(_Section):
    """The section `training`: how the network is trained."""

    learning_rate: PositiveFloat | None = None
    batch_size: Count | None = None
    num_epochs: Count | None = None
    weight_decay: NonNegativeFloat | None = None
    checkpoint_dir: Path | None = None
    log_every: Count | None = None
    save_every: Count | None = None
    early_stopping_patience: Count | None = None
    optimizer: Optimizer | None = None
    scheduler: Scheduler | None = None


class Dataset(_Section):
    """The section `dataset`: what the network is trained on."""

    name: str | None = None
    data_dir: Path | None = None
    img_size: InputSize | None = None
    val_size: Fraction | None = None


class Config(_Section):
    """The whole file."""

    model: Model = Field(default_factory=Model)
    training: Training = Field(default_factory=Training)
    dataset: Dataset = Field(default_factory=Dataset)


SECTIONS: dict[str, type[_Section]] = {"model": Model, "training": Training, "dataset": Dataset}

SETTING_NAMES = {
    "name": "data",
    "data_dir": "data_root",
    "batch_size": "batch",
    "num_epochs": "epochs",
    "checkpoint_dir": "out",
    "early_stopping_patience": "patience",
}
"""The keys that have another name in `TrainingSettings`."""


def read_config(path: Path) -> dict[str, Any]:
    """Read the settings in a YAML file, as arguments of `TrainingSettings`.

    Raises:
        LabError: the file is missing or not YAML, or a key or a value in it is wrong; the sentence names its line.
    """
    value, lines = _read_yaml(path)
    _rename_scheduler(value)
    try:
        config = Config.model_validate(value)
    except ValidationError as error:
        raise LabError(_sentence(path, error, lines)) from error
    _require_one_size(path, config, lines)
    return _settings(config)


def _read_yaml(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, yaml.SafeLoader)
        lines = dict(_lines(path, node))
        value = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"Cannot read the configuration '{path}' ({error}): check the name and the file.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none, brackets a thousand deep
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise LabError(f"'{path}'{line}, is not valid YAML: {problem}.") from error
    if not isinstance(value, dict):
        raise LabError(f"'{path}' should hold the sections {', '.join(SECTIONS)}, each with its keys.")
    return value, lines


def _lines(path: Path, node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Yield the line of every section and key; YAML itself would take the last of two equal keys."""
    if not isinstance(node, yaml.MappingNode) or len(place) > 1:
        return
    seen = set()
    for key, value in node.value:
        line, name = key.start_mark.line + 1, str(key.value)
        if name in seen:
            raise LabError(f"'{path}', line {line}: the key '{name}' stands here for the second time.")
        seen.add(name)
        yield (*place, name), line
        yield from _lines(path, value, (*place, name))


def _rename_scheduler(value: dict[str, Any]) -> None:
    """Accept the name that the EFEO exercise's files have for `plateau`."""
    training = value.get("training")
    if isinstance(training, dict) and training.get("scheduler") == "reduce_lr":
        training["scheduler"] = "plateau"


def _sentence(path: Path, error: ValidationError, lines: dict[Place, int]) -> str:
    """Describe the first error in the file."""
    first = min(error.errors(), key=lambda e: _line_of(e["loc"], lines))
    where = f"'{path}', line {_line_of(first['loc'], lines)}"
    if first["type"] in ("extra_forbidden", "invalid_key"):
        return f"{where}: there is no key '{first['loc'][-1]}'{_advice(first['loc'])}"
    name = ".".join(map(str, first["loc"][:2]))
    if len(first["loc"]) == 1:
        return f"{where}: the section '{name}' should hold keys, such as {', '.join(_keys(name))}."
    return f"{where}: {name} is {first['input']!r}, but {reason(first['msg'])}."


def _line_of(place: Place, lines: dict[Place, int]) -> int:
    return lines.get(place[:2], lines.get(place[:1], 1))


def _keys(section: str) -> list[str]:
    return list(SECTIONS[section].model_fields)


def _advice(place: Place) -> str:
    """Propose the nearest key: of this section, else of another one."""
    word = str(place[-1])
    if len(place) == 1:
        return f": {_proposal(word, list(SECTIONS))}"
    section = str(place[0])
    elsewhere = [other for other in SECTIONS if word in _keys(other)]
    if elsewhere:
        return f" in '{section}': it belongs to '{elsewhere[0]}'."
    return f" in '{section}': {_proposal(word, _keys(section))}"


def _proposal(word: str, words: list[str]) -> str:
    near = get_close_matches(word, words, n=1)
    return f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(words)}."


def _require_one_size(path: Path, config: Config, lines: dict[Place, int]) -> None:
    shape, size = config.model.input_shape, config.dataset.img_size
    if shape and size and shape[1] != size:
        line = lines["dataset", "img_size"]
        raise LabError(
            f"'{path}', line {line}: dataset.img_size is {size}, but model.input_shape in line "
            f"{lines['model', 'input_shape']} says {shape[1]}: give both the same."
        )


def _settings(config: Config) -> dict[str, Any]:
    """Return what the file says under the names of `TrainingSettings`."""
    given = {
        **{SETTING_NAMES.get(key, key): value for key, value in config.training},
        **{SETTING_NAMES.get(key, key): value for key, value in config.dataset},
        "arch": config.model.name,
        "residual": config.model.residual,
        "num_classes": config.model.num_classes,
    }
    if config.model.input_shape:
        given["img_size"] = config.model.input_shape[1]
    return {name: value for name, value in given.items() if value is not None}
