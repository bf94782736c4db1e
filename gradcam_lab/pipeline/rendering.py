"""The context of the stages that render a finished run: they need no network and no data."""

import os
from importlib import resources
from pathlib import Path
from typing import Any

from gradcam_lab.files import digest, sha256
from gradcam_lab.pipeline.engine import Stage


class Rendering:
    """A folder whose results and figures are rendered.

    Args:
        folder: of the run.
        pdf: whether a PDF is wanted too.
    """

    def __init__(self, folder: Path, pdf: bool) -> None:
        self.folder, self.pdf = folder, pdf
        self.pending: set[str] = set()

    def value_of(self, field: str) -> Any:
        """Return a field that a stage depends on; see `engine.Context`."""
        return {"date": os.environ.get("SOURCE_DATE_EPOCH"), "templates": templates_hash()}[field]

    def lesson_hash(self, lesson: str) -> str:
        """Refuse: no lesson runs in these stages."""
        raise KeyError(lesson)

    def before(self, stage: Stage, runs: bool) -> None:
        """Do nothing: nobody waits for these stages."""


def templates_hash() -> str:
    """Return one hash of every template."""
    root = Path(str(resources.files("gradcam_lab.templates")))
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return digest({path.relative_to(root).as_posix(): sha256(path) for path in files})
