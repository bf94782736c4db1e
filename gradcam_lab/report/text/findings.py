"""What follows from the parts of the results that not every run has: methods, masks and tests of the heatmaps."""

from collections.abc import Mapping, Sequence
from typing import Any

from gradcam_lab.evaluate.bootstrap import above_zero, below_zero
from gradcam_lab.evaluate.faithfulness.records import GRADCAM_MAP, MAPS, Faithfulness, FaithfulnessTest
from gradcam_lab.evaluate.records import (
    ClassIou,
    MaskRow,
    MeanWithInterval,
    MethodComparison,
    MethodRow,
    ScoreRow,
    Segmentation,
    TableRow,
)
from gradcam_lab.evaluate.throughput_records import Throughput, Way
from gradcam_lab.report.results import Results
from gradcam_lab.report.text.wording import NEGLIGIBLE, compared

PLAIN = "gradcam"
"""The name of the lessons' own method."""

UNKNOWN: MeanWithInterval = {"value": None, "low": None, "high": None}
"""A mean that was not measured."""

OPTIONAL = {
    "methods": "the comparison of methods",
    "segmentation": "the masks",
    "truth": "the tests of the heatmap",
}
"""Parts of the results that a run may lack, and what they are about."""


def missing(results: Results) -> list[str]:
    """What the sections are about that this run lacks."""
    return [subject for key, subject in OPTIONAL.items() if results.get(key) is None]


# --- methods ---


class MethodWithGain(MethodRow):
    """A method, and the AP that it has more than plain Grad-CAM at the highest IoU."""

    gain: float


def of_methods(
    methods: MethodComparison, method: str, table: Sequence[TableRow], ious: Sequence[str]
) -> dict[str, Any]:
    """Summarise the comparison of the methods.

    Args:
        methods: of the results.
        method: the name of the one whose boxes the report shows.
        table: the main table, in which the centre boxes are.
        ious: the IoU thresholds.

    Returns:
        `rows`, each with its `gain` over plain Grad-CAM at the highest IoU; of these `plain`; `choice`, which val
        chose; `cam`, `scales` and `otsu`, None where the run lacks them; `shown`, whose boxes the report shows;
        `dearest`, which takes longest; `oracle`, the best of test; `twins`, with the very scores of plain Grad-CAM;
        `tried`, all others, the best first; and `behind`, those that lose. Also the `gains` of the choice, one an IoU,
        the `limit` of the cost, and the better `centre` box.
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
        "cam": rows.get("cam"),
        "scales": rows.get("scales"),
        "otsu": rows.get("otsu"),
        "shown": rows.get(method),
        "gains": [{"iou": iou, **compared(ap_of(choice["scores"], iou), ap_of(plain["scores"], iou))} for iou in ious],
        "twins": twins,
        "tried": tried,
        "behind": [row for row in tried if row["gain"] < 0],
        "dearest": max(rows.values(), key=lambda row: row["cost"]),
        "oracle": max(rows.values(), key=_mean_ap),
        "centre": max(scored_centres(table), key=_mean_ap, default=None),
    }


def scored_centres(table: Sequence[TableRow]) -> list[TableRow]:
    """The rows of the centre boxes that the classifier scores (C)."""
    return [row for row in table if row["kind"] == "baseline" and row["name"].startswith("C")]


def with_gains(rows: Sequence[MethodRow], iou: str) -> dict[str, MethodWithGain]:
    """The rows by name, each with what its AP has more than plain Grad-CAM's at one IoU."""
    plain = next(row for row in rows if row["name"] == PLAIN)
    return {row["name"]: {**row, "gain": _gain(row, plain, iou)} for row in rows}


def ap_of(scores: Mapping[str, ScoreRow], iou: str) -> MeanWithInterval:
    """AP at one IoU with its interval."""
    score = scores[iou]
    return {"value": score["ap"], "low": score["ap_low"], "high": score["ap_high"]}


def _gain(row: MethodRow, plain: MethodRow, iou: str) -> float:
    return (row["scores"][iou]["ap"] or 0.0) - (plain["scores"][iou]["ap"] or 0.0)


def _mean_ap(row: MethodRow | TableRow) -> float:
    return sum(score["ap"] or 0.0 for score in row["scores"].values()) / len(row["scores"])


# --- masks ---

REFINED, CUT = "refined mask", "thresholded map"


def of_masks(segmentation: Segmentation, target: str) -> dict[str, Any]:
    """Compare the methods of drawing masks.

    Args:
        segmentation: of the results.
        target: the class whose row stands out.

    Returns:
        The results' own, with `refined` and `cut`, two of the rows; `gain`, the refined mask against the cut map, and
        `lead`, against the better centre box; the classes that refining makes `better` and `worse`; `of_target`, the
        gain of that class, None where it does not occur; and the `best_cut` of test, an oracle.
    """
    rows = {row["method"]: row for row in segmentation["rows"]}
    refined, cut = rows[REFINED], rows[CUT]
    changes = {
        name: compared(*(_class_iou(row["classes"][name]) for row in (refined, cut)))
        for name in segmentation["classes"]
    }
    fractions, on_test = segmentation["curve"]["fractions"], segmentation["curve"]["test"]["mean_iou"]
    known = [(iou, fraction) for iou, fraction in zip(on_test, fractions, strict=True) if iou is not None]
    best, threshold = max(known, key=lambda pair: pair[0])
    return {
        **segmentation,
        "refined": refined,
        "cut": cut,
        "gain": compared(_mean_iou(refined), _mean_iou(cut)),
        "lead": compared(_mean_iou(refined), _mean_iou(better_centre(segmentation))),
        "better": [name for name, change in changes.items() if change["difference"] > NEGLIGIBLE],
        "worse": [name for name, change in changes.items() if change["difference"] < -NEGLIGIBLE],
        "of_target": changes.get(target),
        "best_cut": {"threshold": threshold, "mean_iou": best},
    }


def better_centre(segmentation: Segmentation) -> MaskRow:
    """The row of the centre box that has the higher mean IoU."""
    boxes = [row for row in segmentation["rows"] if row["method"].startswith("centre")]
    return max(boxes, key=lambda row: row["mean_iou"] or 0.0)


def _mean_iou(row: MaskRow) -> MeanWithInterval:
    return {"value": row["mean_iou"], "low": row["mean_iou_low"], "high": row["mean_iou_high"]}


def _class_iou(score: ClassIou) -> MeanWithInterval:
    return {"value": score["iou"], "low": score["low"], "high": score["high"]}


# --- faithfulness ---


def of_faithfulness(faithfulness: Faithfulness) -> dict[str, Any]:
    """Sort the tests of the heatmaps.

    Args:
        faithfulness: of the results.

    Returns:
        `tests`, the rows of the table, see `_test`; those that were `passed`, `failed` and `unasked`; `pairs` of
        classes whose map is demonstrably on the other's objects; `oracle`, MaxBoxAccV2 by map, None where it is not
        there; `silent`, the share of maps without evidence where all weights are random; and the `tolerance`.
    """
    tests = _tests(faithfulness)
    asked = [test for test in tests if test["means"][0]["value"] is not None]
    pairs = faithfulness["two_classes"]["pairs"]
    return {
        "tests": tests,
        "passed": [test for test in asked if test["passed"]],
        "failed": [test for test in asked if not test["passed"]],
        "unasked": [test for test in tests if test not in asked],
        "pairs": pairs,
        "leaking": [pair for pair in pairs if above_zero(pair["gains"]["area"])],
        "tolerance": faithfulness["pointing"]["tolerance"],
        "silent": faithfulness["randomisation"]["no_evidence"][-1],
        "oracle": faithfulness.get("max_box_acc"),
    }


def _tests(faithfulness: Faithfulness) -> list[dict[str, Any]]:
    """The rows of the table of tests, see `_test`."""
    target, pointing, replacement = faithfulness["target"], faithfulness["pointing"], faithfulness["replacement"]
    random, both = faithfulness["randomisation"], faithfulness["two_classes"]
    rows = {GRADCAM_MAP: random["curve"][-1], **random["baselines"]}
    randomised = FaithfulnessTest(rows=rows, gains=random["gains"], passed=random["passed"])
    area, similarity = "area under the curve", "all weights random, rank correlation"
    leaks = ((both["target_on_others"], target, "the others"), (both["others_on_target"], "the others", target))
    return [
        _test("pointing game", "the pointing game", "high", pointing, pointing["images"]),
        *(
            _test(f"{name}, {area}", name, good, test, replacement["images"], percent=False)
            for name, good, test in (
                ("deletion", "low", replacement["deletion"]),
                ("insertion", "high", replacement["insertion"]),
            )
        ),
        _test(similarity, "the test of random weights", "near", randomised, random["images"], percent=False),
        *(
            _test(f"heat of {on} on {other}", f"the two-class test ({on} on {other})", "low", leak, leak["images"])
            for leak, on, other in leaks
        ),
    ]


def _test(
    name: str, short: str, good: str, test: FaithfulnessTest, images: int, *, percent: bool = True
) -> dict[str, Any]:
    """One row: its `name`, a `short` one for the text, what is `good`, the `means` of the maps, whether it is `passed`.

    Good is "high", "low", or "near" the baselines. `against` names each baseline that was not beaten, with the
    difference: ours less its own. Where a share of heat is to be low, `area` is that of the place it lies on.
    """
    return {
        "name": name,
        "short": short,
        "good": good,
        "percent": percent,
        "images": images,
        "means": [test["rows"][name] for name in MAPS],
        "area": test["rows"].get("area", UNKNOWN)["value"],
        "passed": test["passed"],
        "against": [{"name": name, **gain} for name, gain in test["gains"].items() if not _beaten(gain, good)],
    }


def _beaten(gain: MeanWithInterval, good: str) -> bool:
    """Whether the interval of a difference lies on the right side of 0; where it should be near 0, not above it."""
    near = gain["low"] is not None and gain["low"] <= 0
    return {"high": above_zero(gain), "low": below_zero(gain), "near": near}[good]


# --- throughput ---

ALIKE = 0.9995
"""A mean cosine, or a mean IoU of boxes, that is no less is printed as 1.000."""

WAYS: dict[Way, str] = {
    "batch": "float32, a batch, 1 thread",
    "one by one": "float32, one image after the other, 1 thread",
    "threads": "float32, a batch, {threads} threads",
    "bf16": "bf16, a batch, 1 thread",
    "int8": "int8 up to the target layer, a batch, 1 thread",
    "gpu": "float32, a batch, on the GPU",
}
"""What each way is called in the table."""


def of_throughput(throughput: Throughput) -> dict[str, Any]:
    """Say what each way to compute the maps saves.

    Returns:
        The results' own, with each of the `rows` also by its name, under `ways` (None where it was not measured): its
        `title`, and whether its maps are `alike` those of the first way. Also the `size` of the int8 network relative
        to the float32 one, None where there is none.
    """
    int8 = throughput["int8_bytes"]
    rows = [
        {
            **row,
            "title": WAYS[row["way"]].format(threads=throughput["threads"]),
            "alike": all(value is None or value >= ALIKE for value in (row["cosine"], row["box_iou"])),
        }
        for row in throughput["rows"]
    ]
    return {
        **throughput,
        "rows": rows,
        "ways": {**dict.fromkeys(WAYS), **{row["way"]: row for row in rows}},
        "size": int8 and int8 / throughput["float32_bytes"],
    }
