"""Measure what Grad-CAM costs in batches, on several threads and in fewer bits, and what that changes in its maps."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate import throughput
from gradcam_lab.files import write_json
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.methods import BOXING_STEPS
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the results of `measure`; nothing is decided by them."""
    holding = [sample for sample in run.test.samples if sample.boxes(run.target)]
    threshold = run.compared_threshold(GRADCAM)
    if threshold is None:  # over all classes: that of the run
        threshold = run.threshold
    write_json(path, throughput.measure(run.experiment, holding, run.val.samples, threshold))


STAGE = Stage(
    "throughput",
    "throughput.json",
    make,
    reads=("methods or threshold",),
    depends=("data", "target", "network", "min_area"),
    lessons=("step2_gradcam", *BOXING_STEPS),
    when=lambda run: not run.settings.quick,
)
