"""The report on paper."""

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.report.pdf import PdfError, write_pdf
from gradcam_lab.report.render import Rendered, render, to_html

PDFTOPPM = shutil.which("pdftoppm")


@pytest.fixture(scope="module")
def printed(original, tmp_path_factory) -> tuple[Rendered, list[str]]:
    """The run rendered with its PDF, and WeasyPrint's messages."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("weasyprint").addHandler(handler)
    report = render(Path(shutil.copytree(original, tmp_path_factory.mktemp("printed") / "run")))
    logging.getLogger("weasyprint").removeHandler(handler)
    if report.problem:
        pytest.skip(report.problem)
    return report, messages


def test_the_pdf_is_printed_without_a_warning_and_is_small(printed):
    # HarfBuzz-Subset is optional: without it WeasyPrint takes another library for the fonts, and says so.
    report, messages = printed
    assert [message for message in messages if "HarfBuzz-Subset" not in message] == []
    assert report.pdf.read_bytes().startswith(b"%PDF")
    assert report.pdf.stat().st_size < 3_000_000


@pytest.mark.skipif(not PDFTOPPM, reason="pdftoppm is not installed")
def test_every_page_is_used_by_a_third_at_least(printed, tmp_path):
    assert PDFTOPPM
    subprocess.run([PDFTOPPM, "-r", "20", "-gray", printed[0].pdf, tmp_path / "page"], check=True)
    pages = sorted(tmp_path.glob("page-*.pgm"))
    assert len(pages) > 20
    assert {page.name: share for page in pages if (share := used(page)) < 1 / 3} == {}


def used(page: Path) -> float:
    """How far down the space between a page's margins there is something."""
    pixels = np.asarray(Image.open(page))
    margin = round(len(pixels) * 24 / 297)
    rows = np.flatnonzero((pixels[margin:-margin] < 245).any(axis=1))
    return (rows.max(initial=-1) + 1) / (len(pixels) - 2 * margin)


def test_the_pdf_is_the_same_every_time(original, tmp_path):
    page = to_html(original)
    short = page[: page.index('<section id="boxes">')] + "</main></body></html>"
    short = re.sub(r"<nav.*?</nav>", "", short, flags=re.DOTALL)
    try:
        write_pdf(short, tmp_path / "1.pdf")
    except PdfError as problem:
        pytest.skip(str(problem))
    write_pdf(short, tmp_path / "2.pdf")
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()


def test_without_pango_the_html_is_kept(run, tmp_path, monkeypatch, capfd):
    package = tmp_path / "fake" / "weasyprint"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('print("-- a banner --")\nraise OSError("no pango")\n', encoding="utf-8")
    monkeypatch.syspath_prepend(package.parent)
    for name in [name for name in sys.modules if name.split(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    report = render(run)
    assert report.html.is_file()
    assert report.pdf is None
    assert not (run / "report.pdf").exists()
    assert report.problem
    assert "apt install" in report.problem
    assert "\n" not in report.problem
    assert capfd.readouterr() == ("", "")
