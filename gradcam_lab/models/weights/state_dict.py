"""State dicts: reading them from files that are not trusted, and loading them into a network."""

import pickle
import pickletools
import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gradcam_lab.errors import LabError
from gradcam_lab.models.weights.foreign_file import foreign_file
from gradcam_lab.models.weights.missing_file import missing_file

COUNTERS = "num_batches_tracked"
"""How the names of batch counters end: files from before torch 0.4.1 lack them, and eval never uses them."""

SHOWN = 3
"""Names of tensors that a sentence lists."""


def read_weights(path: Path) -> object:
    """Read a file of weights: safetensors where the name ends in `.safetensors`, else what `torch.save` wrote.

    Raises:
        LabError: as `read_safetensors` and `read_pickle`.
    """
    return read_safetensors(path)[0] if path.suffix == ".safetensors" else read_pickle(path)


def read_pickle(path: Path) -> object:
    """Read what `torch.save` wrote, if it holds only tensors, numbers, texts, lists and dicts.

    Raises:
        LabError: the file is missing, truncated, or holds anything else, none of which is executed.
    """
    _require_weights(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of a foreign pickle before it refuses it
            return torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        if not _holds_code(path, error):
            raise _unreadable(path) from error
        raise LabError(
            f"'{path}' holds more than tensors (a pickle with code in it{_named_code(error)}) and was not loaded: in "
            "the program that made it, save the model's state_dict() alone."
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
    _require_weights(path)
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise LabError(
            f"'{path}' is truncated or not a safetensors file: delete it, then fetch or make it again."
        ) from error


def _require_weights(path: Path) -> None:
    """Check that there is a file, and that its first bytes are of no other kind."""
    if not path.is_file():
        raise missing_file(path, "--weights")
    if sentence := foreign_file(path):
        raise LabError(sentence)


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


def _named_code(error: pickle.UnpicklingError) -> str:
    """Name the class or function that torch refused, where it says so."""
    found = re.search(r"GLOBAL ([\w.]+)", str(error))
    return f": {found[1]}" if found else ""


def _unreadable(path: Path) -> LabError:
    return LabError(f"'{path}' is truncated or not a weights file: delete it, then fetch or save it again.")


def mismatch(network: nn.Module, state: Mapping[str, Tensor]) -> str | None:
    """Describe in a clause how a state dict does not fit a network; None where it fits."""
    wanted = network.state_dict()
    lacking = [name for name in wanted if name not in state and not name.endswith(COUNTERS)]
    beyond = [name for name in state if name not in wanted]
    if lacking or beyond:
        parts = [f"it lacks {listed(lacking)}"] if lacking else []
        parts += [f"it has {listed(beyond)}, which the network does not"] if beyond else []
        return " and ".join(parts)
    for name, value in state.items():
        if value.is_meta or value.is_quantized or value.layout != torch.strided or value.is_complex():
            return f"'{name}' is no plain tensor of numbers ({_kind_of(value)})"
    for name, value in wanted.items():
        if name in state and state[name].shape != value.shape:
            return f"'{name}' has the shape {tuple(state[name].shape)} instead of {tuple(value.shape)}" + _channels(
                tuple(state[name].shape), tuple(value.shape)
            )
    return None


def _kind_of(value: Tensor) -> str:
    if value.is_meta:
        return "on the device meta, without values"
    return "quantised" if value.is_quantized else str(value.dtype if value.is_complex() else value.layout)


def _channels(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Say what another shape of the first layer means: images of another number of channels."""
    if len(found) == len(wanted) == 4 and wanted[1] == 3 != found[1]:
        return f", so it takes images of {found[1]} channel{'s' if found[1] > 1 else ''}, and those here have 3 (RGB)"
    return ""


def listed(names: Sequence[str]) -> str:
    """List the first names, in quotes, and say how many there are beyond them.

    Examples:
        >>> listed(["fc.weight", "fc.bias"])
        "'fc.weight', 'fc.bias'"
        >>> listed("abcde")
        "'a', 'b', 'c' and 2 more"
    """
    more = len(names) - SHOWN
    return ", ".join(f"'{name}'" for name in names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def load_weights(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load a state dict into a network that it fits (`mismatch` gave None), in the network's own precision.

    The tensors take the place of the network's own, so a network built on the `meta` device needs no others.
    """
    wanted = network.state_dict()
    given = OrderedDict((name, value.to(wanted[name].dtype)) for name, value in state.items())
    given.update((name, torch.tensor(0)) for name in wanted if name.endswith(COUNTERS) and name not in given)
    given._metadata = wanted._metadata  # type: ignore[attr-defined]  # the version of its layout: this network's own
    network.load_state_dict(given, assign=True)
