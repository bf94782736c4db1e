"""One hash of a module and of everything in this package that it imports, directly or through others."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from gradcam_lab.files import digest

PACKAGE = __name__.partition(".")[0]
ROOT = Path(str(resources.files(PACKAGE)))

LESSONS = "lessons"
"""The lessons are not followed: a student's file may stand in for any of them, so they are hashed as they run."""


def closure_hash(name: str, root: Path = ROOT) -> str:
    """Hash the source of a module and of everything in its import closure.

    Args:
        name: of the module, such as "gradcam_lab.pipeline.stages.scores".
        root: the folder of the package.
    """
    return digest({module: source_of(module, root) for module in sorted(closure(name, root))})


def closure(name: str, root: Path = ROOT) -> set[str]:
    """Name a module and all modules of its package that it imports, however far away."""
    found, todo = set(), [name]
    while todo:
        if (module := todo.pop()) not in found:
            found.add(module)
            todo += imports_of(module, root)
    return found


@cache
def imports_of(name: str, root: Path) -> list[str]:
    """Name the modules of this package that a module imports; not those that only the type checker reads."""
    found = []
    for imported in _imported(ast.parse(source_of(name, root))):
        words = imported.split(".")
        if words[0] == PACKAGE and words[1:2] != [LESSONS]:
            found.append(imported if _file(imported, root).is_file() else ".".join(words[:-1]))
    return found


@cache
def source_of(name: str, root: Path) -> str:
    """Return the text of a module."""
    return _file(name, root).read_text(encoding="utf-8")


def _file(name: str, root: Path) -> Path:
    place = root.joinpath(*name.split(".")[1:])
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield what a piece of code imports, in functions too: modules, or names within modules."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from _imported(ast.Module(child.orelse, []))
        else:
            yield from _imported(child)
