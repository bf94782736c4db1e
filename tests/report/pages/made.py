"""Invented lessons and pages, and what is in the HTML that comes of them."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from gradcam_lab.report.pages.markdown_page import read_pages
from gradcam_lab.report.pages.records import Course, LessonText, TaskCard

SOURCE = '''r"""# Step {0}: A lesson

Two of <b>them</b>, $x$ (Zhou et al., *[A title](https://arxiv.org/abs/1512.04150)*, CVPR 2016).
"""

import os

# ## {0}.1 First
#
# See [the other page](pages/more.md#two), [step 1](step1_one.py) and [the licence](../LICENSE).


def first(a: int) -> int:
    """Do it. Source: Zhou et al. 2016, equation 1.

    Args:
        a: $A^k$, a number <i>.

    Examples:
        >>> first(1)
        1
    """
    return a


# ## {0}.2 Written (2 points)
#
# Why?
'''


def lesson(number: int, name: str, source: str = "", **more: object) -> LessonText:
    """A lesson of a coded and a written task."""
    tasks = (
        TaskCard(f"{number}.1", "Do & look", 1, 10, ("first",), "", ("Look.", "Use `a`."), 2, drawn=True),
        TaskCard(f"{number}.2", "Written: why", 2, 20, (), "", ("Think.",), 1),
    )
    values = {"tasks": tasks, "notation": (("`a`", "$A$", "(N,)"),), **more}
    return LessonText(number, name, f"Step {number}: A lesson", source or SOURCE.format(number), **values)  # type: ignore[arg-type]


def course(folder: Path, **more: object) -> Course:
    """Two lessons and two pages, which link each other."""
    pages = folder / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    (pages / "install.md").write_text("# Install `it`\n\nGo on with [more](more.md).\n", encoding="utf-8")
    (pages / "more.md").write_text(
        "# More\n\n## Two\n\n[Back](install.md), [a lesson](../step1_one.py)\n", encoding="utf-8"
    )
    return Course((lesson(1, "step1_one"), lesson(2, "step2_two")), read_pages(pages), **more)  # type: ignore[arg-type]


class Page(HTMLParser):
    """What is in a page: anchors, addresses of links and of what is loaded, and text; all its tags are closed."""

    EMPTY = ("meta", "img", "br", "input", "hr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors, self.links, self.loaded = list[str](), list[str](), list[str]()
        self.text, self.open, self.headings = "", list[str](), list[int]()
        self.feed(html)
        assert self.open == []
        assert len(set(self.anchors)) == len(self.anchors)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.anchors.append(value or "")
            elif name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("href", "src", "data", "action", "poster", "srcset"):
                self.loaded.append(value or "")
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append(int(tag[1]))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open[-1:] != ["style"] else ""

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())


def dead_links(folder: Path) -> list[tuple[str, str]]:
    """The links of a folder's pages that lead nowhere, each with its page."""
    pages = {path.relative_to(folder).as_posix(): read(path) for path in folder.rglob("*.html")}
    dead = []
    for name, page in pages.items():
        for link in page.links:
            if re.match(r"(https?:|mailto:)", link):
                continue
            file, _, anchor = unquote(link).partition("#")
            target = pages.get(file or name)
            there = (folder / file).is_file() if file and not file.endswith(".html") else target is not None
            if not there or (anchor and target and anchor not in target.anchors):
                dead.append((name, link))
    return dead


def read(path: Path) -> Page:
    """Read a page from its file."""
    return Page(path.read_text(encoding="utf-8"))
