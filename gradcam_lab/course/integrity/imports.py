"""What a text imports, in every spelling that can be read off it, each with its line."""

import ast
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from gradcam_lab.excerpts import parse

TOO_DEEP = (RecursionError, ValueError)
"""What Python raises where an expression is nested too deep to be walked through, or has a number of many digits."""

LOADERS = ("importlib.import_module", "builtins.__import__", "__import__")
"""Functions that import the module that their first argument names."""


class Import(NamedTuple):
    """A dotted name that is imported, or reached through an imported package, and its line.

    The name is "" where it is not written out.
    """

    name: str
    line: int


@lru_cache(maxsize=256)
def imports_of(text: str) -> tuple[Import, ...]:
    r"""List what a text imports: by statements, by `import_module` and `__import__`, and by attributes of packages.

    What only a type checker or a direct call of the file would import does not count; nor does a name that is put
    together while the code runs, which cannot be read. None where the text does not parse.

    Args:
        text: Python source.

    Examples:
        >>> imports_of("import torch as t\nt.nn.ReLU()")[1]
        Import(name='torch.nn.ReLU', line=2)
    """
    try:
        return tuple(_imports(list(running(parse(text)))))
    except (SyntaxError, *TOO_DEEP):
        return ()


def _imports(nodes: list[ast.AST]) -> Iterator[Import]:
    for node in nodes:
        yield from _of_statement(node)
    bound = bound_names(nodes)
    roots = {name.partition(".")[0] for name in bound.values()}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            dotted = dotted_name(node, bound)
            if dotted.partition(".")[0] in roots:
                yield Import(dotted, node.lineno)
        elif isinstance(node, ast.Call) and node.args and dotted_name(node.func, bound) in LOADERS:
            yield Import(literal(node.args[0]), node.lineno)


def running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk over what runs when a module is imported or its functions are called.

    It leaves out the bodies of `if __name__ == "__main__":` and `if TYPE_CHECKING:`.
    """
    queue = deque([tree])
    while queue:
        node = queue.popleft()
        yield node
        for child in ast.iter_child_nodes(node):
            queue.extend(child.orelse if isinstance(child, ast.If) and ast.unparse(child.test) in NOT_RUN else [child])


NOT_RUN = ("__name__ == '__main__'", "TYPE_CHECKING", "typing.TYPE_CHECKING")


def _of_statement(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield Import(node.module, node.lineno)
        yield from (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names if alias.name != "*")


def bound_names(nodes: list[ast.AST]) -> dict[str, str]:
    """What the names that import statements bind stand for, such as `{"F": "torch.nn.functional"}`."""
    bound: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                bound[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            bound.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return bound


def dotted_name(node: ast.AST, bound: dict[str, str]) -> str:
    """What an expression such as `F.relu` names, with imported names written out; "" where it is no dotted name."""
    if isinstance(node, ast.Name):
        return bound.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (owner := dotted_name(node.value, bound)):
        return f"{owner}.{node.attr}"
    return ""


def literal(node: ast.AST) -> str:
    """The text of a string that is written out, also in parts that are added up; "" where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(literal, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return literal(node.left) + literal(node.right)
    return ""
