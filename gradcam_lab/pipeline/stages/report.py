"""Render the report as HTML."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.pipeline.engine import Stage
from gradcam_lab.report.render import write_html

if TYPE_CHECKING:
    from gradcam_lab.pipeline.rendering import Rendering


def make(run: "Rendering", path: Path) -> None:
    """Write the page, which holds its figures."""
    write_html(path)


STAGE = Stage("report", "report.html", make, reads=("results", "figures"), depends=("templates", "date"))
