"""TIDE's kinds of errors as bars."""

from pathlib import Path

from gradcam_lab.evaluate.tide.records import TideErrors
from gradcam_lab.report.figures.style import BLUE, OURS, RULE, svg_figure

WIDTH, HEIGHT = 6.7, 2.6  # inches
GAP = 0.5
"""Between the six kinds and the two totals, which hold them once more; a bar and its space are 1."""


def draw_tide(path: Path, errors: TideErrors) -> None:
    """Draw by how much AP grows once the errors of each kind are mended, and how many there are."""
    costs = [*errors["kinds"].items(), *errors["totals"].items()]
    kinds = len(errors["kinds"])
    places = [index + GAP * (index >= kinds) for index in range(len(costs))]
    values = [100 * cost["dap"] for _, cost in costs]
    with svg_figure(path, WIDTH, HEIGHT) as figure:
        axes = figure.subplots()
        axes.barh(places, values, color=[OURS if index < kinds else BLUE for index in range(len(costs))], height=0.66)
        for place, value, (_, cost) in zip(places, values, costs, strict=True):
            axes.annotate(
                f"{value:.1f}  ({cost['count']})",
                (max(value, 0), place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                size=7.5,
            )
        axes.set_yticks(places, [name for name, _ in costs])
        axes.tick_params(axis="y", length=0)
        axes.set(xlim=(min(0, *values), 1.15 * max(values) or 1), ylim=(places[-1] + 0.6, -0.6))
        axes.set_xlabel("points of AP gained by mending all errors of the kind (their number)")
        axes.set_title(f"AP {100 * errors['ap']:.1f} at IoU {errors['foreground_iou']:g}", loc="left")
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_color(RULE)
        figure.subplots_adjust(left=0.135, right=0.985, top=0.9, bottom=0.17)
