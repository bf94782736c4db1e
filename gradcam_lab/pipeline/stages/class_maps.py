"""Explain every class in every image of val and test, together with the other processes if there are some."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradcam_lab.localise.experiment import ALL
from gradcam_lab.localise.make_maps import make_maps
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import write_maps
from gradcam_lab.models import distributed
from gradcam_lab.pipeline.engine import Stage

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> None:
    """Write the maps (n, C, h, w)."""
    experiment = replace(run.experiment, target=ALL)
    maps = make_maps(experiment, run.splits, artifact=path, together=True)[GRADCAM]
    if distributed.leads():
        write_maps(path, maps)


STAGE = Stage(
    "all maps",
    "class_maps.npz",
    make,
    depends=("data", "network"),
    lessons=("step2_gradcam",),
    when=lambda run: run.everything,
    together=True,
)
