"""One visual style for every figure: fonts that matplotlib ships, a small palette, the same bytes on every run."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcam_lab.files import moved_into_place, write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours (2008) stay apart for every kind of colour vision.
OURS = "#d55e00"
TRUTH = "#009e73"
BLUE = "#0072b2"
INK = "#1d2433"
MUTED = "#697386"
RULE = "#d5dae3"
GREYS = ("#6f7a8c", "#97a1b0", "#bcc4cf")

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # a `$` in a file name is a `$`
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # the same letters in every browser and in the PDF
    "svg.hashsalt": "gradcam-lab",  # the names inside the file are random otherwise
}

JPEG_QUALITY = 88


@contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style inside the block; matplotlib's own settings are as before afterwards."""
    import matplotlib

    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A file name in a script that DejaVu does not have is drawn as empty squares: no reason to bother the user.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def aspect(image: np.ndarray) -> float:
    """The width of an image (H, W, 3) over its height."""
    height, width = image.shape[:2]
    return width / height


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """The width of a line as matplotlib will draw it, in inches; `size` is in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(weight=weight, size=size)  # the family is the style's
    points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return points / 72


def show_image(axes: "Axes", image: np.ndarray) -> None:
    """Show an image without axes; pixel (i, j) covers [j, j + 1] x [i, i + 1] of the axes' coordinates."""
    height, width = image.shape[:2]
    axes.imshow(image, extent=(0, width, height, 0), aspect="auto", interpolation="antialiased")
    axes.set_axis_off()


@contextmanager
def svg_figure(path: Path, width: float, height: float) -> Iterator["Figure"]:
    """Yield a figure in the report's style, its size in inches; what the block has drawn on it becomes an SVG file."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(width, height))
        yield figure
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})  # the same bytes every time
        write_text(path, text.getvalue())


def save_jpeg(figure: "Figure", path: Path) -> None:
    """Write a figure as JPEG at its own resolution."""
    with moved_into_place(path) as temporary:
        figure.savefig(temporary, format="jpg", dpi=figure.dpi, pil_kwargs={"quality": JPEG_QUALITY, "optimize": True})
