"""Values in a few words: a check's inputs, and the local variables at the line where something went wrong.

Whatever is of a class that a student may have written is named by its type only, or shown by its fields where it is a
named tuple or a dataclass: its `repr` is the student's code.
"""

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

WHOLE = 24
"""Arrays of so many numbers, or fewer, are shown whole."""

ITEMS = 10
"""Number of entries of a list or a dictionary that are shown."""

LETTERS = 60


def inputs(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """Describe the arguments of a call, a line each: `weight: shape (2, 2), float32: [[1, 4], [2, 3]]`."""
    try:
        named = dict(inspect.signature(function).bind(*args, **kwargs).arguments)
    except (TypeError, ValueError):  # it takes other arguments than these
        named = {**{f"argument {number}": value for number, value in enumerate(args, start=1)}, **kwargs}
    return [f"{name}: {described(value)}" for name, value in named.items()]


def described(value: Any) -> str:
    """A value in a few words; a small array whole, of a large one the shape, type and range."""
    try:
        return _described(value)
    except Exception:  # a class of the student's may fail at anything
        return f"a value of type {type(value).__name__}"


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return _array(value.detach().numpy(), f"{tuple(value.shape)}, {str(value.dtype).removeprefix('torch.')}")
    if isinstance(value, np.ndarray):
        return _array(value, f"{value.shape}, {value.dtype}")
    if type(value) is float or isinstance(value, np.floating):
        return f"{value:.5g}"
    if type(value) in (int, bool, type(None)) or isinstance(value, np.integer | np.bool_):
        return str(value)
    if type(value) is str:
        return repr(value if len(value) <= LETTERS else f"{value[:LETTERS]}...")
    if type(value) in (list, tuple):
        return _sequence(value)
    if type(value) is dict:
        return "{" + _few([f"{described(key)}: {described(item)}" for key, item in _first(value.items())], value) + "}"
    if isinstance(value, nn.Module):
        return f"a network, {type(value).__name__}"
    if inspect.isroutine(value):
        return f"the function {getattr(value, '__name__', '')}"
    if (names := _fields(value)) is not None:
        fields = [f"{name}: {_field(object.__getattribute__(value, name))}" for name in names[:ITEMS]]
        return f"{type(value).__name__}({_few(fields, names)})"
    return f"a value of type {type(value).__name__}"


def _fields(value: Any) -> Sequence[str] | None:
    """The names of the fields of a named tuple or a dataclass; None for whatever else."""
    if isinstance(value, tuple):
        return getattr(type(value), "_fields", None)
    return [field.name for field in dataclasses.fields(value)] if dataclasses.is_dataclass(type(value)) else None


def _field(value: Any) -> str:
    """A field; a record in a record, which may be the same one again, by its type only."""
    return described(value) if _fields(value) is None else f"a value of type {type(value).__name__}"


def _sequence(value: Sequence[Any]) -> str:
    inside = _few([described(item) for item in _first(value)], value)
    return f"[{inside}]" if isinstance(value, list) else f"({inside})"


def _first(items: Any) -> list[Any]:
    return list(items)[:ITEMS]


def _few(shown: list[str], whole: Any) -> str:
    return ", ".join(shown) + (f", ... ({len(whole)} in all)" if len(whole) > len(shown) else "")


def _array(array: np.ndarray, kind: str) -> str:
    if array.size == 0 or array.dtype.kind not in "biuf":
        return f"shape {kind}"
    if array.size <= WHOLE:
        return f"shape {kind}: {_numbers(array.tolist())}"
    if array.dtype.kind == "b":
        return f"shape {kind}, {int(array.sum())} of {array.size} are True"
    return f"shape {kind}, from {array.min():.4g} to {array.max():.4g}"


def _numbers(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_numbers, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
