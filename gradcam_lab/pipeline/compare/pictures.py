"""The images on which runs differ most, each run's boxes beside the other's: one picture an image."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gradcam_lab.console import tracked
from gradcam_lab.data.box_files.ground_truth import ObjectArrays, objects_of
from gradcam_lab.data.sample import Sample
from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.paired.images import ImageDifference
from gradcam_lab.pipeline.finished_run import FinishedRun
from gradcam_lab.report.compare.records import ComparedImage
from gradcam_lab.report.figures.photos import draw_rows, in_rows, panel_of

COLUMNS = 3
TALLEST = 2.6  # inches


def draw_pictures(
    folder: Path,
    chosen: Sequence[ImageDifference],
    samples: Mapping[str, Sample],
    detections: Sequence[Mapping[str, np.ndarray]],
    truth: Mapping[str, ObjectArrays],
    letters: Sequence[str],
    target: str,
) -> list[ComparedImage]:
    """Draw each image once a run, with this run's boxes and the annotated ones.

    Args:
        folder: where the pictures go.
        chosen: the images.
        samples: their files; without one, no picture is drawn.
        detections: of each run, by image.
        truth: the objects by image.
        letters: what the runs are called.
        target: what the boxes show.
    """
    none, pictures = np.zeros((0, 5)), []
    for number, item in enumerate(tracked(chosen, "drawing", len(chosen)), 1):
        file = f"{number:02}.jpg" if item.image in samples else None
        if file:
            pixels = samples[item.image].image
            word = "IoU" if item.kind == "objects" else "surest"
            panels = [
                panel_of(
                    f"{letter}: {word} {value:.2f}", pixels, truth[item.image], boxes.get(item.image, none), target
                )
                for letter, value, boxes in zip(letters, item.values, detections, strict=True)
            ]
            draw_rows(folder / file, in_rows(panels, COLUMNS), tallest=TALLEST)
        pictures.append(ComparedImage(image=item.image, kind=item.kind, values=list(item.values), file=file))
    return pictures


def find_samples(
    run: FinishedRun, images: Sequence[str], truth: Mapping[str, ObjectArrays]
) -> tuple[dict[str, Sample], str]:
    """Find images of test in the data folder of a run.

    Args:
        run: whose data it is.
        images: their names.
        truth: the objects by image, as the run had them.

    Returns:
        The images that are there with the same objects, and why some are missing, or "".
    """
    target, classes = run.value("run", "target"), list(run.value("classifier", "classes"))
    try:
        samples = run.read(run.data("test"), "test", classes, skip_bad=True).samples
    except LabError as error:
        return {}, str(error)
    by_id = {sample.id: sample for sample in samples}
    here = objects_of((by_id[image] for image in images if image in by_id), target)
    same = {
        image: by_id[image]
        for image, objects in here.items()
        if all(np.array_equal(a, b) for a, b in zip(objects, truth[image], strict=True))
    }
    gone = [image for image in images if image not in same]
    root = run.value("run", "data_root")
    return same, f"The image '{gone[0]}' is no longer in '{root}' as it was in this run." if gone else ""
