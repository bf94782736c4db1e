"""A text in Markdown as a page."""

from collections.abc import Callable
from pathlib import Path

from gradcam_lab.files import read_text
from gradcam_lab.report.pages.prose import render, split_title
from gradcam_lab.report.pages.records import Course, MarkdownText
from gradcam_lab.report.pages.shell import page_of, references

PLACE = "lessons/pages"
"""Where the pages of the course lie in the repository."""

ORDER = "order.txt"


def read_pages(folder: Path) -> tuple[MarkdownText, ...]:
    """Read the texts of a folder: first those that its `order.txt` names, line by line, then the others by name.

    Raises:
        LabError: a file cannot be read.
    """
    order = read_text(folder / ORDER, "a list of pages").split() if (folder / ORDER).is_file() else []
    places = {name: place for place, name in enumerate(order)}
    paths = sorted(folder.glob("*.md"), key=lambda path: (places.get(path.stem, len(order)), path.stem))
    return tuple(read_page(path, f"{PLACE}/{path.name}") for path in paths)


def read_page(path: Path, place: str, name: str = "") -> MarkdownText:
    """Read a text.

    Args:
        path: its file.
        place: where it lies in the repository.
        name: of its page, by default that of its file.

    Raises:
        LabError: it cannot be read.
    """
    title, text = split_title(read_text(path, "a page in Markdown"))
    return MarkdownText(name or path.stem, path, place, title or path.stem, text)


def to_html(page: MarkdownText, course: Course, there: Callable[[str], bool]) -> str:
    """Return the page.

    Args:
        page: the text.
        course: what it is a part of.
        there: whether a page of this name lies beside it.
    """
    prose = render(page.text, references(page.place, page.path.parent, course, there))
    contents = [heading for heading in prose.headings if heading.level == 2]
    return page_of("markdown.html.j2", page.file, course, there, title=page.title, prose=prose, contents=contents)
