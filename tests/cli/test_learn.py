"""The commands of the panel Learn; sessions in a workspace are in `tests/course/workspace`."""

import ast
import inspect

import pytest

from gradcam_lab import lesson_protocols
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.lesson_protocols import PROTOCOLS
from tests.commands import lab, refused


def is_protocol(value):
    return isinstance(value, type) and value.__module__ == lesson_protocols.__name__


@pytest.mark.parametrize(("number", "name"), list(enumerate(STEP_NAMES, 1)))
def test_contract_prints_the_functions_of_a_step_with_their_types(number, name):
    done = lab("contract", number)
    assert (done.code, done.err) == (0, "")
    assert lab("contract", name).out == lab("contract", f"{name}.py").out == done.out
    printed = {node.name: node for node in ast.walk(ast.parse(done.out)) if isinstance(node, ast.FunctionDef)}
    functions = {unit for unit, _ in inspect.getmembers(PROTOCOLS[name][-1]) if not unit.startswith("_")}
    assert functions <= set(printed)
    for node in printed.values():
        assert node.returns is not None
        assert all(argument.annotation for argument in node.args.args[1:])


@pytest.mark.parametrize("name", STEP_NAMES)
def test_contract_prints_every_type_of_ours_that_it_names(name):
    text = lab("contract", name).out
    assert "noqa" not in text
    tree = ast.parse(text)
    printed = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    ours = {value.__name__ for value in vars(lesson_protocols).values() if is_protocol(value)}
    assert named & ours <= printed <= ours


@pytest.mark.parametrize("word", ["0", "7", "2.3", "cam"])
def test_contract_of_a_step_that_does_not_exist(word):
    refused(lab("contract", word), f"There is no step '{word}'", all_steps()[0].file)
