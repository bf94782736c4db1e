"""Measure by mirrors, on val, whether the maps lie where the network means them, and what moving them gives."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.data.spread import spread
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, aligned_maps, measure, shift_of
from gradcam_lab.evaluate.alignment.records import Alignment
from gradcam_lab.evaluate.alignment.remove import choose_boxes, pointing_pair
from gradcam_lab.evaluate.alignment.sizes import try_sizes
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.map_recipe import GRADCAM, PLAIN_RECIPE
from gradcam_lab.localise.maps import write_maps
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run

IMAGES = 32
"""Of val, each explained three times: their mean is known to about a thirtieth of a cell."""


def make(run: "Run", path: Path) -> Sequence[Path]:
    """Write the alignment, and `aligned.npz` beside it where val prefers boxes in the moved maps."""
    experiment, classifier = run.experiment, run.classifier
    pictures = spread([sample for sample in run.val.samples if sample.boxes(run.target)], IMAGES)
    size, mode = classifier.preprocessing.size, run.settings.align

    def at(other: int) -> Experiment:
        return replace(experiment, classifier=classifier.at_size(other))

    plain = measure(experiment, pictures)
    shift = shift_of(plain, size)
    recipe, found = run.chosen_method.recipe, None
    if not run.plain and shift != NO_SHIFT:  # a network without a shift is left alone
        found = plain if recipe == PLAIN_RECIPE else measure(experiment, pictures, recipe)
    of_boxes = shift if run.plain else shift_of(found, size)
    pairs = [pointing_pair(experiment, run.methods[GRADCAM].title, run.heatmaps.of("test"), run.test.samples, shift)]
    if not run.plain:
        title = run.chosen_method.title
        pairs.append(pointing_pair(experiment, title, run.maps.of("test"), run.test.samples, of_boxes))
    boxes = choose_boxes(experiment, run.chosen_method, run.maps.of("val"), run.val.samples, of_boxes)
    content: Alignment = {
        "mode": mode,
        "input_size": size,
        "gradcam": plain,
        "method": found,
        "sizes": try_sizes(at, size, plain, pictures),
        "pointing": pairs,
        "boxes": boxes and {**boxes, "moved": boxes["moved"] and mode == "auto"},
    }
    write_json(path, content)
    if not (content["boxes"] and content["boxes"]["moved"]):
        return []
    moved = path.with_name("aligned.npz")
    write_maps(moved, aligned_maps(experiment.lessons.faithfulness, run.maps, of_boxes))
    return [moved]


STAGE = Stage(
    "alignment",
    "alignment.json",
    make,
    reads=("heatmaps", "methods", "maps"),
    depends=(
        *("data", "target", "network", "method", "seed", "min_area", "max_detections", "given_threshold", "ap"),
        "align",
    ),
    lessons=STEP_NAMES,
    when=lambda run: not run.settings.quick,
)
