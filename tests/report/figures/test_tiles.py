"""Tiles in columns: titles that wrap, lines and marks where they belong."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from gradcam_lab.report.figures import tiles

LONG = "American Staffordshire terrier (180): p = 0.512 against < 0.001, log-sum-exp of its logits 12.78"


@pytest.fixture
def figure(monkeypatch, tmp_path):
    """Draw a sheet and return its figure, with a renderer to measure its texts."""
    kept = []
    monkeypatch.setattr(tiles, "save_jpeg", lambda figure, path: kept.append(figure))

    def draw(strips, **more):
        tiles.draw_sheet(tmp_path / "tiles.jpg", strips, **more)
        FigureCanvasAgg(kept[-1]).draw()
        return kept[-1]

    return draw


def test_labels_never_overlap(figure):
    titles = [LONG, "W" * 300, "ein Größenwahn.jpg", "$x_1$ " * 30, ""]
    drawn_tiles = [
        tiles.Tile(np.full((h, w, 3), 128, np.uint8), t)
        for t, (h, w) in zip(titles, [(9, 9), (90, 9), (9, 90), (5, 5), (5, 6)], strict=True)
    ]
    drawn = figure([tiles.Strip(drawn_tiles, LONG * 3), tiles.Strip(drawn_tiles[:1], "Mmm " * 60)])
    renderer = drawn.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in drawn.texts]
    boxes += [axes.get_window_extent(renderer) for axes in drawn.axes]
    assert len(boxes) > 20
    page = drawn.bbox
    for i, box in enumerate(boxes):
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1
        assert not any(
            box.x0 < other.x1 and other.x0 < box.x1 and box.y0 < other.y1 and other.y0 < box.y1 for other in boxes[:i]
        )


@pytest.mark.parametrize("text", [LONG, "W" * 300, "a", "", "käse " * 40])
def test_wrapping_loses_no_letter(text):
    with tiles.style():
        lines = tiles.wrap(text, 1.0, 7.5)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(tiles.text_width(line, 7.5) <= 1.0 for line in lines)


def test_a_tile_keeps_its_colours_and_its_shape(tmp_path):
    red = np.zeros((50, 100, 3), np.uint8)
    red[..., 0] = 255
    tiles.draw_sheet(tmp_path / "red.jpg", [tiles.Strip([tiles.Tile(red)])])
    pixels = np.asarray(Image.open(tmp_path / "red.jpg")).astype(int)
    is_red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
    rows, columns = np.flatnonzero(is_red.any(axis=1)), np.flatnonzero(is_red.any(axis=0))
    assert len(columns) == pytest.approx(200 * tiles.COLUMN, abs=4)
    assert len(rows) == pytest.approx(200 * tiles.COLUMN / 2, abs=4)


def test_the_line_encloses_what_reaches_half_of_the_maximum(figure):
    heat = np.zeros((40, 60), np.float32)
    heat[10:21, 30:46] = 1
    drawn = figure([tiles.Strip([tiles.Tile(np.zeros((40, 60, 3), np.uint8), heat=heat)])])
    lines = np.concatenate([path.vertices for c in drawn.axes[0].collections for path in c.get_paths()])
    assert lines.min(axis=0) == pytest.approx([30, 10])  # pixel 30 covers 30 to 31: half-way up its edge
    assert lines.max(axis=0) == pytest.approx([46, 21])
    assert drawn.axes[0].get_ylim() == (40, 0)


@pytest.mark.parametrize(
    ("shape", "expected"), [((1, 1), (400, 400)), ((100, 50), (400, 200)), ((3000, 4000), (750, 1000))]
)
def test_for_display(shape, expected):
    assert tiles.for_display(np.zeros((*shape, 3), np.uint8)).shape[:2] == expected


def test_a_colour_bar_stands_under_its_picture(tmp_path):
    """From the first colour at the left to the last at the right, and the page grows by it."""
    grey = np.full((200, 200, 3), 128, np.uint8)
    colours = np.linspace((255, 0, 0), (0, 0, 255), 256).round().astype(np.uint8)
    tiles.draw_sheet(tmp_path / "bare.jpg", [tiles.Strip([tiles.Tile(grey)])])
    tiles.draw_sheet(tmp_path / "bar.jpg", [tiles.Strip([tiles.Tile(grey, bar=tiles.ColourBar(colours, ("0", "1")))])])
    bare, drawn = (np.asarray(Image.open(tmp_path / f"{name}.jpg")).astype(int) for name in ("bare", "bar"))
    assert drawn.shape[0] > bare.shape[0] + 40
    strip = drawn[bare.shape[0] - 10 :]
    for channel, half in ((0, slice(None, drawn.shape[1] // 3)), (2, slice(-drawn.shape[1] // 3, None))):
        part = strip[:, half]
        assert (part[..., channel] > 150 + part[..., 2 - channel]).sum() > 200


def test_nothing_to_draw(tmp_path):
    with pytest.raises(ValueError, match="at least one tile"):
        tiles.draw_sheet(tmp_path / "nothing.jpg", [tiles.Strip([])])
