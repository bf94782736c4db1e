"""The settings of a training from flags and from a YAML file: `gradcam-lab train --config cam_config.yaml`.

`cam_config.yaml` beside this module is the Imagenette exercise's own file, with a comment for every key; each may be
left out. An error in the file names its line; what only the data can tell, such as too few images, names its key.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model

from gradcam_lab.errors import LabError
from gradcam_lab.files import read_text, write_text
from gradcam_lab.models.distributed import say_once
from gradcam_lab.models.networks.architectures import ARCHITECTURES
from gradcam_lab.models.training.settings import InputSize, PositiveCount, TrainingSettings

Place = tuple[str | int, ...]
"""The position of a value: its section and its key."""

CONFIG_SECTIONS = {
    "model": {
        "name": "arch",
        "input_shape": "img_size",
        "num_classes": "num_classes",
        "residual": "residual",
        "weights": "weights",
    },
    "training": {
        "learning_rate": "learning_rate",
        "batch_size": "batch",
        "num_epochs": "epochs",
        "weight_decay": "weight_decay",
        "checkpoint_dir": "out",
        "log_every": "log_every",
        "save_every": "save_every",
        "early_stopping_patience": "patience",
        "optimizer": "optimizer",
        "scheduler": "scheduler",
    },
    "dataset": {"name": "data", "data_dir": "data_dir", "img_size": "img_size", "val_size": "val_size"},
}
"""The keys of each section, and the fields of `TrainingSettings` that they set."""


def _side(shape: tuple[int, int, int]) -> int:
    if shape[0] != 3 or shape[1] != shape[2]:
        raise ValueError("should be [3, S, S]: three colours, and a square because every image is squashed to one")
    return shape[1]


def _config_model() -> type[BaseModel]:
    """Return the model of the whole file; a key has the type of the field that it sets, or is left out."""
    strict = ConfigDict(extra="forbid")
    types = get_type_hints(TrainingSettings, include_extras=True)
    shape: Any = Annotated[tuple[PositiveCount, InputSize, InputSize], AfterValidator(_side)]
    sections: dict[str, Any] = {}
    for name, keys in CONFIG_SECTIONS.items():
        fields: dict[str, Any] = {key: (types[setting] | None, None) for key, setting in keys.items()}
        if "input_shape" in fields:
            fields["input_shape"] = (shape | None, None)
        section = create_model(name, __config__=strict, **fields)
        sections[name] = (section, Field(default_factory=section))
    return create_model("Config", __config__=strict, **sections)


CONFIG = _config_model()

FILE = "cam_config.yaml"
"""The name under which the file is looked for, and written."""

SHIPPED = Path(__file__).with_name(FILE)
"""The package's own file."""


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
    in_file = _without_overruled(read_config(config), given) if config else {}
    try:
        settings = TrainingSettings(**{**in_file, **given})
    except ValidationError as error:
        first = error.errors()[0]
        flag = "--" + str(first["loc"][0]).replace("_", "-")
        raise LabError(f"{flag} is '{first['input']}', but {_reason(first['msg'])}.") from error
    if settings.freeze_features and not settings.weights:
        raise LabError("--freeze-features needs features that are worth keeping: give --weights imagenet or a file.")
    is_residual = ARCHITECTURES[settings.arch].residual
    if settings.residual not in (None, is_residual) and is_residual is not None:
        where = f"'{config}', line {_line_in(config, ('model', 'residual'))}: " if config else ""
        raise LabError(
            f"{where}residual is {_in_yaml(settings.residual)}, but {settings.arch} is "
            f"{'' if is_residual else 'not '}residual: leave it out, or take cam_net, which can be both."
        )
    return settings


def _without_overruled(in_file: dict[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the file says of its own network and its own data, where a flag names others."""
    overruled: set[str] = set()
    if flags.get("arch", in_file.get("arch")) != in_file.get("arch"):
        overruled |= {"weights", "residual"}
    if flags.get("data", in_file.get("data")) != in_file.get("data"):
        overruled |= {"data_dir", "num_classes"}
    return {name: value for name, value in in_file.items() if name not in overruled}


def settings_for(flags: Mapping[str, Any], config: Path | None) -> TrainingSettings:
    """Join flags and a YAML file as `settings_of`; where neither names data or a file, take the default one and say so.

    Raises:
        LabError: as for `settings_of`.
    """
    if config is None and flags.get("data") is None:
        config = default_config()
        whose = "your own" if config != SHIPPED else "the package's own; --write-config writes it here"
        say_once(f"configuration: {config} ({whose})")
    return settings_of(flags, config)


def default_config() -> Path:
    """Return the file that is taken where none is named: the one in the current folder, else the package's own."""
    own = Path(FILE)
    return own if own.is_file() else SHIPPED


def write_config(path: Path | None = None) -> Path:
    """Write the package's own file, which explains every key, and return where.

    Args:
        path: of the new file; `FILE` in the current folder by default.

    Raises:
        LabError: there is such a file already, or it cannot be written.
    """
    path = path or Path(FILE)
    if path.exists():
        raise LabError(f"'{path}' exists already and was left as it is: name another by --config, or remove it.")
    write_text(path, SHIPPED.read_text(encoding="utf-8"))
    return path


def _reason(message: str) -> str:
    """Turn pydantic's message into the end of a sentence, such as "should be greater than 0"."""
    return message.removeprefix("Input ").removeprefix("Value error, ").split(", unable to")[0]


def read_config(path: Path) -> dict[str, Any]:
    """Read the settings in a YAML file, as arguments of `TrainingSettings`.

    Raises:
        LabError: the file is missing or not YAML, or a key or a value in it is wrong; the sentence names its line.
    """
    value, lines = _read_yaml(path)
    _rename_scheduler(value)
    try:
        config = CONFIG.model_validate(value)
    except ValidationError as error:
        raise LabError(_sentence(path, error, lines)) from error
    given = {(section, key): value for section, keys in config for key, value in keys if value is not None}
    _require_one_size(path, given, lines)
    _require_places(path, given, lines)
    return {CONFIG_SECTIONS[section][key]: value for (section, key), value in given.items()}


def _read_yaml(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    text = read_text(path, "a YAML file")
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        lines = dict(_lines(path, node))
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none, brackets a thousand deep
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise LabError(f"'{path}'{line}, is not valid YAML: {problem}.") from error
    if not isinstance(value, dict):
        raise LabError(f"'{path}' should hold the sections {', '.join(CONFIG_SECTIONS)}, each with its keys.")
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
    """Accept the name that the Imagenette exercise's file has for `plateau`."""
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
        return f"{where}: the section '{name}' should hold keys, such as {', '.join(CONFIG_SECTIONS[name])}."
    reason = _reason(first["msg"])
    if first["loc"][-1] == "scheduler":
        reason = reason.replace("'plateau'", "'plateau' (or 'reduce_lr')")
    return f"{where}: {name} is {_in_yaml(first['input'])}, but {reason}."


def _in_yaml(value: object) -> str:
    """Write a value as its file does."""
    return str(value).lower() if isinstance(value, bool) or value is None else repr(value)


def _line_in(path: Path, place: Place) -> int:
    return _line_of(place, _read_yaml(path)[1])


def _line_of(place: Place, lines: dict[Place, int]) -> int:
    return lines.get(place[:2], lines.get(place[:1], 1))


def _advice(place: Place) -> str:
    """Propose the nearest key: of this section, else of another one."""
    word = str(place[-1])
    if len(place) == 1:
        return f": {_proposal(word, CONFIG_SECTIONS)}"
    section = str(place[0])
    elsewhere = [other for other in CONFIG_SECTIONS if word in CONFIG_SECTIONS[other]]
    if elsewhere:
        return f" in '{section}': it belongs to '{elsewhere[0]}'."
    return f" in '{section}': {_proposal(word, CONFIG_SECTIONS[section])}"


def _proposal(word: str, words: Iterable[str]) -> str:
    near = get_close_matches(word, words, n=1)
    return f"did you mean '{near[0]}'?" if near else f"choose one of {', '.join(words)}."


def _require_one_size(path: Path, given: Mapping[tuple[str, str], Any], lines: Mapping[Place, int]) -> None:
    shape, size = ("model", "input_shape"), ("dataset", "img_size")
    if given.get(shape, given.get(size)) != given.get(size, given.get(shape)):
        raise LabError(
            f"'{path}', line {lines[size]}: dataset.img_size is {given[size]}, but model.input_shape in line "
            f"{lines[shape]} says {given[shape]}: give both the same."
        )


def _require_places(path: Path, given: Mapping[tuple[str, str], Any], lines: Mapping[Place, int]) -> None:
    """Check that the paths in the file can be what they are named for."""
    for place, problem, advice in (
        (("training", "checkpoint_dir"), Path.is_file, "is a file: name a folder."),
        (("dataset", "data_dir"), Path.is_file, "is a file: name the folder of the data, which need not be there yet."),
        (("model", "weights"), _is_missing, "is not there: give imagenet, random, or a file of weights."),
    ):
        value = given.get(place)
        if value is not None and problem(Path(value)):
            raise LabError(f"'{path}', line {lines[place]}: {'.'.join(place)} is '{value}', but this {advice}")


def _is_missing(weights: Path) -> bool:
    return str(weights) not in ("imagenet", "random") and not weights.is_file()
