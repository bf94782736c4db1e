"""What the sections say that not every run has: better boxes, masks, and whether the heatmap tells the truth."""

from collections.abc import Iterable, Sequence
from typing import Any

from gradcam_lab.report.text.wording import NEGLIGIBLE, Bounds, compared

Row = dict[str, Any]

PLAIN = "gradcam"
"""The name of the lessons' own method."""

OURS = "Grad-CAM"
MAPS = (OURS, "centre map", "random map")
"""The maps that are examined: ours, and the two that know nothing."""

UNKNOWN: Row = {"value": None, "low": None, "high": None}
"""The mean of nothing."""

OPTIONAL = {
    "better": ("methods", "the comparison of methods"),
    "segmentation": ("segmentation", "the masks"),
    "truth": ("truth", "the tests of the heatmap"),
}
"""Sections that a run may lack: name -> (key of the results, what it is about)."""


def missing(results: dict[str, Any]) -> list[str]:
    """What the sections are about that this run lacks."""
    return [subject for key, subject in OPTIONAL.values() if results.get(key) is None]


# --- better boxes ---


def of_methods(methods: Row, method: str, table: Sequence[Row], ious: Sequence[str]) -> Row:
    """What the comparison of the methods says.

    Args:
        methods: of the results.
        method: the name of the one whose boxes the report shows.
        table: the main table, in which the centre boxes are.
        ious: the IoU thresholds.

    Returns:
        `rows`, each with its `gain` over plain Grad-CAM at the highest IoU; of these `plain`; `choice`, which val chose;
        `shown`, whose boxes the report shows; `dearest`, which takes longest; `oracle`, the best of test; `twins`, with
        the very scores of plain Grad-CAM; `tried`, all others, the best first; and `behind`, those that lose. Also the
        `gains` of the choice, one an IoU, the `limit` of the cost, and the better `centre` box.
    """
    rows = with_gains(methods["rows"], ious[-1])
    plain, choice = rows[PLAIN], rows[methods["default"]]
    others = [row for row in rows.values() if row is not plain]
    twins = [row for row in others if all(abs(_gain(row, plain, iou)) < NEGLIGIBLE for iou in ious)]
    tried = sorted((row for row in others if row not in twins), key=lambda row: -row["gain"])
    return {
        "rows": list(rows.values()),
        "limit": methods["limit"],
        "plain": plain,
        "choice": choice,
        "shown": rows.get(method),
        "gains": [{"iou": iou, **compared(ap_of(choice, iou), ap_of(plain, iou))} for iou in ious],
        "twins": twins,
        "tried": tried,
        "behind": [row for row in tried if row["gain"] < 0],
        "dearest": max(rows.values(), key=lambda row: row["cost"]),
        "oracle": max(rows.values(), key=_mean_ap),
        "centre": max(scored_centres(table), key=_mean_ap, default=None),
    }


def scored_centres(table: Sequence[Row]) -> list[Row]:
    """The rows of the centre boxes that the classifier scores (C)."""
    return [row for row in table if row["kind"] == "baseline" and row["name"].startswith("C")]


def with_gains(rows: Sequence[Row], iou: str) -> dict[str, Row]:
    """The rows by name, each with what its AP has more than plain Grad-CAM's."""
    plain = next(row for row in rows if row["name"] == PLAIN)
    return {row["name"]: {**row, "gain": _gain(row, plain, iou)} for row in rows}


def ap_of(row: Row, iou: str) -> Bounds:
    """AP of a row at one IoU."""
    score = row["scores"][iou]
    return Bounds(score["ap"], score["ap_low"], score["ap_high"])


def _gain(row: Row, plain: Row, iou: str) -> float:
    return (row["scores"][iou]["ap"] or 0.0) - (plain["scores"][iou]["ap"] or 0.0)


def _mean_ap(row: Row) -> float:
    return sum(score["ap"] or 0.0 for score in row["scores"].values()) / len(row["scores"])


# --- masks ---

REFINED, CUT = "refined mask", "thresholded map"


def of_masks(segmentation: Row, target: str) -> Row:
    """What the masks' IoU says.

    Args:
        segmentation: of the results.
        target: the class whose row stands out.

    Returns:
        The results' own, with `refined`, `cut` and `centre` (the better of the two), three of the rows; `gain`, the
        refined mask against the cut map, and `lead`, against the centre box; the classes that refining makes `better`
        and `worse`; `of_target`, the gain of that class, None where it does not occur; and the `best_cut` of test.
    """
    rows = {row["method"]: row for row in segmentation["rows"]}
    centre = better_centre(segmentation)
    refined, cut = rows[REFINED], rows[CUT]
    changes = {name: _change(refined, cut, name) for name in segmentation["classes"]}
    return {
        **segmentation,
        "refined": refined,
        "cut": cut,
        "centre": centre,
        "gain": compared(_mean_iou(refined), _mean_iou(cut)),
        "lead": compared(_mean_iou(refined), _mean_iou(centre)),
        "better": [name for name, change in changes.items() if change > NEGLIGIBLE],
        "worse": [name for name, change in changes.items() if change < -NEGLIGIBLE],
        "of_target": _of_class(refined, cut, target) if target in segmentation["classes"] else None,
        "best_cut": _summit(segmentation["curve"]),
    }


def better_centre(segmentation: Row) -> Row:
    """The row of the centre box that has the higher mean IoU."""
    boxes = [row for row in segmentation["rows"] if row["method"].startswith("centre")]
    return max(boxes, key=lambda row: row["mean_iou"] or 0.0)


def _mean_iou(row: Row) -> Bounds:
    return Bounds(row["mean_iou"], row["mean_iou_low"], row["mean_iou_high"])


def _of_class(refined: Row, cut: Row, name: str) -> Row:
    return compared(*(Bounds(*(row["classes"][name][key] for key in ("iou", "low", "high"))) for row in (refined, cut)))


def _change(refined: Row, cut: Row, name: str) -> float:
    return (refined["classes"][name]["iou"] or 0.0) - (cut["classes"][name]["iou"] or 0.0)


def _summit(curve: Row) -> Row:
    """The best threshold of test, and its mean IoU: an oracle."""
    known = [(value, -place) for place, value in enumerate(curve["test"]["mean_iou"]) if value is not None]
    value, place = max(known)
    return {"threshold": curve["fractions"][-place], "mean_iou": value}


# --- the truth of the heatmap ---


def of_truth(truth: Row) -> Row:
    """What the four tests say.

    Args:
        truth: of the results.

    Returns:
        `tests`, the rows of the table, see `_test`; those that were `passed`, `failed` and not `asked`; `pairs` of
        classes whose map is demonstrably on the other's objects; `oracle`, MaxBoxAccV2 by map, None where it is not
        there; `tolerance`, `images` and `stages` as in the results.
    """
    tests = list(_tests(truth))
    asked = [test for test in tests if test["means"][0]["value"] is not None]
    pairs = truth["two_classes"]["pairs"]
    return {
        "tests": tests,
        "passed": [test for test in asked if test["passed"]],
        "failed": [test for test in asked if not test["passed"]],
        "unasked": [test for test in tests if test not in asked],
        "pairs": pairs,
        "leaking": [pair for pair in pairs if (pair["gains"]["area"]["low"] or 0.0) > 0],
        "tolerance": truth["pointing"]["tolerance"],
        "images": truth["replacement"]["images"],
        "seeds": truth["randomisation"]["seeds"],
        "silent": truth["randomisation"]["no_evidence"][-1],
        "oracle": truth.get("max_box_acc"),
    }


def _tests(truth: Row) -> Iterable[Row]:
    """The rows of the table of tests, see `_test`."""
    target, random, both = truth["target"], truth["randomisation"], truth["two_classes"]
    yield _test("pointing game", "the pointing game", "high", truth["pointing"])
    for way, good in (("deletion", "low"), ("insertion", "high")):
        part = {"images": truth["replacement"]["images"], **truth["replacement"][way]}
        yield _test(f"{way}, area under the curve", way, good, part, percent=False)
    part = {**random, "rows": {OURS: random["curve"][-1], **random["baselines"]}}
    yield _test("all weights random, rank correlation", "the test of random weights", "near", part, percent=False)
    for part, first, second in (
        (both["target_on_others"], target, "the others"),
        (both["others_on_target"], "the others", target),
    ):
        yield _test(f"heat of {first} on {second}", f"the two-class test ({first} on {second})", "low", part)


def _test(name: str, short: str, good: str, part: Row, *, percent: bool = True) -> Row:
    """One row: its `name`, a `short` one for the text, what is `good`, the `means` of the maps, whether it is `passed`.

    Good is "high", "low", or "near" the baselines. `against` names each baseline that was not beaten, with the
    difference: ours less its own. Where a share of heat is to be low, `area` is that of the place it lies on.
    """
    return {
        "name": name,
        "short": short,
        "good": good,
        "percent": percent,
        "images": part["images"],
        "means": [part["rows"][name] for name in MAPS],
        "area": part["rows"].get("area", UNKNOWN)["value"],
        "passed": part["passed"],
        "against": [{"name": name, **gain} for name, gain in part["gains"].items() if not _beaten(gain, good)],
    }


def _beaten(gain: Row, good: str) -> bool:
    """Whether the interval of a difference lies on the right side of 0; where it should be near 0, not above it."""
    if gain["low"] is None:
        return False
    return {"high": gain["low"] > 0, "low": gain["high"] < 0, "near": gain["low"] <= 0}[good]
