"""README.md, CONTRIBUTING.md and the pages: commands exist with every option typed, and links lead somewhere."""

import re
import shlex
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote

import pytest
import typer

from gradcam_lab.cli.app import app
from gradcam_lab.course.authoring.manifest import all_steps
from gradcam_lab.report import quotes
from gradcam_lab.report.results import read_results
from tests.documents import DOCUMENTS, ROOT, commands, page, read, without_blocks

APP: Any = typer.main.get_command(app)
EVERY = list(dict.fromkeys((document.name, command) for document in DOCUMENTS for command in commands(read(document))))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_commands_are_found_in_text_and_in_blocks():
    text = "Say `gradcam-lab check\n1` or\n\n```\n$ gradcam-lab hint 1.1   # first\nToyVOC: gradcam-lab\n```\n"
    assert commands(text) == ["gradcam-lab check 1", "gradcam-lab hint 1.1"]
    assert {document for document, _ in EVERY} >= {"README.md", "exercises.md", "own-photos.md"}


@pytest.mark.parametrize(("document", "command"), EVERY)
def test_a_command_that_a_document_shows_exists_with_its_options(document, command):
    words = [word for word in shlex.split(command)[1:] if word not in ("...", "…")]
    if not words or words == ["--help"]:
        return
    name, *rest = words
    assert name in APP.commands, f"{document}: no command {name}"
    known = {option for param in APP.commands[name].params for option in (*param.opts, *param.secondary_opts)}
    typed = {word.split("=")[0] for word in rest if word.startswith("-")}
    assert typed <= known | {"--help"}, f"{document}: {command}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_to_a_file(document):
    targets = [link for link in LINK.findall(without_blocks(read(document))) if not re.match(r"\w+:|#", link)]
    missing = [link for link in targets if not (document.parent / unquote(link.partition("#")[0])).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_quotes_the_sample_as_it_is(document):
    assert quotes.stale(read(document), read_results(ROOT / "report" / "sample")) == []


def test_the_readme_fits_on_two_screens_and_leads_to_every_page():
    text = read(ROOT / "README.md")
    assert len(text.splitlines()) <= 130
    shown = quotes.unquoted(text).splitlines()
    assert [line for line in shown if len(line) > 120 and not line.startswith("![")] == []
    pages = {document.relative_to(ROOT).as_posix() for document in DOCUMENTS if document.parent != ROOT}
    assert pages <= set(LINK.findall(text))


OTHERS = re.compile(r"(?<=`)(python -m|make) (?!DLA_Labs)([\w./]+)(?: (tests/[\w/]+\.py))?", re.MULTILINE)


def test_every_other_command_that_a_document_shows_is_there():
    """`python -m` names a module and, of pytest, a file; `make` a target. `DLA_Labs` is not ours."""
    targets = re.findall(r"^(\w+):", read(ROOT / "Makefile"), re.MULTILINE)
    found = [words for document in DOCUMENTS for words in OTHERS.findall(read(document))]
    assert {("make", "bench", ""), ("python -m", "pytest", "tests/localise/test_baselines.py")} <= {*found}
    for program, name, file in found:
        assert name in targets if program == "make" else find_spec(name), f"{program} {name}"
        assert (ROOT / file).exists(), file


def test_the_table_of_steps_has_the_points_of_their_tasks():
    rows = re.findall(r"^\| \[`(\w+)\.py`\].*\| (\d+) \|$", page("learning"), re.MULTILINE)
    assert [(name, int(points)) for name, points in rows] == [(step.name, step.points) for step in all_steps()]
