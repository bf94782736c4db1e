"""Where a student's code runs: what the reference's steps make of the same images, by plain Grad-CAM."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate import scores
from gradcam_lab.evaluate.bootstrap import image_draws
from gradcam_lab.evaluate.records import ReferenceScores
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import load_lessons
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.plain_boxes import plain_boxes
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the boxes' number and scores: no code of the student's has a part in them."""
    experiment = replace(run.experiment, lessons=load_lessons())
    boxes = plain_boxes(experiment, make_maps(experiment, run.splits)[GRADCAM], run.val.samples)
    truth = experiment.ground_truth(run.test.samples)
    scored = scores.score_detections(experiment, boxes, truth, image_draws(len(truth), run.seed))
    content: ReferenceScores = {"boxes": sum(map(len, boxes.values())), "scores": scores.rows_of(scored)}
    write_json(path, content)


STAGE = Stage(
    "reference",
    "reference.json",
    make,
    depends=("data", "target", "network", "seed", "min_area", "max_detections", "given_threshold", "ap", "references"),
    when=lambda run: run.scores_a_student,
)
