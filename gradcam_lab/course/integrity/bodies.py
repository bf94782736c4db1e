"""The bodies of the functions that students write, with everything taken away that does not change what they do.

Comments, layout, docstrings, annotations and the names of variables are gone; two texts that are equal then say the
same in the same order.
"""

import ast
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache

from gradcam_lab.course.authoring import cut
from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.course.integrity.imports import bound_names
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


@lru_cache(maxsize=512)
def bodies_of(source: str, step: Step) -> dict[str, Body]:
    """The bodies that a student wrote in a step file, by unit; none where it does not parse."""
    given = _given(step)
    units = [unit for task in step.coded for unit in task.units]
    found = {unit: _body(unit, node, bound) for unit, node, bound in _functions(source, units)}
    return {
        unit: Body(unit, line, text, size - given[unit].size)
        for unit, (line, text, size) in found.items()
        if text != given[unit].text
    }


@lru_cache(maxsize=16)
def _given(step: Step) -> dict[str, Body]:
    """What the stub gives of each function already."""
    stub = cut.stub(step.source)
    units = [unit for task in step.coded for unit in task.units]
    return {unit: Body(unit, *_body(unit, node, bound)) for unit, node, bound in _functions(stub, units)}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(source: str, units: Iterable[str]) -> Iterator[tuple[str, Function, dict[str, str]]]:
    """The functions of these names, each with what the imported names stand for."""
    try:
        tree = parse(source)
    except SyntaxError:
        return
    bound = bound_names(list(ast.walk(tree)))
    for unit in units:
        owner, _, name = unit.rpartition(".")
        body: list[ast.stmt] = tree.body
        if owner:
            body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == owner), [])
        for node in body:
            if isinstance(node, Function) and node.name == name:
                yield unit, node, bound


def _body(unit: str, node: Function, bound: dict[str, str]) -> tuple[int, str, int]:
    """The first line of a function, its normalised text, and the number of its nodes."""
    bare = _Normalised(bound).function(node)
    nodes = sum(not isinstance(part, ast.expr_context) for part in ast.walk(bare))
    return node.lineno, ast.unparse(bare), nodes


def normalised(node: Function, bound: dict[str, str]) -> str:
    """The normalised text of a function's body; its local names are `v0`, `v1`, ...

    Args:
        node: the function.
        bound: what imported names stand for.
    """
    return ast.unparse(_Normalised(bound).function(node))


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
        body = [self.visit(deepcopy(part)) for part in node.body]
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
