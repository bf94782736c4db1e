"""A student's own modules: what a step file imports from its folder, as `import helpers` does.

They are kept as texts, found by reading the imports, so that what runs is exactly what was read and hashed.
"""

import ast
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from gradcam_lab.excerpts import parse
from gradcam_lab.process_settings import Settings


class OwnModule(NamedTuple):
    """One module: its text, its file (of a package, that of its `__init__`), and whether it is a package."""

    text: str
    file: str
    package: bool = False


OwnModules = Mapping[str, OwnModule]
"""Own modules by their dotted names."""

ANY = "*"
"""Stands among the imports of a text that finds modules by words which only running it tells."""

BY_WORDS = frozenset({"import_module", "__import__", "exec", "run_module", "run_path", "spec_from_file_location"})
"""What such a text calls."""


@lru_cache(maxsize=256)
def imports(text: str, name: str = "", package: bool = False) -> tuple[str, ...]:
    """List the modules that a text may import, and the packages around them; none where it does not parse.

    Last comes `ANY` where it may import others, as `importlib.import_module(name)` does.

    Args:
        text: Python source.
        name: the dotted name of its own module, which relative imports begin from.
        package: whether it is the text of a package itself.

    Examples:
        >>> imports("from tools.boxes import nms")
        ('tools', 'tools.boxes', 'tools.boxes.nms')
    """
    try:
        nodes = list(ast.walk(parse(text)))
    except SyntaxError:
        return ()
    around = name if package else name.rpartition(".")[0]
    found: list[str] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (start := _start(node, around)):
            found += [start, *(f"{start}.{alias.name}" for alias in node.names)]
    parts = [dotted.split(".") for dotted in found]
    names = dict.fromkeys(".".join(words[:end]) for words in parts for end in range(1, len(words) + 1))
    return (*names, ANY) if any(_word(node) in BY_WORDS for node in nodes) else tuple(names)


def _word(node: ast.AST) -> str:
    """The name that a node uses, as a variable, an attribute or an import; "" of all others."""
    if isinstance(node, ast.alias):
        return node.name
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _start(node: ast.ImportFrom, around: str) -> str:
    """The module after `from`, with the dots of a relative import resolved; "" where they lead nowhere."""
    if not node.level:
        return node.module or ""
    try:
        return resolve_name("." * node.level + (node.module or ""), around)
    except ImportError:
        return ""


def closure(
    start: Iterable[str], read: Callable[[str], OwnModule | None], others: Iterable[str] = ()
) -> dict[str, OwnModule]:
    """Find the own modules among some names, and what they import in turn.

    Args:
        start: dotted names, or `ANY`.
        read: returns the module of a dotted name, or None where it is no own module.
        others: the names that `ANY` stands for: all modules of the folder.
    """
    found: dict[str, OwnModule] = {}
    names = list(start)
    seen = set(names)
    while names:
        name = names.pop(0)
        new: Iterable[str] = others if name == ANY else ()
        if name != ANY and (module := read(name)):
            found[name] = module
            new = imports(module.text, name, module.package)
        names += [other for other in dict.fromkeys(new) if other not in seen]
        seen.update(names)
    return found


def name_of(path: str) -> str:
    """The dotted name of the module in a file of the folder, given by its path there; "" where it can have none."""
    words = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return ".".join(words) if path.endswith(".py") and all(map(str.isidentifier, words)) else ""


def paths_of(name: str) -> tuple[str, str]:
    """Where a module may lie below its folder: as a file, and as a package."""
    place = name.replace(".", "/")
    return f"{place}.py", f"{place}/__init__.py"


class _Finder(MetaPathFinder, Loader):
    """Finds own modules by their texts; of two in one process, the second replaces the first."""

    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self.changed: list[str] = []

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find an own module; None for all others."""
        module = self.modules.get(fullname)
        if module is None:
            return None
        spec = spec_from_loader(fullname, self, origin=module.file, is_package=module.package)
        if spec:
            spec.has_location = True  # which gives the module its `__file__`
            if module.package:
                spec.submodule_search_locations = [str(Path(module.file).parent)]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave the making of the module to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run its text, and put back the settings that it changes: a function may be what imports it."""
        own = self.modules[module.__name__]
        code = compile(own.text, own.file, "exec")
        settings = Settings()
        try:
            exec(code, module.__dict__)
        finally:
            self.changed += settings.put_back(own.text)


def install(modules: OwnModules) -> list[str]:
    """Let `import` find these modules, and forget those that were installed before, also where they are loaded.

    Returns:
        The settings that the modules change at their top and that are put back; they are added when it happens.
    """
    for finder in [finder for finder in sys.meta_path if isinstance(finder, _Finder)]:
        sys.meta_path.remove(finder)
        for name in finder.modules:
            sys.modules.pop(name, None)
    for name in modules:
        sys.modules.pop(name, None)
    finder = _Finder(modules)
    if modules:
        sys.meta_path.insert(0, finder)
    return finder.changed
