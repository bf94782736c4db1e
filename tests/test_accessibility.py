"""axe-core finds nothing on the pages, neither at level AA nor of its best practices: wide, narrow, light and dark."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from gradcam_lab.pipeline.compare.compare_runs import compare_runs
from gradcam_lab.report import api_page
from gradcam_lab.report.contact_sheet import write_page
from gradcam_lab.report.interface import Interface, read_interface
from gradcam_lab.report.pages import lesson_page, markdown_page
from gradcam_lab.report.pages.site import write_site
from gradcam_lab.report.render import to_html
from tests.axe import needs_axe, violations
from tests.report.pages.made import course
from tests.report.sheets import FACTS, bumps, found_class, photo
from tests.synthetic_run import write_run

pytestmark = needs_axe


@pytest.fixture(scope="module")
def pages(tmp_path_factory, lessons, invented_run):
    """A page of each kind, small, because the time is that of its elements."""
    folder = tmp_path_factory.mktemp("pages")
    made = course(folder)
    one, text = made.lessons[0], made.pages[1]
    hints = (replace(one.tasks[0], status="failed", hints=one.tasks[0].hints[:1]), *one.tasks[1:])
    student = replace(one, tasks=hints, own=frozenset({"first"}), earned=0)
    every = read_interface()
    some = Interface(tuple(each for each in every.names if each.name in ("Found", "load")), every.types[:3])
    photos = [(np.full((60, 90, 3), 99 + place, np.uint8), (10.0, 12.0, 50.0, 48.0)) for place in range(5)]
    texts = {
        "lesson": lesson_page.to_html(one, made, lambda file: True),
        "student": lesson_page.to_html(student, replace(made, workspace=True), lambda file: False),
        "text": markdown_page.to_html(text, made, lambda file: True),
        "api": api_page.to_html(some, start="index.html"),
        "report": to_html(write_run(folder / "run", photos)),
    }
    for name, html in texts.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    site = write_site(folder / "site", made, None)
    other = shutil.copytree(invented_run, folder / "other")
    _, comparison = compare_runs([invented_run, other], folder / "comparison", count=1)
    sheet, first = folder / "sheet.html", photo(lessons)
    cat = found_class(lessons, "cat", bumps((7, 7), [(3, 3, 1, 1)]), first.size, 0.4)
    shown = [first, replace(first, name="none.jpg", classes=()), replace(first, classes=(*first.classes, cat))]
    write_page(sheet, shown, FACTS)
    return [*(folder / f"{name}.html" for name in texts), site, site.with_name("models.html"), sheet, comparison]


@pytest.mark.parametrize(("width", "dark"), [("wide", False), ("narrow", True)], ids=["wide-light", "narrow-dark"])
def test_nothing_is_found(pages, width, dark):
    """The colours are the same at both widths; `python -m tests.axe` examines all four."""
    found = violations(pages, dark=dark, widths=[width], quick=True)
    assert {name: slips for name, slips in found.items() if slips} == {}


def test_what_is_wrong_is_found(tmp_path):
    page = tmp_path / "page.html"
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    page.write_text(
        f'<html>{policy}<title>x</title><h1>a</h1><table><tr><th></th></tr></table><p style="color:#ddd">pale</p>'
    )
    rules = {slip.partition(":")[0] for slip in violations([page], dark=False, widths=["wide"])["page.html, wide"]}
    assert rules >= {"html-has-lang", "color-contrast", "empty-table-header", "landmark-one-main"}
