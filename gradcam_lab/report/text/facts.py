"""The variables of the report's templates: the results, and what follows from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradcam_lab.evaluate.records import FailureKind, TableRow, TopFive
from gradcam_lab.report.published import PUBLISHED
from gradcam_lab.report.results import Results, ShownMethod, StepProgress, WrittenAnswer
from gradcam_lab.report.text import findings
from gradcam_lab.report.text.alignment import of_alignment
from gradcam_lab.report.text.wording import FAILURES, compared, listed

OLD_METHOD = ShownMethod(name=findings.PLAIN, title="Grad-CAM", asked=None, find="islands", views=1, shared=False)
"""The method of older runs, which do not name it."""


def template_variables(results: Results) -> dict[str, Any]:
    """Return the variables of the templates: the results themselves and what follows from them.

    Args:
        results: the content of `results.json`; older runs lack some keys.

    Raises:
        KeyError, IndexError: the results lack something.
    """
    ours = next(row for row in results["table"] if row["kind"] == "ours")
    ious = list(ours["scores"])
    splits = results["data"]["splits"]
    sweep = results["threshold"]
    kinds = failure_kinds(results["failures"]["counts"])
    named = results["run"].get("method", OLD_METHOD)
    method = {**OLD_METHOD, **named}
    methods, segmentation, tests = results.get("methods"), results.get("segmentation"), results.get("truth")
    target, eleven = results["run"]["target"], results["run"]["parameters"]["ap"] == "11point"
    return {
        **results,
        "all_classes": results.get("all_classes"),  # these, and what follows from them, are younger than the rest
        "course": results.get("course"),
        "answers": results.get("answers") or {},
        "published": PUBLISHED,
        "method": method,
        "eleven": eleven,
        "ap_name": "11-point AP" if eleven else "AP",
        "us": "Grad-CAM" if method["name"] == findings.PLAIN else "our method",
        "plain": next((row for row in results["table"] if row["kind"] == "plain"), None),
        "quick": results["run"].get("quick"),
        "missing": findings.missing(results),
        "methods": methods and findings.of_methods(methods, named["name"], results["table"], ious),
        "segmentation": segmentation and findings.of_masks(segmentation, target),
        "faithfulness": tests and findings.of_faithfulness(tests),
        "alignment": (shift := results.get("alignment")) and of_alignment(shift, target, ours["name"]),
        "throughput": (found := results.get("throughput")) and findings.of_throughput(found),
        "ours": ours,
        "ious": ious,
        "low": ious[0],
        "high": ious[-1],
        "test": {**splits["test"], "counted": splits["test"]["objects"] - splits["test"]["difficult"]},
        "rivals": [rival for iou in ious if (rival := compared_with_centre(results["table"], ours, iou))],
        "leads": results.get("leads") or {},  # younger than the rest
        "beside_reference": beside_reference(results),
        "cut": method["find"] in ("islands", "watershed"),  # at the threshold itself
        "own_threshold": len(sweep["grid"]) == 1,
        "given": sweep.get("given", False),  # younger than the rest, as the next two
        "val_at_its_choice": mean_ap_at(
            sweep["grid"], sweep["val"]["mean_ap"], sweep.get("choice_of_val", sweep["chosen"])
        ),
        "most_boxes": results["run"]["parameters"].get("max_detections"),
        "val_at_chosen": mean_ap_at(sweep["grid"], sweep["val"]["mean_ap"], sweep["chosen"]),
        "test_at_chosen": mean_ap_at(sweep["grid"], sweep["test"]["mean_ap"], sweep["chosen"]),
        "top5": read_top5(results["top5"], set(results["classifier"]["classes"])),
        "failures": {**results["failures"], "total": sum(kind["count"] for kind in kinds)},
        "failure_kinds": kinds,
        "worst_kind": kinds[0],
        "several_worst": kinds[0]["count"] == kinds[1]["count"],
        "hidden_in_training": bool((results["classifier"]["recipe"] or {}).get("hidden_images")),
    }


def answer_allowed(course: Mapping[str, StepProgress] | None, answers: Mapping[str, WrittenAnswer], task: str) -> bool:
    """Whether the lab's own answer to a written task may stand in the report: not before the student has given one.

    Raises:
        StopIteration: the course lacks the task's step.
    """
    if not course:
        return True
    step = f"step{task.partition('.')[0]}_"
    entry = next(entry for name, entry in course.items() if name.startswith(step))
    return not entry["stub"] or task in entry["passed"] or task in answers


def compared_with_centre(table: Sequence[TableRow], ours: TableRow, iou: str) -> dict[str, Any] | None:
    """Compare our boxes at one IoU with the better of the scored centre boxes (C), or None where there is none."""
    scored = findings.scored_centres(table)
    if not scored:
        return None
    best = max(scored, key=lambda row: row["scores"][iou]["ap"] or 0.0)
    mine, theirs = (findings.ap_of(row["scores"], iou) for row in (ours, best))
    return {"iou": iou, "name": best["name"], **compared(mine, theirs)}


def beside_reference(results: Results) -> dict[str, Any] | None:
    """Set what a student's steps give by plain Grad-CAM beside what the reference's give; None where none ran.

    Returns:
        The numbers of the student's `steps`, the two `rows` with their name, kind, boxes and scores, the `difference`
        of AP by IoU threshold (None where one has none), and whether the two are the `same` in every score.
    """
    reference = results.get("reference")
    named, shift = {row["kind"]: row for row in results["table"]}, results.get("alignment")
    moved = "plain" not in named and shift and shift["boxes"] and shift["boxes"]["moved"]
    steps = [name[4] for name, whose in results["implementation"].items() if whose == "mine" and name[4] in "234"]
    if not (reference and steps) or moved:  # the reference's boxes are found in maps as they are
        return None
    yours = named.get("plain", named["ours"])
    pairs = {iou: (yours["scores"][iou], row) for iou, row in reference["scores"].items()}
    return {
        "steps": steps,
        "rows": [
            {**yours, "name": f"with your step{'s' * (len(steps) > 1)} {listed(steps)}", "kind": "ours"},
            {**reference, "name": "with the reference's", "kind": "plain"},
        ],
        "difference": {iou: _less(one["ap"], other["ap"]) for iou, (one, other) in pairs.items()},
        "same": yours["boxes"] == reference["boxes"] and all(_same(*pair) for pair in pairs.values()),
    }


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _same(*rows: Mapping[str, Any]) -> bool:
    """Whether every number of two rows of scores is the same, but for what rounding leaves."""
    one, other = ({key: value and round(value, 9) for key, value in row.items()} for row in rows)
    return one == other


def mean_ap_at(grid: Sequence[float], mean_ap: Sequence[float], threshold: float) -> float:
    """The mean AP at the threshold of the grid that is nearest to one."""
    return mean_ap[min(range(len(grid)), key=lambda i: abs(grid[i] - threshold))]


def read_top5(top5: TopFive, class_names: set[str]) -> dict[str, Any]:
    """Add what the first predictions got right and wrong.

    Only where the network's outputs bear the names of the annotated classes: an ImageNet network says "beagle" to a dog
    and is not mistaken.
    """
    names = [name for name, _, _ in top5["predictions"]]
    named = top5.get("named", set(names) <= class_names)
    return {
        **top5,
        "named": named,
        "comparable": bool(top5["true"]) and named,
        "top_is_right": names[0] in top5["true"],
        "absent": [name for name in top5["true"] if name not in names],
        "extra": [p for p in top5["predictions"] if p[0] not in top5["true"] and p[2] > 0.5],
    }


def failure_kinds(counts: Mapping[FailureKind, int]) -> list[dict[str, Any]]:
    """The kinds of failure, the most frequent first."""
    kinds = [{"name": name, "count": counts.get(name, 0), "meaning": meaning} for name, meaning in FAILURES.items()]
    return sorted(kinds, key=lambda kind: -kind["count"])


def flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Write a dictionary as rows of text; names of dictionaries inside it are joined by dots."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            rows += flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            rows.append((prefix + name, ", ".join(map(str, value))))
        else:
            rows.append((prefix + name, f"{value:.6g}" if isinstance(value, float) else str(value)))
    return rows
