"""`show`: pictures of a finished run, of saved boxes or of a trained network."""

from pathlib import Path
from typing import Any

from gradcam_lab.data.layouts.reading import Reading
from gradcam_lab.errors import LabError
from gradcam_lab.explain import show_boxes
from gradcam_lab.models.model_choice import ModelChoice

GOES_WITH = {
    "--ground-truth": "--detections",
    "--images": "--detections",
    "--target": "--detections",
    "--image": "--model",
    "--index": "--model",
    "--class": "--model",
    "--data": "--model",
    "--data-root": "--model",
    "--annotations": "--model",
    "--boxes": "--model",
    "--val-size": "--model",
    "--split-seed": "--model",
    "--threshold": "--run",
    "--heatmap": "--run",
}
"""The source that each option belongs to."""

WHY = {
    ("--threshold", "--model"): "--model draws heatmaps, no boxes.",
    ("--threshold", "--detections"): "saved boxes are cut already; sweep --threshold saves those of another threshold.",
    ("--heatmap", "--model"): "--model draws the heatmap without being asked.",
    ("--heatmap", "--detections"): "a file of boxes holds no heatmaps.",
    (
        "--images",
        "--run",
    ): "a run shows its own; for photos of yours give a network by --model, or gradcam-lab explain.",
    ("--image", "--run"): "a run shows its own; name a network, or take gradcam-lab explain.",
    ("--data", "--run"): "a run shows its own data.",
}
"""Why an option is of no use to another source."""


def show(
    *,
    run: Path | None,
    choice: ModelChoice | None,
    detections: Path | None,
    ground_truth: Path | None,
    images: Path | None,
    random: int | None,
    target: str | None,
    split: str | None,
    out: Path | None,
    seed: int,
    threshold: float | None = None,
    heatmap: bool = False,
    reading: Reading | None = None,
    **of_model: Any,
) -> list[Path]:
    """Draw from one of the three sources: `run` (the default), `model`, or `detections` with two more.

    Args:
        run: see `show_boxes.show_run`; `report/toyvoc` by default.
        choice: see `show_model.show_model`, which also takes `of_model`.
        detections: see `show_boxes.show_saved`.
        ground_truth: likewise.
        images: likewise.
        random: number of images; of a run and of detections 10 by default.
        target: the class of the detections.
        split: "val" by default, of a run and of detections "test".
        out: the folder for the pictures; by default `shown`, of detections a folder in it, of a run in the run's.
        seed: of the choice of images.
        threshold: of a run, see `show_boxes.show_run`.
        heatmap: likewise.
        reading: how the data of `choice` are read.
        of_model: what else `show_model.show_model` takes.

    Returns:
        The pictures.

    Raises:
        LabError: more than one source is given, or a source cannot be used.
    """
    if sum(source is not None for source in (run, choice, detections)) > 1:
        raise LabError("Give one of --run, --model and --detections: each is another source of pictures.")
    source = "--model" if choice else "--detections" if detections else "--run"
    reading = reading or Reading()
    given = {
        **{f"--{name.replace('_', '-')}": value for name, value in vars(reading).items()},
        **{"--ground-truth": ground_truth, "--images": images, "--target": target},
        **{"--threshold": threshold, "--heatmap": heatmap or None},
        **{f"--{'class' if name == 'cls' else name.replace('_', '-')}": value for name, value in of_model.items()},
    }
    for option, owner in GOES_WITH.items():
        if given.get(option) is not None and owner != source:
            why = WHY.get((option, source), f"it is of no use to {source}.")
            raise LabError(f"{option} goes with {owner} alone: {why}")
    if choice:
        from gradcam_lab.explain.show_model import show_model  # it takes a second to import torch

        rest = {"reading": reading, "out": out or Path("shown"), "seed": seed, **of_model}
        return show_model(choice, random=random, split=split or "val", **rest)
    count = random or 10
    if not detections:
        return show_boxes.show_run(
            run or Path("report/toyvoc"),
            random=count,
            seed=seed,
            out=out,
            split=split or "test",
            threshold=threshold,
            heatmap=heatmap,
        )
    if not (ground_truth and images):
        raise LabError("--detections needs --ground-truth and --images: the true boxes and the folder of the images.")
    return show_boxes.show_saved(
        detections,
        ground_truth,
        images,
        random=count,
        seed=seed,
        out=out,
        target=target,
        split=split or "test",
    )
