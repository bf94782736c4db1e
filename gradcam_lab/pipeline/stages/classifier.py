"""Score the classifier on test: AP of every class, and mAP."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.evaluate.classification import evaluate_classifier
from gradcam_lab.files import write_json
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the scores of `evaluate_classifier`."""
    maps = run.heatmaps.of("test")
    write_json(path, evaluate_classifier(run.test.samples, maps.class_probabilities, maps.classes.tolist(), run.seed))


STAGE = Stage("classifier", "classification.json", make, reads=("heatmaps",), depends=("data", "target", "seed"))
