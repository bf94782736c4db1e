"""Test whether plain Grad-CAM's maps of test tell the truth about the network."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate.faithfulness.examine import examine
from gradcam_lab.files import write_json
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the results of `examine`."""
    write_json(path, examine(run.experiment, run.test.samples, run.heatmaps.of("test"), shift=run.shift))


STAGE = Stage(
    "faithfulness",
    "truth.json",
    make,
    reads=("heatmaps", "alignment"),
    depends=("data", "target", "network", "seed"),
    lessons=("step2_gradcam", "step3_boxes", "step4_metrics", "step6_faithfulness"),
    when=lambda run: not run.settings.quick,
)
