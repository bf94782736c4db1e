"""The pointing game, on maps made by hand."""

from typing import Any

import numpy as np
import pytest

from gradcam_lab.evaluate.faithfulness.comparison import ExaminedMaps
from gradcam_lab.evaluate.faithfulness.pointing import pointing_game
from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP
from tests.evaluate.drawn import inside, made
from tests.evaluate.faithfulness.networks import DOG, RIGHT, Colours, examined, marked


def test_pointing_counts_the_images_that_are_asked(experiment):
    """A perfect map in ten images, a constant one in two, one image without a dog, one with a difficult dog."""
    corner = (1, 1, 4, 4)
    samples = [made(f"{i}", ("dog", corner)) for i in range(12)]
    samples += [made("cat", ("cat", corner)), made("hard", ("dog", corner), difficult=True)]
    maps = [inside(corner)] * 10 + [np.zeros((40, 60), np.float32)] * 2 + [inside(corner)] * 2
    pointing: Any = pointing_game(ExaminedMaps(experiment, samples, np.stack(maps)))
    assert pointing["images"] == 12
    assert pointing["rows"][GRADCAM_MAP]["value"] == pytest.approx(10 / 12)
    assert pointing["rows"][CENTRE_MAP]["value"] == 0
    assert pointing["gains"][CENTRE_MAP]["value"] == pytest.approx(10 / 12)
    assert pointing["gains"][CENTRE_MAP]["low"] > 0
    assert pointing["passed"]


@pytest.mark.parametrize(("beside", "hit"), [(15, True), (16, False)])
def test_the_pointing_game_forgives_fifteen_pixels(experiment, scenes, beside, hit):
    x = DOG[2] + beside
    pointing = pointing_game(examined(experiment, scenes, Colours(RIGHT), marked((x, 20, x, 20))))
    assert pointing["rows"][GRADCAM_MAP]["value"] == hit
    assert pointing["tolerance"] == 15
