"""A folder belongs to one run, of its data, network and target: another is refused, unless --out names the folder.

What a run decides later, such as its method or its threshold, uses the same heatmaps and may change in one folder.
"""

import shlex
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from gradcam_lab.data.registry import DATA_SET_NAMES
from gradcam_lab.errors import LabError
from gradcam_lab.files import read_json, write_text
from gradcam_lab.models.model_choice import ModelChoice, option
from gradcam_lab.models.spelling import folded
from gradcam_lab.pipeline.settings import Settings

COMMAND = "command.txt"
"""The command line of the run whose folder it is, written before anything is computed."""

NETWORK = ("model", "weights", "classes", "groups", "activation", "size", "mean", "std", "layer")
READING = ("annotations", "boxes", "val_size", "split_seed")
WHOSE = ("data", "data_root", *READING, *NETWORK, "target", "limit", "precision")
"""The settings that make it another run: its heatmaps would all have to be made again."""

PATHS = ("data", "data_root", "annotations", "weights")
WORDS = (*DATA_SET_NAMES, "imagenet")
"""What is no path, in the settings that may be one."""


def require_own_folder(settings: Settings) -> None:
    """Check that a run replaces no other one in a folder that the user has not named.

    Raises:
        LabError: the folder holds a run of other data, of another network or of another target.
    """
    before = "" if settings.out else _command_in(settings.folder)
    if not before:
        return
    then, now = _said(before), _said(settings.command)
    for name in WHOSE:
        if _meant(name, then.get(name)) != _meant(name, now.get(name)):
            raise LabError(
                f"'{settings.folder}' holds a run {_with(name, then)}, and this one is {_with(name, now)}: give --out "
                f"another folder, or --out {shlex.quote(str(settings.folder))} to replace that run."
            )


def write_command(folder: Path, settings: Settings) -> None:
    """Write down whose folder it is, where it does not say so.

    Raises:
        LabError: it cannot be written.
    """
    told = settings.command + "\n"
    if _command_file(folder) != told:
        write_text(folder / COMMAND, told)


def _command_in(folder: Path) -> str:
    """Return the command of the run in a folder; runs of older versions say it in their results; "" for none."""
    if told := _command_file(folder):
        return told
    try:
        return str(read_json(folder / "results.json")["provenance"]["command"])
    except (LabError, KeyError, TypeError):
        return ""


def _command_file(folder: Path) -> str:
    try:
        return (folder / COMMAND).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _said(command: str) -> dict[str, str]:
    """Return the settings in a command line; those that are not in it are the defaults."""
    defaults = {name: value for name in WHOSE if isinstance(value := getattr(Settings, name, None), str)}
    try:
        pairs = list(pairwise(shlex.split(command)))
        network = ModelChoice.of_command(command)
    except ValueError:  # a quotation mark without its fellow: nobody's command
        pairs, network = [], ModelChoice()
    words = {word.removeprefix("--").replace("-", "_"): value for word, value in pairs if word.startswith("--")}
    others = {name: words[name] for name in WHOSE if name in words and name not in NETWORK}
    of_network = {name: getattr(network, name) for name in NETWORK}
    texts = {name: " ".join(value) if name == "groups" else str(value) for name, value in of_network.items() if value}
    return {**defaults, **others, **texts}


def _meant(name: str, value: str | None) -> str | None:
    """Return a value so that the same thing, written otherwise, is the same."""
    path = name in PATHS and value not in WORDS
    if value is not None and (path or (name in ("model", "classes") and Path(value).is_file())):
        return str(Path(value).resolve())
    return folded(value) if value is not None and name == "target" else value


def _with(name: str, said: Mapping[str, str]) -> str:
    word = option(name.replace("_", "-"))
    return f"with {word} {said[name]}" if name in said else f"without {word}"
