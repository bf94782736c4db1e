"""Choose the threshold on val, unless it is given, and draw the curve of test beside it, whose best is the oracle."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.data.layouts.split import Split
from gradcam_lab.evaluate.records import Threshold, ThresholdCurve
from gradcam_lab.files import write_json
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.threshold import choose, sweep
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run

ITS_OWN = (1.0,)
"""The grid of a method that gives each image a threshold of its own: so many times that."""


def make(run: "Run", path: Path) -> None:
    """Write the `grid`, the curves of `val` and `test`, what was `chosen` and by whom, and the `oracle`."""
    choices, given = run.chosen_method.grid or ITS_OWN, run.experiment.threshold
    grid = choices if given is None else tuple(sorted({*choices, given}))
    val, test = (_curves(run, split, grid) for split in (run.val, run.test))
    by_val = choices[choose([ap for threshold, ap in zip(grid, val["mean_ap"], strict=True) if threshold in choices])]
    if given is None:
        moved = run.alignment["boxes"] if run.alignment and run.boxes_are_moved else None
        by_val = (moved["threshold"] if moved else run.compared_threshold(run.method)) or by_val
    best = max(test["mean_ap"])
    content: Threshold = {
        "grid": list(grid),
        "val": val,
        "test": test,
        "chosen": by_val if given is None else given,
        "given": given is not None,
        "choice_of_val": by_val,
        "oracle": {"threshold": grid[test["mean_ap"].index(best)], "mean_ap": best},
    }
    write_json(path, content)


def _curves(run: "Run", split: Split, grid: tuple[float, ...]) -> ThresholdCurve:
    detector, truth = Detector.of(run.experiment, run.chosen_method), run.experiment.ground_truth(split.samples)
    maps, title = run.box_maps.of(split.name), f"thresholds on {split.name}"
    curves = sweep(detector, maps, truth, grid, run.experiment.ious, split.samples, title, run.experiment.ap)
    return {"ap": curves.ap, "recall": curves.recall, "mean_ap": curves.mean_ap}


STAGE = Stage(
    "threshold",
    "threshold.json",
    make,
    reads=("maps or heatmaps", "methods", "alignment"),
    depends=("data", "target", "method", "min_area", "max_detections", "given_threshold", "ap"),
    lessons=lambda run: run.chosen_method.boxing_steps,
)
