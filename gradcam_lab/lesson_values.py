"""Makes of what a student's functions return what the Protocols say: a number is a number, a record a record.

The checks accept NumPy's numbers, tensors with a history of gradients and plain tuples, which JSON, `.numpy()` and
`share.heat` do not. So everything that the lab takes from a student's file comes through here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, wraps
from inspect import isfunction
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from gradcam_lab import lesson_protocols


class Converted:
    """A student's module, or an object that it made, whose functions return what a Protocol says.

    Args:
        original: the module or the object.
        protocol: what it must offer; what the Protocol does not name is handed on as it is.
        module: the student's module, in which the classes of records are found.
    """

    def __init__(self, original: Any, protocol: type, module: ModuleType) -> None:
        self._original = original
        self._protocol = protocol
        self._module = module

    def __getattr__(self, name: str) -> Any:
        """Return an attribute; of a function, one that converts its results."""
        if name == "_original":  # asked for while it is not there yet, by copy or pickle
            raise AttributeError(name)
        value = getattr(self._original, name)
        member = vars(self._protocol).get(name)
        if isfunction(member):
            return _converting(value, _results(self._protocol)[name], self._module)
        return convert(value, _results(self._protocol).get(name, Any), self._module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object itself, as an explainer is called."""
        return convert(self._original(*args, **kwargs), _results(self._protocol)["__call__"], self._module)


def _converting(function: Callable[..., Any], kind: Any, module: ModuleType) -> Callable[..., Any]:
    @wraps(function)  # so that its signature can still be read
    def converted(*args: Any, **kwargs: Any) -> Any:
        return convert(function(*args, **kwargs), kind, module)

    return converted


def convert(value: Any, kind: Any, module: ModuleType) -> Any:
    """Make a value one of another kind, where it can be one; else, as where it is None, it stays as it is.

    Args:
        value: what a student's function returned.
        kind: a type as it stands in a Protocol, such as `list[tuple[str, int, float]]`.
        module: the student's module.
    """
    with suppress(TypeError, ValueError, AttributeError):
        return value if value is None else _converted(value, kind, module)
    return value


def _converted(value: Any, kind: Any, module: ModuleType) -> Any:
    import numpy as np
    from torch import Tensor, as_tensor, nn

    origin, parts = get_origin(kind), get_args(kind)
    if kind in (float, int, bool, str):
        return kind(value.detach() if isinstance(value, Tensor) else value)
    if kind is Tensor:
        tensor = as_tensor(value)
        # A leaf stays what it is: its gradient may be asked for, as that of a stored feature map.
        return tensor.detach() if tensor.grad_fn is not None or isinstance(tensor, nn.Parameter) else tensor
    if kind is np.ndarray:
        return value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if origin is list:
        return [convert(entry, parts[0], module) for entry in value]
    if origin is tuple:
        return tuple(convert(entry, part, module) for entry, part in zip(value, parts, strict=True))
    if origin is Mapping:
        return {convert(key, parts[0], module): convert(entry, parts[1], module) for key, entry in value.items()}
    if origin is Callable:
        return _converting(value, parts[-1], module)
    if getattr(kind, "_is_protocol", False):
        return _record(value, kind, module) if _is_record(kind) else Converted(value, kind, module)
    return value


def _record(value: Any, kind: type, module: ModuleType) -> Any:
    """A record of the student's own class, with converted fields; a plain tuple becomes one."""
    if type(value) in (tuple, list):
        value = getattr(module, kind.__name__)(*value)
    fields = {name: convert(getattr(value, name), part, module) for name, part in _results(kind).items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(value, **fields)
    return value._replace(**fields)


def _is_record(kind: type) -> bool:
    members = [member for name, member in vars(kind).items() if not name.startswith("_")]
    return all(isinstance(member, property) for member in members) and "__call__" not in vars(kind)


@cache
def _results(protocol: type) -> dict[str, Any]:
    """Of each function of a Protocol, and of each property, the type of its result."""
    import numpy as np
    from torch import Tensor, nn

    names = {**vars(lesson_protocols), "np": np, "Tensor": Tensor, "nn": nn}
    functions = {
        name: member.fget if isinstance(member, property) else member
        for name, member in vars(protocol).items()
        if isinstance(member, property) or (isfunction(member) and (name == "__call__" or not name.startswith("_")))
    }
    return {name: get_type_hints(function, names).get("return", Any) for name, function in functions.items()}
