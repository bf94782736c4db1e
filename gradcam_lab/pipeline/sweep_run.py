"""`sweep`: thresholds over the saved heatmaps of a finished run; no network runs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gradcam_lab.data.box_files.json_boxes import read_ground_truth
from gradcam_lab.errors import LabError
from gradcam_lab.files import moved_into_place
from gradcam_lab.lesson_modules import Lessons, load_lessons
from gradcam_lab.lesson_protocols import GroundTruth
from gradcam_lab.localise.detector import Detector
from gradcam_lab.localise.experiment import ground_truth
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.threshold import ThresholdCurves, choose, sweep
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.report.figures.style import BLUE, INK, MUTED, OURS, TRUTH, svg_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 1000
"""Thresholds that make sense in one sweep."""

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
    """

    split: str
    target: str
    grid: Sequence[float]
    curves: ThresholdCurves
    chosen: float
    given: bool = False

    @property
    def best(self) -> int:
        """Where on the grid AP is best: as the run chooses on val, and without mercy, the oracle, elsewhere."""
        return choose(self.curves.mean_ap) if self.split == "val" else int(np.argmax(self.curves.mean_ap))

    @property
    def best_name(self) -> str:
        """What the best is called."""
        return "best of val" if self.split == "val" else "oracle"

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


def sweep_run(
    run: Path,
    *,
    split: str = "val",
    start: float = 0.05,
    stop: float = 0.95,
    step: float = 0.05,
    iou: Sequence[float] | None = None,
    json: bool = False,
    out: Path | None = None,
) -> str:
    """Score thresholds on the saved heatmaps of a run, and draw AP and recall against the threshold.

    The lessons' own code makes and scores the boxes, also where a student's made those of the run.

    Args:
        run: the folder of a finished run.
        split: "val", whose objects are read from the run's data folder, or "test", which needs the run alone.
        start: the first threshold.
        stop: the last one.
        step: the distance between two.
        iou: the IoU thresholds; None for those of the run.
        json: return JSON.
        out: the folder for `sweep.png` and `sweep.svg`; None for the run's.

    Returns:
        A table, or JSON.

    Raises:
        LabError: the run, its data or the grid cannot be used.
    """
    grid = grid_of(start, stop, step)
    finished, lessons = FinishedRun(run), load_lessons()
    swept = swept_of(finished, lessons, split, grid, iou or finished.value("iou_thresholds"))
    picture, _ = draw(out or run, swept)
    if json:
        return as_json(swept)
    return "\n".join([*table(swept), *notes(swept), *_other_code(finished), f"Drawn in '{picture}'."])


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


def swept_of(
    finished: FinishedRun, lessons: Lessons, split: str, grid: Sequence[float], ious: Sequence[float]
) -> Swept:
    """Find and score the boxes at every threshold of the grid."""
    maps = finished.maps(split)
    truth, min_area = truth_of(finished, lessons, maps, split), finished.value("run", "parameters", "min_area")
    method = finished.method
    if not method.cut:
        raise LabError(
            f"The run in '{finished.folder}' used the method '{method.title}', which cuts no map at a threshold of "
            "yours: sweep a run of another --method."
        )
    title = f"thresholds on {split}"
    detector = Detector(lessons, method, min_area, finished.max_detections)
    curves = sweep(detector, maps, truth, grid, ious, title=title)
    threshold = finished.value("threshold")
    given = threshold.get("given", False)  # runs of older versions always asked val
    return Swept(split, finished.value("run", "target"), grid, curves, finished.value("threshold", "chosen"), given)


def truth_of(finished: FinishedRun, lessons: Lessons, maps: Maps, split: str) -> dict[str, GroundTruth]:
    """Return step 4's `GroundTruth` by image: of test from the run, of val from its data folder.

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


def as_json(swept: Swept) -> str:
    """Return the curves as JSON, all fractions."""
    best = {"threshold": swept.grid[swept.best], "mean_ap": swept.curves.mean_ap[swept.best]}
    content = {
        "split": swept.split,
        "target": swept.target,
        "grid": list(swept.grid),
        **swept.curves._asdict(),
        "chosen": swept.chosen,
        "given": swept.given,
        swept.best_name.replace(" ", "_"): best,
    }
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
    lines = [f"{swept.mark}: the run's threshold, {swept.chosen:g}, {swept.how}."]
    if swept.chosen_place is None:
        lines = [f"The run's threshold, {swept.chosen:g}, {swept.how}, is not on this grid."]
    if swept.split == "val":
        return [
            *lines,
            "best of val: the highest mean AP, each point averaged with its neighbours; "
            + ("a run without --threshold chooses so." if swept.given else "the run chooses so."),
        ]
    return [*lines, "oracle: the best mean AP, known only by looking at test; not a result that anyone may claim."]


def _other_code(finished: FinishedRun) -> list[str]:
    theirs = [step for step, who in finished.value("implementation").items() if who == "mine"]
    theirs = [step for step in theirs if step in ("step3_boxes", "step4_metrics")]
    return [f"The run used your {' and '.join(theirs)}; this sweep used the reference."] if theirs else []


def draw(folder: Path, swept: Swept) -> list[Path]:
    """Draw AP and recall against the threshold, as `sweep.png` and `sweep.svg`; return both."""
    picture, drawing = folder / "sweep.png", folder / "sweep.svg"
    with svg_figure(drawing, 8, 3.3) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, curves, name in ((left, swept.curves.ap, "AP"), (right, swept.curves.recall, "recall")):
            _curves(axes, swept, curves)
            axes.set_title(f"{name} of {swept.target} on {swept.split}", loc="left")
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
            swept.grid, percent, dashes, color=colour, label=f"IoU {t}", marker="o" if len(percent) == 1 else None
        )
    best, chosen = swept.grid[swept.best], f"{swept.how}: {swept.chosen:g}"
    if swept.best == swept.chosen_place:
        chosen = f"{swept.how}, and {swept.best_name}: {best:g}"
    else:
        dots = (0, (2, 2))
        axes.axvline(best, color=MUTED, linewidth=1.2, linestyle=dots, label=f"{swept.best_name}: {best:g}")
    axes.axvline(swept.chosen, color=INK, linewidth=1, label=chosen)
