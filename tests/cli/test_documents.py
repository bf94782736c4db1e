"""The commands that README.md, EXERCISES.md and CONTRIBUTING.md show: each exists, with every option typed."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from gradcam_lab.cli.app import app

ROOT: Any = typer.main.get_command(app)
FOLDER = Path(__file__).parents[2]
SHOWN = re.compile(r"`(?:\$ )?(gradcam-lab [^`]*)`")
TYPED = re.compile(r"^(?:\$ )?(gradcam-lab [^#\n]*)", re.MULTILINE)
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[str]:
    """Return what follows `gradcam-lab` in a document, in the text and in its blocks."""
    blocks = "\n".join(BLOCK.findall(text))
    return SHOWN.findall(BLOCK.sub("", text).replace("\\|", "|")) + TYPED.findall(blocks)


PAGES = ["README.md", "EXERCISES.md", "CONTRIBUTING.md"]
EVERY = [(page, command) for page in PAGES for command in commands((FOLDER / page).read_text(encoding="utf-8"))]


def test_commands_are_found_in_text_and_in_blocks():
    text = "Say `gradcam-lab check 1` or\n\n```\n$ gradcam-lab hint 1.1   # first\nToyVOC: gradcam-lab\n```\n"
    assert [command.strip() for command in commands(text)] == ["gradcam-lab check 1", "gradcam-lab hint 1.1"]
    assert {page for page, _ in EVERY} >= {"README.md", "EXERCISES.md"}


@pytest.mark.parametrize(("page", "command"), EVERY)
def test_a_command_that_a_document_shows_exists_with_its_options(page, command):
    words = [word for word in shlex.split(command)[1:] if word not in ("...", "…")]
    if not words or words == ["--help"]:
        return
    name, *rest = words
    assert name in ROOT.commands, f"{page}: no command {name}"
    known = {option for param in ROOT.commands[name].params for option in (*param.opts, *param.secondary_opts)}
    typed = {word.split("=")[0] for word in rest if word.startswith("-")}
    assert typed <= known | {"--help"}, f"{page}: {command}"
