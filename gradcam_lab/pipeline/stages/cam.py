"""Compare CAM and Grad-CAM on a few images of test, and name the top five of one."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate import cam_agreement
from gradcam_lab.files import write_json
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write `top5` and `cam_vs_gradcam`."""
    holding = [sample for sample in run.test.samples if sample.boxes(run.target)]
    maps = cam_agreement.cam_and_gradcam(run.experiment, holding[: cam_agreement.COMPARED_IMAGES])
    top = cam_agreement.top5(run.experiment, holding[0])
    write_json(path, {"top5": top, "cam_vs_gradcam": cam_agreement.measure(maps)})


STAGE = Stage(
    "cam",
    "comparison.json",
    make,
    depends=("data", "target", "network"),
    lessons=("step1_cam", "step2_gradcam"),
)
