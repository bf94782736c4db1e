"""The stages of a run in order: what `run-all` does. A new stage is one file in `stages/` and one line here."""

from gradcam_lab.pipeline.engine import Stage
from gradcam_lab.pipeline.stages import (
    alignment,
    boxes,
    cam,
    class_maps,
    classes,
    classifier,
    faithfulness,
    figures,
    ground_truth,
    heatmaps,
    maps,
    masks,
    methods,
    pdf,
    reference,
    report,
    results,
    scores,
    threshold,
    throughput,
)

MEASURING: tuple[Stage, ...] = (
    ground_truth.STAGE,
    class_maps.STAGE,
    heatmaps.STAGE,
    classifier.STAGE,
    cam.STAGE,
    methods.STAGE,
    maps.STAGE,
    alignment.STAGE,
    threshold.STAGE,
    classes.STAGE,
    boxes.STAGE,
    scores.STAGE,
    reference.STAGE,
    masks.STAGE,
    faithfulness.STAGE,
    throughput.STAGE,
    results.STAGE,
    figures.STAGE,
)
"""The stages that run lessons or describe what they gave; a student's code may run in them."""

RENDERING: tuple[Stage, ...] = (report.STAGE, pdf.STAGE)
"""The stages that need a finished run alone."""

STAGES = MEASURING + RENDERING
