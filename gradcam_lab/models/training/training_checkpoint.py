"""The folder of a training, from which it goes on after any end, be it a kill.

`state.pt` holds all that the next epoch depends on and is the one file that counts: it is written whole or not at all.
`best.safetensors` is written before it, so that it can be no older; the others can be made from it again.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gradcam_lab.errors import LabError
from gradcam_lab.files import make_folder, moved_into_place
from gradcam_lab.models.weights.state_dict import read_pickle

STATE, BEST, LAST = "state.pt", "best.safetensors", "last.safetensors"
FILES = (STATE, BEST, LAST, "log.csv", "curves.png")


def write_state(folder: Path, plan: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write the state after an epoch, for a plan that `read_state` will ask for.

    Raises:
        LabError: it cannot be written.
    """
    with moved_into_place(folder / STATE) as temporary:
        torch.save({"plan": json.dumps(plan), **state}, temporary)


def read_state(folder: Path, plan: Mapping[str, Any], resume: bool | None) -> dict[str, Any] | None:
    """Return the state that a training goes on from, or None where it begins.

    Args:
        folder: of the training.
        plan: all that decides what comes out of it.
        resume: True goes on, False begins anew, None goes on where there is something to go on from.

    Raises:
        LabError: there is nothing to go on from, or what is there was made by another plan or is damaged.
    """
    path = folder / STATE
    if resume is False:
        return None
    if not path.is_file():
        _require_nothing_there(folder, resume)
        return None
    state: Any = read_pickle(path)
    if not isinstance(state, dict) or "plan" not in state:
        raise LabError(f"'{path}' is no checkpoint of gradcam-lab train: begin anew with --fresh.")
    _require_same(folder, json.loads(state["plan"]), json.loads(json.dumps(plan)))
    return state


def clear(folder: Path) -> None:
    """Make the folder, and remove what a training has left in it: the state first."""
    make_folder(folder)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def _require_nothing_there(folder: Path, resume: bool | None) -> None:
    if resume:
        raise LabError(f"There is no training in '{folder}' to go on with: leave --resume out.")
    if (folder / BEST).exists():
        raise LabError(f"'{folder}' holds a network that --fresh would replace: give another --out, or --fresh.")


def _require_same(folder: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            raise LabError(
                f"'{folder}' holds another training: its {name.replace('_', ' ')} is {_short(before.get(name))} and "
                f"not {_short(now.get(name))}; give another --out, or begin anew with --fresh."
            )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
