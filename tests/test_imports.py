"""What `lint-imports` cannot say of imports; the ranks themselves are contracts in `pyproject.toml`."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from grimp import build_graph

from tests.documents import page

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


def test_the_picture_on_the_page_of_the_folders_shows_the_imports():
    """Each arrow is an import, none follows from others, and together they say which package may reach which."""
    picture = page("design").partition("```mermaid")[2].partition("```")[0]
    arrows = {(a, b) for a, b in re.findall(r"^ +(\w+) --> (\w+)$", picture, re.MULTILINE)}
    shown = {name for arrow in arrows for name in arrow}
    graph = build_graph("gradcam_lab")
    imports = {
        (importer.split(".")[1], imported.split(".")[1])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if importer.count(".") and imported.count(".")
    }
    between = {(a, b) for a, b in imports if {a, b} <= shown and a != b}
    assert arrows <= between
    assert between <= reachable(arrows)
    assert not any(arrow in reachable(arrows - {arrow}) for arrow in arrows)
    assert {a for a, _ in imports} - shown <= {"__main__", "console", "files", "lesson_values", "own_modules"}


def reachable(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Every pair of which the first leads to the second."""
    while more := {(a, d) for a, b in arrows for c, d in arrows if b == c} - arrows:
        arrows = arrows | more
    return arrows
