"""Make the maps of the method that finds this run's boxes, where they are not those of plain Grad-CAM."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.maps import write_maps
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the maps; the probabilities of all classes stay those of the image as it is."""
    recipes = {run.method: run.chosen_method.recipe}
    looked = run.looked or make_maps(run.experiment, run.splits, recipes)  # the comparison has them already
    found = looked[run.method]
    write_maps(path, run.heatmaps._replace(maps=found.maps, probabilities=found.probabilities))


STAGE = Stage(
    "maps",
    "maps.npz",
    make,
    reads=("heatmaps",),
    depends=("data", "target", "network", "method"),
    lessons=STEP_NAMES[:5],
    when=lambda run: not run.plain,
)
