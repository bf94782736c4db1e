"""Curves of a run, drawn from `results.json` alone, as small SVG files."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gradcam_lab.report.style import BLUE, GREYS, INK, OURS, RULE, save_svg, style

WIDTH = 6.7  # inches: the text width of the printed page


def draw_threshold_sweep(path: Path, results: dict[str, Any]) -> None:
    """Draw mean AP over the grid of thresholds, and AP at each IoU, on val and on test side by side.

    The threshold that val chose is marked in both; the best one of test is marked in test and labelled "oracle".
    """
    from matplotlib.figure import Figure

    sweep = results["threshold"]
    with style():
        figure = Figure(figsize=(WIDTH, 2.75))
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, split in ((left, "val"), (right, "test")):
            scores = sweep[split]
            for colour, (iou, ap) in zip(GREYS, scores["ap"].items(), strict=False):
                axes.plot(sweep["grid"], percents(ap), color=colour, linewidth=1.1, label=f"AP at IoU {iou}")
            axes.plot(sweep["grid"], percents(scores["mean_ap"]), color=OURS, linewidth=2, label="mean of the three")
            axes.axvline(sweep["chosen"], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.set(xlabel="threshold, as a fraction of the map's maximum", ylim=(0, None))
        left.set_title("val: where the threshold is chosen", loc="left")
        right.set_title("test: for looking back only", loc="left")
        left.set_ylabel("AP (%)")
        _mark(left, sweep["chosen"], sweep["val"]["mean_ap"][_nearest(sweep["grid"], sweep["chosen"])], "chosen", OURS)
        _mark(right, sweep["oracle"]["threshold"], sweep["oracle"]["mean_ap"], "oracle", BLUE)
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=4, handlelength=1.6)
        figure.subplots_adjust(left=0.075, right=0.995, top=0.92, bottom=0.26, wspace=0.06)
        save_svg(figure, path)


def _nearest(grid: list[float], value: float) -> int:
    return min(range(len(grid)), key=lambda i: abs(grid[i] - value))


def _mark(axes: Any, threshold: float, mean_ap: float, name: str, colour: str) -> None:
    axes.plot([threshold], [100 * mean_ap], "o", color=colour, markersize=6, markeredgecolor="white", zorder=5)
    right_half = threshold > sum(axes.get_xlim()) / 2
    axes.annotate(
        f"{name} {threshold:.2f}",
        (threshold, 100 * mean_ap),
        xytext=(-7 if right_half else 7, 7),
        textcoords="offset points",
        ha="right" if right_half else "left",
        color=colour,
        size=7.5,
        weight="bold",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
        zorder=6,
    )


def draw_precision_recall(path: Path, results: dict[str, Any]) -> None:
    """Draw precision over recall at each IoU threshold, one small plot each, with the area that AP measures."""
    from matplotlib.figure import Figure

    ours = next(row for row in results["table"] if row["kind"] == "ours")
    curves = results["curves"]
    with style():
        figure = Figure(figsize=(WIDTH, 2.35))
        plots = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
        for axes, (iou, curve) in zip(plots, curves.items(), strict=True):
            points = thinned(list(zip(curve["recall"], curve["precision"], falling(curve["precision"]), strict=True)))
            if points:
                recall, precision, envelope = (percents(values) for values in zip(*points, strict=True))
                corners = [0, *recall], [envelope[0], *envelope]
                axes.fill_between(*corners, step="pre", color=OURS, alpha=0.12, linewidth=0)
                axes.step(*corners, where="pre", color=OURS, linewidth=1)
                axes.plot(recall, precision, color=INK, linewidth=0.9)
            ap = ours["scores"][iou]["ap"]
            axes.set_title(f"IoU > {iou}: AP {100 * ap:.1f}", loc="left")
            axes.set(xlim=(0, 100), ylim=(0, 103), xlabel="recall (%)")
            axes.set(xticks=range(0, 101, 25), yticks=range(0, 101, 25))
        figure.axes[0].set_ylabel("precision (%)")
        figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.19, wspace=0.14)
        save_svg(figure, path)


def thinned(points: list[Any], most: int = 300) -> list[Any]:
    """Leave out points of a long curve, evenly, but not its ends: nobody sees more than a few hundred of them."""
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def falling(values: list[float]) -> list[float]:
    """Replace each value by the largest of it and all after it: the interpolated precision of all-point AP."""
    highest, result = 0.0, []
    for value in reversed(values):
        highest = max(highest, value)
        result.append(highest)
    return result[::-1]


def draw_class_ap(path: Path, results: dict[str, Any]) -> None:
    """Draw the classifier's AP for each class as bars, the best first; the target class stands out."""
    from matplotlib.figure import Figure

    classes = {name: score for name, score in results["classifier"]["classes"].items() if score["ap"] is not None}
    names = sorted(classes, key=lambda name: (-classes[name]["ap"], name))
    mean = results["classifier"]["map"]
    with style():
        figure = Figure(figsize=(WIDTH, 0.62 + 0.21 * len(names)))
        axes = figure.subplots()
        values = [100 * classes[name]["ap"] for name in names]
        colours = [OURS if name == results["run"]["target"] else GREYS[0] for name in names]
        axes.barh(range(len(names)), values, color=colours, height=0.66)
        for place, value in enumerate(values):
            axes.text(1.2, place, f"{value:.1f}", va="center", size=7.5, weight="bold", color="white")
        axes.set_yticks(range(len(names)), [f"{name} ({classes[name]['positives']})" for name in names])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlim=(0, 100), xticks=range(0, 101, 20), xlabel="AP (%)")
        axes.axvline(100 * mean, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.spines["left"].set_color(RULE)
        height = figure.get_figheight()
        figure.subplots_adjust(left=0.17, right=0.975, top=1 - 0.06 / height, bottom=0.42 / height)
        save_svg(figure, path)


def percents(fractions: Iterable[float]) -> list[float]:
    """Turn fractions into percent."""
    return [100 * value for value in fractions]
