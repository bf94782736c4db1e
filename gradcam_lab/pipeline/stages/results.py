"""Write all numbers of the run in one file, and the code that the report shows beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gradcam_lab.files import write_json, write_text
from gradcam_lab.lesson_modules import STEP_NAMES
from gradcam_lab.pipeline.engine import EVERY_MEASUREMENT, Stage, read_records
from gradcam_lab.report.published import PUBLISHED
from gradcam_lab.report.results import ClassifierScores, Results

if TYPE_CHECKING:
    from gradcam_lab.pipeline.run import Run


def make(run: "Run", path: Path) -> Sequence[Path]:
    """Write `results.json`, typed as `Results`, and `code/`."""
    records, quick = read_records(run.folder), run.settings.quick
    # What `sweep` and `show` read: so the results say of which files they tell.
    kept = ["data", "heatmaps", *(() if run.plain else ("maps",)), *(() if quick else ("alignment",)), "boxes"]
    comparison, scores = run.read("comparison.json"), run.read("scores.json")
    recipe = run.classifier.metadata.get("recipe")
    classifier = cast(ClassifierScores, {"recipe": recipe, **run.read("classification.json")})
    content: Results = {
        **run.about,
        "artifacts": {file: sha256 for name in kept for file, sha256 in records[name]["files"].items()},
        "classifier": classifier,
        "top5": comparison["top5"],
        "cam_vs_gradcam": comparison["cam_vs_gradcam"],
        "alignment": run.alignment,
        "threshold": run.read("threshold.json"),
        "iou_thresholds": list(run.experiment.ious),
        "table": scores["table"],
        "leads": scores["leads"],
        "reference": run.read("reference.json") if run.scores_a_student else None,
        "curves": scores["curves"],
        "failures": scores["failures"],
        "all_classes": run.read("classes.json") if run.everything else None,
        "methods": run.read("methods.json") if run.compares else None,
        "segmentation": None if quick else run.read("segmentation.json"),
        "truth": None if quick else run.read("truth.json"),
        "throughput": None if quick else run.read("throughput.json"),
        "published": PUBLISHED,
    }
    write_json(path, content)
    return _write_code(run.folder, run.settings.texts, records.get("results", {}).get("files", {}))


def _write_code(folder: Path, texts: dict[str, str], before: dict[str, str]) -> list[Path]:
    """The texts of the course; those of the run before are taken away, for they may hold what is hidden now."""
    possible = {f"code/{place}{step}.py" for place in ("", "stubs/", "yours/") for step in STEP_NAMES}
    for name in possible & set(before) - set(texts):
        (folder / name).unlink(missing_ok=True)
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


STAGE = Stage(
    "results", "results.json", make, EVERY_MEASUREMENT, depends=("settings", "texts"), lessons=("step3_boxes",)
)
