"""State dicts: reading them from files that are not trusted, and loading them into a network."""

import pickle
import pickletools
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.weights.missing_file import missing_file


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read a state dict: safetensors where the name ends in `.safetensors`, else what `torch.save` wrote.

    Nothing in the file is ever executed: a pickle is read by torch's unpickler for weights only.

    Raises:
        LabError: the file is missing, truncated, not a state dict, or holds more than tensors.
    """
    if path.suffix == ".safetensors":
        return read_safetensors(path)[0]
    state = read_pickle(path)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise LabError(f"'{path}' is no state dict but {_describe(state)}: save the model's state_dict() alone.")
    return {str(name): value for name, value in state.items()}


def read_pickle(path: Path) -> object:
    """Read what `torch.save` wrote, if it holds only tensors, numbers, texts, lists and dicts.

    Raises:
        LabError: the file is missing, truncated, or holds anything else, none of which is executed.
    """
    _must_exist(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of a foreign pickle before it refuses it
            return torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        if not _holds_code(path, error):
            raise _unreadable(path) from error
        raise LabError(
            f"'{path}' holds more than tensors (a pickle with code in it) and was not loaded: save the model's "
            "state_dict() alone."
        ) from error
    except OSError as error:
        if error.filename is None:  # torch's own complaint about what is in the file, not the disk's
            raise _unreadable(path) from error
        raise LabError(f"Cannot read the weights file '{path}' ({error.strerror or error}).") from error
    except Exception as error:  # a damaged file stops torch in many ways: RuntimeError, EOFError, struct.error, ...
        raise _unreadable(path) from error


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors and the metadata of a safetensors file.

    Raises:
        LabError: the file is missing, truncated or of another format.
    """
    _must_exist(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise LabError(
            f"'{path}' is truncated or not a safetensors file: delete it, then fetch or make it again."
        ) from error


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise missing_file(path, "--weights")


def _holds_code(path: Path, error: pickle.UnpicklingError) -> bool:
    """Say whether torch refused a class or function, rather than bytes that make no sense.

    Torch's unpickler reads one protocol and stops at the first opcode of another before it meets any name, so the
    opcodes of a plain pickle are looked through here; listing them executes none.
    """
    if "GLOBAL" in str(error):
        return True
    names_code = False
    try:
        with path.open("rb") as stream:
            for opcode, _, _ in pickletools.genops(stream):  # to the end: only then is it a pickle at all
                names_code |= opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST")
    except ValueError:
        return False
    return names_code


def _unreadable(path: Path) -> LabError:
    return LabError(f"'{path}' is truncated or not a weights file: delete it, then fetch or save it again.")


def _describe(value: object) -> str:
    if not isinstance(value, dict):
        return f"an object of type '{type(value).__name__}'"
    keys = ", ".join(f"'{key}'" for key in list(value)[:4])
    return f"a dict of {len(value)} entries ({keys}{', ...' if len(value) > 4 else ''}) that are not all tensors"


def mismatch(network: nn.Module, state: Mapping[str, Tensor]) -> str | None:
    """Describe in a clause the first entry of a state dict that does not fit a network; None where all fit."""
    wanted = network.state_dict()
    for name, value in wanted.items():
        if name not in state:
            if name.endswith("num_batches_tracked"):  # files from before torch 0.4.1 lack it, and eval never uses it
                continue
            return f"it lacks '{name}'"
        if state[name].shape != value.shape:
            return f"'{name}' has the shape {tuple(state[name].shape)} instead of {tuple(value.shape)}"
    for name in state:
        if name not in wanted:
            return f"it has '{name}', which the network does not"
    return None


def load_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a state dict into a network that it fits (`mismatch` gave None), in the network's own precision.

    The tensors take the place of the network's own, so a network built on the `meta` device needs no others.
    """
    wanted = network.state_dict()
    network.load_state_dict({name: value.to(wanted[name].dtype) for name, value in state.items()}, assign=True)
