"""What `lint-imports` cannot say of imports; the ranks themselves are contracts in `pyproject.toml`."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from grimp import build_graph

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted((ROOT / "lessons").rglob("*.py")), ids=lambda path: path.name)
def test_a_lesson_imports_nothing_of_the_lab(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    assert not {name.split(".")[0] for name in names} & {"gradcam_lab", "lessons"}


def test_no_circle_runs_through_a_package_and_its_own_files():
    graph = build_graph("gradcam_lab")
    imported = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    TopologicalSorter(imported).prepare()  # raises CycleError
