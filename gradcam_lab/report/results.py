"""`results.json`, every number of one run, as types; `python -m gradcam_lab.report.results` prints its JSON schema."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypeVar, cast

from pydantic import Field, TypeAdapter

from gradcam_lab.errors import LabError
from gradcam_lab.evaluate.alignment.records import Alignment
from gradcam_lab.evaluate.faithfulness.records import Faithfulness
from gradcam_lab.evaluate.records import (
    CLOSED,
    AllClasses,
    ApDifference,
    AtLeastOne,
    ByIou,
    CamAgreement,
    ClassifierAp,
    Count,
    Failures,
    Fraction,
    Fractions,
    MethodComparison,
    Name,
    NonEmpty,
    PrecisionRecallCurve,
    Record,
    ReferenceScores,
    Segmentation,
    TableRow,
    Threshold,
    TopFive,
)
from gradcam_lab.evaluate.throughput_records import Throughput
from gradcam_lab.files import read_json
from gradcam_lab.report.published import Published

SCHEMA = "gradcam-lab/results/1"

OLD_STEP, STEP = "step6_truth", "step6_faithfulness"
"""A step's name in the runs of older versions, and today's."""

OLD_AP, AP = "method", "ap"
"""The name of a parameter in the runs of older versions, and today's."""

T = TypeVar("T")

Version = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
TaskNumber = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
StepName = Annotated[str, Field(pattern="^step[0-9]_[a-z0-9_]+$")]
BySteps = Annotated[
    dict[str, T],
    Field(json_schema_extra={"required": ["step1_cam", "step2_gradcam", "step3_boxes", "step4_metrics"]}),
]
"""By step: its first four are always there."""


class ShownMethod(Record):
    """How the boxes were found."""

    name: Name
    title: Name
    asked: str | None
    """Null where val chose."""
    find: NotRequired[Literal["islands", "otsu", "watershed", "refined"]]
    """From the map to boxes. Since 0.4, as the next two."""
    views: NotRequired[Count]
    """So many sizes or mirror images are averaged."""
    shared: NotRequired[bool]
    """Whether an earlier layer shares the heat out."""


class Parameters(Record):
    """The constants of boxes and scores."""

    min_area: Count
    """Pixels of the image."""
    iou_thresholds: Fractions
    ties: Literal["group", "order"]
    ap: Literal["area", "11point"]
    """Average precision: the area below all points of the curve, or the mean of eleven. Before 0.4 called `method`."""
    nms: Fraction
    bootstrap: Count
    max_detections: NotRequired[AtLeastOne | None]
    """The most boxes of an image, the surest ones; null for all. Since 0.4."""


class RunSettings(Record):
    """What was asked for."""

    data: Name
    data_root: Name
    target: Name
    classifier: Name
    architecture: Name
    weights: Name
    layer: Name
    output: Literal["sigmoid", "softmax"]
    input_size: AtLeastOne
    seed: Count
    limit: AtLeastOne | None
    precision: Literal["float32", "bf16"]
    method: NotRequired[ShownMethod]
    """How boxes were found. Since 0.4."""
    threshold: NotRequired[Fraction | None]
    """Given by the user; null where val chose. Since 0.4."""
    quick: NotRequired[bool]
    """Whether the comparison and steps 5 and 6 were left out. Since 0.4."""
    parameters: Parameters


class Provenance(Record):
    """Which programs, data, weights and code gave these numbers."""

    gradcam_lab: Version
    python: Version
    torch: Version
    torchvision: Version
    numpy: Version
    opencv: Version
    platform: Name
    data_sha256: Sha256
    weights_sha256: Sha256
    code_sha256: BySteps[Sha256]
    command: Annotated[str, Field(pattern="^gradcam-lab run-all")]


class StepProgress(Record):
    """A student's points in one step, and the tasks passed."""

    points: Count
    possible: Count
    passed: Annotated[list[TaskNumber], Field(json_schema_extra={"uniqueItems": True})]
    stub: bool
    """Whether the stub stands in for what has not passed."""


class WrittenAnswer(Record):
    """A student's answer to a written task."""

    question: str
    answer: str


class SplitCounts(Record):
    """How many images and objects of the target a split has."""

    images: AtLeastOne
    images_with_target: AtLeastOne
    objects: AtLeastOne
    difficult: Count


class Splits(Record):
    """Both splits."""

    val: SplitCounts
    test: SplitCounts


class Data(Record):
    """The images, and what was skipped: a sentence each."""

    splits: Splits
    boxes: NotRequired[Literal["voc", "zero-based", "coco", "relative"]]
    """How the data's files state boxes, see `data.box_conventions`. Since 0.5, as the next."""
    notes: NotRequired[list[Name]]
    """How the data were split where they were not, what was repaired in them, and what has no name in the network."""
    skipped: list[Name]


class ClassifierScores(ClassifierAp):
    """How well the classifier answers whether a class is there, on test."""

    recipe: dict[str, Any] | None
    """How it was trained, where that is known."""


class About(Record):
    """What ran, on what, with which versions."""

    schema: Annotated[str, Field(json_schema_extra={"const": SCHEMA})]
    run: RunSettings
    provenance: Provenance
    implementation: BySteps[Literal["reference", "mine"]]
    """Whose code each step ran."""
    course: NotRequired[Annotated[dict[StepName, StepProgress], Field(json_schema_extra=CLOSED)] | None]
    """A student's progress by step; null where the run knows of no student. Since 0.2."""
    answers: NotRequired[Annotated[dict[TaskNumber, WrittenAnswer], Field(json_schema_extra=CLOSED)]]
    """What the student wrote, by task. Since 0.2."""
    data: Data


class Results(About):
    """Every number of one run of gradcam-lab."""

    artifacts: NotRequired[dict[str, Sha256]]
    """The files beside this one that it tells of, by name: SHA-256. Since 0.4."""
    classifier: ClassifierScores
    top5: TopFive
    cam_vs_gradcam: CamAgreement | None
    """Null where CAM is not defined."""
    alignment: NotRequired[Alignment | None]
    """Whether the maps lie where the network means them; null where not asked for. Since 0.6."""
    threshold: Threshold
    iou_thresholds: Fractions
    table: NonEmpty[TableRow]
    """Ours first, then the baselines."""
    leads: NotRequired[dict[str, ByIou[ApDifference]]]
    """AP of ours less that of plain Grad-CAM and of the scored centre boxes. Since 0.4."""
    reference: NotRequired[ReferenceScores | None]
    """What the reference's steps give where a student's code ran in any of steps 2 to 4, or else null. Since 0.6."""
    curves: ByIou[PrecisionRecallCurve]
    """Of our detections."""
    all_classes: NotRequired[AllClasses | None]
    """Null unless the target is "all". Since 0.3."""
    methods: NotRequired[MethodComparison | None]
    """Null where none were compared. Since 0.4."""
    segmentation: NotRequired[Segmentation | None]
    """Null where there are no masks, or were not asked for. Since 0.4."""
    truth: NotRequired[Faithfulness | None]
    """Tests of the heatmaps; null where not asked for. Since 0.4."""
    throughput: NotRequired[Throughput | None]
    """What batches, threads and fewer bits save; null where not asked for. Since 0.5."""
    failures: Failures
    published: NotRequired[Published]
    """What others have published, in percent. Since 0.4."""


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of `results.json`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        **TypeAdapter(Results).json_schema(),
    }


def read_results(run: Path) -> Results:
    """Read `results.json` from the folder of a run; of its content only the schema's name is checked.

    Runs of older versions lack some keys, and the report says so in its own words.

    Raises:
        LabError: it is missing, damaged, or of another version.
    """
    if not (run / "results.json").is_file():
        raise LabError(f"There is no 'results.json' in '{run}': name the folder of a finished run (run-all makes one).")
    results = read_json(run / "results.json")
    found = results.get("schema") if isinstance(results, dict) else None
    if found != SCHEMA:
        raise LabError(f"'{run / 'results.json'}' has the schema '{found}' and not '{SCHEMA}': make the run again.")
    return cast(Results, _with_new_names(results))


def _with_new_names(part: Any) -> Any:
    """The same part of the results, with the new names of a step and of a parameter as keys."""
    if not isinstance(part, dict):
        return part
    renamed = {OLD_STEP: STEP} | ({OLD_AP: AP} if part.get(OLD_AP) in ("area", "11point") else {})
    return {renamed.get(key, key): _with_new_names(value) for key, value in part.items()}


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1))
