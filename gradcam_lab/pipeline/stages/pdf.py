"""Print the report on paper."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.pipeline.engine import Stage
from gradcam_lab.report.render import write_paper

if TYPE_CHECKING:
    from gradcam_lab.pipeline.rendering import Rendering


def make(run: "Rendering", path: Path) -> None:
    """Write the PDF; `PdfError` where Pango is not installed."""
    write_paper(path)


STAGE = Stage("pdf", "report.pdf", make, reads=("report",), depends=("date",), when=lambda run: run.pdf)
