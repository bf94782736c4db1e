"""Print the report on paper."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.pipeline.engine import Stage
from gradcam_lab.report.pdf import write_pdf

if TYPE_CHECKING:
    from gradcam_lab.pipeline.rendering import Rendering


class PdfError(Exception):
    """There is no PDF; the text says what to install."""


def make(run: "Rendering", path: Path) -> None:
    """Write the PDF.

    Raises:
        PdfError: Pango is not installed.
    """
    if problem := write_pdf((path.parent / "report.html").read_text(encoding="utf-8"), path):
        raise PdfError(problem)


STAGE = Stage("pdf", "report.pdf", make, reads=("report",), depends=("date",), when=lambda run: run.pdf)
