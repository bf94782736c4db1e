"""`sweep`: thresholds over the saved heatmaps of a finished run; a network runs only for those of train."""

import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradcam_lab.data.box_files.json_boxes import read_ground_truth, write_detections, write_objects
from gradcam_lab.errors import LabError
from gradcam_lab.files import moved_into_place, require_writable
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.lesson_protocols import GroundTruth
from gradcam_lab.localise.detector import Detections
from gradcam_lab.localise.experiment import IOUS, Ap, ground_truth
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.threshold import ThresholdCurves, choose, score_thresholds
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.pipeline.train_maps import TRAIN, learned, maps_of
from gradcam_lab.report.figures.style import BLUE, INK, MUTED, OURS, TRUTH, svg_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 1000
"""Thresholds that make sense in one sweep."""

START, STOP, STEP = 0.05, 0.95, 0.05
"""The grid where the user names no threshold."""

LINE_STYLES = ((OURS, "-"), (BLUE, "--"), (TRUTH, "-."), (INK, ":"))
"""Told apart by colour, and by dashes where colours are not seen."""


@dataclass(frozen=True)
class Swept:
    """The scores along a grid of thresholds.

    Attributes:
        split: where they were measured.
        target: the class.
        grid: the thresholds, fractions of each map's maximum.
        curves: boxes, AP and recall along the grid.
        chosen: the run's own threshold.
        given: whether the user gave it, in val's place.
        ap: how average precision was taken.
        listed: whether the user named each threshold: then neighbours need not be near.
        learned: whether the network is known to have been trained on these very images.
    """

    split: str
    target: str
    grid: Sequence[float]
    curves: ThresholdCurves
    chosen: float
    given: bool = False
    ap: Ap = "area"
    listed: bool = False
    learned: bool = False

    @property
    def best(self) -> int:
        """Where AP is best: as the run chooses, or the single best one of a list and, the oracle, of test."""
        smooth = self.split != "test" and not self.listed
        return choose(self.curves.mean_ap) if smooth else int(np.argmax(self.curves.mean_ap))

    @property
    def best_name(self) -> str:
        """What the best is called."""
        return "oracle" if self.split == "test" else f"best of {self.split}"

    @property
    def mark(self) -> str:
        """What the run's own threshold is called, in a word."""
        return "given" if self.given else "chosen"

    @property
    def how(self) -> str:
        """How the run came by its own threshold."""
        return "given by --threshold, not chosen on val" if self.given else "chosen on val"

    @property
    def chosen_place(self) -> int | None:
        """Where on the grid the run's own threshold is."""
        places = np.flatnonzero(np.isclose(self.grid, self.chosen, rtol=0, atol=1e-9))
        return int(places[0]) if len(places) else None


class Kept(NamedTuple):
    """The files of the boxes, one a threshold in the order of the grid, and that of the annotated ones."""

    detections: list[Path]
    ground_truth: Path


def sweep_run(
    run: Path,
    *,
    split: str = "val",
    start: float | None = None,
    stop: float | None = None,
    step: float | None = None,
    thresholds: Sequence[float] | None = None,
    iou: Sequence[float] | None = None,
    ap: Ap | None = None,
    json: bool = False,
    out: Path | None = None,
) -> str:
    """Score thresholds on the saved heatmaps of a run, and draw AP and recall against the threshold.

    The lessons' own code makes and scores the boxes, also where a student's made those of the run.

    Args:
        run: the folder of a finished run.
        split: "val", whose objects are read from the run's data folder; "test", which needs the run alone; or
            "train", whose maps the run's network makes at the first time.
        start: the first threshold; 0.05 by default.
        stop: the last one; 0.95 by default.
        step: the distance between two; 0.05 by default.
        thresholds: instead of these three, single thresholds, whose boxes are kept as files.
        iou: the IoU thresholds; None for those of the run.
        ap: how average precision is taken; None as in the run.
        json: return JSON.
        out: the folder for `sweep_<split>.png`, the same as SVG, and the boxes; None for the run's.

    Returns:
        A table, or JSON.

    Raises:
        LabError: the run, its data or the grid cannot be used.
    """
    grid = asked_grid(thresholds, start, stop, step)
    finished, lessons = FinishedRun(run), load_lessons()
    finished.require_cut()
    require_writable(out or run)
    ious, kind = iou or finished.value("iou_thresholds"), ap or finished.value("run", "parameters", "ap")
    maps = maps_of(finished, split, lessons)
    truth = truth_of(finished, lessons, maps, split)
    title, target = f"thresholds on {split}", finished.value("run", "target")
    found = finished.detector(lessons).at(maps, grid, title=title)
    curves = score_thresholds(lessons.metrics, found, truth, ious, title, kind)
    seen = split == TRAIN and learned(finished)
    swept = Swept(
        *(split, target, grid, curves, finished.value("threshold", "chosen")),
        given=finished.value("threshold").get("given", False),  # runs of older versions always asked val
        ap=kind,
        listed=bool(thresholds),
        learned=seen,
    )
    picture, _ = draw(out or run, swept)
    kept = keep_boxes(out or run, swept, found, truth) if thresholds else None
    if json:
        return as_json(swept, kept)
    lines = [*table(swept), *notes(swept), *_other_code(finished, split), f"Drawn in '{picture}'."]
    return "\n".join(lines + (_about_files(kept, swept, _images(finished, maps)) if kept else []))


def asked_grid(
    thresholds: Sequence[float] | None, start: float | None, stop: float | None, step: float | None
) -> list[float]:
    """Return the thresholds to try, rising, each once.

    Raises:
        LabError: they are asked for in two ways, or are no thresholds.
    """
    if not thresholds:
        given = [default if value is None else value for value, default in ((start, START), (stop, STOP), (step, STEP))]
        return grid_of(*given)
    if any(value is not None for value in (start, stop, step)):
        raise LabError("Give either --threshold or --from, --to and --step: both say which thresholds are tried.")
    if not all(0 <= threshold <= 1 for threshold in thresholds):
        raise LabError(f"Thresholds {', '.join(f'{t:g}' for t in thresholds)}: give fractions from 0 to 1.")
    return sorted({round(threshold, 9) for threshold in thresholds})


def grid_of(start: float, stop: float, step: float) -> list[float]:
    """Return the thresholds from `start` to `stop`, both inside.

    Raises:
        LabError: they are no fractions in rising order, or far too many.
    """
    if not 0 <= start <= stop <= 1 or not step > 0:
        raise LabError(
            f"Thresholds from {start:g} to {stop:g} in steps of {step:g}: give 0 <= from <= to <= 1 and step > 0."
        )
    if (stop - start) / step >= MOST:
        raise LabError(f"A step of {step:g} makes more than {MOST} thresholds: give a larger one.")
    count = int((stop - start) / step + 1e-6) + 1
    return [round(start + i * step, 9) for i in range(count)]


def truth_of(finished: FinishedRun, lessons: Lessons, maps: Maps, split: str) -> dict[str, GroundTruth]:
    """Return step 4's `GroundTruth` by image: of test from the run, of others from its data folder.

    Raises:
        LabError: it is not there, or of other images.
    """
    if split != "test":
        return ground_truth(lessons, finished.samples(maps), finished.value("run", "target"))
    path = finished.file("ground_truth.json")
    truth = {image: lessons.metrics.GroundTruth(*objects) for image, objects in read_ground_truth(path).items()}
    if strangers := sorted(set(maps.ids.tolist()) - set(truth)):
        raise LabError(f"'{path}' does not name the image '{strangers[0]}' of the maps: make the run again.")
    return truth


def keep_boxes(folder: Path, swept: Swept, found: Sequence[Detections], truth: Mapping[str, GroundTruth]) -> Kept:
    """Write the boxes of each threshold and the annotated ones, as `evaluate` and `show` take them."""
    files = [folder / f"boxes_{swept.split}_{threshold:.10g}.json" for threshold in swept.grid]
    for file, boxes in zip(files, found, strict=True):
        write_detections(file, boxes)
    kept = Kept(files, folder / f"ground_truth_{swept.split}.json")
    write_objects(kept.ground_truth, {image: (item.boxes, item.difficult) for image, item in truth.items()})
    return kept


def _about_files(kept: Kept, swept: Swept, images: Path | None) -> list[str]:
    """Say where the boxes are, and what can be typed to score and to draw them."""
    both = ["--detections", str(kept.detections[0]), "--ground-truth", str(kept.ground_truth)]
    ious = [float(iou) for iou in swept.curves.ap]
    score = [*both, *(["--ap", swept.ap] if swept.ap != "area" else [])]
    score += [word for iou in ious for word in ("--iou", f"{iou:g}")] if tuple(ious) != IOUS else []
    lines = [
        *(f"Boxes at {t:g} in '{file}'." for t, file in zip(swept.grid, kept.detections, strict=True)),
        f"Annotated boxes in '{kept.ground_truth}'.",
        f"To score them: {shlex.join(['gradcam-lab', 'evaluate', *score])}",
    ]
    if images is None:
        return lines
    draw_them = [*both, "--images", str(images), "--target", swept.target]
    return [*lines, f"To draw them: {shlex.join(['gradcam-lab', 'show', *draw_them])}"]


def _images(finished: FinishedRun, maps: Maps) -> Path | None:
    """The one folder of the images, where there is one and the data have not gone."""
    with suppress(LabError):
        folders = {sample.path.parent for sample in finished.samples(maps)}
        return folders.pop() if len(folders) == 1 else None
    return None


def as_json(swept: Swept, kept: Kept | None = None) -> str:
    """Return the curves as JSON, all fractions, and the names of the files of boxes."""
    best = {"threshold": swept.grid[swept.best], "mean_ap": swept.curves.mean_ap[swept.best]}
    content = {
        "split": swept.split,
        "target": swept.target,
        "average_precision": swept.ap,
        "grid": list(swept.grid),
        **swept.curves._asdict(),
        "chosen": swept.chosen,
        "given": swept.given,
        swept.best_name.replace(" ", "_"): best,
    }
    if swept.split == TRAIN:
        content["learned"] = swept.learned
    if kept:
        content |= {"detections": [str(file) for file in kept.detections], "ground_truth": str(kept.ground_truth)}
    return json.dumps(content, indent=1, allow_nan=False)


def table(swept: Swept) -> list[str]:
    """Return the curves as lines of plain text, in percent."""
    names = [f"{name} {t}" for name in ("AP", "recall") for t in swept.curves.ap]
    names.insert(len(swept.curves.ap), "mean AP")
    columns = [*swept.curves.ap.values(), swept.curves.mean_ap, *swept.curves.recall.values()]
    lines = [f"{'threshold':>9}{'boxes':>8}" + "".join(f"{name:>12}" for name in names)]
    for place, (threshold, boxes) in enumerate(zip(swept.grid, swept.curves.boxes, strict=True)):
        cells = "".join(f"{100 * column[place]:>12.2f}" for column in columns)
        lines.append(f"{threshold:>9g}{boxes:>8}{cells}  {_mark(swept, place)}".rstrip())
    return lines


def _mark(swept: Swept, place: int) -> str:
    marks = [swept.mark] * (place == swept.chosen_place) + [swept.best_name] * (place == swept.best)
    return ", ".join(marks)


def notes(swept: Swept) -> list[str]:
    """Say what the marks mean."""
    lines = [f"These are the boxes for {swept.target} on {swept.split}."]
    if swept.ap == "11point":
        lines.append("AP is VOC2007's: the mean of eleven points of the curve.")
    if swept.chosen_place is None:
        lines.append(f"The run's threshold, {swept.chosen:g}, {swept.how}, is not on this grid.")
    else:
        lines.append(f"{swept.mark}: the run's threshold, {swept.chosen:g}, {swept.how}.")
    if swept.split == "test":
        return [*lines, "oracle: the best mean AP, known only by looking at test; not a result that anyone may claim."]
    chooses = "a run without --threshold chooses so on val" if swept.given else "the run chooses so on val"
    how = "of those listed" if swept.listed else f"each point averaged with its neighbours; {chooses}"
    lines.append(f"{swept.best_name}: the highest mean AP, {how}.")
    if swept.split == TRAIN:
        seen = "the network was trained on these images: the scores are optimistic."
        unknown = "whether the network was trained on these images is not known; if so, the scores are optimistic."
        lines.append(f"train: {seen if swept.learned else unknown}")
    return lines


def _other_code(finished: FinishedRun, split: str) -> list[str]:
    used = ["step3_boxes", "step4_metrics", *(["step2_gradcam"] if split == TRAIN else [])]
    theirs = [step for step, who in finished.value("implementation").items() if who == "mine" and step in used]
    return [f"The run used your {' and '.join(theirs)}; this sweep used the reference."] if theirs else []


def draw(folder: Path, swept: Swept) -> list[Path]:
    """Draw AP and recall against the threshold, as PNG and SVG that the split and the kind of AP name."""
    name = f"sweep_{swept.split}{'_11point' if swept.ap == '11point' else ''}"
    picture, drawing = folder / f"{name}.png", folder / f"{name}.svg"
    with svg_figure(drawing, 8, 3.3) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, curves, name in ((left, swept.curves.ap, "AP"), (right, swept.curves.recall, "recall")):
            _curves(axes, swept, curves)
            seen = ", which the network was trained on" if swept.learned else ""
            kind = "11-point AP" if name == "AP" and swept.ap == "11point" else name
            axes.set_title(f"{kind} of {swept.target} on {swept.split}{seen}", loc="left")
            axes.set(xlabel="threshold, as a fraction of the map's maximum", ylim=(0, 103))
        left.set_ylabel("%")
        handles, labels = left.get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=min(len(labels), 6), handlelength=2.6)
        figure.subplots_adjust(left=0.06, right=0.99, top=0.92, bottom=0.24, wspace=0.06)
        with moved_into_place(picture) as temporary:
            figure.savefig(temporary, format="png", dpi=200, metadata={"Software": None})
    return [picture, drawing]


def _curves(axes: "Axes", swept: Swept, curves: dict[str, list[float]]) -> None:
    for number, (t, values) in enumerate(curves.items()):
        colour, dashes = LINE_STYLES[number % len(LINE_STYLES)]
        percent = [100 * value for value in values]
        axes.plot(
            swept.grid,
            percent,
            dashes,
            color=colour,
            label=f"IoU {t}",
            marker="o" if swept.listed or len(percent) == 1 else None,
        )
    best, chosen = swept.grid[swept.best], f"{swept.how}: {swept.chosen:g}"
    if swept.best == swept.chosen_place:
        chosen = f"{swept.how}, and {swept.best_name}: {best:g}"
    else:
        dots = (0, (2, 2))
        axes.axvline(best, color=MUTED, linewidth=1.2, linestyle=dots, label=f"{swept.best_name}: {best:g}")
    axes.axvline(swept.chosen, color=INK, linewidth=1, label=chosen)
