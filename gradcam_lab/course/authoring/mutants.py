"""Mechanical mutants of a lesson's graded bodies: one constant, operator, comparison, axis or argument is another.

A check that no mutant passes holds the student to every sentence of the docstring; a mutant that passes is a hole in
the check, or computes the same by nature.
"""

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from gradcam_lab.course.authoring import cut
from gradcam_lab.excerpts import parse

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}

_PAIRS = (
    ("max", "min"),
    ("argmax", "argmin"),
    ("sum", "mean"),
    ("any", "all"),
    ("maximum", "minimum"),
    ("zeros_like", "ones_like"),
    ("zeros", "ones"),
    ("cumsum", "cumprod"),
    ("floor", "ceil"),
    ("hypot", "maximum"),
    ("softmax", "sigmoid"),
    ("relu", "abs"),
    ("rint", "floor"),
)
_METHODS = {b: a for a, b in _PAIRS} | dict(_PAIRS)
"""Each function or method, and the one that is easily taken for it."""

_LIBRARIES = {"np", "torch", "cv2", "self", "copy"}

_SYMMETRIC = {"maximum", "minimum", "max", "min", "hypot"}
"""Functions to which the order of their arguments is all the same."""

_NO_RESULT = {"strict", "device"}
"""Keywords that no result depends on, at least on a CPU."""


@dataclass(frozen=True)
class Mutant:
    """A body that differs from the lesson's in one place.

    Attributes:
        mark: the body that it replaces, such as "1.4a".
        change: the line that differs, before and after: `return x + 1 -> return x - 1`, as `ast.unparse` writes it.
        body: the whole body.
    """

    mark: str
    change: str
    body: str


def mutants(source: str) -> Iterator[Mutant]:
    """Make the mutants of all graded bodies of a lesson file; no two of one body are the same.

    Examples:
        >>> lesson = '''
        ... def halve(x):
        ...     ### BEGIN SOLUTION 1.1
        ...     return x / 2
        ...     ### END SOLUTION 1.1
        ... '''
        >>> [mutant.body for mutant in mutants(lesson)]
        ['return x * 2', 'return x', 'return x / 3', 'return x / 1']
    """
    lines = source.splitlines()
    for region in cut.regions(source):
        body = textwrap.dedent("\n".join(lines[region.first : region.last - 1]))
        tree = parse(body)
        whole = ast.unparse(tree)
        function = parse(textwrap.dedent(cut.unit_text(source, region.function) or "")).body[0]
        assert isinstance(function, ast.FunctionDef)
        seen = {whole}
        for mutated in _variants(tree, _stand_ins(function.args)):
            if mutated not in seen:
                seen.add(mutated)
                yield Mutant(region.mark, _difference(whole, mutated), mutated)


def _variants(tree: ast.Module, stand_ins: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The text of the tree with one node exchanged, for each node and each of its replacements."""
    for parent in list(ast.walk(tree)):
        for field, value in ast.iter_fields(parent):
            if field == "annotation" or (isinstance(parent, ast.keyword) and parent.arg in _NO_RESULT):
                continue
            children = value if isinstance(value, list) else [value]
            for place, child in enumerate(children):
                if isinstance(child, ast.AST):
                    for replacement in _replacements(child, stand_ins):
                        others = [*children[:place], replacement, *children[place + 1 :]]
                        setattr(parent, field, others if isinstance(value, list) else replacement)
                        yield ast.unparse(tree)
                        setattr(parent, field, value)


def _replacements(node: ast.AST, stand_ins: dict[str, list[ast.expr]]) -> Iterator[ast.AST | None]:
    match node:
        case ast.cmpop():
            yield from (kind() for kind in _COMPARISONS.get(type(node), ()))
        case ast.BinOp():
            yield from (ast.BinOp(node.left, kind(), node.right) for kind in _OPERATORS.get(type(node.op), ()))
            yield node.left
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.UnaryOp():
            yield node.operand
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _constants(value))
        case ast.Name(ctx=ast.Load()):
            yield from stand_ins.get(node.id, ())
        case ast.Attribute(attr=name) if name in _METHODS:
            yield ast.Attribute(node.value, _METHODS[name], ast.Load())
        case ast.Call():
            yield from _calls(node)
        case ast.Slice():
            if node.lower:
                yield ast.Slice(None, node.upper, node.step)
            if node.upper:
                yield ast.Slice(node.lower, None, node.step)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.If():
            yield from (ast.If(ast.Constant(always), node.body, node.orelse) for always in (True, False))
        case ast.Break() | ast.AugAssign() | ast.Expr() | ast.Assign(targets=[ast.Subscript()]):
            yield ast.Pass()


def _constants(value: object) -> Iterator[str | bool | int | float]:
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1)
        case float():
            yield value * 1.01
        case str():
            yield ""


def _calls(node: ast.Call) -> Iterator[ast.expr]:
    """Without the call, without one of its arguments, with the first two exchanged."""
    if isinstance(node.func, ast.Attribute) and not (
        isinstance(node.func.value, ast.Name) and node.func.value.id in _LIBRARIES
    ):
        yield node.func.value
    elif node.args:
        yield node.args[0]
    for i, keyword in enumerate(node.keywords):
        if keyword.arg not in _NO_RESULT:
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
    if len(node.args) > 1:
        yield ast.Call(node.func, node.args[:-1], node.keywords)
        if ast.unparse(node.func).rpartition(".")[2] not in _SYMMETRIC:
            yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _stand_ins(arguments: ast.arguments) -> dict[str, list[ast.expr]]:
    """What may be written for each parameter by mistake: its default, and the others of the same type."""
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    defaults |= {arg: value for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value}
    every = [*positional, *arguments.kwonlyargs]
    kinds = {arg: ast.unparse(arg.annotation) if arg.annotation else arg.arg for arg in every}
    return {
        arg.arg: [
            *([defaults[arg]] if arg in defaults else []),
            *(ast.Name(other.arg, ast.Load()) for other in every if other is not arg and kinds[other] == kinds[arg]),
        ]
        for arg in every
    }


def _difference(before: str, after: str) -> str:
    """The one line that differs, before and after."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return " | ".join(f"{old.strip()} -> {new.strip()}" for old, new in pairs if old != new)
