"""What a student's code leaves behind in its process: settings are put back, and damage is found.

Damage is what cannot be put back for certain: the process is then replaced, so that the next check starts clean.
"""

import ast
import builtins
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from operator import is_
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcam_lab.excerpts import parse
from gradcam_lab.process_settings import Settings

OURS = "gradcam-lab"
"""The names of the worker's own threads begin with it."""

LIBRARIES = frozenset(
    {
        "builtins",
        "collections",
        "copy",
        "cv2",
        "functools",
        "gradcam_lab.lessons",
        "inspect",
        "io",
        "itertools",
        "json",
        "math",
        "numbers",
        "numpy",
        "numpy.lib",
        "numpy.linalg",
        "numpy.random",
        "numpy.testing",
        "operator",
        "os",
        "os.path",
        "pathlib",
        "random",
        "re",
        "statistics",
        "string",
        "sys",
        "time",
        "types",
        "typing",
        "torch",
        "torch._tensor",
        "torch.autograd",
        "torch.fft",
        "torch.functional",
        "torch.linalg",
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.nn.utils",
        "torch.random",
        "torch.special",
        "torch.utils.hooks",
    }
)
"""Modules whose functions and classes are looked at; there are too many to look at all of them after each check."""

PACKAGES = ("torch.nn.modules", "torch.autograd", "numpy.lib", "gradcam_lab.lessons")
"""Packages of which every loaded module is looked at."""

PATIENCE = 0.05
"""Seconds that a thread may take to end by itself."""


class Surroundings:
    """The process as it is before any of the student's code has run; a copy of it made by fork has the same."""

    def __init__(self) -> None:
        self.begin()
        self.modules = dict(sys.modules)
        self.path = list(sys.path)
        self.owners = [_Owner(thing) for thing in _owners(self.modules)]

    def begin(self) -> None:
        """Take the settings as they are now for those of this process."""
        self.settings = Settings()

    def after_loading(self, text: str) -> list[str]:
        """Put back what the text of a file has changed at its top, before its check begins.

        Args:
            text: the student's, all files that may have run.

        Returns:
            What it was, as "changed numpy's global random seed".
        """
        import cv2

        gone = self._put_modules_back()  # first: many settings cannot be read without their library
        said = self.settings.put_back(text)
        cv2.setRNGSeed(0)  # its random state cannot be read: it is the same for each check
        return said + [f"took sys.modules['{name}'] away" for name in gone]

    def after_check(self, text: str, folder: Path, own: Iterable[str]) -> tuple[list[str], list[str], str]:
        """Put back what can be, and look for damage.

        Args:
            text: the student's, all files that may have run.
            folder: the one of the student's files.
            own: the dotted names of the student's own modules.

        Returns:
            What was put back; the damage that costs nothing; and the sentence about a library that was changed, or "".
        """
        for name in own:
            sys.modules.pop(name, None)
            if name in self.modules:  # a library that has the same name, and whose place it took
                sys.modules[name] = self.modules[name]
        gone = self._put_modules_back()  # before the settings: many cannot be read without their library
        changed = self.settings.put_back(text)
        damage = ["changed a setting that cannot be put back"] if self.settings.stuck else []
        damage += ["left a thread running"] if _strange_threads() else []
        damage += ["left another process running"] if _has_children() else []
        damage += [f"took sys.modules['{name}'] away" for name in gone]
        self._forget_students_modules(str(folder))
        return changed, damage, self.replaced() if may_replace(text) else ""

    def replaced(self) -> str:
        """What of a library was replaced, taken away or added, as "replaced torch.nn.Conv2d", or ""."""
        return next(filter(None, (owner.replaced() for owner in self.owners)), "")

    def _put_modules_back(self) -> list[str]:
        """Put back modules that were taken from the table or replaced there, and name them."""
        now = sys.modules
        gone = [name for name, module in self.modules.items() if now.get(name) is not module]
        for name in gone:
            now[name] = self.modules[name]
        return gone

    def _forget_students_modules(self, folder: str) -> None:
        """Take out of the table what is not of a library: each file begins with a fresh one."""
        places = tuple(entry for entry in self.path if entry and not folder.startswith(entry))
        for name in [name for name in sys.modules if name not in self.modules]:
            if not self._is_of_a_library(sys.modules[name], places):
                del sys.modules[name]

    def _is_of_a_library(self, module: Any, places: tuple[str, ...]) -> bool:
        spec = getattr(module, "__spec__", None)
        if spec is None:
            return False
        origin = spec.origin or ""
        inside = origin.startswith(places)
        return inside or origin in ("built-in", "frozen") or spec.parent.partition(".")[0] in self.modules


WAYS = frozenset(
    {"setattr", "delattr", "__setattr__", "__delattr__", "__dict__", "vars", "globals", "__import__", "import_module"}
    | {"exec", "eval", "compile", "mock", "patch", "ctypes", "gc", "inspect"}
)
"""Names by which code can change a library without an assignment to an attribute."""


@lru_cache(maxsize=8)
def may_replace(text: str) -> bool:
    """Whether a text can change a library at all: looking at all of them after each check takes as long as a check."""
    try:
        nodes = list(ast.walk(parse(text)))
    except SyntaxError:
        return True
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    assigned = [node for node in attributes if not isinstance(node.ctx, ast.Load)]
    words = {node.id for node in nodes if isinstance(node, ast.Name)} | {node.attr for node in attributes} - {"eval"}
    words |= {alias.name.partition(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    words |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return bool(words & WAYS) or any(ast.unparse(node.value) != "self" for node in assigned)


def _strange_threads() -> list[threading.Thread]:
    """The threads that the student's code has left; one that is about to end is waited for a moment."""
    main = threading.main_thread()
    found = [t for t in threading.enumerate() if t is not main and not t.name.startswith(OURS)]
    for thread in found:
        thread.join(PATIENCE)
    return [thread for thread in found if thread.is_alive()]


def _has_children() -> bool:
    """Whether a process that the student's code has started still runs."""
    if not hasattr(os, "waitpid") or sys.platform == "win32":
        return False
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _owners(modules: Mapping[str, ModuleType]) -> Iterator[Any]:
    """The modules that are looked at, and the classes that are defined in them."""
    seen: set[int] = set()
    for name, module in modules.items():
        if name not in LIBRARIES and not name.startswith(PACKAGES):
            continue
        yield module
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__flags__ & _HEAP and id(value) not in seen:
                seen.add(id(value))
                yield value


_HEAP = 1 << 9
"""The flag of classes that can be changed; those of C are not."""

_map, _list = map, list  # a student's code may have replaced the builtins


class _Owner:
    """A module or a class, with the functions and classes that it had in the beginning."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        self.now = vars(thing)
        self.names = list(self.now)
        self.values = list(self.now.values())

    def replaced(self) -> str:
        """What of it was replaced, taken away or, in a class or among the builtins, added, or ""."""
        now = self.now
        if len(now) == len(self.names) and False not in _map(is_, now.values(), self.values):
            return ""
        name = next(filter(None, self._differences()), "")
        return f"replaced {self.thing.__name__}.{name}" if name else ""

    def _differences(self) -> Iterator[str]:
        from gradcam_lab.lessons.checks.checking import wrapped_by_torch

        before = dict(zip(self.names, self.values, strict=True))
        of_a_class = isinstance(self.thing, type)
        for name, value in before.items():
            new = self.now.get(name)
            if _counts(name, value, of_a_class) and new is not value and not wrapped_by_torch(new, value):
                yield name
        if of_a_class or self.thing is builtins:  # modules load names when they are first used
            for name, value in _list(self.now.items()):
                if name not in before and _counts(name, value, of_a_class):
                    yield name


def _counts(name: str, value: object, of_a_class: bool) -> bool:
    """Whether something is looked at: public functions, classes and numbers; of a class also its operators."""
    if callable(value):
        operator = name.startswith("__") and not name.startswith("__annotat")
        return name[0] != "_" or (of_a_class and (operator or name in ("_call_impl", "_conv_forward")))
    return name[0] != "_" and not of_a_class and isinstance(value, int | float)
