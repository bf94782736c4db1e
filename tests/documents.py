"""What the documents show: README.md, CONTRIBUTING.md, TEACHING.md and the lessons' pages, and their commands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "lessons" / "pages"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "TEACHING.md", *sorted(PAGES.glob("*.md"))]

_SHOWN = re.compile(r"`(?:\$ )?(gradcam-lab [^`]*)`")
_TYPED = re.compile(r"^(?:\$ )?(gradcam-lab [^#\n]*)", re.MULTILINE)
_BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read(document: Path) -> str:
    """The text of a document."""
    return document.read_text(encoding="utf-8")


def page(name: str) -> str:
    """The text of a page."""
    return read(PAGES / f"{name}.md")


def blocks(text: str) -> list[str]:
    """What stands in the blocks of code of a text."""
    return _BLOCK.findall(text)


def without_blocks(text: str) -> str:
    """A text without its blocks of code."""
    return _BLOCK.sub("", text)


def commands(text: str) -> list[str]:
    """The commands that a text shows, in its sentences and in its blocks, each in one line."""
    found = _SHOWN.findall(without_blocks(text).replace("\\|", "|")) + _TYPED.findall("\n".join(blocks(text)))
    return [" ".join(command.split()) for command in found]


def files(text: str, folder: str) -> dict[str, str]:
    """The files of a folder that a text shows whole: a sentence names one, and the block below it holds it."""
    found = {}
    for sentences, block in re.findall(r"((?:(?!^```).)*)^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        names = re.findall(rf"`{folder}/([\w.]+)`", sentences)
        if names:
            found[names[-1]] = block
    return found
