"""Two results beside each other: in which words they differ, and that anything a student returns can be drawn."""

import numpy as np
import pytest
from PIL import Image

from gradcam_lab.report.figures.beside.draw import draw_beside
from gradcam_lab.report.figures.beside.drawings import Bars, Boxes, Curve, Curves, Grid, Picture, mosaic

PHOTO = np.full((40, 60, 3), 90, np.uint8)
BOX = np.array([[3.0, 4.0, 20.0, 30.0]])


def grid(*rows):
    return Grid(np.array(rows, float))


def line(y, number=None, x=(0.0, 1.0)):
    return Curves((Curve(np.array(x), np.array(y), "AP", number),), "recall", "precision")


PAIRS = {
    "equal maps": (grid([1, 2]), grid([1, 2 + 1e-6]), ""),
    "maps": (grid([1, 2]), grid([1, 2.5]), "up to 0.5"),
    "NaN": (grid([1, np.nan]), grid([1, 2]), "1 of 2 numbers are NaN or infinite"),
    "words": (
        Grid(np.array([[1.0], [7]]), ("a", "b"), ("",), {1: "hit"}),
        Grid(np.array([[1.0], [1]]), ("a", "b"), ("",), {1: "hit"}),
        "1 of 2 differ",
    ),
    "a table": (
        Grid(np.array([[1.0, 20000]]), ("a",), ("b", "c")),
        Grid(np.array([[1.0, 0]]), ("a",), ("b", "c")),
        "up to 2e+04",
    ),
    "pixels": (Picture(PHOTO, PHOTO + 9, 1), Picture(PHOTO, PHOTO, 1), "2400 of 2400 pixels differ"),
    "a rounding": (Picture(PHOTO, PHOTO + 1, 1), Picture(PHOTO, PHOTO, 1), ""),
    "no box": (Boxes(PHOTO, BOX[:0]), Boxes(PHOTO, BOX), "0 boxes in place of 1"),
    "a box beyond the image": (Boxes(PHOTO, BOX + 900), Boxes(PHOTO, BOX), "1 of 1 box differs"),
    "a box that is NaN": (Boxes(PHOTO, BOX * np.nan, ("0.5",)), Boxes(PHOTO, BOX, ("0.5",)), "1 of 1 box differs"),
    "another word": (Boxes(PHOTO, BOX, ("true",)), Boxes(PHOTO, BOX, ("false",)), "1 of 1 box differs"),
    "another order": (
        Boxes(PHOTO, np.concatenate([BOX, BOX + 5])),
        Boxes(PHOTO, np.concatenate([BOX + 5, BOX])),
        "the order differs",
    ),
    "one number": (Bars(np.array([0.25]), ("AP",)), Bars(np.array([0.5]), ("AP",)), "0.25 in place of 0.5"),
    "infinite": (
        Bars(np.array([np.inf, 1]), ("a", "b")),
        Bars(np.array([1.0, 1]), ("a", "b")),
        "1 of 2 numbers are NaN or infinite",
    ),
    "many": (Bars(np.arange(30.0)), Bars(np.zeros(30)), "29 of 30 numbers differ, by up to 29"),
    "names": (Bars(np.ones(2), ("b", "a")), Bars(np.ones(2), ("a", "b")), "the names, or their order, differ"),
    "fewer names": (Bars(np.ones(1), ("a",)), Bars(np.ones(2), ("a", "b")), "the names, or their order, differ"),
    "a curve": (line((1, 0.5)), line((1, 0.6)), "1 of 2 points differ"),
    "a shorter curve": (line((1,), x=(0,)), line((1, 0.6)), "1 points in place of 2"),
    "no curve": (line((), x=()), line((1, 0.6)), "0 points in place of 2"),
    "another area": (line((1, 0.5), 0.2), line((1, 0.5), 0.7), "0.200 in place of 0.700"),
}


ODD = (
    *("NaN", "words", "a box beyond the image", "a box that is NaN"),
    *("another word", "infinite", "fewer names", "no curve"),
)


@pytest.mark.parametrize("name", PAIRS)
def test_how_two_results_differ_in_words(name):
    mine, reference, words = PAIRS[name]
    assert mine.unlike(reference) == words


@pytest.mark.parametrize("name", ODD)
def test_odd_results_are_drawn_too(name, tmp_path):
    mine, reference, _ = PAIRS[name]
    draw_beside(tmp_path / "a.png", mine, reference, title="$f_$", given=Picture(PHOTO, PHOTO), named="the image")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1584, 432)


def test_maps_side_by_side_keep_their_places():
    tiles = mosaic(np.arange(3.0)[:, None, None] * np.ones((3, 2, 2)), ("a", "b", "c"))
    assert [text for _, _, text in tiles.titles] == ["a", "b", "c"]
    first, second = (tiles.titles[place] for place in (0, 1))
    row = int(first[1] + 1)
    assert tiles.values[row, 0] == 0
    assert tiles.values[row, int(second[0] + 1)] == 1
    assert np.isnan(tiles.values).any()
