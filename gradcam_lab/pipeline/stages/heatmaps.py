"""Explain the target in every image of val and test, together with the other processes if there are some."""

from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import write_maps
from gradcam_lab.models import distributed
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the maps (n, h, w): those of the target among every class's, where these are there."""
    if run.everything:
        write_maps(path, run.class_maps.of_class(run.target))
    else:
        maps = make_maps(run.experiment, run.splits, artifact=path, together=True)[GRADCAM]
        if distributed.leads():
            write_maps(path, maps)


STAGE = Stage(
    "heatmaps",
    "heatmaps.npz",
    make,
    reads=("all maps",),
    depends=("data", "target", "network"),
    lessons=("step2_gradcam",),
    together=True,
)
