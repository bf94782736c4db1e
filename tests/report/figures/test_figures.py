"""The report's figures: boxes on their pixels, rows that fill the page, the same bytes every time."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.sample import read_image
from gradcam_lab.report.figures import captions, plots
from gradcam_lab.report.figures.photos import (
    DPI,
    WIDTH,
    Panel,
    Row,
    dimmed,
    draw_photos,
    draw_rows,
    in_rows,
    painted_seeds,
    shorten,
)
from gradcam_lab.report.figures.style import BLUE, OURS, TRUTH
from tests.synthetic_run import results

GREY = np.full((100, 100, 3), 128, np.uint8)
PIXELS = int(WIDTH * DPI)


def read(path: Path) -> np.ndarray:
    return read_image(path).astype(int)


def near(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Mark the pixels that have nearly this colour."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return np.abs(pixels - rgb).max(axis=-1) < 60


def test_a_box_runs_along_the_outer_edges_of_its_pixels(tmp_path):
    panel = Panel(GREY, truth=[((21, 31, 60, 80), False)])
    draw_photos(tmp_path / "a.jpg", [panel], 1, tallest=WIDTH)
    green = near(read(tmp_path / "a.jpg"), TRUTH)
    scale = PIXELS / 100
    rows, columns = np.nonzero(green)
    half = 4  # the line is 1.5 points wide
    assert columns.min() == pytest.approx(20 * scale, abs=half)
    assert columns.max() == pytest.approx(60 * scale, abs=half)
    assert rows.min() == pytest.approx(30 * scale, abs=half)
    assert rows.max() == pytest.approx(80 * scale, abs=half)


def test_a_difficult_box_is_dashed(tmp_path):
    drawn = []
    for difficult in (False, True):
        draw_photos(tmp_path / "a.jpg", [Panel(GREY, truth=[((21, 31, 60, 80), difficult)])], 1, tallest=WIDTH)
        drawn.append(near(read(tmp_path / "a.jpg"), TRUTH).sum())
    assert 0.3 < drawn[1] / drawn[0] < 0.85


def test_a_detection_carries_its_score(tmp_path):
    draw_photos(tmp_path / "a.jpg", [Panel(GREY, detections=[((21, 31, 60, 80), 0.5)])], 1, tallest=WIDTH)
    pixels = read(tmp_path / "a.jpg")
    corner = pixels[484:504, 324:364]  # a few pixels inside the box's top left corner, at (320, 480)
    assert near(corner, OURS).mean() > 0.4  # the label's ground
    assert (corner.min(axis=-1) > 200).any()  # and the digits on it


def test_an_outline_is_a_box_without_a_score(tmp_path):
    draw_photos(tmp_path / "a.jpg", [Panel(GREY, outlines=[(21, 31, 60, 80)])], 1, tallest=WIDTH)
    pixels = read(tmp_path / "a.jpg")
    rows, columns = np.nonzero(near(pixels, OURS))
    assert columns.min() == pytest.approx(20 * PIXELS / 100, abs=4)
    assert rows.max() == pytest.approx(80 * PIXELS / 100, abs=4)
    assert not near(pixels[490:504, 330:364], OURS).any()  # where a detection has its score


def test_photos_keep_their_proportions_and_fill_the_width(tmp_path):
    panels = [Panel(np.full((100, 300, 3), 0, np.uint8)), Panel(np.full((300, 100, 3), 0, np.uint8))]
    draw_photos(tmp_path / "a.jpg", panels, 2)
    black = read(tmp_path / "a.jpg").max(axis=-1) < 60
    height = black[:, PIXELS // 2].sum()
    assert black.any(axis=0)[[2, -3]].all()
    assert black.any(axis=0).sum() / height == pytest.approx(3 + 1 / 3, rel=0.02)


def test_a_detection_that_nobody_believes_in_is_left_out(tmp_path):
    draw_photos(tmp_path / "a.jpg", [Panel(GREY, detections=[((21, 31, 60, 80), 0.04)])], 1, tallest=WIDTH)
    assert not near(read(tmp_path / "a.jpg"), OURS).any()


@given(st.lists(st.integers(), max_size=50), st.integers(2, 20))
def test_thinning_keeps_the_ends_and_the_order(points, most):
    kept = plots.thinned(list(enumerate(points)), most)
    assert len(kept) == min(len(points), most)
    assert kept == sorted(set(kept))
    assert not points or (kept[0], kept[-1]) == ((0, points[0]), (len(points) - 1, points[-1]))


@given(st.integers(0, 40), st.integers(1, 7))
def test_rows_keep_the_order_and_are_even(count, columns):
    panels = [Panel(GREY, str(i)) for i in range(count)]
    rows = in_rows(panels, columns)
    assert [panel for row in rows for panel in row] == panels
    lengths = [len(row) for row in rows]
    assert len(rows) == -(-count // columns)
    assert not lengths or (max(lengths) <= columns and max(lengths) - min(lengths) <= 1)


def test_nothing_to_draw_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        draw_rows(tmp_path / "a.jpg", [Row([])])


def test_file_names_in_titles_are_plain_text(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_photos(tmp_path / "a.jpg", [Panel(GREY, r"$\frac{ 犬の写真"), Panel(GREY, "a_b^{")], 2)
    assert (tmp_path / "a.jpg").stat().st_size > 0


def test_shorten():
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd ef", 6) == "abcd…"
    assert shorten("abcd", 0) == "…"


def test_dimmed_keeps_the_inside():
    image = np.full((2, 2, 3), 100, np.uint8)
    result = dimmed(image, np.array([[True, False], [False, True]]))
    assert result[0, 0].tolist() == [100, 100, 100]
    assert result[0, 1].tolist() == [210, 210, 210]


def test_seeds_are_orange_blue_and_grey():
    image = np.full((1, 3, 3), [90, 120, 150], np.uint8)
    foreground, background, unknown = painted_seeds(image, np.array([[1, 0, 255]]))[0].astype(int).tolist()
    assert unknown == [120, 120, 120]
    for painted, colour in ((foreground, OURS), (background, BLUE)):
        tint = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        assert np.abs(np.array(painted) - (0.4 * 120 + 0.6 * tint)).max() <= 0.5
    assert image[0, 0].tolist() == [90, 120, 150]


def test_falling_is_the_best_from_here_on():
    assert plots.falling([0.5, 1.0, 0.2, 0.4]) == [1.0, 1.0, 0.4, 0.4]
    assert plots.falling([]) == []


CURVES = (
    captions.threshold_sweep,
    captions.precision_recall,
    captions.class_ap,
    captions.segmentation_curve,
    captions.replacement,
    captions.randomisation,
    captions.two_class_test,
)


@pytest.mark.parametrize("draw", CURVES)
def test_curves_are_small_and_the_same_every_time(tmp_path, draw):
    first, second = draw(tmp_path / "1", results()), draw(tmp_path / "2", results())
    assert first == second
    data = (tmp_path / "1" / first["file"]).read_bytes()
    assert data == (tmp_path / "2" / first["file"]).read_bytes()
    assert len(data) < 150_000
    assert first["caption"]
    assert first["alt"]


def test_curves_of_a_run_that_found_nothing(tmp_path):
    content = results()
    content["curves"] = {iou: {"recall": [], "precision": []} for iou in content["curves"]}
    content["classifier"]["classes"]["boat"]["ap"] = None
    captions.precision_recall(tmp_path, content)
    captions.class_ap(tmp_path, content)
    assert len(list(tmp_path.iterdir())) == 2


def drawn(folder: Path, draw: Any, content: dict[str, Any]) -> str:
    """The SVG of a figure."""
    return (folder / draw(folder, content)["file"]).read_text(encoding="utf-8")


def lines(svg: str, colour: str) -> list[list[tuple[float, float]]]:
    """The points of every line of a colour that is longer than a sample in a legend."""
    paths = re.findall(r'<path d="([^"]*)"[^>]*style="[^"]*stroke: ' + colour, svg)
    found = [[(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path)] for path in paths]
    return [points for points in found if abs(points[-1][0] - points[0][0]) > 25 or len(points) > 3]


def test_the_segmentation_curve_has_levels_that_stand_where_their_numbers_are(tmp_path):
    content = results()
    content["segmentation"]["curve"]["test"]["mean_iou"] = [0.6] * 19  # the refined mask's
    svg = drawn(tmp_path, captions.segmentation_curve, content)
    (level, level_of_target), (flat, *_) = lines(svg, BLUE), lines(svg, OURS)
    assert {y for _, y in level} == {y for _, y in flat}
    assert {y for _, y in level} != {y for _, y in level_of_target}


def test_replacement_has_a_curve_for_each_map_from_all_to_nothing(tmp_path):
    content = results()
    left, right = lines(drawn(tmp_path, captions.replacement, content), OURS)
    assert len(left) == len(right) == 11
    assert left[0][1] < left[-1][1]  # the probability falls, and y grows downwards
    assert right[0][1] > right[-1][1]


def test_randomisation_draws_each_random_network_and_the_baselines(tmp_path):
    content = results()
    svg = drawn(tmp_path, captions.randomisation, content)
    assert len(lines(svg, OURS)) == 3 + 1
    ys = {line[0][1] for line in lines(svg, OURS)}
    assert len(ys) == 3  # the mean of these three begins where the middle one does
    content["truth"]["randomisation"]["by_seed"] = []
    assert len(lines(drawn(tmp_path, captions.randomisation, content), OURS)) == 1


def test_a_pair_of_classes_is_blue_only_where_its_interval_lies_left_of_0(tmp_path):
    content = results()
    svg = drawn(tmp_path, captions.two_class_test, content)
    assert (len(lines(svg, BLUE)), len(lines(svg, OURS))) == (3, 1)
    (leaking,) = lines(svg, OURS)
    assert min(x for x, _ in leaking) > max(x for line in lines(svg, BLUE) for x, _ in line)
    content["truth"]["two_classes"]["pairs"][1]["gains"]["area"]["high"] = 0.01
    svg = drawn(tmp_path, captions.two_class_test, content)
    assert (len(lines(svg, BLUE)), len(lines(svg, OURS))) == (2, 2)


def test_curves_of_a_run_in_which_nothing_was_asked(tmp_path):
    content = results()
    nothing = {"value": None, "low": None, "high": None}
    maps = ("Grad-CAM", "centre map", "random map")
    truth, curve = content["truth"], content["segmentation"]["curve"]
    for way in ("deletion", "insertion"):
        part = truth["replacement"][way]
        part.update(rows=dict.fromkeys(maps, nothing), curves={name: [] for name in maps})
    truth["randomisation"].update(curve=[nothing] * 6, by_seed=[], baselines=dict.fromkeys(maps[1:], nothing))
    for key in ("target_on_others", "others_on_target"):
        truth["two_classes"][key]["gains"]["area"] = nothing
    truth["two_classes"]["pairs"] = []
    content["run"]["target"] = "church"
    for split in ("val", "test"):
        curve[split]["target"] = [None] * 19
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for draw in CURVES[3:]:
            svg = drawn(tmp_path, draw, content)
            assert "nan" not in svg.lower()


def test_the_strip_of_masks_has_a_row_for_each_image(tmp_path):
    record = captions.segmentation(tmp_path, [[Panel(GREY)] * 6] * 2)
    pixels = read(tmp_path / record["file"])
    side = (WIDTH - 5 * 0.08) / 6
    assert pixels.shape[:2] == (pytest.approx((2 * side + 0.08) * DPI, abs=2), PIXELS)
    for colour in ("orange", "blue", "grey"):
        assert colour in record["caption"]


def test_the_curves_name_whose_boxes_they_are(tmp_path):
    content = results()
    assert captions.precision_recall(tmp_path, content)["caption"].startswith("Grad-CAM, 0.75x flipped, watershed: ")
    assert captions.threshold_sweep(tmp_path, content)["caption"].startswith("Grad-CAM, 0.75x flipped, watershed: AP")


def test_photo_figures_are_the_same_every_time(tmp_path):
    for name in ("1", "2"):
        captions.random_images(tmp_path / name, [Panel(GREY, "a", [((1, 1, 50, 50), True)])] * 3, seed=0)
    assert (tmp_path / "1" / "random.jpg").read_bytes() == (tmp_path / "2" / "random.jpg").read_bytes()


def test_failures_show_only_the_kinds_that_occur(tmp_path):
    record = captions.failures(tmp_path, {"merged": [Panel(GREY)] * 5, "missed": []}, 0.5)
    pixels = read(tmp_path / record["file"])
    assert pixels.shape[1] == PIXELS
    two_rows = (2 * 1.25 + 0.30 + 0.08) * DPI  # five panels in rows of at most four, one heading
    assert pixels.shape[0] == pytest.approx(two_rows, abs=2)
