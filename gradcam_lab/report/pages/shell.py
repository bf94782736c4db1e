"""What all pages of the course share: their looks, where their links and pictures lead, and writing them."""

import posixpath
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import jinja2

from gradcam_lab import __version__
from gradcam_lab.errors import LabError
from gradcam_lab.files import write_text
from gradcam_lab.report.api_page import console, inline
from gradcam_lab.report.pages.drawings import drawn
from gradcam_lab.report.pages.prose import DRAWING, References, picture_data
from gradcam_lab.report.pages.records import Course, LessonText, MarkdownText
from gradcam_lab.report.templating import html_environment
from gradcam_lab.report.text import markdown

MARK = b'<meta name="generator" content="gradcam-lab '
"""What every page has in its first `HEAD` bytes."""

HEAD = 1000

START = "index.html"
"""The start page of the website."""

Text = LessonText | MarkdownText


@cache
def environment() -> jinja2.Environment:
    """Jinja2 with the words of the pages."""
    made = html_environment("", keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(markdown=markdown.to_html, inline=inline, console=console, duration=duration)
    made.globals["version"] = __version__
    return made


def page_of(template: str, file: str, course: Course, there: Callable[[str], bool], **values: Any) -> str:
    """Render a page.

    Args:
        template: its name in `templates/pages`.
        file: the page's own name, for its neighbours.
        course: what it is a part of.
        there: whether a page of this name lies beside it, so that a link to it leads somewhere.
        values: what the template shows.
    """
    previous, following = _neighbours(file, course.lessons) or _neighbours(file, course.pages) or (None, None)
    return (
        environment()
        .get_template(f"pages/{template}")
        .render(
            course=course,
            there=there,
            start=START if there(START) and file != START else None,
            previous=previous,
            following=following,
            **values,
        )
    )


def _neighbours(file: str, texts: Sequence[Text]) -> tuple[Text | None, Text | None] | None:
    """The texts before and after the one of this page; None where it is none of them."""
    place = next((place for place, one in enumerate(texts) if one.file == file), None)
    if place is None:
        return None
    return texts[place - 1] if place else None, texts[place + 1] if place + 1 < len(texts) else None


def references(place: str, folder: Path, course: Course, there: Callable[[str], bool]) -> References:
    """What the links and pictures of a text lead to.

    Args:
        place: where the text lies in the repository, such as "lessons/pages/install.md".
        folder: where it lies on this machine.
        course: the pages that there are.
        there: whether a page lies beside this one.
    """
    pages = course.addresses()

    def link(address: str) -> str | None:
        path, _, fragment = address.partition("#")
        file = pages.get(posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(path))))
        if file is None or not there(file):
            return None
        return quote(file) + (f"#{fragment}" if fragment else "")

    def picture(address: str) -> str | None:
        if address.startswith(DRAWING):
            return drawn(address.removeprefix(DRAWING))
        return picture_data(folder / unquote(address))

    return References(link, picture)


def duration(minutes: int) -> str:
    """Say how long something takes.

    Examples:
        >>> duration(45), duration(60), duration(170)
        ('45 minutes', '1 hour', '3 hours')
    """
    hours = round(minutes / 30) / 2
    return f"{minutes} minutes" if minutes < 60 else f"{hours:g} hour{'s' if hours != 1 else ''}"


def write_page(path: Path, html: str) -> None:
    """Write a page where there is none, or in the place of one that was written before.

    Raises:
        LabError: something else is there, or it cannot be written.
    """
    require_own(path)
    write_text(path, html)


def require_own(path: Path) -> None:
    """Refuse to replace what is no page of ours.

    Raises:
        LabError: something else is there.
    """
    if (path.exists() or path.is_symlink()) and not is_own(path):
        raise LabError(
            f"'{path}' is there already and no page of gradcam-lab: give another folder by --out, or move it away."
        )


def is_own(path: Path) -> bool:
    """Say whether a file is a page that was written here; nothing but a regular file is opened."""
    try:
        return path.is_file() and MARK in path.read_bytes()[:HEAD]
    except OSError:
        return False
