"""Find the boxes on test at the threshold of val, or the given one."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.data.box_files.json_boxes import write_detections
from gradcam_lab.localise.detector import Detector
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write `{image: [[xmin, ymin, xmax, ymax, score]]}`."""
    detector = Detector.of(run.experiment, run.chosen_method)
    write_detections(path, detector(run.box_maps.of("test"), run.threshold, run.test.samples))


STAGE = Stage(
    "boxes",
    "detections.json",
    make,
    reads=("maps or heatmaps", "alignment", "threshold"),
    depends=("data", "target", "method", "min_area", "max_detections"),
    lessons=lambda run: run.chosen_method.boxing_steps,
)
