"""The figures of a run: the chosen images and curves, drawn into files and listed in `figures.json`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from gradcam_lab.data.sample import Sample
from gradcam_lab.evaluate.alignment.mirror import NO_SHIFT, Shift, aligned, shift_of
from gradcam_lab.evaluate.alignment.records import Alignment
from gradcam_lab.evaluate.cam_agreement import cam_and_gradcam
from gradcam_lab.evaluate.error_types import Failure
from gradcam_lab.evaluate.faithfulness.records import Faithfulness
from gradcam_lab.evaluate.records import MaskChoices, Segmentation
from gradcam_lab.evaluate.segmentation import ExampleMask, example_masks
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.experiment import Experiment
from gradcam_lab.localise.explainer import explain_score, inputs_of
from gradcam_lab.localise.maps import Maps
from gradcam_lab.report.figures import plots
from gradcam_lab.report.figures.captions import FigureEntry, describe
from gradcam_lab.report.figures.diagram import draw_pipeline
from gradcam_lab.report.figures.photos import Panel, Row, draw_rows, in_rows
from gradcam_lab.report.figures.rgb import dimmed, gradient_picture, painted_seeds
from gradcam_lab.report.figures.select import Selection
from gradcam_lab.report.results import Results
from gradcam_lab.report.text.wording import FAILURES

MASKS = 4


@dataclass
class Pictures:
    """Everything that the figures of one run are drawn from.

    Attributes:
        experiment: the network, for maps that are not on disk, the lessons and the class; its seed draws the random
            images.
        samples: the images of test.
        plain: their maps by plain Grad-CAM.
        maps: those in which boxes were found.
        detections: (n, 5) arrays by image.
        failures: from `find_failures`.
        threshold: the fraction that validation chose, or the user gave.
        cut: whether the method cuts every map at that fraction.
        shift: what is taken out of plain Grad-CAM's maps over an image.
        method_shift: the same of those in which boxes were found.
    """

    experiment: Experiment
    samples: Sequence[Sample]
    plain: Maps
    maps: Maps
    detections: Mapping[str, np.ndarray]
    failures: Sequence[Failure]
    threshold: float
    cut: bool = True
    shift: Shift = NO_SHIFT
    method_shift: Shift = NO_SHIFT

    @property
    def target(self) -> str:
        """The class."""
        return self.experiment.target

    @property
    def lessons(self) -> Lessons:
        """The lessons."""
        return self.experiment.lessons

    @cached_property
    def selection(self) -> Selection:
        """Which images are shown."""
        return Selection(self.samples, self.maps, self.detections, self.failures, self.target)

    def draw(self, folder: Path, results: Results) -> list[Path]:
        """Draw every figure into a folder and list them in `figures.json`; return the files."""
        figures = [
            self.hero(folder),
            self.two_classes(folder),
            *self.mistake(folder),
            *self.cam_vs_gradcam(folder),
            self.input_gradient(folder),
            self.method(folder),
            pipeline(folder, results),
            *score_curves(folder, results),
            self.random_images(folder),
            *self.worst_failures(folder, results["failures"]["iou"]),
            *self.masks(folder, results.get("segmentation")),
            *self.mirror(folder, results.get("alignment")),
            *faithfulness_curves(folder, results.get("truth")),
        ]
        write_json(folder / "figures.json", figures)
        return [folder / figure["file"] for figure in figures]

    def hero(self, folder: Path) -> FigureEntry:
        """A success, or the surest detection."""
        sample, success = self.selection.hero()
        row = Row([self.panel(sample), self.map_panel(sample, boxes=True)])
        return save_photos(folder, describe("hero.jpg", self.target, success), [row], tallest=4.6)

    def two_classes(self, folder: Path) -> FigureEntry:
        """One image, and its map for each of two classes."""
        sample, other = self.selection.two_classes()
        figure = describe("two_classes.jpg", sample.id, self.target, other)
        return save_photos(folder, figure, [self.class_row(sample, other)])

    def mistake(self, folder: Path) -> list[FigureEntry]:
        """The surest false alarm; nothing where every image holds the target."""
        found = self.selection.mistake()
        if found is None:
            return []
        sample, other = found
        figure = describe("mistake.jpg", sample.id, self.target, other)
        return [save_photos(folder, figure, [self.class_row(sample, other)])]

    def cam_vs_gradcam(self, folder: Path) -> list[FigureEntry]:
        """Rows of image, CAM, Grad-CAM; nothing where CAM is not defined."""
        chosen = self.selection.with_target[:3]
        maps = cam_and_gradcam(self.experiment, chosen)
        if maps is None:
            return []
        rows = [
            Row(
                [
                    self.panel(sample, boxes=False),
                    Panel(self.overlay(sample, cam.cpu().numpy(), self.shift), "CAM"),
                    Panel(self.overlay(sample, gradcam.cpu().numpy(), self.shift), "Grad-CAM"),
                ]
            )
            for sample, cam, gradcam in zip(chosen, *maps, strict=True)
        ]
        return [save_photos(folder, describe("cam_vs_gradcam.jpg"), rows, tallest=1.3)]

    def input_gradient(self, folder: Path) -> FigureEntry:
        """The gradient at the pixels, beside Grad-CAM of the same score."""
        sample, classifier = self.selection.surest, self.experiment.classifier
        gradient = self.lessons.gradcam.input_gradient(
            classifier.network,
            inputs_of(classifier, [sample]),
            lambda logits: classifier.score(logits, self.target),
        )
        panels = [
            self.panel(sample, boxes=False),
            Panel(gradient_picture(gradient[0].cpu().numpy(), sample.size), "gradient at the pixels"),
            Panel(self.overlay(sample, self.plain.maps[self.selection.rows[sample.id]], self.shift), "Grad-CAM"),
        ]
        return save_photos(folder, describe("input_gradient.jpg"), [Row(panels)])

    def method(self, folder: Path) -> FigureEntry:
        """From an image to its boxes."""
        sample = self.selection.with_target[0]
        raw = self.heatmap(sample)
        width, height = sample.size
        cells = cv2.resize(self.lessons.cam.normalize_map(raw), (width, height), interpolation=cv2.INTER_NEAREST)
        mask = self.lessons.boxes.threshold_mask(self.lessons.boxes.upsample(raw, (height, width)), self.threshold)
        cut = [Panel(dimmed(sample.image, mask), f"≥ {self.threshold:g} of max")] if self.cut else []
        panels = [
            self.panel(sample, boxes=False),
            Panel(self.lessons.cam.overlay(sample.image, cells), f"raw map, {raw.shape[0]} x {raw.shape[1]} cells"),
            self.map_panel(sample, title="upsampled"),
            *cut,
            self.panel(sample, title="boxes"),
        ]
        return save_photos(folder, describe("method.jpg", self.cut), in_rows(panels, columns=3), tallest=1.9)

    def random_images(self, folder: Path) -> FigureEntry:
        """Images of test, drawn by lot."""
        panels = [self.panel(sample) for sample in self.selection.random(self.experiment.seed)]
        figure = describe("random.jpg", len(panels), self.experiment.seed)
        return save_photos(folder, figure, in_rows(panels, columns=4), tallest=2.4)

    def worst_failures(self, folder: Path, iou: float) -> list[FigureEntry]:
        """The worst failures of each kind; nothing where every object was found."""
        rows = failure_rows({kind: [self.panel(sample) for sample in self.selection.worst(kind)] for kind in FAILURES})
        return [save_photos(folder, describe("failures.jpg", iou), rows, tallest=1.25)] if rows else []

    def masks(self, folder: Path, scored: Segmentation | None) -> list[FigureEntry]:
        """Seeds, masks and annotations, and the curve of IoU; nothing where no masks were scored."""
        if not scored:
            return []
        figures = []
        choices = scored["choices"]
        if found := example_masks(self.experiment, self.samples, choices, MASKS):
            rows = [Row(mask_panels(self.lessons, mask, choices)) for mask in found]
            figures.append(save_photos(folder, describe("segmentation.jpg"), rows, tallest=1.3))
        curve = describe("segmentation_curve.svg", scored, self.target)
        return [*figures, save_plot(folder, curve, plots.draw_segmentation_curve, scored, self.target)]

    def mirror(self, folder: Path, measured: Alignment | None) -> list[FigureEntry]:
        """An image, its map, and that of the mirrored image, mirrored back; nothing where no mirror was asked."""
        if not measured:
            return []
        sample, classifier = self.selection.surest, self.experiment.classifier
        inputs = inputs_of(classifier, [sample])

        def found(view: Tensor) -> np.ndarray:
            score = partial(classifier.score, name=self.target)
            return explain_score(classifier, self.lessons, view, score)[0].cpu().numpy()

        upright, back = found(inputs), found(inputs.flip(-1))[:, ::-1]
        shift = shift_of(measured["gradcam"], measured["input_size"])
        moved = [] if shift == NO_SHIFT else [Panel(self.overlay(sample, upright, shift), "moved back")]
        panels = [
            self.panel(sample, title=sample.id),
            Panel(self.overlay(sample, upright, NO_SHIFT), "Grad-CAM"),
            Panel(self.overlay(sample, back, NO_SHIFT), "mirror image, turned back"),
            *moved,
        ]
        panels[0] = replace(panels[0], detections=[])
        return [save_photos(folder, describe("mirror.jpg", bool(moved)), [Row(panels)], tallest=1.9)]

    def class_row(self, sample: Sample, other: str) -> Row:
        """The plain image, and its map for the target and for another class."""
        classifier = self.experiment.classifier
        inputs = inputs_of(classifier, [sample])

        def map_panel(name: str) -> Panel:
            cam = explain_score(classifier, self.lessons, inputs, lambda logits: classifier.score(logits, name))
            title = f"{name}, p = {self.selection.probability(sample, name):.2f}"
            return Panel(self.overlay(sample, cam[0].cpu().numpy(), self.shift), title)

        return Row([Panel(sample.image, sample.id), map_panel(self.target), map_panel(other)])

    def heatmap(self, sample: Sample) -> np.ndarray:
        """The raw map in which boxes were found, shape (h, w)."""
        return self.maps.maps[self.selection.rows[sample.id]]

    def overlay(self, sample: Sample, heatmap: np.ndarray, shift: Shift) -> np.ndarray:
        """The image under a raw map, out of which a shift is taken."""
        width, height = sample.size
        moved = aligned(self.lessons.faithfulness, heatmap, shift)
        return overlaid(self.lessons, sample.image, self.lessons.boxes.upsample(moved, (height, width)))

    def panel(self, sample: Sample, *, boxes: bool = True, title: str | None = None) -> Panel:
        """The plain image, with the annotated and the detected boxes if asked for."""
        name = f"{sample.id}, p = {self.selection.probability(sample, self.target):.2f}" if title is None else title
        return self.with_boxes(sample, Panel(sample.image, name)) if boxes else Panel(sample.image, name)

    def map_panel(self, sample: Sample, *, boxes: bool = False, title: str = "heatmap") -> Panel:
        """The image under the map in which its boxes were found."""
        panel = Panel(self.overlay(sample, self.heatmap(sample), self.method_shift), title)
        return self.with_boxes(sample, panel) if boxes else panel

    def with_boxes(self, sample: Sample, panel: Panel) -> Panel:
        """A panel of an image with its annotated boxes and its detections."""
        truth = [(o.box, o.difficult) for o in sample.objects if o.name == self.target]
        found = [((x0, y0, x1, y1), score) for x0, y0, x1, y1, score in self.detections[sample.id].tolist()]
        return replace(panel, truth=truth, detections=found, name=self.target)


def save_photos(folder: Path, figure: FigureEntry, rows: Sequence[Row], tallest: float = 3.0) -> FigureEntry:
    """Draw a figure of photos; see `draw_rows`."""
    draw_rows(folder / figure["file"], rows, tallest=tallest)
    return figure


def save_plot(folder: Path, figure: FigureEntry, draw_curve: Callable[..., None], *parts: Any) -> FigureEntry:
    """Draw a figure of curves by a function of `plots`, from parts of the results."""
    draw_curve(folder / figure["file"], *parts)
    return figure


def overlaid(lessons: Lessons, image: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """An image under a map of its own size."""
    return lessons.cam.overlay(image, lessons.cam.normalize_map(heatmap))


def mask_panels(lessons: Lessons, found: ExampleMask, choices: MaskChoices) -> list[Panel]:
    """One image's way from the heatmap to a mask, beside the annotated one; `found` is of `example_masks`."""
    image = found["image"]
    return [
        Panel(image, found["id"]),
        Panel(overlaid(lessons, image, found["heatmap"]), "Grad-CAM"),
        Panel(painted_seeds(image, found["seeds"]), "seeds"),
        Panel(dimmed(image, found["thresholded"]), f"cut at {choices['threshold']:g}"),
        Panel(dimmed(image, found["mask"]), "refined", outlines=found["boxes"].tolist()),
        Panel(dimmed(image, found["truth"] == 1), "annotated"),
    ]


def failure_rows(panels: Mapping[str, Sequence[Panel]]) -> list[Row]:
    """Rows of failures, one heading for each kind that occurs, in the order of `FAILURES`."""
    return [
        row
        for kind, meaning in FAILURES.items()
        for row in in_rows(panels.get(kind, ()), 4, f"{kind.capitalize()}: {meaning}")
    ]


def pipeline(folder: Path, results: Results) -> FigureEntry:
    """Draw the way from an image to its average precision, as the lessons go it."""
    return save_plot(folder, describe("pipeline.svg", results["run"]), draw_pipeline, results)


def score_curves(folder: Path, results: Results) -> list[FigureEntry]:
    """Draw the curves that every run has: AP over the threshold, precision over recall, and the classifier's AP."""
    sweep, curves, table = results["threshold"], results["curves"], results["table"]
    ours = next(row["name"] for row in table if row["kind"] == "ours")
    classifier, target = results["classifier"], results["run"]["target"]
    eleven = results["run"]["parameters"]["ap"] == "11point"
    return [
        save_plot(folder, describe("threshold_sweep.svg", ours, sweep), plots.draw_threshold_sweep, sweep),
        save_plot(
            folder,
            describe("precision_recall.svg", ours, eleven),
            plots.draw_precision_recall,
            *(curves, table, eleven),
        ),
        save_plot(folder, describe("class_ap.svg"), plots.draw_class_ap, classifier, target),
    ]


def faithfulness_curves(folder: Path, tests: Faithfulness | None) -> list[FigureEntry]:
    """Draw the curves of the tests of the heatmaps; nothing where none was made."""
    if not tests:
        return []
    target, replaced, randomised = tests["target"], tests["replacement"], tests["randomisation"]
    return [
        save_plot(folder, describe("replacement.svg", replaced), plots.draw_replacement, replaced, target),
        save_plot(folder, describe("randomisation.svg", randomised), plots.draw_randomisation, randomised),
        save_plot(folder, describe("two_class_test.svg"), plots.draw_two_classes, tests["two_classes"], target),
    ]
