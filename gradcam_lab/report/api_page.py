"""The page of the Python interface, made of the docstrings by what renders the lessons' text in the report."""

import re
from pathlib import Path

import jinja2
from markupsafe import Markup
from pygments.lexers import PythonConsoleLexer, PythonLexer

from gradcam_lab import __version__
from gradcam_lab.files import write_text
from gradcam_lab.report.interface import Described, Interface, read_interface
from gradcam_lab.report.text import markdown
from gradcam_lab.report.text.listing import highlighted

_NAME = re.compile(r'<span class="n">(\w+)</span>')


def write_api_page(path: Path) -> None:
    """Write the page, one file that needs no other.

    Raises:
        LabError: it cannot be written.
    """
    write_text(path, to_html(read_interface()))


def to_html(interface: Interface) -> str:
    """Return the page."""
    anchors = {one.name for one in (*interface.names, *interface.types)}

    def signature(one: Described) -> Markup:
        """Colour a signature, and link the types that are described on this page, but for what it is of."""
        coloured, others = highlighted(one.signature, PythonLexer()), anchors - {one.name}
        linked = _NAME.sub(lambda match: _link(match[1]) if match[1] in others else match[0], str(coloured))
        return Markup(linked)  # of what was escaped and of names of Python, which need no escape

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gradcam_lab.templates", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(markdown=markdown.to_html, inline=inline, console=console, signature=signature)
    return environment.get_template("api.html.j2").render(interface=interface, version=__version__)


def _link(name: str) -> str:
    return f'<a href="#{name}">{name}</a>'


def inline(text: str) -> Markup:
    """Render one paragraph of Markdown without its own `<p>`."""
    return Markup(str(markdown.to_html(text)).strip().removeprefix("<p>").removesuffix("</p>"))


def console(code: str) -> Markup:
    """Highlight lines at Python's prompt."""
    return highlighted(code, PythonConsoleLexer())
