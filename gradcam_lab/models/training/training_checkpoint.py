"""The folder of a training, from which it continues after any interruption, also a kill.

`state.pt` is the checkpoint: it holds all that the next epoch depends on, and is written whole or not at all.
`best.safetensors` is written before it, so that it can be no older; the other files can be made from it again.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gradcam_lab.errors import LabError
from gradcam_lab.files import make_folder, moved_into_place
from gradcam_lab.models.weights.state_dict import read_pickle

CHECKPOINT, BEST, LAST = "state.pt", "best.safetensors", "last.safetensors"
FILES = (CHECKPOINT, BEST, LAST, "log.csv", "curves.png")


def write_checkpoint(folder: Path, plan: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Write the state after an epoch, with the plan that `read_checkpoint` will compare.

    Raises:
        LabError: it cannot be written.
    """
    with moved_into_place(folder / CHECKPOINT) as temporary:
        torch.save({"plan": json.dumps(plan), **state}, temporary)


def read_checkpoint(folder: Path, plan: Mapping[str, Any], resume: bool | None) -> dict[str, Any] | None:
    """Return the state from which a training continues, or None where it begins.

    Args:
        folder: of the training.
        plan: all that the result of the training depends on, as JSON.
        resume: True continues, False begins anew, None continues where there is a checkpoint.

    Raises:
        LabError: there is no checkpoint to continue from, or it was made by another plan or is damaged.
    """
    path = folder / CHECKPOINT
    if resume is False:
        return None
    if not path.is_file():
        _require_nothing_there(folder, resume)
        return None
    state: Any = read_pickle(path)
    if not isinstance(state, dict) or "plan" not in state:
        raise LabError(f"'{path}' is no checkpoint of gradcam-lab train: begin anew with --fresh.")
    require_same(folder, json.loads(state["plan"]), json.loads(json.dumps(plan)))
    return state


def clear(folder: Path) -> None:
    """Make the folder, and remove the files of an earlier training: the checkpoint first."""
    make_folder(folder)
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def _require_nothing_there(folder: Path, resume: bool | None) -> None:
    if resume:
        raise LabError(f"There is no training in '{folder}' to go on with: leave --resume out.")
    if (folder / BEST).exists():
        raise LabError(f"'{folder}' holds a network that --fresh would replace: give another --out, or --fresh.")


def require_same(place: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Check that a training goes on with its own files and replaces no other's.

    Args:
        place: its folder or its file.
        before: what the training depends on that is there, as JSON.
        now: the same of this one.

    Raises:
        LabError: they differ.
    """
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            raise LabError(
                f"'{place}' holds another training: its {name.replace('_', ' ')} is {_short(before.get(name))} and "
                f"not {_short(now.get(name))}; give another --out, or begin anew with --fresh."
            )


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
