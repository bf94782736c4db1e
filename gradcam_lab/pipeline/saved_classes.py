"""`evaluate`: the protocols, every class of saved boxes at once, and COCO's numbers."""

import json as json_text
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gradcam_lab.data.box_conventions import Convention
from gradcam_lab.data.box_files import comp4
from gradcam_lab.data.box_files.every_class import of_class, one_class
from gradcam_lab.data.box_files.formats import read_both, read_every_class
from gradcam_lab.data.box_files.ground_truth import ObjectArrays
from gradcam_lab.data.box_files.tables import Annotated, Detections
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.bootstrap import or_none
from gradcam_lab.evaluate.coco_scores import NAMES, score_coco
from gradcam_lab.evaluate.scores import Scored, mean_ap, rows_of
from gradcam_lab.evaluate.tide.records import TideErrors
from gradcam_lab.files import make_folder
from gradcam_lab.pipeline import saved_boxes
from gradcam_lab.pipeline.saved_errors import errors_table, explain_errors

Protocol = Literal["voc2007", "voc2010", "coco"]

IOUS = (0.3, 0.4, 0.5)
AP_OF = {"voc2007": "11point", "voc2010": "area"}

MEANING = {
    "zero-based": "corners in pixels counted from 0, both ends inside",
    "coco": "x, y, width, height from the image's corner",
    "relative": "centre, width and height as shares of the image's sides",
}
"""What a declared convention other than VOC's is, beside the scores."""

COLUMNS = ("mAP", "AP50", "AP75", "AP-S", "AP-M", "AP-L", "AR1", "AR10", "AR100", "AR-S", "AR-M", "AR-L")


@dataclass(frozen=True)
class Options:
    """What the user asks of `evaluate`; None where they leave it open.

    Attributes:
        boxes: how they are stated in the files that do not say it.
        errors: the folder of TIDE's kinds.
    """

    protocol: Protocol | None = None
    target: str | None = None
    split: str = "test"
    boxes: Convention | None = None
    iou: Sequence[float] | None = None
    ties: str | None = None
    ap: str | None = None
    count_difficult: bool = False
    bootstrap: int | None = None
    seed: int = 0
    errors: Path | None = None

    @property
    def rules(self) -> saved_boxes.Rules:
        """The rules that hold where the protocol is not COCO's.

        Raises:
            LabError: --protocol and --ap contradict each other.
        """
        ap = self.ap or AP_OF.get(self.protocol or "", "area")
        if self.protocol and ap != AP_OF[self.protocol]:
            raise LabError(
                f"--protocol {self.protocol} takes AP by --ap {AP_OF[self.protocol]}, not by --ap {ap}: leave one out."
            )
        return saved_boxes.Rules(
            thresholds=tuple(self.iou or ((0.5,) if self.protocol else IOUS)),
            ties=self.ties or "group",
            ap=ap,
            count_difficult=self.count_difficult,
            bootstrap=1000 if self.bootstrap is None else self.bootstrap,
            seed=self.seed,
        )

    def require_cocos_rules(self) -> None:
        """Require that nothing is asked that COCO's protocol does otherwise.

        Raises:
            LabError: something is.
        """
        asked = {
            "--iou": self.iou is not None,
            "--ties": self.ties is not None,
            "--ap": self.ap is not None,
            "--count-difficult": self.count_difficult,
            "--bootstrap": bool(self.bootstrap),
        }
        if wrong := [name for name, given in asked.items() if given]:
            raise LabError(f"--protocol coco has rules of its own, and no intervals: leave out {' and '.join(wrong)}.")


def evaluate(detections: Path, ground_truth: Path, options: Options, *, json: bool) -> str:
    """Score saved detections: of one class, or of every class where the files hold several and none is chosen.

    Args:
        detections: a file or folder in one of the formats, see `data.box_files.formats`.
        ground_truth: the same.
        options: what is asked.
        json: return JSON instead of a table.

    Raises:
        LabError: a file cannot be used, or the options contradict each other.
    """
    if options.errors:
        make_folder(options.errors)  # before anybody waits for the scores
    scores, text, errors = _scored(detections, ground_truth, options)
    texts = [text(scores)]
    if options.boxes:
        scores = {**scores, "boxes": options.boxes}
    if options.boxes in MEANING:
        texts.append(f"Boxes of JSON by image and of comp4 text are read as {options.boxes}: {MEANING[options.boxes]}.")
    if errors:
        scores = {**scores, "errors": errors}
        texts.append(errors_table(errors))
    return json_text.dumps(scores, indent=1, allow_nan=False) if json else "\n\n".join(texts)


def _scored(
    detections: Path, ground_truth: Path, options: Options
) -> tuple[Mapping[str, Any], Callable[[Any], str], TideErrors | None]:
    """Return the scores as JSON has them, what turns them into a table, and the errors if they are asked for."""
    if options.protocol == "coco":
        options.require_cocos_rules()
        found, truth = read_tables(detections, ground_truth, options)
        return coco_scores(found, truth), coco_table, _errors(found, truth, options)
    rules = options.rules
    several = detections.is_dir() or options.target is None
    tables = several and read_every_class(
        detections, ground_truth, target=options.target, split=options.split, boxes=options.boxes
    )
    if tables and len(tables[1].classes) > 1:
        return score_classes(*tables, rules, ground_truth), classes_table, _errors(*tables, options)
    if tables:
        errors = _errors(*tables, options)
        boxes, objects = saved_boxes.of_one_class(*tables, rules, ground_truth)
        del tables  # ten million boxes are 0.5 GB
    else:
        boxes, objects = read_both(
            detections,
            ground_truth,
            target=options.target,
            split=options.split,
            required=rules.required,
            boxes=options.boxes,
        )
        errors = _errors(*_one_class(boxes, objects, detections, options), options) if options.errors else None
    return rows_of(saved_boxes.score(boxes, objects, rules)), saved_boxes.as_table, errors


def _errors(found: Detections, truth: Annotated, options: Options) -> TideErrors | None:
    if options.errors is None:
        return None
    return explain_errors(
        found, truth, options.errors, ties=options.ties or "group", count_difficult=options.count_difficult
    )


def _one_class(
    found: dict[str, np.ndarray], truth: dict[str, ObjectArrays], detections: Path, options: Options
) -> tuple[Detections, Annotated]:
    return one_class(found, truth, comp4.class_of(detections, options.target, ()) or "object")


def read_tables(detections: Path, ground_truth: Path, options: Options) -> tuple[Detections, Annotated]:
    """Read the tables that COCO's protocol scores, of files in any format."""
    tables = read_every_class(
        detections,
        ground_truth,
        target=options.target,
        split=options.split,
        protocol=options.protocol == "coco",
        boxes=options.boxes,
    )
    if tables:
        return tables
    found, truth = read_both(
        detections, ground_truth, target=options.target, split=options.split, required="any", boxes=options.boxes
    )
    return _one_class(found, truth, detections, options)


def coco_scores(found: Detections, truth: Annotated) -> dict[str, Any]:
    """Return COCO's twelve numbers of all classes and of each, as JSON has them: fractions, None where nothing is."""
    scores = score_coco(found, truth.objects, images=len(truth.images), classes=len(truth.classes))
    return {
        "protocol": "coco",
        **_named(scores.overall),
        "images": len(truth.images),
        "objects": int(scores.objects.sum()),
        "detections": len(found.scores),
        "classes": {
            name: {"objects": int(objects), **_named(row)}
            for name, row, objects in zip(truth.classes, scores.classes, scores.objects, strict=True)
        },
    }


def _named(values: np.ndarray) -> dict[str, float | None]:
    return {name: or_none(value) for name, value in zip(NAMES, values, strict=True)}


def score_classes(found: Detections, truth: Annotated, rules: saved_boxes.Rules, ground_truth: Path) -> dict[str, Any]:
    """Score every class by itself, and average AP over those that have an object to find.

    Returns:
        The scores by class and IoU threshold (as text), mAP by threshold, and the number of objects by class.

    Raises:
        LabError: no class has an object to find.
    """
    objects = np.bincount(truth.objects.category[rules.counted(truth)], minlength=len(truth.classes))
    if not objects.any():
        raise LabError(f"'{ground_truth}' has only difficult objects: count them by --count-difficult.")
    large = max(len(truth.images), len(found.scores)) > saved_boxes.LARGE
    scored: dict[str, dict[str, Scored]] = {}
    for place in np.flatnonzero(objects).tolist():
        boxes, held = of_class(found, truth, place)
        scored[truth.classes[place]] = saved_boxes.score(boxes, held, rules, large=large)
    return {
        "map": {f"{iou:g}": mean_ap([rows[f"{iou:g}"] for rows in scored.values()]) for iou in rules.thresholds},
        "objects": dict(zip(truth.classes, objects.tolist(), strict=True)),
        "classes": {name: rows_of(of_name) for name, of_name in scored.items()},
    }


def classes_table(scores: dict[str, Any]) -> str:
    """Return the scores of every class as a plain table in percent: a line a class, and the mean."""
    ious = list(scores["map"])
    wide = max(map(len, [*scores["objects"], "class"]))
    head = "".join(f"{f'AP at {iou}':>12}  {'95%':<14}" for iou in ious)
    lines = [f"{'class':<{wide}}{'objects':>9}{head}".rstrip()]
    for name, objects in scores["objects"].items():
        lines.append(_line(name, objects, wide, [scores["classes"].get(name, {}).get(iou) for iou in ious]))
    lines.append(_line("mean", sum(scores["objects"].values()), wide, [scores["map"][iou] for iou in ious]))
    for iou in ious:
        tied = [row[iou] for row in scores["classes"].values()]
        worst, best = (np.mean([row[key] for row in tied]) for key in ("ap_worst_order", "ap_best_order"))
        if best - worst > 1e-9:
            lines.append(
                f"At IoU {iou} scores tie: their order could move mAP from {100 * worst:.2f} to {100 * best:.2f}."
            )
    return "\n".join(lines)


def _line(name: str, objects: int, wide: int, rows: Sequence[Any]) -> str:
    cells = [
        f"{'-':>12}  {'':<14}"
        if row is None
        else f"{'':>4}{saved_boxes.cell(row['ap'], row['ap_low'], row['ap_high'])}"
        for row in rows
    ]
    return f"{name:<{wide}}{objects:>9}{''.join(cells)}".rstrip()


def coco_table(scores: dict[str, Any]) -> str:
    """Return COCO's numbers as a plain table in percent: a line a class, and all of them."""
    wide = max(map(len, [*scores["classes"], "class"]))
    lines = [f"{'class':<{wide}}{'objects':>9}" + "".join(f"{column:>7}" for column in COLUMNS)]
    for name, row in [*scores["classes"].items(), ("all", scores)]:
        cells = (saved_boxes.percent(row[key]) for key in NAMES)
        lines.append(f"{name:<{wide}}{row['objects']:>9}" + "".join(f"{cell:>7}" for cell in cells))
    return "\n".join(lines)
