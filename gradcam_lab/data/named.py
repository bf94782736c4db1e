"""A data set by the name that the user gives it."""

from pathlib import Path

from gradcam_lab.console import progress
from gradcam_lab.data.toyvoc import COUNTS, toyvoc
from gradcam_lab.data.voc import find_root

TOYVOC = "toyvoc"


def data_root(name: str) -> Path:
    """Return the folder that holds `JPEGImages`: ToyVOC's, drawn on first use, or one in VOC layout.

    Raises:
        LabError: there is no such folder, or it is not in VOC layout.
    """
    if name != TOYVOC:
        return find_root(Path(name))
    drawn = 0
    with progress("drawing ToyVOC", sum(COUNTS.values())) as advance:

        def on_progress(done: int, total: int) -> None:
            nonlocal drawn
            advance(done - drawn)
            drawn = done

        return toyvoc(progress=on_progress)
