"""Maps to scored boxes: the finder, the threshold rule, the suppression and the least area, bound once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.sample import Sample
from gradcam_lab.lesson_modules import Lessons
from gradcam_lab.localise.box_finders import BoxesAt, islands
from gradcam_lab.localise.experiment import MIN_AREA, Experiment
from gradcam_lab.localise.grabcut import shrunk
from gradcam_lab.localise.map_recipe import GRADCAM
from gradcam_lab.localise.maps import Maps
from gradcam_lab.localise.methods import METHODS, Method

Detections = dict[str, np.ndarray]
"""Boxes by image: float64, shape (n, 5), `xmin, ymin, xmax, ymax, score`, the best first."""


MAX_OVERLAP = 0.5
"""Of two boxes with a greater IoU the better one is kept, as in step 3."""


@dataclass(frozen=True)
class Detector:
    """Finds boxes by one method.

    Attributes:
        lessons: whose steps 3 and 4 do it.
        method: which finder, and whether it looks at the image.
        min_area: the least area of an island that becomes a box, in pixels of the image.
        max_detections: the most boxes of an image, the surest ones; None for all.
    """

    lessons: Lessons
    method: Method = METHODS[GRADCAM]
    min_area: int = MIN_AREA
    max_detections: int | None = None

    @classmethod
    def of(cls, experiment: Experiment, method: Method = METHODS[GRADCAM]) -> "Detector":
        """Bind what an experiment says of it."""
        return cls(experiment.lessons, method, experiment.min_area, experiment.max_detections)

    def __call__(self, maps: Maps, threshold: float, samples: Sequence[Sample] = ()) -> Detections:
        """Find the boxes of all images at one threshold.

        Args:
            maps: of the images.
            threshold: for the finder.
            samples: the images, for a finder that looks at them.
        """
        return self.at(maps, [threshold], samples)[0]

    def at(
        self, maps: Maps, thresholds: Sequence[float], samples: Sequence[Sample] = (), title: str | None = None
    ) -> list[Detections]:
        """Find boxes at several thresholds; an image that is looked at is opened once for all of them.

        Args:
            maps: of the images.
            thresholds: for the finder.
            samples: the images, for a finder that looks at them.
            title: of a progress bar; None for none.
        """
        by_id = {sample.id: sample for sample in samples} if self.method.needs_image else {}
        detections: list[Detections] = [{} for _ in thresholds]
        rows = list(zip(maps.ids.tolist(), maps.maps, maps.sizes.tolist(), maps.probabilities.tolist(), strict=True))
        for name, cam, size, probability in tracked(rows, title, len(rows)) if title else rows:
            image = shrunk(by_id[name].image) if by_id else None
            boxes_at = self._boxes_at(cam, size, probability, image)
            for threshold, found in zip(thresholds, detections, strict=True):
                found[name] = self._surest(boxes_at(threshold))
        return detections

    def detect(
        self,
        cam: np.ndarray,
        size: Sequence[int],
        probability: float,
        threshold: float,
        image: np.ndarray | None = None,
    ) -> np.ndarray:
        """Turn one raw map into scored boxes, of which the surest `max_detections` are kept.

        Args:
            cam: raw, shape (h, w).
            size: `(width, height)` of the image.
            probability: that the image holds the class.
            threshold: for the finder.
            image: for a finder that looks at it, see `grabcut.shrunk`.

        Returns:
            float64, shape (n, 5), the best first; (0, 5) where there is no evidence.
        """
        return self._surest(self._boxes_at(cam, size, probability, image)(threshold))

    def _surest(self, boxes: np.ndarray) -> np.ndarray:
        return boxes if self.max_detections is None else boxes[: self.max_detections]

    def _boxes_at(self, cam: np.ndarray, size: Sequence[int], probability: float, image: np.ndarray | None) -> BoxesAt:
        """From a threshold to scored boxes (n, 5): by step 3 itself, or as it does where the islands are others."""
        lessons, (width, height) = self.lessons, size
        iou = lessons.metrics.box_iou
        if self.method.find is islands:  # the whole of step 3, which may be a student's
            return lambda threshold: lessons.boxes.detect(
                cam, (height, width), probability, threshold=threshold, iou=iou, min_area=self.min_area
            )
        heatmap = lessons.boxes.upsample(cam, (height, width))
        top = heatmap.max()
        if top <= 0:
            return lambda threshold: np.zeros((0, 5))
        find = self.method.find(lessons, heatmap, image, self.min_area)

        def boxes_at(threshold: float) -> np.ndarray:
            boxes = find(threshold).reshape(-1, 4)
            peaks = [heatmap[int(y0) - 1 : int(y1), int(x0) - 1 : int(x1)].max() for x0, y0, x1, y1 in boxes]
            scores = probability * np.array(peaks) / top
            kept = lessons.boxes.nms(boxes, scores, MAX_OVERLAP, iou)
            return np.column_stack([boxes, scores])[kept]

        return boxes_at
