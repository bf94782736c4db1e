"""Which images the report shows, and the maps on them. How figures look is decided in `gradcam_lab.report.figures.captions`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from gradcam_lab.data.sample import Box, Sample
from gradcam_lab.evaluate import segmentation
from gradcam_lab.evaluate.cam_agreement import cam_and_gradcam, inputs_of
from gradcam_lab.evaluate.error_types import KINDS, Failure
from gradcam_lab.files import write_json
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.maps import Heatmaps
from gradcam_lab.models.classifier import Classifier
from gradcam_lab.report.figures import captions
from gradcam_lab.report.figures.photos import Panel, dimmed, painted_seeds

RANDOM_IMAGES = 10
FAILURES_OF_A_KIND = 4
MASKS = 4
SURE = 0.5
"""A box below this score is right by luck as much as by sight."""


@dataclass
class Pictures:
    """Everything that the figures of one run are drawn from.

    Attributes:
        classifier: the network, for maps that are not on disk.
        lessons: the lessons.
        samples: the images of test.
        plain: their maps by plain Grad-CAM.
        heatmaps: the maps in which boxes were found.
        detections: (n, 5) arrays by image.
        failures: from `find_failures`.
        target: the class.
        threshold: the fraction that validation chose.
        seed: draws the random images.
        precision: of the network, for maps that are not on disk.
        cut: whether the method cuts every map at that fraction.
    """

    classifier: Classifier
    lessons: Lessons
    samples: Sequence[Sample]
    plain: Heatmaps
    heatmaps: Heatmaps
    detections: Mapping[str, np.ndarray]
    failures: Sequence[Failure]
    target: str
    threshold: float
    seed: int
    precision: str = "float32"
    cut: bool = True

    def draw(self, folder: Path, results: dict[str, Any]) -> list[Path]:
        """Draw every figure into a folder and list them in `figures.json`; return the files."""
        records = [
            self.hero(folder),
            self.two_classes(folder),
            self.mistake(folder),
            self.cam_vs_gradcam(folder),
            self.input_gradient(folder),
            self.method(folder),
            captions.threshold_sweep(folder, results),
            captions.precision_recall(folder, results),
            captions.class_ap(folder, results),
            self.random_images(folder),
            self.worst_failures(folder, results["failures"]["iou"]),
            *self.masks(folder, results),
            *self.tests(folder, results),
        ]
        kept = [record for record in records if record]
        write_json(folder / "figures.json", kept)
        return [folder / record["file"] for record in kept]

    def hero(self, folder: Path) -> captions.Record:
        """A success, and called one: the surest image of which no object was missed; without any, the surest image."""
        failed = {failure.image for failure in self.failures}
        right = [s for s in self.with_target if s.id not in failed and self.best_score(s) >= SURE]
        sample = max(right, key=self.best_score) if right else self.surest
        return captions.hero(folder, [self.panel(sample), self.map_panel(sample, boxes=True)], self.target, bool(right))

    def two_classes(self, folder: Path) -> captions.Record:
        """One image, two classes: where does each find its evidence?"""
        sample, other = self.with_two_classes()
        names = (self.target, other)
        return captions.two_classes(folder, self.class_panels(sample, names), sample.id, names)

    def mistake(self, folder: Path) -> captions.Record | None:
        """The surest false alarm: what did the network take for the target?"""
        without = [sample for sample in self.samples if sample.objects and not sample.boxes(self.target)]
        if not without:
            return None
        sample = max(without, key=lambda sample: self.probability(sample, self.target))
        other = max({o.name for o in sample.objects}, key=lambda name: (self.probability(sample, name), name))
        panels = self.class_panels(sample, (self.target, other))
        return captions.mistake(folder, panels, sample.id, self.target, other)

    def class_panels(self, sample: Sample, names: Sequence[str]) -> list[Panel]:
        """The plain image, and its map for each class."""
        images = inputs_of(self.classifier, [sample])
        gradcam = self.lessons.gradcam.GradCAM(self.classifier.network, self.classifier.layer)
        maps = [gradcam(images, lambda o, name=name: self.classifier.score(o, name))[0].cpu().numpy() for name in names]
        titles = [f"{name}, p = {self.probability(sample, name):.2f}" for name in names]
        return [
            Panel(sample.image, sample.id),
            *(Panel(self.overlay(sample, heat), title) for heat, title in zip(maps, titles, strict=True)),
        ]

    def cam_vs_gradcam(self, folder: Path) -> captions.Record | None:
        """Rows of image, CAM, Grad-CAM; nothing where CAM is not defined."""
        chosen = self.with_target[:3]
        maps = cam_and_gradcam(self.classifier, self.lessons, chosen, self.target)
        if maps is None:
            return None
        rows = [
            [
                self.panel(sample, boxes=False),
                Panel(self.overlay(sample, cam.cpu().numpy()), "CAM"),
                Panel(self.overlay(sample, gradcam.cpu().numpy()), "Grad-CAM"),
            ]
            for sample, cam, gradcam in zip(chosen, *maps, strict=True)
        ]
        return captions.cam_vs_gradcam(folder, rows)

    def input_gradient(self, folder: Path) -> captions.Record:
        """The gradient at the pixels, beside Grad-CAM of the same score."""
        sample = self.surest
        gradient = self.lessons.gradcam.input_gradient(
            self.classifier.network,
            inputs_of(self.classifier, [sample]),
            lambda outputs: self.classifier.score(outputs, self.target),
        )
        strength = gradient[0].abs().amax(dim=0)
        strength = (strength / torch.quantile(strength, 0.99).clamp(min=1e-12)).clamp(max=1)
        grey = np.rint(255 * strength.cpu().numpy()).astype(np.uint8)
        picture = cv2.cvtColor(cv2.resize(grey, sample.size), cv2.COLOR_GRAY2RGB)
        plain = Panel(self.overlay(sample, self.plain.maps[self.rows[sample.id]]), "Grad-CAM")
        panels = [self.panel(sample, boxes=False), Panel(picture, "gradient at the pixels"), plain]
        return captions.input_gradient(folder, panels)

    def method(self, folder: Path) -> captions.Record:
        """The stations between an image and its boxes."""
        sample = self.with_target[0]
        raw = self.heatmap(sample)
        width, height = sample.size
        full = self.lessons.boxes.upsample(raw, (height, width))
        heat = self.lessons.cam.normalize_map(raw)
        cells = cv2.resize(heat, (width, height), interpolation=cv2.INTER_NEAREST)
        mask = self.lessons.boxes.threshold_mask(full, self.threshold)
        cut = [Panel(dimmed(sample.image, mask), f"≥ {self.threshold:g} of max")] if self.cut else []
        panels = [
            self.panel(sample, boxes=False),
            Panel(self.lessons.cam.overlay(sample.image, cells), f"raw map, {raw.shape[0]} x {raw.shape[1]} cells"),
            self.map_panel(sample, title="upsampled"),
            *cut,
            self.panel(sample, title="boxes"),
        ]
        return captions.method(folder, panels)

    def random_images(self, folder: Path) -> captions.Record:
        """Ten images of test, drawn by lot."""
        count = min(RANDOM_IMAGES, len(self.samples))
        chosen = np.random.default_rng(self.seed).choice(len(self.samples), count, replace=False)
        panels = [self.panel(self.samples[index]) for index in chosen]
        return captions.random_images(folder, panels, self.seed)

    def worst_failures(self, folder: Path, iou: float) -> captions.Record | None:
        """The worst failures of each kind, each image once."""
        by_id = {sample.id: sample for sample in self.samples}
        panels = {}
        for kind in KINDS:
            images = dict.fromkeys(failure.image for failure in self.failures if failure.kind == kind)
            panels[kind] = [self.panel(by_id[image]) for image in list(images)[:FAILURES_OF_A_KIND]]
        return captions.failures(folder, panels, iou) if any(panels.values()) else None

    def masks(self, folder: Path, results: dict[str, Any]) -> list[captions.Record]:
        """Seeds, masks and truth, and the curve of IoU; nothing where no masks were scored."""
        if not results["segmentation"]:
            return []
        choices = segmentation.Choices(**results["segmentation"]["choices"])
        found = segmentation.pictures(
            self.classifier, self.lessons, self.samples, choices, self.target, MASKS, self.precision
        )
        strip = [captions.segmentation(folder, [self.mask_panels(mask, choices) for mask in found])] if found else []
        return [*strip, captions.segmentation_curve(folder, results)]

    def mask_panels(self, found: dict[str, Any], choices: segmentation.Choices) -> list[Panel]:
        """One image's way from the heatmap to a mask, beside the true one."""
        image = found["image"]
        return [
            Panel(image, found["id"]),
            Panel(self.overlay_full(image, found["heatmap"]), "Grad-CAM"),
            Panel(painted_seeds(image, found["seeds"]), "seeds"),
            Panel(dimmed(image, found["thresholded"]), f"cut at {choices.threshold:g}"),
            Panel(dimmed(image, found["mask"]), "refined", outlines=found["boxes"].tolist()),
            Panel(dimmed(image, found["truth"] == 1), "annotated"),
        ]

    def tests(self, folder: Path, results: dict[str, Any]) -> list[captions.Record]:
        """The curves of the tests of the heatmaps; nothing where none was made."""
        if not results["truth"]:
            return []
        draw = [captions.replacement, captions.randomisation, captions.two_class_test]
        return [figure(folder, results) for figure in draw]

    @cached_property
    def with_target(self) -> list[Sample]:
        """The images that hold the target, in test's order."""
        return [sample for sample in self.samples if sample.boxes(self.target)]

    @cached_property
    def surest(self) -> Sample:
        """The image that holds the target and whose best box has the highest score of all."""
        return max(self.with_target, key=self.best_score)

    def best_score(self, sample: Sample) -> float:
        """The score of its surest detection."""
        return float(self.detections[sample.id][:, 4].max(initial=0))

    def with_two_classes(self) -> tuple[Sample, str]:
        """The image in which the network is surest of both the target and another class that are really in it."""
        pairs = [
            (min(self.probability(sample, self.target), self.probability(sample, name)), sample, name)
            for sample in self.with_target
            for name in sorted({o.name for o in sample.objects} - {self.target})
        ]
        if pairs:
            return max(pairs, key=lambda pair: pair[0])[1:]
        others = [name for name in self.classifier.class_names if name != self.target] or [self.target]
        return self.surest, max(others, key=lambda name: self.probability(self.surest, name))

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each image in the heatmaps."""
        return {id: row for row, id in enumerate(self.heatmaps.ids.tolist())}

    def heatmap(self, sample: Sample) -> np.ndarray:
        """The raw map, shape (h, w)."""
        return self.heatmaps.maps[self.rows[sample.id]]

    def probability(self, sample: Sample, name: str) -> float:
        """The probability of a class."""
        return float(
            self.heatmaps.class_probabilities[self.rows[sample.id], self.heatmaps.classes.tolist().index(name)]
        )

    def overlay(self, sample: Sample, heatmap: np.ndarray) -> np.ndarray:
        """The image under a raw map."""
        width, height = sample.size
        return self.overlay_full(sample.image, self.lessons.boxes.upsample(heatmap, (height, width)))

    def overlay_full(self, image: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
        """An image under a map of its own size."""
        return self.lessons.cam.overlay(image, self.lessons.cam.normalize_map(heatmap))

    def panel(self, sample: Sample, *, boxes: bool = True, title: str | None = None) -> Panel:
        """The plain image, with the annotated and the detected boxes if asked for."""
        caption = f"{sample.id}, p = {self.probability(sample, self.target):.2f}" if title is None else title
        if not boxes:
            return Panel(sample.image, caption)
        return Panel(sample.image, caption, self.truth(sample), self.detected(sample))

    def map_panel(self, sample: Sample, *, boxes: bool = False, title: str = "heatmap") -> Panel:
        """The image under the map in which its boxes were found."""
        picture = self.overlay(sample, self.heatmap(sample))
        return Panel(picture, title, self.truth(sample), self.detected(sample)) if boxes else Panel(picture, title)

    def truth(self, sample: Sample) -> list[tuple[Box, bool]]:
        """The annotated boxes of the target."""
        return [(o.box, o.difficult) for o in sample.objects if o.name == self.target]

    def detected(self, sample: Sample) -> list[tuple[Box, float]]:
        """The detected boxes with their scores."""
        return [((x0, y0, x1, y1), score) for x0, y0, x1, y1, score in self.detections[sample.id].tolist()]
