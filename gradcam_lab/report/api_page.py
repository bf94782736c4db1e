"""The page of the Python interface, made of the docstrings by what renders the lessons' text in the report."""

import os
import re
from pathlib import Path

from markupsafe import Markup
from pygments.lexers import PythonConsoleLexer, PythonLexer

from gradcam_lab import __version__
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text
from gradcam_lab.report.interface import Described, Interface, read_interface
from gradcam_lab.report.templating import html_environment
from gradcam_lab.report.text import markdown
from gradcam_lab.report.text.listing import highlighted

MARKS = (b"<title>gradcam-lab from Python</title>", b'<meta name="generator" content="gradcam-lab ')
"""What the page has in its first `HEAD` bytes, and no other file."""

HEAD = 1000
_NAME = re.compile(r'<span class="n">(\w+)</span>')


def write_api_page(path: Path) -> None:
    """Write the page, one file that needs no other.

    Raises:
        LabError: it cannot be written, or something else is there.
    """
    _require_place(path)
    write_text(path, to_html(read_interface()))


def _require_place(path: Path) -> None:
    """Refuse to make a page where there is another file, or whose name is no page's."""
    if path.suffix.lower() != ".html":
        raise LabError(f"'{path}' does not end in .html, as the file of a page should: give another name by --out.")
    if not path.parent.is_dir():
        raise LabError(f"There is no folder '{path.parent}': make it, or give another file by --out.")
    if os.path.lexists(path) and not _is_own(path):
        raise LabError(
            f"'{path}' is there already and no page of gradcam-lab api: give another file by --out, or move it away."
        )


def _is_own(path: Path) -> bool:
    """Say whether a file is a page that was written here; nothing but a regular file is opened."""
    try:
        return path.is_file() and all(mark in path.read_bytes()[:HEAD] for mark in MARKS)
    except OSError:
        return False


def to_html(interface: Interface, *, start: str = "") -> str:
    """Return the page.

    Args:
        interface: what it describes.
        start: the address of the start page of the website that it is a part of.
    """
    anchors = {one.name for one in (*interface.names, *interface.types)}

    def signature(one: Described) -> Markup:
        """Colour a signature, and link the types that are described on this page, but for what it is of."""
        coloured, others = highlighted(one.signature, PythonLexer()), anchors - {one.name}
        linked = _NAME.sub(lambda match: _link(match[1]) if match[1] in others else match[0], str(coloured))
        return Markup(linked)  # of what was escaped and of names of Python, which need no escape

    environment = html_environment("", keep_trailing_newline=True)
    environment.filters.update(markdown=markdown.to_html, inline=inline, console=console, signature=signature)
    return environment.get_template("api.html.j2").render(interface=interface, version=__version__, start=start)


def _link(name: str) -> str:
    return f'<a href="#{name}">{name}</a>'


def inline(text: str) -> Markup:
    """Render one paragraph of Markdown without its own `<p>`."""
    return Markup(str(markdown.to_html(text)).strip().removeprefix("<p>").removesuffix("</p>"))


def console(code: str) -> Markup:
    """Highlight lines at Python's prompt."""
    return highlighted(code, PythonConsoleLexer())
