"""Draw every figure of the report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT
from gradcam_lab.evaluate.error_types import FAILURE_IOU, find_failures
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.pipeline.engine import EVERY_MEASUREMENT, Stage
from gradcam_lab.report.figures.interactive import write_interactive
from gradcam_lab.report.figures.pictures import Pictures

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> Sequence[Path]:
    """Draw the figures beside `figures.json`, which lists them, and write what the report's script moves."""
    truth = run.experiment.ground_truth(run.test.samples)
    pictures = Pictures(
        experiment=run.experiment,
        samples=run.test.samples,
        plain=run.heatmaps.of("test"),
        maps=run.box_maps.of("test"),
        detections=run.detections,
        failures=find_failures(run.experiment, run.detections, truth, FAILURE_IOU),
        threshold=run.threshold,
        cut=run.chosen_method.cut,
        shift=run.shift,
        method_shift=NO_SHIFT if run.boxes_are_moved else run.method_shift,
    )
    results = run.read("results.json")
    drawn = pictures.draw(path.parent, results)
    return [*drawn, write_interactive(path.parent, pictures, run.chosen_method, results)]


STAGE = Stage(
    "figures",
    "figures/figures.json",
    make,
    EVERY_MEASUREMENT,
    depends=("seed", "network", "templates", "ap"),
    lessons=STEP_NAMES,
)
