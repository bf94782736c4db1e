"""Deletion and insertion, with a right map and with a wrong one."""

from typing import Any

import pytest
import torch

from gradcam_lab.evaluate.faithfulness.records import GRADCAM_MAP
from gradcam_lab.evaluate.faithfulness.replacement import deletion_and_insertion, target_probability
from gradcam_lab.localise.explainer import inputs_of
from tests.evaluate.faithfulness.networks import DOG, RIGHT, Colours, examined, marked


@pytest.mark.parametrize("passed", [True, False])
def test_deletion_falls_and_insertion_rises_with_the_right_map(experiment, lessons, scenes, passed):
    """The right one is hot on the dog, the wrong one everywhere else."""
    maps = examined(experiment, scenes, Colours(RIGHT), marked(DOG) if passed else 1 - marked(DOG))
    found: Any = deletion_and_insertion(maps, range(6))
    assert found["images"] == 6
    for way, sign in (("deletion", -1), ("insertion", 1)):
        assert found[way]["passed"] is passed
        assert all(sign * gain["value"] > 0 for gain in found[way]["gains"].values()) is passed
    image = inputs_of(maps.experiment.classifier, scenes[:1])[0]
    ends = torch.stack([torch.zeros_like(image), lessons.faithfulness.blurred(image), image])
    blank, blurred, whole = target_probability(maps.experiment, ends).tolist()
    assert blank != pytest.approx(blurred, abs=1e-3)
    for way, start, end in (("deletion", whole, blank), ("insertion", blurred, whole)):
        curve = found[way]["curves"][GRADCAM_MAP]
        assert (curve[0], curve[-1]) == pytest.approx((start, end))
