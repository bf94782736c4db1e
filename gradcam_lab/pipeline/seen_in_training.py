"""Whether a run's images may be among those that its network learned from, because both split them differently."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradcam_lab.data.layouts.reading import VAL_SIZE
from gradcam_lab.pipeline.settings import Settings


def seen_in_training(settings: Settings, recipe: Mapping[str, Any] | None) -> str:
    """Say that a training split the same data by another share or seed than this run; "" where it did not.

    Args:
        settings: of the run.
        recipe: of the training, as the network's file tells it; None where it tells nothing.
    """
    told = recipe or {}
    if "data_folder" not in told or Path(told["data_folder"]).resolve() != Path(settings.data).resolve():
        return ""
    then = (told.get("val_size", VAL_SIZE), told.get("split_seed", 0))
    if then == (settings.reading.size, settings.reading.seed):
        return ""
    return (
        f"The network was trained on '{settings.data}' by --val-size {then[0]:g} and --split-seed {then[1]}: with "
        "other values, images that it learned from may be in val and test."
    )
