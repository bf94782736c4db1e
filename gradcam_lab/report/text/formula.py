"""Formulas as pictures: WeasyPrint knows no MathML, so matplotlib's mathtext draws them as SVG outlines."""

import base64
import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.path import Path as Outline

INK = "#1d2433"  # the colour of the text around it
EM = 100  # mathtext's outlines have this many units to the em
MARGIN = 4  # units around the ink, so that no edge is cut off

_MATRIX = re.compile(r"\\begin{(p|b|)matrix}(.*?)\\\\(.*?)\\end{\1matrix}")
_BRACKETS = {"": ("", ""), "p": ("(", ")"), "b": ("[", "]")}


@cache
def formula(latex: str, display: bool = False) -> Markup:
    r"""Draw a formula as an `<img>` that stands on the baseline of the text around it and grows with it.

    Args:
        latex: the formula without dollar signs, in the subset that matplotlib's mathtext knows, and matrices of two
            rows (`matrix`, `pmatrix`, `bmatrix`).
        display: whether it stands on a line of its own.

    Returns:
        An `<img>` with the LaTeX as its `alt`, or the LaTeX as `<code>` where mathtext cannot draw it.
    """
    latex = " ".join(latex.split())  # of a formula that goes over several lines mathtext reads none
    try:
        outline, advance = _outline(_MATRIX.sub(_matrix, latex), display)
    except ValueError:  # mathtext's parse error; a student's formula may use what it does not know
        return Markup("<code>{}</code>").format(latex)
    bounds = outline.get_extents()
    left, bottom = min(bounds.x0, 0) - MARGIN, bounds.y0 - MARGIN
    width, height = max(bounds.x1, advance) + MARGIN - left, bounds.y1 + MARGIN - bottom
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{left:.0f} {-bottom - height:.0f} {width:.0f} {height:.0f}">'
        f'<path fill="{INK}" d="{_path_data(outline)}"/></svg>'
    )
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    size = f"width:{width / EM:.3f}em" if display else f"height:{height / EM:.3f}em;vertical-align:{bottom / EM:.3f}em"
    return Markup('<img class="math" style="{}" alt="{}" src="{}">').format(size, latex, source)


def _matrix(match: re.Match[str]) -> str:
    """Write a matrix of two rows as the fraction without a bar that mathtext knows; it knows no matrix."""
    left, right = _BRACKETS[match[1]]
    above, below = (r" \quad ".join(row.split("&")) for row in match.group(2, 3))
    return rf"\genfrac{{{left}}}{{{right}}}{{0}}{{0}}{{{above}}}{{{below}}}"


def _outline(latex: str, display: bool) -> "tuple[Outline, float]":
    """The outline of a formula with y upwards from the baseline, and how far it advances along the line."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path as Outline
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="STIXGeneral", math_fontfamily="stix", size=EM)
    text = "$" + (latex.replace(r"\frac", r"\dfrac") if display else latex) + "$"  # mathtext has no \displaystyle
    maker = TextToPath()
    vertices, codes = maker.get_text_path(font, text, ismath=True)
    advance, _, _ = maker.get_text_width_height_descent(text, font, ismath=True)
    return Outline(vertices, codes), float(advance)


def _path_data(outline: "Outline") -> str:
    """Write an outline as the `d` of an SVG path; SVG's y grows downwards."""
    from matplotlib.path import Path as Outline

    letters = {
        Outline.MOVETO: "M",
        Outline.LINETO: "L",
        Outline.CURVE3: "Q",
        Outline.CURVE4: "C",
        Outline.CLOSEPOLY: "Z",
    }
    parts = []
    for points, code in outline.iter_segments(simplify=False, curves=True):
        letter = letters[code]
        numbers = "" if letter == "Z" else " ".join(f"{x:.1f} {-y:.1f}" for x, y in points.reshape(-1, 2))
        parts.append(letter + numbers)
    return "".join(parts)
