"""`evaluate --errors`: TIDE's kinds of errors of saved boxes as a table, a figure and JSON."""

from pathlib import Path

import numpy as np

from gradcam_lab.data.box_files.tables import Annotated, Detections
from gradcam_lab.evaluate.tide.delta_ap import tide_errors
from gradcam_lab.evaluate.tide.kinds import KINDS
from gradcam_lab.evaluate.tide.records import TideErrors
from gradcam_lab.files import write_json
from gradcam_lab.report.figures.tide_bars import draw_tide

FIGURE, NUMBERS = "errors.svg", "errors.json"


def explain_errors(
    found: Detections, truth: Annotated, folder: Path, *, ties: str = "group", count_difficult: bool = False
) -> TideErrors:
    """Sort the errors of saved detections into TIDE's kinds, and write the figure and the numbers.

    Args:
        found: the detections.
        truth: the objects.
        folder: where `errors.svg` and `errors.json` are written; it exists.
        ties: see `tide_errors`.
        count_difficult: whether difficult objects and crowds are objects like all others.
    """
    objects = truth.objects
    if count_difficult:
        none = np.zeros(len(objects.crowd), bool)
        objects = objects._replace(crowd=none, ignored=none)
    errors = tide_errors(found, objects, truth.classes, ties=ties)
    draw_tide(folder / FIGURE, errors)
    write_json(folder / NUMBERS, errors)
    return errors


def errors_table(errors: TideErrors) -> str:
    """Return the kinds of errors as plain tables: what each costs, and of several classes, their counts."""
    foreground, background = errors["foreground_iou"], errors["background_iou"]
    lines = [
        f"TIDE's kinds of errors, IoU {foreground:g} and {background:g}; AP at 101 recalls {100 * errors['ap']:.2f}",
        f"{'kind':<16}{'errors':>8}{'dAP':>8}",
    ]
    for costs in (errors["kinds"], errors["totals"]):
        lines += [f"{name:<16}{cost['count']:>8}{100 * cost['dap']:>8.2f}" for name, cost in costs.items()]
    classes = errors["classes"]
    if len(classes) > 1:
        wide = max(map(len, [*classes, "class"]))
        lines += ["", f"{'class':<{wide}}{'objects':>9}{'AP':>8}" + "".join(f"{kind:>16}" for kind in KINDS)]
        for name, row in classes.items():
            ap = "-" if row["ap"] is None else f"{100 * row['ap']:.2f}"
            counts = "".join(f"{row['counts'][kind]:>16}" for kind in KINDS)
            lines.append(f"{name:<{wide}}{row['objects']:>9}{ap:>8}{counts}")
    return "\n".join(lines)
