"""The shift of a network that is known to move its maps, and how it is taken out."""

from typing import Any

import numpy as np
import pytest

from gradcam_lab.evaluate.alignment.mirror import (
    ACROSS,
    NO_SHIFT,
    Shift,
    aligned,
    aligned_maps,
    measure,
    shift_of,
    shift_of_run,
    within,
)
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.map_recipe import MapRecipe
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.test_time_augmentation import MIRRORED, UNCHANGED
from tests.evaluate.alignment.networks import CELL, CELLS, SIDE, SPOTS, rolled, spot


@pytest.mark.parametrize(("right", "down"), [(0, 0), (1, 0), (-1, 0), (0, 1), (1, -1), (1, 1)])
def test_the_shift_is_measured_in_pixels_and_in_cells_on_each_side_by_itself(lessons, right, down):
    found = measure(Experiment(rolled(right, down), lessons, "dog"), SPOTS)
    assert found["images"] == len(SPOTS)
    for along, cells in ((found["right"], right), (found["down"], down)):
        assert [along[end] for end in ("value", "low", "high")] == pytest.approx([CELL * cells] * 3)
        assert along["cells"] == pytest.approx(cells)
        assert along["large"] == (cells != 0)
        assert within(along, CELL) == (cells == 0)
    alike = down if down == right else 0  # upside down, a network may see other things
    assert shift_of(found, SIDE) == pytest.approx((right / CELLS, alike / CELLS))


def test_of_one_mirror_the_other_side_is_unknown(lessons):
    found = measure(Experiment(rolled(1, 1), lessons, "dog"), SPOTS, axes=[ACROSS])
    assert found["right"]["cells"] == pytest.approx(1)
    assert found["down"]["value"] is None
    assert not found["down"]["large"]


def test_few_pictures_decide_nothing(lessons):
    found = measure(Experiment(rolled(1), lessons, "dog"), SPOTS[:4])
    assert found["right"]["cells"] == pytest.approx(1)
    assert not found["right"]["large"]
    assert shift_of(found, SIDE) == NO_SHIFT


def test_a_picture_without_heat_is_left_out(lessons):
    dark = spot(0, CELLS)  # beyond the border
    found = measure(Experiment(rolled(1), lessons, "dog"), [*SPOTS, dark])
    assert found["right"]["cells"] == pytest.approx(1)
    assert measure(Experiment(rolled(1), lessons, "dog"), [dark] * 6)["right"]["value"] is None


def test_maps_that_are_averaged_with_their_mirror_image_have_no_shift(lessons):
    recipe = MapRecipe(views=(UNCHANGED, MIRRORED))
    found = measure(Experiment(rolled(1), lessons, "dog"), SPOTS, recipe)
    assert found["right"]["cells"] == pytest.approx(0, abs=1e-6)


class TestTakenOut:
    CAM = np.random.default_rng(0).random((3, 4), dtype=np.float32)

    def maps(self) -> Maps:
        rows = np.array(["a"])
        return Maps(rows, rows, self.CAM[None], *np.zeros((4, 1)))

    def test_without_a_shift_maps_are_the_same_objects(self, lessons):
        maps = self.maps()
        assert aligned(lessons.faithfulness, self.CAM, NO_SHIFT) is self.CAM
        assert aligned_maps(lessons.faithfulness, maps, NO_SHIFT) is maps

    def test_a_map_goes_back_by_as_many_cells(self, lessons):
        cam = np.zeros((4, 6), np.float32)
        cam[2, 4] = 1
        back = aligned(lessons.faithfulness, cam, Shift(right=2 / 6, down=-1 / 4))
        heatmap = lessons.boxes.upsample(back, (40, 60))
        assert [part // 10 for part in np.unravel_index(heatmap.argmax(), heatmap.shape)] == [3, 2]
        assert aligned_maps(lessons.faithfulness, self.maps(), Shift(0.1, 0)).maps.shape[1:] > self.CAM.shape

    def test_a_run_that_is_asked_to_takes_nothing_out(self, lessons):
        found = measure(Experiment(rolled(1), lessons, "dog"), SPOTS)
        told: Any = {"mode": "auto", "input_size": SIDE, "gradcam": found, "method": None}
        assert shift_of_run(told) == pytest.approx((1 / CELLS, 0))
        assert shift_of_run(told, method=True) == NO_SHIFT
        assert shift_of_run(told | {"mode": "off"}) == shift_of_run(None) == NO_SHIFT
