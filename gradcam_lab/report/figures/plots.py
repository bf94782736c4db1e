"""The report's curves, drawn from parts of `results.json` as small SVG files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gradcam_lab.evaluate.bootstrap import below_zero
from gradcam_lab.evaluate.faithfulness.records import (
    CENTRE_MAP,
    GRADCAM_MAP,
    RANDOM_MAP,
    ClassLeak,
    Randomisation,
    Replacement,
    TwoClasses,
)
from gradcam_lab.evaluate.records import MeanWithInterval, PrecisionRecallCurve, Segmentation, TableRow, Threshold
from gradcam_lab.report.figures.style import BLUE, GREYS, INK, MUTED, OURS, RULE, svg_figure
from gradcam_lab.report.results import ClassifierScores
from gradcam_lab.report.text.facts import mean_ap_at
from gradcam_lab.report.text.findings import REFINED, better_centre
from gradcam_lab.report.text.wording import threshold as threshold_text

WIDTH = 6.7  # inches: the text width of the printed page


def draw_threshold_sweep(path: Path, sweep: Threshold) -> None:
    """Draw mean AP over the grid of thresholds, and AP at each IoU, on val and on test side by side.

    The threshold of the boxes, which val chose or the user gave, is marked in both; the best one of test is marked
    in test and labelled "oracle".
    """
    with svg_figure(path, WIDTH, 2.75) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, scores in ((left, sweep["val"]), (right, sweep["test"])):
            for colour, (iou, ap) in zip(GREYS, scores["ap"].items(), strict=False):
                axes.plot(sweep["grid"], percents(ap), color=colour, linewidth=1.1, label=f"AP at IoU {iou}")
            axes.plot(sweep["grid"], percents(scores["mean_ap"]), color=OURS, linewidth=2, label="mean of the three")
            axes.axvline(sweep["chosen"], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.set(xlabel="threshold, as a fraction of the map's maximum", ylim=(0, None))
        given = sweep.get("given")
        left.set_title("val, which was not asked" if given else "val: where the threshold is chosen", loc="left")
        right.set_title("test: for looking back only", loc="left")
        left.set_ylabel("AP (%)")
        val_at_chosen = mean_ap_at(sweep["grid"], sweep["val"]["mean_ap"], sweep["chosen"])
        _mark(left, sweep["chosen"], val_at_chosen, "given" if given else "chosen", OURS)
        _mark(right, sweep["oracle"]["threshold"], sweep["oracle"]["mean_ap"], "oracle", BLUE)
        figure.legend(*left.get_legend_handles_labels(), loc="lower center", ncols=4, handlelength=1.6)
        figure.subplots_adjust(left=0.075, right=0.995, top=0.92, bottom=0.26, wspace=0.06)


def _mark(axes: Any, threshold: float, mean_ap: float, name: str, colour: str) -> None:
    axes.plot([threshold], [100 * mean_ap], "o", color=colour, markersize=6, markeredgecolor="white", zorder=5)
    right_half = threshold > sum(axes.get_xlim()) / 2
    axes.annotate(
        f"{name} {threshold_text(threshold)}",
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


def draw_precision_recall(
    path: Path, curves: Mapping[str, PrecisionRecallCurve], table: Sequence[TableRow], eleven: bool = False
) -> None:
    """Draw precision over recall at each IoU threshold, one small plot each, with what AP measures.

    That is the area below the interpolated curve, or the mean of its `eleven` points at 0, 10, ..., 100% of recall.
    """
    ours = next(row for row in table if row["kind"] == "ours")
    with svg_figure(path, WIDTH, 2.35) as figure:
        plots = figure.subplots(1, len(curves), sharey=True, squeeze=False)[0]
        for axes, (iou, curve) in zip(plots, curves.items(), strict=True):
            points = thinned(list(zip(curve["recall"], curve["precision"], falling(curve["precision"]), strict=True)))
            if points:
                recall, precision, envelope = (percents(values) for values in zip(*points, strict=True))
                corners = [0, *recall], [envelope[0], *envelope]
                if not eleven:
                    axes.fill_between(*corners, step="pre", color=OURS, alpha=0.12, linewidth=0)
                axes.step(*corners, where="pre", color=OURS, linewidth=1)
                axes.plot(recall, precision, color=INK, linewidth=0.9)
            if eleven:
                heights = percents(eleven_points(curve["recall"], curve["precision"]))
                axes.plot(range(0, 101, 10), heights, "o", color=OURS, markersize=4, clip_on=False, zorder=3)
            ap = ours["scores"][iou]["ap"]
            axes.set_title(f"IoU > {iou}: AP {100 * (ap or 0):.1f}", loc="left")
            axes.set(xlim=(0, 100), ylim=(0, 103), xlabel="recall (%)")
            axes.set(xticks=range(0, 101, 25), yticks=range(0, 101, 25))
        figure.axes[0].set_ylabel("precision (%)")
        figure.subplots_adjust(left=0.075, right=0.985, top=0.9, bottom=0.19, wspace=0.14)


def thinned(points: list[Any], most: int = 300) -> list[Any]:
    """Leave out points of a long curve, evenly, but not its ends: more than a few hundred cannot be told apart."""
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def falling(values: list[float]) -> list[float]:
    """Replace each value by the largest of it and all after it: the interpolated precision."""
    return np.maximum.accumulate(values[::-1])[::-1].tolist()


def eleven_points(recall: Sequence[float], precision: Sequence[float]) -> list[float]:
    """Return the best precision at a recall of at least 0, 0.1, ..., 1; 0 where the curve does not reach so far.

    Examples:
        >>> eleven_points([0.25, 0.5], [1.0, 0.5])
        [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    levels = [level / 10 - 1e-9 for level in range(11)]  # 3 of 10 objects reach 0.3, however that is rounded
    return [max((p for r, p in zip(recall, precision, strict=True) if r >= level), default=0.0) for level in levels]


def draw_class_ap(path: Path, scores: ClassifierScores, target: str) -> None:
    """Draw the classifier's AP for each class as bars, the best first; the target class stands out."""
    classes = {name: score for name, score in scores["classes"].items() if score["ap"] is not None}
    names = sorted(classes, key=lambda name: (-classes[name]["ap"], name))
    height = 0.62 + 0.21 * len(names)
    with svg_figure(path, WIDTH, height) as figure:
        axes = figure.subplots()
        values = [100 * classes[name]["ap"] for name in names]
        colours = [OURS if name == target else GREYS[0] for name in names]
        axes.barh(range(len(names)), values, color=colours, height=0.66)
        for place, value in enumerate(values):
            axes.text(1.2, place, f"{value:.1f}", va="center", size=7.5, weight="bold", color="white")
        axes.set_yticks(range(len(names)), [f"{name} ({classes[name]['positives']})" for name in names])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlim=(0, 100), xticks=range(0, 101, 20), xlabel="AP (%)")
        axes.axvline(100 * scores["map"], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.spines["left"].set_color(RULE)
        figure.subplots_adjust(left=0.17, right=0.975, top=1 - 0.06 / height, bottom=0.42 / height)


def draw_segmentation_curve(path: Path, masks: Segmentation, target: str) -> None:
    """Draw the IoU of the cut map over its threshold, on val and on test: the mean over the classes, and the target's.

    The refined mask and the better centre box have no threshold of the map, so they are horizontal lines.
    """
    curve, rows = masks["curve"], {row["method"]: row for row in masks["rows"]}
    levels = (
        (REFINED, rows[REFINED], BLUE, "-"),
        ("better centre box", better_centre(masks), INK, (0, (1, 2))),
    )
    with svg_figure(path, WIDTH, 2.6) as figure:
        left, right = figure.subplots(1, 2)
        means = (curve["val"]["mean_iou"], curve["test"]["mean_iou"])
        targets = (curve["val"]["target"], curve["test"]["target"])
        for axes, title, curves in ((left, "mean IoU", means), (right, target, targets)):
            for split, values, colour in zip(("val", "test"), curves, (GREYS[1], OURS), strict=True):
                axes.plot(curve["fractions"], percents(values), color=colour, label=f"cut map, {split}")
            for name, row, colour, line in levels:
                of_target = row["classes"][target]["iou"] if target in row["classes"] else None
                level = row["mean_iou"] if axes is left else of_target
                if level is not None:
                    axes.axhline(100 * level, color=colour, linewidth=1.2, linestyle=line, label=name)
            axes.axvline(masks["choices"]["threshold"], color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
            axes.set_title(title, loc="left")
            axes.set(xlabel="threshold, as a fraction of the map's maximum", ylim=(0, None))
        figure.axes[0].set_ylabel("IoU (%)")
        named = {  # one legend for both plots: either may lack a level
            label: handle
            for axes in (right, left)
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(list(named.values()), list(named), loc="lower center", ncols=4, handlelength=1.8)
        figure.subplots_adjust(left=0.075, right=0.995, top=0.91, bottom=0.27, wspace=0.14)


REFERENCE_LINES: dict[str, Any] = {
    GRADCAM_MAP: {"color": OURS, "linewidth": 2.0},
    CENTRE_MAP: {"color": INK, "linewidth": 1.1, "linestyle": (0, (4, 2))},
    RANDOM_MAP: {"color": GREYS[1], "linewidth": 1.1},
}
"""How the three maps are drawn wherever they stand beside each other."""


def draw_replacement(path: Path, test: Replacement, target: str) -> None:
    """Draw the probability while pixels are exchanged, the hottest first, for each map: deletion beside insertion."""
    with svg_figure(path, WIDTH, 2.5) as figure:
        plots = figure.subplots(1, 2, sharey=True)
        titles = ("deletion: low is good", "insertion: high is good")
        for axes, part, title in zip(plots, (test["deletion"], test["insertion"]), titles, strict=True):
            for name, curve in part["curves"].items():
                shares = [100 * i / max(len(curve) - 1, 1) for i in range(len(curve))]
                label = f"{name} ({_number(part['rows'][name]['value'])})"
                axes.plot(shares, curve, label=label, **REFERENCE_LINES[name])
            axes.set_title(title, loc="left")
            axes.set(xlabel="pixels exchanged (%)", xlim=(0, 100), ylim=(0, 1.03))
            axes.legend(loc="best", handlelength=1.8, frameon=True, framealpha=0.85, edgecolor="none")
        plots[0].set_ylabel(f"probability of {target}")
        figure.subplots_adjust(left=0.075, right=0.985, top=0.91, bottom=0.175, wspace=0.08)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def draw_randomisation(path: Path, test: Randomisation) -> None:
    """Draw the rank correlation with the real maps while more and more layers become random, and the baselines'."""
    places = range(len(test["stages"]))
    with svg_figure(path, WIDTH, 2.5) as figure:
        axes = figure.subplots()
        for row in test["by_seed"]:
            axes.plot(places, row, color=OURS, linewidth=0.6, alpha=0.5)
        _intervals(axes, list(places), test["curve"], OURS, vertical=True)
        means = np.array([mean["value"] for mean in test["curve"]], float)
        axes.plot(places, means, label=GRADCAM_MAP, **REFERENCE_LINES[GRADCAM_MAP])
        for name, mean in test["baselines"].items():
            if mean["value"] is not None:
                axes.axhline(mean["value"], label=f"{name} ({mean['value']:.2f})", **REFERENCE_LINES[name])
        axes.axhline(0, color=MUTED, linewidth=0.6)
        axes.set(ylim=(None, 1.03), ylabel="rank correlation", xlabel="random from the last layer down to")
        axes.set_xticks(places, test["stages"])
        axes.legend(loc="upper right", handlelength=1.8)
        figure.subplots_adjust(left=0.085, right=0.985, top=0.97, bottom=0.18)


def draw_two_classes(path: Path, test: TwoClasses, target: str) -> None:
    """Draw the heat on the other class less its area, with its interval: both directions, then each pair of classes."""
    rows: list[tuple[str, ClassLeak]] = [
        (f"{target} on all others", test["target_on_others"]),
        (f"all others on {target}", test["others_on_target"]),
        *((f"{pair['map']} on {pair['on']}", pair) for pair in test["pairs"]),
    ]
    height = 0.55 + 0.21 * len(rows)
    with svg_figure(path, WIDTH, height) as figure:
        axes = figure.subplots()
        for place, (_, row) in enumerate(rows):
            gain = row["gains"]["area"]
            _intervals(axes, [place], [gain], BLUE if below_zero(gain) else OURS, vertical=False)
        axes.axvline(0, color=INK, linewidth=0.9)
        axes.axhline(1.5, color=RULE, linewidth=0.9)
        axes.set_yticks(range(len(rows)), [f"{name} ({row['images']})" for name, row in rows])
        for label in axes.get_yticklabels()[:2]:
            label.set_fontweight("bold")
        axes.tick_params(axis="y", length=0)
        axes.set(ylim=(len(rows) - 0.4, -0.6), xlabel="heat of the first class on the second, less its area (points)")
        axes.grid(visible=False, axis="y")
        figure.subplots_adjust(left=0.25, right=0.985, top=1 - 0.06 / height, bottom=0.42 / height)


def _intervals(axes: Any, places: list[int], means: Sequence[MeanWithInterval], colour: str, *, vertical: bool) -> None:
    """Draw points with their intervals; upright as they are, lying in percent. What was not measured is left out."""
    for place, mean in zip(places, means, strict=True):
        if mean["value"] is None:
            continue
        value, low, high = np.array([mean["value"], mean["low"], mean["high"]], float) * (1 if vertical else 100)
        ends = ([place, place], [low, high]) if vertical else ([low, high], [place, place])
        axes.plot(*ends, color=colour, linewidth=1.6)
        axes.plot(*((place, value) if vertical else (value, place)), "o", color=colour, markersize=4.5)


def percents(fractions: Iterable[float | None]) -> np.ndarray:
    """Turn fractions into percent; NaN, which no plot draws, where there is none."""
    return 100 * np.array(list(fractions), float)
