"""Find and score the boxes of every class, and their mean AP."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate.all_classes import score_all
from gradcam_lab.files import write_json
from gradcam_lab.localise.methods import BOXING_STEPS
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the scores of `score_all`."""
    write_json(path, score_all(run.experiment, run.class_maps, run.val.samples, run.test.samples))


STAGE = Stage(
    "classes",
    "classes.json",
    make,
    reads=("all maps",),
    depends=("data", "seed", "min_area", "max_detections", "given_threshold", "ap"),
    lessons=BOXING_STEPS,
    when=lambda run: run.everything,
)
