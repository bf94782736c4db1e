"""Which code a verdict is about: a task's functions and what they reach in the file, whatever the comments say.

A task is judged with the reference in the place of all other tasks, so their functions are no part of its code; the
chain runs everything. Comments, docstrings and layout change no key.
"""

import ast
import sys
from collections.abc import Iterable
from functools import lru_cache

from gradcam_lab.course.authoring.manifest import Step
from gradcam_lab.excerpts import parse
from gradcam_lab.files import digest, text_sha256
from gradcam_lab.own_modules import OwnModule, OwnModules, closure, imports

EVERYTHING = frozenset({"globals", "vars", "eval", "exec", "locals"})
"""Whoever uses one of these may reach any name of the file."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def code_keys(step: Step, source: str, modules: OwnModules) -> dict[str, str]:
    """Compute the key of the code that the checks of each coded task judge, and of the chain's (the step's number).

    Args:
        step: the step.
        source: the text of the student's file.
        modules: the student's own modules that it imports.
    """
    return _code_keys(step, source, tuple(sorted(modules.items())))


@lru_cache(maxsize=64)
def _code_keys(step: Step, source: str, modules: tuple[tuple[str, OwnModule], ...]) -> dict[str, str]:
    own = {name: _module_key(module) for name, module in modules}
    chain = str(step.number)
    try:
        tree = _bare(source)
    except SyntaxError:
        text = text_sha256(source)
        return dict.fromkeys([*(task.id for task in step.coded), chain], digest(text, own))
    code = _Code(tree, dict(modules), own)
    units = {unit: task.id for task in step.coded for unit in task.units}
    keys = {}
    for task in step.coded:
        keys[task.id] = code.key(task.units, {unit for unit, owner in units.items() if owner != task.id})
    return {**keys, chain: digest(ast.dump(tree), own)}


def _module_key(module: OwnModule) -> str:
    try:
        return digest(ast.dump(_bare(module.text)))
    except SyntaxError:
        return text_sha256(module.text)


class _Code:
    """The statements of a file by the names that they bind, and those that do something when it is imported."""

    def __init__(self, tree: ast.Module, modules: OwnModules, own: dict[str, str]) -> None:
        self.modules, self.own = modules, own
        self.bound: dict[str, list[ast.stmt]] = {}
        self.effects: list[ast.stmt] = []
        for statement in tree.body:
            names = _bound(statement)
            if names is None:
                self.effects.append(statement)
            for name in names or ():
                self.bound.setdefault(name, []).append(statement)

    def key(self, units: Iterable[str], others: set[str]) -> str:
        """The key of some functions or methods with all that they reach, without the functions of other tasks."""
        names = [unit.partition(".")[0] for unit in units]
        reached: dict[str, list[str]] = {}
        queue = list(dict.fromkeys(names))
        for statement in self.effects:
            queue += sorted(_used(statement))
        while queue:
            name = queue.pop()
            if name in reached or name in others:
                continue
            reached[name] = []
            for statement in self.bound.get(name, ()):
                part = _without(statement, name, others)
                reached[name].append(self._text(part, name))
                queue += sorted(self.bound if _used(part) & EVERYTHING else _used(part))
        effects = [self._with_modules(ast.dump(statement), statement) for statement in self.effects]
        return digest(sorted(names), sorted((name, texts) for name, texts in reached.items() if texts), effects)

    def _text(self, statement: ast.stmt, name: str) -> str:
        """A statement, of an import only the part that binds the name, with the keys of the own modules it imports."""
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            return self._with_modules(ast.dump(statement), statement)
        alias = next((a for a in statement.names if _bound_by(a) == name), statement.names[0])
        words = [alias.name, alias.asname]
        if isinstance(statement, ast.ImportFrom):
            words += [statement.module, str(statement.level)]
        return self._with_modules(digest(words), statement)

    def _with_modules(self, text: str, statement: ast.stmt) -> str:
        names = imports(ast.unparse(statement)) if self.modules else ()
        return digest(text, {module: self.own[module] for module in closure(names, self.modules.get, self.modules)})


def _bound(statement: ast.stmt) -> tuple[str, ...] | None:
    """The names that a statement binds, if it does nothing else; None of one that acts when the file is imported."""
    if isinstance(statement, Definition):
        return (statement.name,)
    if isinstance(statement, ast.Import | ast.ImportFrom) and all(alias.name != "*" for alias in statement.names):
        return tuple(_bound_by(alias) for alias in statement.names)
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return (statement.target.id,)
    if isinstance(statement, ast.Assign) and (names := _plain_names(statement.targets)):
        return tuple(names)
    return () if isinstance(statement, ast.Pass) or _is_main(statement) else None


def _bound_by(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _plain_names(targets: list[ast.expr]) -> list[str]:
    """The names that an assignment binds; none where it assigns to a part of something else."""
    flat = [node for target in targets for node in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return (
        [node.id for node in flat if isinstance(node, ast.Name)] if all(isinstance(n, ast.Name) for n in flat) else []
    )


def _is_main(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`, which no check runs."""
    return (
        isinstance(statement, ast.If)
        and not statement.orelse
        and ast.unparse(statement.test) == "__name__ == '__main__'"
    )


def _used(statement: ast.AST) -> set[str]:
    nodes = list(ast.walk(statement))
    named = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    return named | {node.id for node in nodes if isinstance(node, ast.Name)}


def _without(statement: ast.stmt, name: str, others: set[str]) -> ast.stmt:
    """A class without the methods that belong to other tasks; anything else as it is."""
    if not isinstance(statement, ast.ClassDef):
        return statement
    body = [part for part in statement.body if not (isinstance(part, Definition) and f"{name}.{part.name}" in others)]
    kept = ast.ClassDef(statement.name, statement.bases, statement.keywords, body, statement.decorator_list)
    if sys.version_info >= (3, 12):
        kept.type_params = statement.type_params
    return kept


def _bare(source: str) -> ast.Module:
    """Parse a text, and leave out docstrings and what else stands alone without a meaning.

    Raises:
        SyntaxError: it is no Python.
    """
    tree: ast.Module = _Bare().visit(parse(source))
    return tree


class _Bare(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """Leave out strings, and `...`, that stand alone."""
        return None if isinstance(node.value, ast.Constant) else node
