"""No name in a lesson hides one of its functions: a student who reads `seeds` need not ask which one is meant."""

import ast

import pytest

from gradcam_lab.course.authoring.manifest import all_steps


def hidden(source):
    """The functions and classes of a module whose name is a parameter or a variable somewhere in it, with the line."""
    tree = ast.parse(source)
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg in names:
            yield node.lineno, node.arg
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names:
            yield node.lineno, node.id


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_no_name_hides_a_function(step):
    assert list(hidden(step.source)) == []


@pytest.mark.parametrize("line", ["def g(f): ...", "f = 1", "lambda f: 1", "def g():\n    for f in (): ..."])
def test_such_a_name_is_found(line):
    assert [name for _, name in hidden(f"def f(): ...\n{line}\n")] == ["f"]
