"""Make masks seeded by Grad-CAM, of all classes, and score them; nothing where the data have no true masks."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate.segmentation import score_masks
from gradcam_lab.files import write_json
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the scores of `score_masks`."""
    write_json(path, score_masks(run.experiment, run.val.samples, run.test.samples))


STAGE = Stage(
    "masks",
    "segmentation.json",
    make,
    depends=("data", "masks", "target", "network", "seed"),
    lessons=("step2_gradcam", "step3_boxes", "step5_segmentation"),
    when=lambda run: not run.settings.quick,
)
