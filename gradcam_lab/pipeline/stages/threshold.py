"""Choose the threshold on val, and draw the curve of test beside it, whose best is the oracle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcam_lab.data.layouts.split import Split
from gradcam_lab.files import write_json
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.threshold import choose, sweep
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run

ITS_OWN = (1.0,)
"""The grid of a method that gives each image a threshold of its own: so many times that."""


def make(run: "Run", path: Path) -> None:
    """Write the `grid`, the curves of `val` and `test`, what was `chosen`, and the `oracle`."""
    grid = run.chosen_method.grid or ITS_OWN
    curves = {split.name: _curves(run, split, grid) for split in (run.val, run.test)}
    best = max(curves["test"]["mean_ap"])
    oracle = curves["test"]["mean_ap"].index(best)
    chosen = run.compared_threshold(run.method) or grid[choose(curves["val"]["mean_ap"])]
    write_json(path, {"grid": grid, **curves, "chosen": chosen, "oracle": {"threshold": grid[oracle], "mean_ap": best}})


def _curves(run: "Run", split: Split, grid: tuple[float, ...]) -> dict[str, Any]:
    truth, samples = run.experiment.ground_truth(split.samples), split.samples
    curves = sweep(
        Detector.of(run.experiment, run.chosen_method),
        run.maps.of(split.name),
        truth,
        grid,
        run.experiment.ious,
        samples,
        f"thresholds on {split.name}",
    )
    return {"ap": curves.ap, "recall": curves.recall, "mean_ap": curves.mean_ap}


STAGE = Stage(
    "threshold",
    "threshold.json",
    make,
    reads=("maps or heatmaps", "methods"),
    depends=("data", "target", "method", "min_area"),
    lessons=lambda run: run.chosen_method.boxing_steps,
)
