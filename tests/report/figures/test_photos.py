"""Rows of photos: boxes on their pixels, rows that fill the page, the same bytes every time."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcam_lab.data.sample import read_image
from gradcam_lab.report.figures.photos import DPI, WIDTH, Panel, Row, draw_rows, in_rows, shorten
from gradcam_lab.report.figures.style import OURS, TRUTH

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
    draw_rows(tmp_path / "a.jpg", [Row([panel])], tallest=WIDTH)
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
        draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY, truth=[((21, 31, 60, 80), difficult)])])], tallest=WIDTH)
        drawn.append(near(read(tmp_path / "a.jpg"), TRUTH).sum())
    assert 0.3 < drawn[1] / drawn[0] < 0.85


def test_a_detection_carries_its_score(tmp_path):
    draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY, detections=[((21, 31, 60, 80), 0.5)])])], tallest=WIDTH)
    pixels = read(tmp_path / "a.jpg")
    corner = pixels[462:474, 324:364]  # a few pixels above the box's top left corner, at (320, 480)
    assert near(corner, OURS).mean() > 0.4  # the label's ground
    assert (corner.min(axis=-1) > 200).any()  # and the digits on it


def test_an_outline_is_a_box_without_a_score(tmp_path):
    draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY, outlines=[(21, 31, 60, 80)])])], tallest=WIDTH)
    pixels = read(tmp_path / "a.jpg")
    rows, columns = np.nonzero(near(pixels, OURS))
    assert columns.min() == pytest.approx(20 * PIXELS / 100, abs=4)
    assert rows.max() == pytest.approx(80 * PIXELS / 100, abs=4)
    assert not near(pixels[490:504, 330:364], OURS).any()  # where a detection has its score


def test_photos_keep_their_proportions_and_fill_the_width(tmp_path):
    panels = [Panel(np.full((100, 300, 3), 0, np.uint8)), Panel(np.full((300, 100, 3), 0, np.uint8))]
    draw_rows(tmp_path / "a.jpg", [Row(panels)])
    black = read(tmp_path / "a.jpg").max(axis=-1) < 60
    height = black[:, PIXELS // 2].sum()
    assert black.any(axis=0)[[2, -3]].all()
    assert black.any(axis=0).sum() / height == pytest.approx(3 + 1 / 3, rel=0.02)


def test_a_detection_that_nobody_believes_in_is_left_out(tmp_path):
    draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY, detections=[((21, 31, 60, 80), 0.04)])])], tallest=WIDTH)
    assert not near(read(tmp_path / "a.jpg"), OURS).any()


@given(st.integers(0, 40), st.integers(1, 7))
def test_rows_keep_the_order_and_are_even(count, columns):
    panels = [Panel(GREY, str(i)) for i in range(count)]
    rows = in_rows(panels, columns)
    assert [panel for row in rows for panel in row.panels] == panels
    lengths = [len(row.panels) for row in rows]
    assert len(rows) == -(-count // columns)
    assert not lengths or (max(lengths) <= columns and max(lengths) - min(lengths) <= 1)


def test_nothing_to_draw_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="at least one"):
        draw_rows(tmp_path / "a.jpg", [Row([])])


def test_file_names_in_titles_are_plain_text(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY, r"$\frac{ 犬の写真"), Panel(GREY, "a_b^{")])])
    assert (tmp_path / "a.jpg").stat().st_size > 0


def test_shorten():
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd ef", 6) == "abcd…"
    assert shorten("abcd", 0) == "…"


def test_photo_figures_are_the_same_every_time(tmp_path):
    for name in ("1", "2"):
        draw_rows(tmp_path / f"{name}.jpg", [Row([Panel(GREY, "a", [((1, 1, 50, 50), True)])] * 3)])
    assert (tmp_path / "1.jpg").read_bytes() == (tmp_path / "2.jpg").read_bytes()


def test_rows_are_as_high_as_their_width_asks_for(tmp_path):
    draw_rows(tmp_path / "a.jpg", [Row([Panel(GREY)] * 6)] * 2)
    pixels = read(tmp_path / "a.jpg")
    side = (WIDTH - 5 * 0.08) / 6
    assert pixels.shape[:2] == (pytest.approx((2 * side + 0.08) * DPI, abs=2), PIXELS)
