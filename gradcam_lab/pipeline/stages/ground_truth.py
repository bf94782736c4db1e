"""Write the target's objects on test."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.data.box_files.json_boxes import write_ground_truth
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write `{image: [{box, difficult}]}`."""
    write_ground_truth(path, run.test.samples, run.target)


STAGE = Stage("data", "ground_truth.json", make, depends=("data", "target"))
