"""Two classes in one picture: networks that tell them apart, and others."""

from typing import Any

import numpy as np
import pytest

from gradcam_lab.evaluate.faithfulness.records import CENTRE_MAP, GRADCAM_MAP, MAPS
from gradcam_lab.evaluate.faithfulness.two_classes import Leak, average_leak, two_class_test
from tests.evaluate.faithfulness.networks import DOG, RIGHT, SIDE, Colours, examined, marked


def test_leaks_are_averaged_over_images_before_they_are_averaged():
    """An image with two pairs counts once; where a map has no heat, the pair is left out of all columns."""

    def pair(image: int, heat: float, area: float) -> Leak:
        return Leak(image, "dog", "cat", dict.fromkeys(MAPS, heat), area)

    found = [pair(0, 0.2, 0.1), pair(0, 0.4, 0.3), *(pair(image, 0.9, 0.4) for image in range(1, 5))]
    cold = Leak(0, "dog", "cat", {**dict.fromkeys(MAPS, 0.7), GRADCAM_MAP: np.nan}, 0.6)
    found += [cold, cold._replace(image=9)]
    leak = average_leak(found, seed=0)
    assert leak["images"] == 5
    assert leak["rows"][GRADCAM_MAP]["value"] == pytest.approx((0.3 + 4 * 0.9) / 5)
    assert leak["rows"]["area"]["value"] == pytest.approx((0.2 + 4 * 0.4) / 5)
    assert leak["rows"][CENTRE_MAP]["value"] == leak["rows"][GRADCAM_MAP]["value"]
    assert leak["gains"]["area"]["value"] == pytest.approx((0.1 + 4 * 0.5) / 5)
    assert not leak["passed"]


@pytest.mark.parametrize(
    ("sees", "away", "back"),
    [
        (RIGHT, True, True),
        ({"dog": 1, "cat": 0}, False, False),
        ({"dog": 0, "cat": 0}, True, False),
        ({"dog": 1, "cat": 1}, False, True),
    ],
)
def test_the_map_of_each_of_two_classes_must_leave_the_other(experiment, scenes, sees, away, back):
    found: Any = two_class_test(examined(experiment, scenes, Colours(sees), marked(DOG)), 60)
    assert (found["target_on_others"]["passed"], found["others_on_target"]["passed"]) == (away, back)
    assert found["passed"] is (away and back)
    assert [(row["map"], row["on"], row["images"], row["passed"]) for row in found["pairs"]] == [
        ("cat", "dog", 6, back),
        ("dog", "cat", 6, away),
    ]
    shares = [found[part]["rows"][GRADCAM_MAP]["value"] for part in ("target_on_others", "others_on_target")]
    assert [share < 0.1 for share in shares] == [away, back]
    assert [share > 0.6 for share in shares] == [not away, not back]
    area = found["target_on_others"]["rows"]["area"]["value"]
    assert area == pytest.approx(32 * 48 / SIDE**2)


def test_a_pair_that_few_images_hold_has_no_row(experiment, scenes):
    found = two_class_test(examined(experiment, scenes[:4], Colours(RIGHT), marked(DOG)), 60)
    assert (found["pairs"], found["passed"]) == ([], False)
    assert found["target_on_others"]["images"] == 4
    assert found["target_on_others"]["rows"][GRADCAM_MAP]["value"] is None
