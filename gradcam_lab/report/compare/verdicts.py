"""What a comparison of runs says, in sentences and as a table for the terminal."""

from gradcam_lab.evaluate.bootstrap import above_zero, below_zero
from gradcam_lab.evaluate.paired.differences import MEASURES, Measure
from gradcam_lab.evaluate.records import MeanWithInterval
from gradcam_lab.report.compare.records import Comparison
from gradcam_lab.report.text.wording import points, signed

MEASURE_NAMES: dict[Measure, str] = {"ap": "AP", "recall": "recall", "corloc": "CorLoc"}


def decided(difference: MeanWithInterval) -> bool:
    """Whether the interval of a difference lies on one side of 0."""
    return above_zero(difference) or below_zero(difference)


def verdicts(comparison: Comparison) -> list[str]:
    """Return a sentence on AP for each run but the first and each IoU threshold."""
    return [
        f"At IoU {iou}, {_sentence(row['run'], row['less'], measures['ap'])}"
        for row in comparison["differences"]
        for iou, measures in row["scores"].items()
    ]


def _sentence(run: str, less: str, difference: MeanWithInterval) -> str:
    value, low, high = difference["value"], difference["low"], difference["high"]
    if value is None or low is None or high is None:
        return f"the AP of {run} and {less} cannot be compared."
    if value == low == high == 0:
        return f"{run} and {less} have the same AP on every bootstrap sample."
    interval = f"95% interval of the difference {signed(low)} to {signed(high)}"
    if not decided(difference):
        return f"{run} and {less} cannot be told apart: {run} less {less} is {signed(value)} points of AP, {interval}."
    side = "above" if value > 0 else "below"
    return f"{run} is {side} {less} by {points(abs(value))} of AP, {interval}."


def text_table(comparison: Comparison) -> str:
    """Return the comparison as plain text: the runs, in what they differ, and their scores in percent."""
    runs, differences = comparison["runs"], comparison["differences"]
    wide = max(len(run["folder"]) for run in runs)
    lines = [f"{run['letter']}  {run['folder']:<{wide}}  {run['title']}" for run in runs]
    left_out = f", {comparison['left_out']} only some runs have" if comparison["left_out"] else ""
    lines += [
        f"{comparison['objects']} objects ({comparison['target']}) in {comparison['images']} images{left_out}",
        "",
        *_settings_table(comparison),
        "",
    ]
    heads = [f"{run['letter']:>6}  {'95%':<13}" for run in runs]
    heads += [f"{row['run'] + '-' + row['less']:>6}  {'95%':<14}" for row in differences]
    lines.append(f"{'IoU':<5}{'':<8}{''.join(heads)}".rstrip())
    for iou in runs[0]["scores"]:
        for name in MEASURES:
            cells = [_score(run["scores"][iou], name) for run in runs]
            cells += [_difference(row["scores"][iou][name]) for row in differences]
            lines.append(f"{iou if name == 'ap' else '':<5}{MEASURE_NAMES[name]:<8}{''.join(cells)}".rstrip())
    lines.append(f"{'':<5}{'classifier, AP of ' + comparison['target'] + ' and mAP'}")
    for run in runs:
        mean = run["classifier_map"]
        lines.append(f"{'':<5}{run['letter']:<8}{_percent(run['classifier_ap'])}  {_percent(mean['value'])}".rstrip())
    sentences = [sentence.replace("−", "-") for sentence in verdicts(comparison)]  # some consoles lack the sign
    return "\n".join([*lines, "", *sentences])


def _percent(value: float | None) -> str:
    return f"{'-' if value is None else f'{100 * value:.1f}':>6}"


def _settings_table(comparison: Comparison) -> list[str]:
    rows = comparison["differing"]
    if not rows:
        return ["The runs do not differ in any setting."]
    first = max(len(row["name"]) for row in rows)
    wide = [max(len(value) for value in values) for values in zip(*(row["values"] for row in rows), strict=True)]
    heads = [
        f"{'':<{first}}",
        *(f"{run['letter']:<{width}}" for run, width in zip(comparison["runs"], wide, strict=True)),
    ]
    lines = [
        [f"{row['name']:<{first}}", *(f"{value:<{width}}" for value, width in zip(row["values"], wide, strict=True))]
        for row in rows
    ]
    return ["  ".join(cells).rstrip() for cells in [heads, *lines]]


def _score(row: object, name: Measure) -> str:
    value, low, high = (row[key] for key in (name, f"{name}_low", f"{name}_high"))  # type: ignore[index]
    interval = "" if low is None else f"{100 * low:.1f}..{100 * high:.1f}"
    return f"{'-' if value is None else f'{100 * value:.1f}':>6}  {interval:<13}"


def _difference(row: MeanWithInterval) -> str:
    value, low, high = row["value"], row["low"], row["high"]
    if value is None or low is None or high is None:
        return f"{'-':>6}  {'':<14}"
    return f"{100 * value:>+6.1f}  {f'{100 * low:+.1f}..{100 * high:+.1f}':<14}"
