"""A student's file as a module of its own, alone or with the reference's code around one task."""

from inspect import getsource
from symtable import symtable
from types import ModuleType


class Missing(Exception):
    """A function that a task asks for is not in the file."""


def compose(student: ModuleType, reference: ModuleType, own: set[str]) -> None:
    """Replace everything in the student's module that the reference has too, except the task that is judged.

    So a mistake elsewhere in the file cannot cost this task its points. What only the student has, helpers for
    instance, stays.

    Args:
        student: changed in place.
        reference: the lesson's module.
        own: the functions and methods that stay the student's, such as `{"watched", "GradCAM.__call__"}`.

    Raises:
        Missing: one of them is not there.
    """
    for unit in sorted(own):
        owner, _, method = unit.rpartition(".")
        if not callable(vars(getattr(student, owner, object) if owner else student).get(method)):
            raise Missing(f"there is no function '{unit}' in the file")
    for name in _defined(reference):
        methods = {unit.partition(".")[2] for unit in own if unit.startswith(f"{name}.")}
        if methods:
            for method, value in vars(getattr(reference, name)).items():
                if method not in methods and callable(value):
                    setattr(getattr(student, name), method, value)
        elif name not in own:
            setattr(student, name, getattr(reference, name))


def _defined(module: ModuleType) -> list[str]:
    """The names that a module defines itself: functions, classes and constants, but not what it imports."""
    table = symtable(getsource(module), module.__name__, "exec")
    return [name.get_name() for name in table.get_symbols() if name.is_assigned() and not name.is_imported()]
