"""Texts in Markdown as pages, and those of the course."""

import re
from pathlib import Path

import pytest

from gradcam_lab.errors import LabError
from gradcam_lab.report.pages import drawings
from gradcam_lab.report.pages.markdown_page import ORDER, read_page, read_pages, to_html
from tests.report.pages.made import Page, course

FOLDER = Path(__file__).parents[3] / "lessons" / "pages"
PAGES = read_pages(FOLDER)


def test_a_page_has_its_title_once_and_lists_its_parts(tmp_path):
    (tmp_path / "a.md").write_text(
        "# A `title` & more\n\nText.\n\n## One\n\n## Two\n\n### Deep\n\n## Three\n", encoding="utf-8"
    )
    html = to_html(read_page(tmp_path / "a.md", "lessons/pages/a.md"), course(tmp_path), lambda file: False)
    assert html.count("<h1>") == 1
    assert "<h1>A <code>title</code> &amp; more</h1>" in html
    assert "<title>A title &amp; more · gradcam-lab</title>" in html
    assert Page(html).links == ["#one", "#two", "#three"]


def test_a_page_without_a_title_has_its_files_name(tmp_path):
    (tmp_path / "own-data.md").write_text("Text.\n", encoding="utf-8")
    assert read_page(tmp_path / "own-data.md", "x").title == "own-data"


def test_pages_come_in_the_order_that_is_given_and_then_by_name(tmp_path):
    for name in ("b", "a", "d", "c"):
        (tmp_path / f"{name}.md").write_text(f"# {name}", encoding="utf-8")
    assert [page.name for page in read_pages(tmp_path)] == ["a", "b", "c", "d"]
    (tmp_path / ORDER).write_text("d\nnot-there\nb\n", encoding="utf-8")
    assert [page.name for page in read_pages(tmp_path)] == ["d", "b", "a", "c"]
    assert read_pages(tmp_path / "none") == ()


def test_a_text_in_another_encoding_is_said(tmp_path):
    (tmp_path / "a.md").write_bytes(b"# \xff\xff")
    with pytest.raises(LabError, match="is not UTF-8 text: it should be a page in Markdown"):
        read_pages(tmp_path)


@pytest.mark.skipif(not PAGES, reason="there are no pages")
def test_every_page_of_the_course_has_its_place():
    order = (FOLDER / ORDER).read_text(encoding="utf-8").split()
    assert sorted(order) == sorted(page.name for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_refers_to_is_there(page):
    assert page.title != page.name
    assert drawings.missing(drawings.names_in(page.text)) == []
    for address in re.findall(r"\]\(<?([^)>\s]+)>?\)", page.text):
        if not re.match(r"(https?:|mailto:|figure:|#)", address):
            assert (page.path.parent / address.partition("#")[0]).exists(), address
