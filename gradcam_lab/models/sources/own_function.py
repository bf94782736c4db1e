"""A network of the user's own: `FILE.py:FUNCTION`, a function without arguments that returns an `nn.Module`.

What the network expects of its input, and what its outputs mean, it may say itself, by attributes:

- `input_size`: height and width of its input in pixels, or a shape that ends in them;
- `mean` and `std`: three numbers each, of R, G, B between 0 and 1;
- `classes`: the names of its outputs;
- `activation`: "softmax" or "sigmoid".

`pretrained_cfg`, as networks of timm have it, says the first three too. Options of the command line win.
"""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from gradcam_lab.errors import LabError
from gradcam_lab.files import digest, names_a_file
from gradcam_lab.models.class_list import checked_classes
from gradcam_lab.models.classifier import Activation, Preprocessing
from gradcam_lab.models.sources.draft import Draft
from gradcam_lab.models.sources.fitting_weights import fit_weights
from gradcam_lab.own_modules import OwnModule, closure, imports, paths_of
from gradcam_lab.vision import torchvision

ITS_OWN = "its own"
"""What stands for the weights of a network that brings them along."""


def is_function(model: str) -> bool:
    """Say whether a text is `FILE.py:FUNCTION`, or the file alone.

    Examples:
        >>> is_function("nets/mine.py:build"), is_function("timm:mine.py"), is_function("resnet50")
        (True, True, False)
    """
    return model.endswith(".py") or model.rpartition(":")[0].endswith(".py")


def load_function(model: str, weights: str | None = None) -> Draft:
    """Call the user's function and return its network.

    Args:
        model: `FILE.py:FUNCTION`. The file is run as a module of its own folder, whose other modules it can import.
        weights: a file of a state dict for the network; None where the function has loaded them itself.

    Raises:
        LabError: the file or the function does not exist, raises, or returns no network; or the weights do not fit.
    """
    file, function = (Path(model), "") if model.endswith(".py") else _parts(model)
    file = file.resolve() if names_a_file(str(file)) else file  # what runs may change the folder
    if not file.is_file():
        raise LabError(f"There is no file '{file}': check the name given to --model.")
    with _importing_from(file):
        make = _function(file, function)
        network = _run(file, make, f"{function}()")
    if not isinstance(network, nn.Module):
        raise LabError(
            f"{function}() of '{file}' returns {_kind(network)} and no network: let it return a torch.nn.Module."
        )
    network = fit_weights(Path(weights), f"{function}() of '{file}'", network) if weights else network
    return describe_module(
        network, f"{file.name}:{function}", Path(weights).name if weights else "", _code_sha256(file)
    )


def describe_module(network: nn.Module, name: str, weights: str = "", code_sha256: str = "") -> Draft:
    """Return a network of the user's with what it says of itself; see the module's text."""
    settings: Any = getattr(network, "pretrained_cfg", None)
    said: Mapping[str, Any] = settings if isinstance(settings, Mapping) else {}
    usual = Preprocessing()
    preprocessing = Preprocessing(
        _size(getattr(network, "input_size", None)) or _size(said.get("input_size")) or usual.size,
        _colours(getattr(network, "mean", None)) or _colours(said.get("mean")) or usual.mean,
        _colours(getattr(network, "std", None)) or _colours(said.get("std")) or usual.std,
    )
    classes, activation = getattr(network, "classes", None), getattr(network, "activation", None)
    named: tuple[str, ...] | None = None
    if isinstance(classes, list | tuple) and all(isinstance(one, str) for one in classes):
        named = checked_classes(classes, f"'{name}'")
    known: Activation | None = activation if activation in ("softmax", "sigmoid") else None
    return Draft(
        *(name, network, preprocessing),
        classes=named,
        activation=known,
        code_sha256=code_sha256,
        metadata={"weights": weights or ITS_OWN},
    )


def _parts(model: str) -> tuple[Path, str]:
    file, _, function = model.rpartition(":")
    return Path(file), function


def _function(file: Path, name: str) -> Callable[[], Any]:
    """Run the file and return its function."""
    module = _run(file, lambda: _imported(file), "its import")
    found = vars(module)
    functions = [key for key, value in found.items() if getattr(value, "__module__", None) == module.__name__]
    if name in found and callable(found[name]):
        return found[name]
    has = f"it has {', '.join(functions)}" if functions else "it has none"
    if not name:
        raise LabError(f"'{file}' is a file: say which function of it builds the network, {file}:FUNCTION; {has}.")
    raise LabError(f"'{file}' has no function '{name}': {has}.")


def _code_sha256(file: Path) -> str:
    """Return a SHA-256 of the file and of the modules beside it that it imports: the maps depend on all of them."""

    def read(name: str) -> OwnModule | None:
        paths = [file.parent / path for path in paths_of(name)]
        path = next((path for path in paths if path.is_file()), None)
        text = path.read_text(encoding="utf-8", errors="replace") if path else ""
        return OwnModule(text, str(path), path.name == "__init__.py") if path else None

    text = file.read_text(encoding="utf-8", errors="replace")
    beside = closure(imports(text, file.stem), read)
    return digest(text, {name: module.text for name, module in sorted(beside.items())})


def _imported(file: Path) -> ModuleType:
    """Import the file under a name of its own, so that it hides no other module."""
    torchvision()  # what imports it itself, as timm does, fails beside a CPU build of torch unless this was done before
    spec = spec_from_file_location(f"own_{file.stem}", file)
    assert spec
    assert spec.loader  # a name that ends in .py has both
    module = sys.modules[spec.name] = module_from_spec(spec)  # dataclasses and pickle look their module up by its name
    spec.loader.exec_module(module)
    return module


def _run(file: Path, function: Callable[[], Any], what: str) -> Any:
    """Run code of the user's.

    Raises:
        LabError: it raises, which is told with the line of the file where it did.
    """
    try:
        with redirect_stdout(sys.stderr):  # what it prints must not stand in JSON
            return function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's code may do, also sys.exit
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == file.resolve()]
        if isinstance(error, SyntaxError) and error.filename and Path(error.filename).resolve() == file.resolve():
            lines = [error.lineno]
        place = f" in line {lines[-1]}" if lines else ""
        message = str(error).strip().splitlines()
        told = f"{type(error).__name__}{f': {message[0][:200]}' if message else ''}"
        raise LabError(f"'{file}' cannot be used, {what} raises {told}{place}: mend it.") from error


@contextmanager
def _importing_from(file: Path) -> Iterator[None]:
    """Let the file import the modules beside it."""
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _kind(value: object) -> str:
    if isinstance(value, type):
        return f"the class '{value.__name__}' itself"
    return "None" if value is None else f"an object of type '{type(value).__name__}'"


def _size(value: object) -> int | None:
    last = value[-1] if isinstance(value, list | tuple) and value else value
    return last if isinstance(last, int) and not isinstance(last, bool) and last > 0 else None


def _colours(value: object) -> tuple[float, ...] | None:
    if isinstance(value, list | tuple) and len(value) == 3 and all(isinstance(one, int | float) for one in value):
        numbers = tuple(map(float, value))
        return numbers if all(map(isfinite, numbers)) else None
    return None
