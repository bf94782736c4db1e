"""COCO's own evaluation, pycocotools, as the oracle of ours."""

import contextlib
import io

import numpy as np
import pytest

from gradcam_lab.data.box_files.tables import Detections, Objects


def oracle(content, results):
    """Return pycocotools' twelve numbers for ground truth and results in COCO's format; NaN where it says -1."""
    wanted = "pycocotools, which these numbers are compared with, is not installed"
    pytest.importorskip("pycocotools", reason=wanted)
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = content
        truth.createIndex()
        found = truth.loadRes(results) if results else COCO()
        scorer = COCOeval(truth, found, "bbox")
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    return np.where(scorer.stats < 0, np.nan, scorer.stats)


def content_of(annotations, images, classes):
    """Return COCO ground truth of annotations `(image, class, box, area, crowd)`; ids begin at 1."""
    return {
        "images": [{"id": number, "file_name": f"{number:06}.jpg"} for number in range(1, images + 1)],
        "categories": [{"id": number, "name": f"class {number}"} for number in range(1, classes + 1)],
        "annotations": [
            {"id": number, "image_id": i + 1, "category_id": k + 1, "bbox": list(box), "area": area, "iscrowd": crowd}
            for number, (i, k, box, area, crowd) in enumerate(annotations, 1)
        ],
    }


def results_of(claims):
    """Return COCO results of detections `(image, class, box, score)`."""
    return [{"image_id": i + 1, "category_id": k + 1, "bbox": list(box), "score": s} for i, k, box, s in claims]


def arrays_of(annotations, claims):
    """Return the same as `Detections` and `Objects`."""
    image, category, boxes, area, crowd = zip(*annotations, strict=True) if annotations else [()] * 5
    crowds = np.array(crowd, dtype=bool)
    truth = Objects(
        np.array(boxes, dtype=float).reshape(-1, 4),
        np.array(area, dtype=float),
        crowds,
        crowds,
        np.array(image, dtype=int),
        np.array(category, dtype=int),
    )
    found = Detections(
        np.array([box for _, _, box, _ in claims], dtype=float).reshape(-1, 4),
        np.array([score for *_, score in claims], dtype=float),
        np.array([i for i, *_ in claims], dtype=int),
        np.array([k for _, k, *_ in claims], dtype=int),
    )
    return found, truth
