"""The shift of a network's maps in words, the same on the command line and in the report."""

from collections.abc import Sequence

from gradcam_lab.evaluate.alignment.records import Align, MeasuredShift, ShiftAlong, TriedSize
from gradcam_lab.evaluate.alignment.sizes import best_size


def told(along: ShiftAlong, size: int, more: str, less: str) -> str:
    """Say a shift along one side with its interval.

    Args:
        along: the shift.
        size: of the network's input, in pixels.
        more: where a shift above 0 lies, such as "right".
        less: where one below 0 lies.

    Examples:
        >>> told({"value": 18.6, "low": 17.6, "high": 19.7, "cells": 0.58, "large": True}, 224, "right", "left")
        '18.6 of 224 pixels too far right (95% interval 17.6 to 19.7), 0.58 of a cell'
        >>> told({"value": None, "low": None, "high": None, "cells": None, "large": False}, 224, "right", "left")
        'unknown: no pair of maps has heat'
    """
    value, low, high, cells = along["value"], along["low"], along["high"], along["cells"]
    if value is None or low is None or high is None or cells is None:
        return "unknown: no pair of maps has heat"
    ends = (low, high) if value >= 0 else (-high, -low)
    side = more if value >= 0 else less
    interval = f"95% interval {ends[0]:.1f} to {ends[1]:.1f}"
    return f"{abs(value):.1f} of {size} pixels too far {side} ({interval}), {abs(cells):.2f} of a cell"


def sentence(measured: MeasuredShift, size: int, sizes: Sequence[TriedSize], mode: Align) -> str:
    """Say in one sentence that the maps lie beside what the network means, and what helps; nothing where they do not.

    Args:
        measured: the shift.
        size: of the network's input, in pixels.
        sizes: the others that were tried.
        mode: whether the shift is taken out.
    """
    sides = [
        f"{abs(along['value'] or 0.0):.1f} too far {more if (along['value'] or 0.0) > 0 else less}"
        for along, more, less in ((measured["right"], "right", "left"), (measured["down"], "down", "up"))
        if along["large"]
    ]
    if not sides:
        return ""
    moved = "pictures show them moved back" if mode == "auto" else "--align auto moves them back in pictures"
    best = best_size(sizes)
    other = f", and --size {best['size']} leaves {abs(best['right']['value'] or 0.0):.1f} to the side" if best else ""
    return (
        f"The maps of this network lie beside what it means, of {size} pixels {' and '.join(sides)}, as a mirror "
        f"shows; that is more than a quarter of a cell: {moved}{other}."
    )
