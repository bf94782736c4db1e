"""A run that splits the data of a training otherwise is told so."""

import pytest

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.pipeline.seen_in_training import seen_in_training
from gradcam_lab.pipeline.settings import Settings


@pytest.mark.parametrize(
    ("recipe", "reading", "said"),
    [
        (None, Reading(split_seed=3), False),
        ({"epochs": 3}, Reading(split_seed=3), False),
        ({"data_folder": "mine", "val_size": 0.2}, Reading(), False),
        ({"data_folder": "mine", "val_size": 0.2, "split_seed": 3}, Reading(split_seed=3), False),
        ({"data_folder": "other", "val_size": 0.2, "split_seed": 3}, Reading(), False),
        ({"data_folder": "./mine/", "val_size": 0.2, "split_seed": 3}, Reading(), True),
        ({"data_folder": "mine", "val_size": 0.2}, Reading(val_size=0.5), True),
    ],
)
def test_is_said(recipe, reading, said):
    told = seen_in_training(Settings(data="mine", reading=reading), recipe)
    assert ("--val-size 0.2 and --split-seed" in told) == said
    assert bool(told) == said
