"""Compare every method that suits the network, on the same images, with what it costs; val chooses the default."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate import method_comparison
from gradcam_lab.evaluate.records import MethodComparison
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write `rows`, the name of the `default`, and the `limit` of its cost."""
    val, test = run.val.samples, run.test.samples
    recipes = {name: method.recipe for name, method in run.methods.items()}
    run.looked = make_maps(run.experiment, run.splits, recipes)
    compared = method_comparison.compare(run.experiment, run.methods, run.looked, val, test)
    thresholds = {row["name"]: row["threshold"] for row in compared}
    times = method_comparison.measure_times(run.experiment, run.methods, test, thresholds)
    rows = method_comparison.priced(compared, times)
    content: MethodComparison = {
        "rows": rows,
        "default": method_comparison.best_affordable(rows),
        "limit": method_comparison.AFFORDABLE,
        "given": run.experiment.threshold is not None,
    }
    write_json(path, content)


STAGE = Stage(
    "methods",
    "methods.json",
    make,
    reads=("heatmaps",),
    depends=("data", "target", "network", "seed", "min_area", "max_detections", "given_threshold", "ap"),
    lessons=STEP_NAMES[:5],
    when=lambda run: run.compares,
)
