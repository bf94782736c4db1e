"""The Python interface as its files tell it: every public name with its signature, its docstring and its types.

It is read from the source text alone, so nothing slow is imported, and what is shown is what the file says.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from gradcam_lab.report.text.docstring import Docstring, parse_docstring

PACKAGE = "gradcam_lab"
WIDTH = 88
"""Letters of a signature in one line."""

DEPTH = 2
"""Types of the public names' signatures are described, and those of these types' own."""

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


@dataclass(frozen=True)
class Described:
    """One name of the interface.

    Attributes:
        name: with its class in front, where it belongs to one.
        signature: as Python would have it.
        doc: its docstring.
        members: functions and properties of a class.
        fields: the type of each attribute of a class, as far as it is written down.
        uses: the names of types in the signatures of all these.
    """

    name: str
    signature: str
    doc: Docstring
    members: tuple["Described", ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Interface:
    """The public names in their order, and the types that they take and return beside, where these have a docstring."""

    names: tuple[Described, ...]
    types: tuple[Described, ...]


def read_interface() -> Interface:
    """Read the public names and their types from the package's own files."""
    where = public_names()
    names = {name: describe(module, name) for name, module in where.items()}
    known, todo = dict(where), dict(names)
    types: dict[str, Described] = {}
    for _ in range(DEPTH):
        found = {
            used: origin
            for name, one in todo.items()
            for used in sorted(one.uses)
            if used not in known and (origin := _origin(known[name], used))
        }
        known |= found
        todo = {name: describe(module, name) for name, module in found.items()}
        types |= todo
    documented = [types[name] for name in sorted(types) if types[name].doc.text]
    return Interface(tuple(names.values()), tuple(documented))


def public_names() -> dict[str, str]:
    """Return the module of each public name: what `__init__.pyi` tells type checkers."""
    stub = ast.parse(resources.files(PACKAGE).joinpath("__init__.pyi").read_text(encoding="utf-8"))
    return {alias.name: str(node.module) for node in _imports(stub) for alias in node.names}


def describe(module: str, name: str) -> Described:
    """Describe a function, a class or a type of a module; of overloads the function itself.

    Raises:
        KeyError: the module has no such name.
    """
    node, text = _definitions(module)[name]
    if isinstance(node, ast.FunctionDef):
        return _function(module, node)
    if isinstance(node, ast.ClassDef):
        return _class(module, node)
    return Described(name, f"{name} = {ast.unparse(node.value)}", parse_docstring(text), uses=_names(node.value))


@cache
def _definitions(module: str) -> dict[str, tuple[Definition, str]]:
    """Return what a module defines by name, each with the text that stands below it."""
    body = _tree(module).body
    found: dict[str, tuple[Definition, str]] = {}
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node, ""
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = following.value if isinstance(following, ast.Expr) else None
            text = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
            found[node.targets[0].id] = node, text
    return found


@cache
def _tree(module: str) -> ast.Module:
    place = resources.files(PACKAGE).joinpath(*module.split(".")[1:])
    file = place.joinpath("__init__.py") if place.is_dir() else Path(f"{place}.py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[ast.ImportFrom]:
    return (node for node in tree.body if isinstance(node, ast.ImportFrom))


def _origin(module: str, name: str) -> str | None:
    """Return the module of this package in which a name that a module uses is defined."""
    if name in _definitions(module):
        return module
    for node in _imports(_tree(module)):
        for alias in node.names:
            if (alias.asname or alias.name) == name and str(node.module).startswith(f"{PACKAGE}."):
                return str(node.module) if alias.name == name else None
    return None


def _names(*nodes: ast.AST | None) -> frozenset[str]:
    """Return the names in annotations."""
    return frozenset(each.id for node in nodes if node for each in ast.walk(node) if isinstance(each, ast.Name))


def _function(module: str, node: ast.FunctionDef, owner: str = "") -> Described:
    properties = ("property", "cached_property")
    is_property = any(isinstance(one, ast.Name) and one.id in properties for one in node.decorator_list)
    returns = ast.unparse(node.returns) if node.returns else ""
    if is_property:
        signature = f"{node.name}: {returns}"
    else:
        parameters = _parameters(module, node.args)[1 if owner else 0 :]
        signature = _call(node.name, parameters, f" -> {returns}" if returns else "")
    arguments = [*node.args.args, *node.args.kwonlyargs]
    uses = _names(node.returns, *(one.annotation for one in arguments))
    name = f"{owner}.{node.name}" if owner else node.name
    return Described(name, signature, parse_docstring(ast.get_docstring(node) or ""), uses=uses)


def _call(name: str, parameters: list[str], returns: str) -> str:
    """Write a function's head: in one line where it fits, else a line a parameter."""
    line = f"{name}({', '.join(parameters)}){returns}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {parameter}," for parameter in parameters), f"){returns}"])


def _parameters(module: str, arguments: ast.arguments) -> list[str]:
    first = [None] * (len(arguments.args) - len(arguments.defaults))
    plain = zip(arguments.args, [*first, *arguments.defaults], strict=True)
    named = [_parameter(module, *one) for one in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return [*(_parameter(module, *one) for one in plain), *(["*", *named] if named else [])]


def _parameter(module: str, one: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(one.annotation)}" if one.annotation else ""
    return f"{one.arg}{kind}{f' = {_value(module, default)}' if default else ''}"


def _value(module: str, default: ast.expr) -> str:
    """Write a default; of a constant what it stands for."""
    if isinstance(default, ast.Name) and (origin := _origin(module, default.id)):
        node, _ = _definitions(origin)[default.id]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            return ast.unparse(node.value)
    return ast.unparse(default)


def _class(module: str, node: ast.ClassDef) -> Described:
    functions = [item for item in node.body if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")]
    members = tuple(_function(module, item, node.name) for item in functions)
    annotated = [
        (item.target.id, item.annotation)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and not item.target.id.startswith("_")
    ]
    bases = [one for one in map(ast.unparse, node.bases) if one != "object"]
    head = f"class {node.name}({', '.join(bases)})" if bases else f"class {node.name}"
    return Described(
        *(node.name, head, parse_docstring(ast.get_docstring(node) or ""), members),
        fields=tuple((name, ast.unparse(kind)) for name, kind in annotated),
        uses=frozenset().union(*(one.uses for one in members), _names(*(kind for _, kind in annotated), *node.bases)),
    )
