"""The page of `compare`: one self-contained HTML file with the report's looks."""

import base64
import shlex
from pathlib import Path
from typing import Any

from gradcam_lab import __version__
from gradcam_lab.report.compare.records import ComparedImage, Comparison
from gradcam_lab.report.compare.verdicts import MEASURE_NAMES, decided, verdicts
from gradcam_lab.report.render import environment, made_at


def to_html(comparison: Comparison, pictures: Path) -> str:
    """Return the page.

    Args:
        comparison: what it tells.
        pictures: the folder of the pictures' files.
    """

    def source(picture: ComparedImage) -> str:
        return "data:image/jpeg;base64," + base64.b64encode((pictures / str(picture["file"])).read_bytes()).decode()

    folders = [run["folder"] for run in comparison["runs"]]
    variables: dict[str, Any] = {
        **comparison,
        "measures": MEASURE_NAMES,
        "ious": list(comparison["runs"][0]["scores"]),
        "verdicts": verdicts(comparison),
        "decided": decided,
        "source": source,
        "command": shlex.join(["gradcam-lab", "compare", *folders]),
        "version": __version__,
        "made": made_at(),
    }
    return environment().get_template("compare.html.j2").render(variables)
