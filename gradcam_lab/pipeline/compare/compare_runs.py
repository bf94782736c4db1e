"""`compare`: finished runs side by side, from their artifacts alone; only the pictures need the data's images."""

from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any, cast

from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.paired.differences import score_differences
from gradcam_lab.evaluate.paired.images import most_different
from gradcam_lab.evaluate.scores import rows_of
from gradcam_lab.files import make_folder, write_json, write_text
from gradcam_lab.pipeline.compare.common_images import Common, read_common, read_runs
from gradcam_lab.pipeline.compare.pictures import draw_pictures, find_samples
from gradcam_lab.pipeline.compare.run_settings import compare_settings, method_title
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.pipeline.saved_boxes import LARGE, Rules, score
from gradcam_lab.report.compare.page import to_html
from gradcam_lab.report.compare.records import ComparedRun, Comparison
from gradcam_lab.report.pages.shell import require_own

PAGE, NUMBERS, PICTURES = "compare.html", "compare.json", "images"


def compare_runs(folders: Sequence[Path], out: Path, *, count: int = 6, seed: int = 0) -> tuple[Comparison, Path]:
    """Compare finished runs, and write the page, the numbers and the pictures.

    Args:
        folders: two or more; the others are compared with the first.
        out: where `compare.html`, `compare.json` and the folder `images` are written.
        count: number of images with objects, and of false alarms, that are shown at most.
        seed: of the bootstrap.

    Returns:
        The comparison, and the page.

    Raises:
        LabError: the runs cannot be compared, or a file cannot be read or written.
    """
    runs = read_runs(folders)
    if len(runs) > len(ascii_uppercase):
        raise LabError(f"compare takes {len(ascii_uppercase)} runs at most: leave some out.")
    if out.resolve() in {folder.resolve() for folder in folders}:
        raise LabError(f"'{out}' is one of the runs: give --out another folder.")
    require_own(out / PAGE)
    common = read_common(runs)
    make_folder(out)
    comparison = measure(runs, common, seed)
    chosen = most_different(common.detections, common.truth, count)
    samples, missing = find_samples(runs[0], [item.image for item in chosen], common.truth) if chosen else ({}, "")
    letters = [run["letter"] for run in comparison["runs"]]
    comparison["pictures"] = draw_pictures(
        make_folder(out / PICTURES), chosen, samples, common.detections, common.truth, letters, comparison["target"]
    )
    comparison["no_pictures"] = missing
    write_json(out / NUMBERS, comparison)
    write_text(out / PAGE, to_html(comparison, out / PICTURES))
    return comparison, out / PAGE


def measure(runs: Sequence[FinishedRun], common: Common, seed: int) -> Comparison:
    """Score the boxes of each run on the common images, and subtract; there are no pictures yet.

    All are scored by the IoU thresholds and the AP of the first run.
    """
    first = runs[0]
    rules = Rules(
        thresholds=first.value("iou_thresholds"),
        ties=first.value("run", "parameters", "ties"),
        ap=first.value("run", "parameters", "ap"),
        seed=seed,
    )
    boxes = [sum(map(len, each.values())) for each in common.detections]
    large = max(len(common.truth), *boxes) > LARGE  # of all runs alike: their samples must be the same
    scored = [score(each, common.truth, rules, large=large) for each in common.detections]
    differing, alike = compare_settings(runs)
    letters = ascii_uppercase[: len(runs)]
    return {
        "target": first.value("run", "target"),
        "split": "test",
        "ap": rules.ap,
        "images": len(common.truth),
        "left_out": common.left_out,
        "objects": sum(int((~difficult).sum()) for _, difficult in common.truth.values()),
        "runs": [
            cast(
                ComparedRun,
                {
                    "letter": letter,
                    "folder": str(run.folder),
                    "title": f"{run.value('run', 'classifier')}, {method_title(run)}",
                    "boxes": number,
                    "scores": rows_of(rows),
                    **classifier_scores(run),
                },
            )
            for letter, run, number, rows in zip(letters, runs, boxes, scored, strict=True)
        ],
        "differing": differing,
        "common": alike,
        "differences": [
            {"run": letter, "less": letters[0], "scores": score_differences(rows, scored[0])}
            for letter, rows in zip(letters[1:], scored[1:], strict=True)
        ],
        "pictures": [],
        "no_pictures": "",
    }


def classifier_scores(run: FinishedRun) -> dict[str, Any]:
    """Return how well the classifier tells whether a class is there, as the run measured it."""
    scores = run.value("classifier")
    classes = scores["classes"]
    of_target = classes.get(run.value("run", "target"), {})
    return {
        "classifier_ap": of_target.get("ap"),
        "classifier_map": {"value": scores["map"], "low": scores["map_low"], "high": scores["map_high"]},
    }
