"""The bodies of the functions that students write, with everything taken away that does not change what they do.

Comments, layout, docstrings, annotations and the names of variables are gone; two texts that are equal then say the
same in the same order.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.course.integrity.imports import TOO_DEEP, bound_names
from gradcam_lab.excerpts import parse


@dataclass(frozen=True)
class Body:
    """The body of one function.

    Attributes:
        unit: the function or method, such as "GradCAM.__call__".
        line: at which it begins.
        text: its statements, normalised.
        size: number of nodes of the syntax tree that the student has written: those of the stub do not count.
    """

    unit: str
    line: int
    text: str
    size: int


class WrittenFunction(NamedTuple):
    """A function or method as it stands in a file: its dotted name, first line, normalised text and number of nodes."""

    name: str
    line: int
    text: str
    nodes: int


def bodies_of(source: str, step: Step) -> dict[str, Body]:
    """The bodies that a student wrote in a step file, by unit; none where it does not parse."""
    given = _given(step)
    return {
        function.name: Body(function.name, function.line, function.text, function.nodes - given[function.name].nodes)
        for function in functions_of(source)
        if function.name in given and function.text != given[function.name].text
    }


@lru_cache(maxsize=16)
def _given(step: Step) -> dict[str, WrittenFunction]:
    """What the stub gives of each function that a student writes."""
    units = {unit for task in step.coded for unit in task.units}
    return {function.name: function for function in functions_of(cut.stub(step.source)) if function.name in units}


@lru_cache(maxsize=2048)
def functions_of(source: str) -> tuple[WrittenFunction, ...]:
    """The functions and methods of a text, normalised; none where it does not parse, or is nested too deep."""
    try:
        tree = parse(source)
        bound = bound_names(list(ast.walk(tree)))
        return tuple(_normalised(name, node, bound) for name, node in _functions(tree))
    except (SyntaxError, *TOO_DEEP):
        return ()


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")


def _normalised(name: str, node: Function, bound: dict[str, str]) -> WrittenFunction:
    """A function with its local names `v0`, `v1`, ...; the tree is changed."""
    line = node.lineno
    bare = _Normalised(bound).function(node)
    nodes = sum(not isinstance(part, ast.expr_context) for part in ast.walk(bare))
    return WrittenFunction(name, line, ast.unparse(bare), nodes)


class _Normalised(ast.NodeTransformer):
    """Takes away what does not matter, and numbers the local names in the order in which they appear.

    Args:
        bound: what imported names stand for.
    """

    def __init__(self, bound: dict[str, str]) -> None:
        self.bound = bound
        self.local: set[str] = set()
        self.numbers: dict[str, str] = {}

    def function(self, node: Function) -> ast.Module:
        """The statements of a function."""
        for part in ast.walk(node):
            if isinstance(part, ast.arg):
                self.local.add(part.arg)
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                self.local.add(part.id)
            elif isinstance(part, Function) and part is not node:
                self.local.add(part.name)
        names = [*node.args.posonlyargs, *node.args.args, node.args.vararg, *node.args.kwonlyargs, node.args.kwarg]
        for name in filter(None, names):
            self._number(name.arg)
        body = [self.visit(part) for part in node.body]
        return ast.fix_missing_locations(ast.Module([part for part in body if part is not None], []))

    def _number(self, name: str) -> str:
        if name not in self.local:
            return self.bound.get(name, name)
        return self.numbers.setdefault(name, f"v{len(self.numbers)}")

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Number a local name; write out an imported one."""
        return ast.Name(self._number(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Number a parameter, without its annotation."""
        return ast.arg(self._number(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Number a function inside, without annotations."""
        node.name, node.returns = self._number(node.name), None
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | None:
        """Drop the annotation of an assignment."""
        if node.value is None:
            return None
        return ast.Assign([self.visit(node.target)], self.visit(node.value))

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | None:
        """Leave out strings, and `...`, that stand alone."""
        return None if isinstance(node.value, ast.Constant) else self._generic(node)

    def visit_Pass(self, node: ast.Pass) -> None:
        """Leave out what does nothing."""

    def _generic(self, node: ast.stmt) -> ast.stmt:
        self.generic_visit(node)
        return node
