"""The shift of a network's maps in words, the same on the command line and in the report."""

from collections.abc import Sequence
from typing import Any

from gradcam_lab.evaluate.alignment.mirror import believed
from gradcam_lab.evaluate.alignment.records import Alignment, MeasuredShift, ShiftAlong, TriedSize
from gradcam_lab.evaluate.alignment.sizes import best_size

MOVED = "pictures show them moved back"
"""What `explain` does about it."""

OVERLAID = "the page lays them over the photos moved back, and boxes are found in them as they are"
"""What `locate` does about it, for val alone may decide it for boxes."""

REPORTED = "pictures and the tests of this section show them moved back"
OFF = "--align auto moves them back in pictures and in the tests of this section"
"""What `run-all` does about it, and would do."""


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


def sentence(measured: MeasuredShift, size: int, sizes: Sequence[TriedSize], moved: str) -> str:
    """Say in one sentence that the maps lie beside what the network means, and what helps; nothing where they do not.

    Args:
        measured: the shift.
        size: of the network's input, in pixels.
        sizes: the others that were tried.
        moved: says in a clause where the maps are moved back, see `MOVED`.
    """
    sides = [
        f"{abs(along['value'] or 0.0):.1f} too far {more if (along['value'] or 0.0) > 0 else less}"
        for (along, more, less), is_one in zip(
            ((measured["right"], "right", "left"), (measured["down"], "down", "up")), believed(measured), strict=True
        )
        if is_one
    ]
    if not sides:
        return ""
    best = best_size(sizes)
    other = f", and --size {best['size']} leaves {abs(best['right']['value'] or 0.0):.1f} to the side" if best else ""
    return (
        f"The maps of this network lie beside what it means, of {size} pixels {' and '.join(sides)}, as a mirror "
        f"shows; that is more than a quarter of a cell: {moved}{other}."
    )


def of_alignment(alignment: Alignment, target: str, method: str) -> dict[str, Any]:
    """Say what the report's section says of the alignment of a run.

    Args:
        alignment: of the results.
        target: the class.
        method: the title of the run's method.

    Returns:
        The number of `images`, the `size` of the input; the `rows` of the table, each with its `name`, the shifts
        `right` and `down` (None where they were not measured) and its pair of `pointing`; the `sizes` that were tried;
        and two paragraphs, `shift` and `outcome`.
    """
    plain, size, mode = alignment["gradcam"], alignment["input_size"], alignment["mode"]
    shifts = [plain, alignment["method"]]
    rows = [
        {"name": pair["map"], "pointing": pair, **{side: found and found[side] for side in ("right", "down")}}
        for pair, found in zip(alignment["pointing"], shifts, strict=False)
    ]
    moved = REPORTED if mode == "auto" else OFF
    large = any(believed(plain))
    fine = (
        "To the right it is not demonstrably more than a quarter of a cell, so the maps lie where the network means "
        "them, and are left as they are. (Upside down, images are strange to a network: of a shift downwards alone "
        "nothing is concluded.)"
    )
    return {
        "images": plain["images"],
        "size": size,
        "rows": rows,
        "sizes": alignment["sizes"],
        "shift": sentence(plain, size, alignment["sizes"], moved) if large else fine,
        "outcome": _outcome(alignment, target, method) if large else "",
    }


def _outcome(alignment: Alignment, target: str, method: str) -> str:
    """Say what moving the maps gives on test, and what val says of boxes in them."""
    parts = [
        f"{pair['map']}: {_percent(pair['before']['value'])}% as the network gave it, "
        f"{_percent(pair['after']['value'])}% once moved back"
        for pair in alignment["pointing"]
        if pair["before"]["value"] is not None
    ]
    told = f"The hottest pixel lies on the {target} itself in so many of test's images: {'; '.join(parts)}."
    boxes = alignment["boxes"]
    if boxes is None:
        return told
    chosen = "the moved maps" if boxes["moved"] else "the maps as they are"
    return (
        f"{told} Boxes are another matter, for their threshold makes up for much of it, so val decides: {method} has a "
        f"mean AP of {_percent(boxes['before'])} there in the maps as they are and of {_percent(boxes['after'])} in "
        f"the moved ones. The boxes of this report are found in {chosen}."
    )


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.1f}"
