"""A student's file as a module of its own, alone or with the reference's code around one task."""

from functools import cache
from inspect import getsource
from symtable import symtable
from types import ModuleType
from typing import Any, NamedTuple


class Missing(Exception):
    """A function that a task asks for is not in the file."""


class Reference(NamedTuple):
    """What a lesson defines, as it was before any of a student's code ran.

    Attributes:
        values: its functions, classes and constants by name, without what it imports.
        methods: of its classes.
    """

    values: dict[str, Any]
    methods: dict[str, dict[str, Any]]

    @classmethod
    @cache
    def of(cls, module: ModuleType) -> "Reference":
        """The reference of a step, by its lesson's module."""
        values = {name: getattr(module, name) for name in _defined(module)}
        methods = {name: dict(vars(value)) for name, value in values.items() if isinstance(value, type)}
        return cls(values, methods)


def compose(student: ModuleType, reference: Reference, own: set[str]) -> None:
    """Replace everything in the student's module that the reference has too, except the task that is judged.

    So a mistake elsewhere in the file cannot cost this task its points. What only the student has, helpers for
    instance, stays.

    Args:
        student: changed in place.
        reference: the lesson.
        own: the functions and methods that stay the student's, such as `{"watched", "GradCAM.__call__"}`.

    Raises:
        Missing: one of them is not there.
    """
    for unit in sorted(own):
        owner, _, method = unit.rpartition(".")
        if not callable(vars(getattr(student, owner, object) if owner else student).get(method)):
            raise Missing(f"there is no function '{unit}' in the file")
    for name, thing in reference.values.items():
        methods = {unit.partition(".")[2] for unit in own if unit.startswith(f"{name}.")}
        if methods:
            for method, value in reference.methods[name].items():
                if method not in methods and callable(value):
                    setattr(getattr(student, name), method, value)
        elif name not in own:
            setattr(student, name, thing)


def _defined(module: ModuleType) -> list[str]:
    """The names that a module defines itself: functions, classes and constants, but not what it imports."""
    table = symtable(getsource(module), module.__name__, "exec")
    return [name.get_name() for name in table.get_symbols() if name.is_assigned() and not name.is_imported()]
