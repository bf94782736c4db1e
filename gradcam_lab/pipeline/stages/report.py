"""The report as the last two stages of a run: HTML, and the same on paper."""

import os
from importlib import resources
from pathlib import Path

from gradcam_lab.files import digest
from gradcam_lab.files import sha256 as file_sha256
from gradcam_lab.pipeline.engine import Stages
from gradcam_lab.report.pdf import PdfError
from gradcam_lab.report.render import Rendered, write_html, write_paper


def report(folder: Path, pdf: bool) -> Rendered:
    """Render what the stages wrote; without Pango the HTML is there all the same."""
    stages = Stages(folder)
    out = stages.output
    date = os.environ.get("SOURCE_DATE_EPOCH")
    looks = [package_hash("gradcam_lab.report"), package_hash("gradcam_lab.templates"), date]
    html = stages.run("report", "report.html", (out("results"), out("figures"), looks), write_html)
    if not pdf:
        return Rendered(html, None, None)
    try:
        paper = stages.run("pdf", "report.pdf", (out("report"), date), write_paper)
    except PdfError as problem:
        return Rendered(html, None, str(problem))
    return Rendered(html, paper, None)


def package_hash(package: str) -> str:
    """Return one hash of every file of a package, code and data alike."""
    root = Path(str(resources.files(package)))
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest({path.relative_to(root).as_posix(): file_sha256(path) for path in files})
