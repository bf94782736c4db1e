"""Bars and curves in axes, alone and as a difference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gradcam_lab.report.figures.beside.drawings import Bars, Curves
from gradcam_lab.report.figures.style import BLUE, GREYS, INK, MUTED, OURS, TRUTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (OURS, BLUE, TRUTH, INK)
POINTS = 40
"""A curve of so many points, or fewer, has its points marked."""


def limits(bars: Sequence[Bars]) -> tuple[float, float]:
    """The scale on which all of these bars fit, with 0 in it and some room for the numbers."""
    known = np.concatenate([one.values[np.isfinite(one.values)] for one in bars] or [np.zeros(0)])
    low, high = min(known.min(initial=0), 0), max(known.max(initial=0), 0)
    if low == high:
        return 0.0, 1.0
    room = 0.18 * (high - low)
    return float(low - (room if low < 0 else 0)), float(high + (room if high > 0 else 0))


def draw_bars(axis: "Axes", bars: Bars, scale: tuple[float, float], colour: str = OURS) -> None:
    """Draw one bar a number; a few of them with their names and values, many as thin lines."""
    places = range(len(bars.values))
    values = np.where(np.isfinite(bars.values), bars.values, 0)
    axis.axhline(0, color=MUTED, linewidth=0.6) if not bars.names else axis.axvline(0, color=MUTED, linewidth=0.6)
    if not bars.names:
        axis.bar(places, values, color=colour, width=1.0)
        axis.set(ylim=scale, xlabel=bars.what)
        return
    axis.barh(places, values, color=colour, height=0.62)
    axis.set_yticks(places, bars.names)
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False, axis="y")
    axis.set(xlim=scale, xlabel=bars.what, ylim=(max(len(values), 3) - 0.4, -0.6))
    for place, (value, shown) in enumerate(zip(bars.values, values, strict=True)):
        side = "right" if shown < 0 else "left"
        space = " " if side == "left" else ""
        axis.text(shown, place, f"{space}{value:.3g}{' ' if not space else ''}", va="center", ha=side, size=7)


def draw_bar_difference(axis: "Axes", mine: Bars, reference: Bars) -> None:
    """Draw yours less the reference's; numbers with other names, or in another order, each beside its name."""
    if mine.names == reference.names:
        difference = Bars(mine.values - reference.values, reference.names, mine.what)
    else:
        theirs = dict(zip(reference.names, reference.values, strict=True))
        pairs = [(name, value - theirs.get(name, np.nan)) for name, value in zip(mine.names, mine.values, strict=True)]
        difference = Bars(np.array([value for _, value in pairs]), tuple(name for name, _ in pairs), mine.what)
    draw_bars(axis, difference, limits([difference]), GREYS[0])


def draw_curves(axis: "Axes", drawing: Curves) -> None:
    """Draw every curve in a colour of its own."""
    _draw_lines(axis, drawing, COLOURS, "solid", 1.6)
    _finish(axis, drawing)


def draw_both_curves(axis: "Axes", mine: Curves, reference: Curves) -> None:
    """Draw the reference's curves in broad grey, and yours over them: what fits lies on it."""
    for curve in reference.curves:
        axis.plot(curve.x, curve.y, color=GREYS[2], linewidth=5, solid_capstyle="butt")
    _draw_lines(axis, mine, COLOURS, (0, (4, 2)), 1.4)
    _finish(axis, reference, legend=False)


def _draw_lines(axis: "Axes", drawing: Curves, colours: Sequence[str], line: object, width: float) -> None:
    for place, curve in enumerate(drawing.curves):
        mark = "o" if len(curve.x) <= POINTS else ""
        colour = colours[place % len(colours)]
        axis.plot(
            curve.x, curve.y, color=colour, linestyle=line, linewidth=width, marker=mark, markersize=2.5,
            label=curve.label,
        )  # fmt: skip


def _finish(axis: "Axes", drawing: Curves, *, legend: bool = True) -> None:
    axis.set(xlabel=drawing.xlabel, ylabel=drawing.ylabel)
    for change, now in ((axis.set_xlim, axis.get_xlim()), (axis.set_ylim, axis.get_ylim())):
        change(min(now[0], 0), max(now[1], 1.03))
    if legend and any(curve.label for curve in drawing.curves):
        axis.legend(loc=drawing.legend, frameon=True, framealpha=0.85, edgecolor="none")
