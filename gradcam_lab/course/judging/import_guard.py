"""In the worker, the reference cannot be imported by a student's code: what reading it cannot tell is refused here.

A name may be put together while the code runs. This guards against the plain ways, `import` and `import_module`, and
not against code that looks for a way around it: the reference lies in the same process, for the checks need it.
"""

import builtins
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from gradcam_lab.course.integrity.reference import is_reference

OURS = "gradcam_lab"


class ReferenceImported(ImportError):
    """A student's code asks for the reference."""


def install() -> None:
    """From now on, `import` and `importlib.import_module` give the reference only to modules of our own package."""
    plain_import, plain_module = builtins.__import__, importlib.import_module

    def guarded_import(name: str, *more: Any, **named: Any) -> ModuleType:
        wanted: Sequence[str] = named.get("fromlist", more[2] if len(more) > 2 else ()) or ()
        _refuse([name, *(f"{name}.{part}" for part in wanted)], sys._getframe(1).f_globals)
        return plain_import(name, *more, **named)

    def guarded_module(name: str, package: str | None = None) -> ModuleType:
        _refuse([name], sys._getframe(1).f_globals)
        return plain_module(name, package)

    builtins.__import__ = guarded_import
    importlib.import_module = guarded_module


def _refuse(names: list[str], importer: dict[str, Any]) -> None:
    if any(map(is_reference, names)) and str(importer.get("__name__")).partition(".")[0] != OURS:
        raise ReferenceImported(f"'{next(filter(is_reference, names))}' is the reference")
