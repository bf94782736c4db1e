"""`models`: the networks that there are by name, from the table that `make models` measures; none is built for it."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch

from gradcam_lab.errors import LabError
from gradcam_lab.files import json_text
from gradcam_lab.models.model_choice import EMBEDDED
from gradcam_lab.models.sources.timm_models import PREFIX, timm
from gradcam_lab.models.sources.torchvision_models import cached_file, torchvision_names
from gradcam_lab.models.spelling import folded

TABLE = Path(__file__).parent / "networks.csv"
"""A row for each network that was tried with random weights; its header is `COLUMNS`."""

COLUMNS = ("name", "family", "size", "layer", "form", "grid", "channels", "prefix", "parameters", "seconds", "result")
"""`seconds` is what the trial took in one thread, and `result` is `ok` or what went wrong."""

Weights = Literal["built in", "cached", "online", "none"]
"""Where a network's own weights are: `online` means that they are downloaded at the first use."""

HUB_FILES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Network:
    """A network that `--model` takes by its name.

    Attributes:
        name: as `--model` takes it.
        size: height and width of its input in pixels; this and what follows is None for one that was not tried.
        layer: the layer that Grad-CAM explains.
        form: of this layer's output; see `FoundLayer`.
        grid: the side of its map, in cells.
        parameters: their number.
        weights: where its own are; None where timm, which knows it, is not installed.
        problem: what went wrong when it was tried; None where all was well.
    """

    name: str
    size: int | None = None
    layer: str | None = None
    form: str | None = None
    grid: int | None = None
    parameters: int | None = None
    weights: Weights | None = None
    problem: str | None = None


def list_models(text: str | None = None, json: bool = False) -> str:
    """List the networks.

    Args:
        text: only those whose name contains it; capitals and separators do not count.
        json: return JSON instead of a table.

    Raises:
        LabError: no network has such a name.
    """
    wanted = folded(text or "")
    every = [name for name in _names() if wanted in folded(name)]
    installed = find_spec("timm") is not None
    more = [name for name in _more_of_timm() if wanted in folded(name)] if installed else []
    if not (every or more):
        near = get_close_matches(text or "", [*_names(), *_more_of_timm()] if installed else _names(), n=3)
        proposed = f"did you mean {' or '.join(near)}?" if near else "omit it to see all."
        raise LabError(f"No network has a name with '{text}' in it: {proposed}")
    rows = _rows()
    networks = [_network(name, rows.get(name, {}), installed) for name in every]
    if json:
        return json_text({"networks": [asdict(one) for one in networks], "more_of_timm": more if installed else None})
    return "\n".join([*_as_table(networks), *_notes(len(networks), text, more, installed)])


def _names() -> list[str]:
    """The embedded network, all of torchvision's, and those of timm's that are in the table."""
    return [EMBEDDED, *torchvision_names(), *(name for name in _rows() if name.startswith(PREFIX))]


def _rows() -> dict[str, dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def _more_of_timm() -> list[str]:
    rows = _rows()
    return [f"{PREFIX}{name}" for name in timm().list_models() if f"{PREFIX}{name}" not in rows]


def _network(name: str, row: dict[str, str], with_timm: bool) -> Network:
    if name == EMBEDDED:
        weights: Weights | None = "built in"
    elif name.startswith(PREFIX):
        weights = _timms_weights(name.removeprefix(PREFIX)) if with_timm else None
    else:
        weights = "cached" if cached_file(name).is_file() else "online"
    texts = {key: row.get(key) or None for key in ("layer", "form")}
    numbers = {key: int(row[key]) if row.get(key) else None for key in ("size", "grid", "parameters")}
    problem = row.get("result", "ok")
    return Network(name, **texts, **numbers, weights=weights, problem=None if problem == "ok" else problem)  # type: ignore[arg-type]


def _timms_weights(name: str) -> Weights:
    """Look for the weights where timm would, without going online."""
    settings: Any = timm().get_pretrained_cfg(name)
    if settings is None or not (settings.hf_hub_id or settings.url):
        return "none"
    if settings.hf_hub_id:
        from huggingface_hub import try_to_load_from_cache

        found = any(isinstance(try_to_load_from_cache(settings.hf_hub_id, file), str) for file in HUB_FILES)
    else:
        found = (Path(torch.hub.get_dir()) / "checkpoints" / settings.url.rsplit("/", 1)[-1]).is_file()
    return "cached" if found else "online"


def _as_table(networks: Sequence[Network]) -> list[str]:
    """Return plain lines: a header, and one for each network."""
    if not networks:
        return []
    lines = [("name", "input", "grid", "layer", "form", "parameters", "weights")]
    for one in networks:
        millions = f"{one.parameters / 1e6:.1f} M" if one.parameters else "-"
        grid = f"{one.grid} x {one.grid}" if one.grid else "-"
        layer = one.layer or one.problem or "-"
        lines.append((one.name, str(one.size or "-"), grid, layer, one.form or "-", millions, one.weights or "-"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = {1, 2, 5}  # numbers
    padded = [
        [
            text.rjust(width) if i in right else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        for line in lines
    ]
    return ["  ".join(line).rstrip() for line in padded]


def _notes(count: int, text: str | None, more: Sequence[str], with_timm: bool) -> list[str]:
    """Say what else there is."""
    lines = [f"{count} network{'' if count == 1 else 's'}; --model takes each by its name."] if count else []
    if not with_timm:
        lines.append("timm is not installed, and has more than a thousand others: pip install 'gradcam-lab[timm]'.")
    elif more:
        named = f" with '{text}' in their names" if text else ""
        some = ", ".join(more[:3]) + (", ..." if len(more) > 3 else "")
        lines.append(f"timm has {len(more)} {'more' if count else 'networks'}{named} that were not tried here: {some}")
    return lines
