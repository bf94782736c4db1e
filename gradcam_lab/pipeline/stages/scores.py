"""Score the boxes beside the baselines, with intervals; draw the curves; count the failures."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.console import tracked
from gradcam_lab.evaluate import scores
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.error_types import FAILURE_IOU, KINDS, find_failures
from gradcam_lab.evaluate.records import Failures, TableRow
from gradcam_lab.files import write_json
from gradcam_lab.localise.baselines import RowKind, baselines
from gradcam_lab.localise.detector import Detections
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.methods import BOXING_STEPS
from gradcam_lab.localise.plain_boxes import plain_boxes
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the `table`, the `leads` over its rivals, the `curves` and the `failures`."""
    experiment = run.experiment
    truth = experiment.ground_truth(run.test.samples)
    counts = image_draws(len(truth), run.seed)
    rows: list[tuple[str, RowKind, Detections]] = [(run.chosen_method.title, "ours", run.detections)]
    if not run.plain:
        rows.append((run.methods[GRADCAM].title, "plain", plain_detections(run)))
    rows += baselines(run.test.samples, run.target, run.heatmaps.of("test").by_image())
    scored = {
        name: scores.score_detections(experiment, boxes, truth, counts)
        for name, _, boxes in tracked(rows, "scores", len(rows))
    }
    table: list[TableRow] = [
        {
            "name": name,
            "kind": kind,
            "boxes": sum(map(len, boxes.values())),
            "scores": scores.rows_of(scored[name]),
        }
        for name, kind, boxes in rows
    ]
    rivals = {name: scored[name] for name, kind, _ in rows if kind == "plain" or name.startswith("C")}
    curves = experiment.lessons.metrics.evaluate(run.detections, truth, experiment.ious)
    kinds = [failure.kind for failure in find_failures(experiment, run.detections, truth, FAILURE_IOU)]
    failures: Failures = {
        "counts": {kind: kinds.count(kind) for kind in KINDS},
        "iou": FAILURE_IOU,
    }
    write_json(
        path,
        {
            "table": table,
            "leads": scores.ap_differences(scored[run.chosen_method.title], rivals),
            "curves": {
                f"{iou:g}": {"recall": score.curve.recall.tolist(), "precision": score.curve.precision.tolist()}
                for iou, score in curves.items()
            },
            "failures": failures,
        },
    )


def plain_detections(run: "Run") -> Detections:
    """Find the boxes on test by plain Grad-CAM, at the given threshold or the one that val chooses for it."""
    return plain_boxes(run.experiment, run.heatmaps, run.val.samples, run.compared_threshold(GRADCAM))


STAGE = Stage(
    "scores",
    "scores.json",
    make,
    reads=("heatmaps", "maps", "boxes"),
    depends=("data", "target", "method", "seed", "min_area", "max_detections", "given_threshold", "ap"),
    lessons=BOXING_STEPS,
)
