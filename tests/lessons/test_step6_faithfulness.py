"""Step 6 against cases worked out by hand, SciPy, torchmetrics, and what must hold of any map."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, stats  # type: ignore[import-untyped]
from torch import nn

from gradcam_lab.lessons.checks.networks import BatchNormNet, GapNet, VggLike, built, seeded
from gradcam_lab.lessons.step6_faithfulness import (
    FINER,
    HIT,
    MISS,
    NOT_ASKED,
    area_under,
    blurred,
    centre_map,
    covered,
    deletion_and_insertion,
    heat_on_other,
    mirror_shift,
    moved,
    pointing_game,
    random_map,
    randomisation_test,
    rank_correlation,
    reinitialised,
    replacement_curve,
)
from gradcam_lab.vision import torchvision

torchvision()  # torchmetrics imports it too, and cannot beside a torch that is for CPUs only
from torchmetrics.functional import spearman_corrcoef  # noqa: E402

repeatable = settings(derandomize=True, deadline=None, max_examples=100)
SIZE = (60, 90)

whole_maps = hnp.arrays(float, (4, 6), elements=st.integers(-3, 3).map(float))  # many ties
real_maps = hnp.arrays(float, (4, 6), elements=st.floats(-9, 9, width=16))


def spot(x: int, y: int) -> np.ndarray:
    heatmap = np.zeros(SIZE)
    heatmap[y - 1, x - 1] = 1
    return heatmap


def boxes(*rows: tuple[int, int, int, int]) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, 4)


def flags(*difficult: bool) -> np.ndarray:
    return np.array(difficult, dtype=bool)


# the maps that know nothing


@pytest.mark.parametrize("size", [(7, 7), (7, 11), (101, 51)])
def test_the_centre_map_points_at_the_centre(size):
    heatmap = centre_map(size)
    assert heatmap.shape == size
    assert heatmap.dtype == np.float32
    assert np.unravel_index(heatmap.argmax(), size) == (size[0] // 2, size[1] // 2)
    assert np.allclose(heatmap, heatmap[::-1, ::-1])
    assert 0 < heatmap[0, 0] == heatmap.min()


def test_the_random_map_is_a_coarse_grid_and_its_seed_decides():
    heatmap = random_map((60, 90), (6, 9), seed=3)
    assert heatmap.shape == (60, 90)
    assert np.array_equal(heatmap, random_map((60, 90), (6, 9), seed=3))
    assert not np.array_equal(heatmap, random_map((60, 90), (6, 9), seed=4))
    assert abs(np.diff(heatmap, axis=1)).max() < 0.11  # ten pixels from one cell's centre to the next


# 6.1 pointing_game


@pytest.mark.parametrize(
    ("x", "y", "tolerance", "expected"),
    [
        (20, 10, 0, HIT),  # the first pixel of the box
        (40, 30, 0, HIT),  # its last
        (19, 10, 0, MISS),
        (41, 30, 0, MISS),
        (5, 20, 15, HIT),  # 15 pixels to the left
        (4, 20, 15, MISS),
        (49, 42, 15, HIT),  # 9 to the right and 12 below: 15
        (50, 42, 15, MISS),
        (50, 40, 15, HIT),  # 10 and 10: 14.1
    ],
)
def test_pointing_by_hand(x, y, tolerance, expected):
    assert pointing_game(spot(x, y), boxes((20, 10, 40, 30)), flags(False), tolerance) == expected


def test_pointing_is_not_asked_where_there_is_nothing_but_difficult_objects():
    box = (20, 10, 40, 30)
    assert pointing_game(spot(30, 20), boxes(), flags()) == NOT_ASKED
    assert pointing_game(spot(30, 20), boxes(box), flags(True)) == NOT_ASKED
    assert pointing_game(spot(80, 55), boxes(box), flags(True)) == NOT_ASKED
    assert pointing_game(np.zeros(SIZE), boxes(box), flags(True)) == NOT_ASKED


def test_pointing_ignores_a_difficult_object_beside_others():
    two = boxes((5, 5, 20, 20), (60, 30, 85, 55))
    assert pointing_game(spot(70, 40), two, flags(False, True)) == NOT_ASKED
    assert pointing_game(spot(10, 10), two, flags(False, True)) == HIT
    assert pointing_game(spot(40, 55), two, flags(False, True), 2) == MISS
    overlapping = boxes((5, 5, 40, 40), (20, 20, 60, 55))
    assert pointing_game(spot(30, 30), overlapping, flags(False, True)) == HIT


@pytest.mark.parametrize("value", [0.0, 1.0, -2.0])
def test_a_constant_map_misses_even_a_box_as_large_as_the_image(value):
    assert pointing_game(np.full(SIZE, value), boxes((1, 1, SIZE[1], SIZE[0])), flags(False)) == MISS


@repeatable
@given(st.integers(1, 90), st.integers(1, 60), st.data())
def test_pointing_measures_the_distance_to_the_nearest_pixel(x, y, data):
    left, top = data.draw(st.integers(1, 90)), data.draw(st.integers(1, 60))
    right, bottom = data.draw(st.integers(left, 90)), data.draw(st.integers(top, 60))
    nearest = min(np.hypot(x - u, y - v) for u in range(left, right + 1) for v in range(top, bottom + 1))
    expected = HIT if nearest <= 15 else MISS
    assert pointing_game(spot(x, y), boxes((left, top, right, bottom)), flags(False)) == expected


# 6.2 deletion and insertion


def red(images: torch.Tensor) -> torch.Tensor:
    """A probability that is the mean of the first colour."""
    return images[:, 0].mean(dim=(1, 2))


def test_replacement_by_hand():
    """The red of four pixels is 8, 4, 2, 2; the hottest go first, of the two equal ones the upper."""
    start = torch.tensor([[8.0, 4.0], [2.0, 2.0]]).expand(3, 2, 2)
    heatmap = torch.tensor([[0.0, 3.0], [0.0, 1.0]])
    curve = replacement_curve(red, start, torch.zeros(3, 2, 2), heatmap, steps=4)
    assert curve.tolist() == [4, 3, 2.5, 0.5, 0]
    assert replacement_curve(red, start, torch.zeros(3, 2, 2), heatmap, steps=3).tolist() == [4, 3, 2.5, 0]
    assert replacement_curve(red, torch.zeros(3, 2, 2), start, heatmap, steps=2).tolist() == [0, 1.5, 4]


@repeatable
@given(st.integers(0, 1000), st.integers(1, 12))
def test_every_walk_begins_and_ends_at_the_same_values(seed, steps):
    generator = torch.Generator().manual_seed(seed)
    start, end = torch.randn(2, 3, 4, 5, generator=generator)
    heatmap = torch.randn(4, 5, generator=generator)
    curve = replacement_curve(red, start, end, heatmap, steps)
    assert curve.shape == (steps + 1,)
    assert torch.allclose(curve[[0, -1]], red(torch.stack([start, end])))
    there, back = replacement_curve(red, start, end, heatmap, 20), replacement_curve(red, end, start, -heatmap, 20)
    assert torch.allclose(there, back.flip(0), atol=1e-6)  # without ties, a walk and its way back
    assert torch.equal(curve, replacement_curve(red, start, end, 3 * heatmap + 1, steps))  # only the order matters


def test_the_best_order_has_the_lowest_area():
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, 8, 8, generator=generator)
    best, worst = (
        area_under(replacement_curve(red, image, torch.zeros_like(image), sign * image[0], 16)) for sign in (1, -1)
    )
    other = area_under(
        replacement_curve(red, image, torch.zeros_like(image), torch.rand(8, 8, generator=generator), 16)
    )
    assert best < other < worst


def test_area_by_hand():
    assert area_under(torch.tensor([1.0, 0.0])) == 0.5
    assert area_under(torch.tensor([1.0, 0.5, 0.25])) == pytest.approx((1 + 0.25) / 4 + 0.5 / 2)
    assert area_under(torch.ones(7)) == pytest.approx(1)


@repeatable
@given(hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(0, 1)))
def test_area_is_numpys_trapezoid(values):
    expected = np.trapezoid(values, dx=1 / (len(values) - 1))
    assert area_under(torch.from_numpy(values)) == pytest.approx(expected, abs=1e-12)


def test_blurring_keeps_the_mean_and_loses_the_detail():
    image = torch.zeros(3, 40, 40)
    image[1, 18:22, 18:22] = 1
    soft = blurred(image)
    assert soft.shape == image.shape
    assert soft.dtype == image.dtype
    assert not soft[0].any()
    assert soft[1].max() < 0.25
    assert soft[1].mean() == pytest.approx(image[1].mean().item(), rel=0.01)
    assert image[1].max() == 1


def test_the_two_areas_tell_a_good_map_from_a_bad_one():
    image = torch.zeros(3, 20, 20)
    image[0, 5:10, 5:10] = 16
    good, bad = image[0], -image[0]
    right, wrong = (deletion_and_insertion(red, image, heatmap, 16) for heatmap in (good, bad))
    assert right.deletion < 0.05 < 0.9 < wrong.deletion
    assert right.insertion > wrong.insertion


# 6.3 weights made random


@repeatable
@given(st.one_of(whole_maps, real_maps), st.one_of(whole_maps, real_maps))
def test_rank_correlation_is_scipys_and_torchmetrics(a, b):
    got = rank_correlation(a, b)
    assert -1 - 1e-9 <= got <= 1 + 1e-9
    assert rank_correlation(b, a) == pytest.approx(got)
    if a.min() == a.max() or b.min() == b.max():
        assert got == 0  # SciPy says NaN
        return
    assert got == pytest.approx(stats.spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-9)
    other = spearman_corrcoef(torch.from_numpy(a.ravel()), torch.from_numpy(b.ravel())).item()
    assert got == pytest.approx(other, abs=1e-4)


@repeatable
@given(whole_maps)
def test_rank_correlation_sees_the_order_only(heatmap):
    same = 0 if heatmap.min() == heatmap.max() else 1
    assert rank_correlation(heatmap, np.exp(heatmap)) == pytest.approx(same)
    assert rank_correlation(heatmap, -heatmap) == pytest.approx(-same)


def test_rank_correlation_by_hand():
    """Ranks 1, 2.5, 2.5, 4 and 2, 1, 3, 4: covariances 1.5 * 0.5 + 0 + 0 + 1.5 * 1.5 over root(4.5 * 5)."""
    a, b = np.array([[5.0, 7.0], [7.0, 9.0]]), np.array([[2.0, 1.0], [3.0, 9.0]])
    assert rank_correlation(a, b) == pytest.approx(3 / np.sqrt(22.5))
    assert rank_correlation(a.astype(np.float32), b.astype(np.float32)) == pytest.approx(3 / np.sqrt(22.5))


def weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return copy.deepcopy(network.state_dict())


@pytest.mark.parametrize(
    ("kind", "layers"), [(GapNet, ["fc"]), (VggLike, ["classifier"]), (BatchNormNet, ["fc", "features"])]
)
def test_reinitialised_changes_the_named_layers_of_a_copy(kind, layers):
    network = seeded(built(kind))
    before, state = weights(network), torch.get_rng_state()
    fresh = reinitialised(network, layers, seed=5)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
    for name, value in fresh.state_dict().items():
        inside = any(name.startswith(f"{layer}.") for layer in layers)
        if name.endswith("weight") and value.dim() > 1:
            assert torch.equal(value, before[name]) != inside
    assert not any(p is q for p in network.parameters() for q in fresh.parameters())
    assert not fresh.training


def test_reinitialised_by_seed():
    network = seeded(built(GapNet))
    first, again, other = (weights(reinitialised(network, ["fc"], seed))["fc.weight"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_reinitialised_resets_the_running_averages():
    network = seeded(built(BatchNormNet))
    norm = network.features[1]
    norm.running_mean += 3
    assert not reinitialised(network, ["features"], 0).features[1].running_mean.any()
    assert (norm.running_mean == 3).all()


def test_the_cascade_adds_a_layer_at_a_time_and_never_touches_the_caller():
    network = seeded(built(GapNet))
    before, seen = weights(network), []

    def explain(model: nn.Module) -> np.ndarray:
        seen.append([bool((model.state_dict()[f"{n}.weight"] != before[f"{n}.weight"]).any()) for n in ("fc", "conv1")])
        return np.array([1.0, 2.0, 3.0]) * (1 if seen[-1] == [False, False] else -1)

    assert randomisation_test(network, ["fc", "conv1"], explain, seed=0) == [-1, -1]
    assert seen == [[False, False], [True, False], [True, True]]
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


# 6.4 the two-class test


def test_covered_counts_pixels_from_1_with_both_ends_inside():
    mask = covered(boxes((1, 1, 2, 1), (2, 1, 4, 2)), (3, 5))
    assert mask.astype(int).tolist() == [[1, 1, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]
    assert not covered(boxes(), (3, 5)).any()
    assert covered(np.array([[-3, 0, 99, 99]]), (3, 5)).all()


def test_two_classes_by_hand():
    """Of the heat 1 + 2 + 3 + 4, the third column is the other's alone; the second belongs to both."""
    heatmap = np.array([[1.0, 2.0, 3.0, 4.0, -9.0]])
    share = heat_on_other(heatmap, boxes((1, 1, 2, 1)), boxes((2, 1, 3, 1), (3, 1, 3, 1)))
    assert share == pytest.approx((0.3, 0.2))


def test_without_heat_the_share_is_not_defined():
    share = heat_on_other(-np.ones((2, 4)), boxes(), boxes((1, 1, 2, 2)))
    assert np.isnan(share.heat)
    assert share.area == 0.5


@repeatable
@given(real_maps, st.data())
def test_the_shares_of_a_division_of_the_image_add_up(heatmap, data):
    column = data.draw(st.integers(1, 5))
    left, right = boxes((1, 1, column, 4)), boxes((column + 1, 1, 6, 4))
    shares = [heat_on_other(heatmap, boxes(), part) for part in (left, right)]
    assert sum(share.area for share in shares) == pytest.approx(1)
    if heatmap.max() > 0:
        assert sum(share.heat for share in shares) == pytest.approx(1)
        assert heat_on_other(heatmap, boxes((1, 1, 6, 4)), right) == (0, 0)
    even = heat_on_other(np.full(heatmap.shape, 0.3), boxes(), left)
    assert even.heat == pytest.approx(even.area)  # a map without knowledge


# 6.6 the mirror


def blob(x: float, y: float, size: tuple[int, int] = (9, 12)) -> np.ndarray:
    """A round spot of heat whose centre lies at column x and row y, counted from 0."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2)).astype(np.float32)


@pytest.mark.parametrize("shift", [-1.25, 0, 0.6])
@pytest.mark.parametrize("x", [4, 5.5, 7])
def test_a_mirror_shows_the_shift_wherever_the_object_stands(shift, x):
    heatmap, mirrored = blob(x + shift, 4), blob(11 - x + shift, 4)
    assert mirror_shift(heatmap, mirrored) == pytest.approx(shift, abs=0.02)
    assert mirror_shift(heatmap.T, mirrored.T) == pytest.approx(0, abs=1e-6)


def test_the_centre_of_mass_is_that_of_scipy():
    first, second = (np.random.default_rng(seed).standard_normal((5, 8)) for seed in (1, 2))
    centres = [ndimage.center_of_mass(heat.clip(min=0))[1] for heat in (first, second[:, ::-1])]
    assert mirror_shift(first, second) == pytest.approx((centres[0] - centres[1]) / 2)


@pytest.mark.parametrize("cold", [np.zeros((3, 4)), -np.ones((3, 4))])
def test_a_map_without_heat_has_no_shift(cold):
    assert np.isnan(mirror_shift(cold, np.ones((3, 4))))
    assert np.isnan(mirror_shift(np.ones((3, 4)), cold))


@pytest.mark.parametrize(("right", "down"), [(0, 0), (0.6, 0), (0, -0.4), (-1.2, 0.8)])
def test_a_map_is_moved_by_cells_and_comes_back_finer(right, down):
    heatmap = blob(5, 4)
    found = moved(heatmap, right, down)
    assert found.shape == (FINER * 9, FINER * 12)
    assert found.dtype == np.float32
    row, column = ndimage.center_of_mass(found)
    before = ndimage.center_of_mass(moved(heatmap, 0, 0))
    assert ((column - before[1]) / FINER, (row - before[0]) / FINER) == pytest.approx((right, down), abs=0.02)


def test_what_comes_in_at_the_border_is_the_last_column():
    heatmap = np.tile(np.array([1, 2, 3, 4], np.float32), (2, 1))
    assert moved(heatmap, -2, 0)[:, -FINER:] == pytest.approx(4)
    assert moved(heatmap, 2, 0)[:, :FINER] == pytest.approx(1)
