"""The records that `evaluate` returns, as types: what they hold is written to `results.json` as it stands.

Where nothing is defined (no object, no image), a number is None. Intervals are 95% bootstrap intervals over images.
"""

from typing import Annotated, Literal, NotRequired, TypeVar, get_args

from pydantic import ConfigDict, Field, with_config
from pydantic.config import JsonDict
from typing_extensions import TypedDict  # pydantic needs this one on Python 3.11

from gradcam_lab.localise.baselines import RowKind

T = TypeVar("T")

Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1.000001, description="0 to 1, give or take the rounding of a sum.")]
Difference = Annotated[float, Field(ge=-1.000001, le=1.000001)]
Fractions = Annotated[list[Fraction], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
NonEmpty = Annotated[list[T], Field(min_length=1)]
IouKey = Annotated[str, Field(pattern=r"^[01](\.[0-9]+)?$")]
CLOSED: JsonDict = {"additionalProperties": False}
"""For dictionaries whose keys have a pattern: no other keys."""
ByIou = Annotated[dict[IouKey, T], Field(min_length=1, json_schema_extra=CLOSED)]
"""By IoU threshold as text, such as "0.5"."""
ByClass = dict[str, T]
FailureKind = Literal["missed", "head only", "merged", "context"]
"""The kinds of errors, see `error_types.find_failures`."""


@with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
class Record(TypedDict):
    """The base of all records: no key but the declared ones; the text below a key describes it in the schema."""


# --- boxes ---


class ScoreRow(Record):
    """Scores of detections at one IoU threshold, with intervals, and the range of AP over the order of equal scores."""

    ap: Fraction | None
    ap_low: Fraction | None
    ap_high: Fraction | None
    ap_worst_order: Fraction | None
    ap_best_order: Fraction | None
    recall: Fraction | None
    recall_low: Fraction | None
    recall_high: Fraction | None
    corloc: Fraction | None
    corloc_low: Fraction | None
    corloc_high: Fraction | None


class ApDifference(Record):
    """AP of one method less that of another, on the same bootstrap samples."""

    ap: Difference | None
    ap_low: Difference | None
    ap_high: Difference | None


class PrecisionRecallCurve(Record):
    """Precision against recall, from the surest detection on."""

    recall: list[Fraction]
    precision: list[Fraction]


class TableRow(Record):
    """One method of the main table."""

    name: Name
    kind: RowKind
    boxes: Count
    scores: ByIou[ScoreRow]


class ReferenceScores(Record):
    """What the reference's steps give by plain Grad-CAM where a student's code runs."""

    boxes: Count
    scores: ByIou[ScoreRow]


class Failures(Record):
    """The errors of our detections at one IoU threshold."""

    counts: Annotated[dict[FailureKind, Count], Field(json_schema_extra={"required": [*get_args(FailureKind)]})]
    """The number of objects that were not found, by kind of error."""
    iou: Fraction


# --- thresholds ---


class ThresholdCurve(Record):
    """AP and recall of one split along the grid of thresholds, by IoU, and the mean of AP over the IoUs."""

    ap: ByIou[list[Fraction]]
    recall: ByIou[list[Fraction]]
    mean_ap: list[Fraction]


class ThresholdOracle(Record):
    """The threshold that is best on test itself, which no method may use."""

    threshold: Fraction
    mean_ap: Fraction


class Threshold(Record):
    """Every tried threshold (fractions of the map's maximum) on both splits; val chooses, or the user."""

    grid: Fractions
    val: ThresholdCurve
    test: ThresholdCurve
    chosen: Fraction
    """The one of the boxes."""
    given: NotRequired[bool]
    """Whether it was given by the user, and so not chosen on val. Since 0.4, as the next."""
    choice_of_val: NotRequired[Fraction]
    """What val chose, or would have chosen."""
    oracle: ThresholdOracle


# --- methods ---


class ComparedMethod(Record):
    """One method on test, at the threshold that val chose for it, or that was given."""

    name: Name
    title: Name
    threshold: Annotated[Fraction | None, Field(description="Null where each image has its own.")]
    val_mean_ap: Fraction
    scores: ByIou[ScoreRow]
    leads: NotRequired[ByIou[ApDifference]]
    """Over plain Grad-CAM, on the same bootstrap samples; runs of older versions lack it."""


class MethodRow(ComparedMethod):
    """The same, with what it costs."""

    milliseconds: Annotated[float, Field(gt=0)]
    """An image, from the network's input to boxes."""
    cost: Annotated[float, Field(gt=0)]
    """Relative to plain Grad-CAM."""


class MethodComparison(Record):
    """Methods on the same images, thresholds from val, or one given threshold for all."""

    rows: NonEmpty[MethodRow]
    default: Name
    """The best by val of those below the limit."""
    limit: float
    """The cost that the default stays below."""
    given: NotRequired[bool]
    """Whether the threshold of all rows was given by the user, and so not chosen on val. Since 0.4."""


# --- all classes ---


class MeanAp(Record):
    """Mean AP over classes at one IoU."""

    ap: Fraction
    ap_low: Fraction | None
    ap_high: Fraction | None


class AllClassesRow(Record):
    """One method over all classes: the scores of each class, and mean AP."""

    name: Name
    kind: Literal["ours", "baseline"]
    classes: ByClass[ByIou[ScoreRow]]
    map: ByIou[MeanAp]


class AllClasses(Record):
    """The boxes of every class at one threshold."""

    grid: Fractions
    curve: list[Fraction]
    """Mean AP over classes and IoUs on val, along the grid."""
    threshold: Fraction
    given: NotRequired[bool]
    """Whether it was given by the user, and so not chosen on val. Since 0.4."""
    objects: ByClass[Count]
    """Objects of test that are not difficult, by class."""
    rows: NonEmpty[AllClassesRow]


# --- the classifier, and CAM beside Grad-CAM ---


class ClassAp(Record):
    """AP of the classifier's answer whether one class is in an image."""

    ap: Fraction
    positives: AtLeastOne


class ClassifierAp(Record):
    """How well the classifier answers whether a class is there, on test."""

    classes: Annotated[ByClass[ClassAp], Field(min_length=1)]
    map: Fraction
    map_low: Fraction
    map_high: Fraction
    images: AtLeastOne
    bootstrap: NotRequired[Count]
    """Draws of the interval. Since 0.4."""


class TopFive(Record):
    """The most probable outputs of one image of test."""

    image: Name
    true: Annotated[list[Name], Field(json_schema_extra={"uniqueItems": True})]
    named: NotRequired[bool]
    """Whether the outputs bear the names of the data's classes. Since 0.4."""
    predictions: Annotated[list[tuple[Name, Count, Fraction]], Field(min_length=1, max_length=5)]
    """Name, index, probability."""


class CamAgreement(Record):
    """How far Grad-CAM is from ReLU(CAM) / (h w)."""

    images: AtLeastOne
    max_relative_difference: Annotated[float, Field(ge=0)] | None
    mean_cosine: Difference | None


# --- masks ---


class ClassIou(Record):
    """IoU of one class."""

    iou: Fraction | None
    low: Fraction | None
    high: Fraction | None


class MaskRow(Record):
    """One method of drawing masks, on test."""

    method: Name
    mean_iou: Fraction | None
    mean_iou_low: Fraction | None
    mean_iou_high: Fraction | None
    classes: ByClass[ClassIou]
    milliseconds: float
    """An image, without the network."""


class IouCurve(Record):
    """IoU of the thresholded map of one split, along the fractions: the mean over classes, and the target's."""

    mean_iou: list[Fraction | None]
    target: list[Fraction | None]


class MaskCurves(Record):
    """The thresholded map, along the fractions."""

    fractions: Fractions
    val: IouCurve
    test: IouCurve


class MaskChoices(Record):
    """What val chose: the threshold of the map, and the two fractions between which a pixel is unknown to GrabCut."""

    threshold: Fraction
    sure_foreground: Fraction
    sure_background: Fraction


class SeedTrial(Record):
    """A pair of those fractions, and its mean IoU on val."""

    sure_foreground: Fraction
    sure_background: Fraction
    mean_iou: Fraction | None


class Segmentation(Record):
    """Masks of all classes against annotated masks."""

    images: dict[str, Count]
    classes: list[Name]
    choices: MaskChoices
    grid: list[SeedTrial]
    rows: NonEmpty[MaskRow]
    curve: MaskCurves


# --- the maps by themselves ---


class MeanWithInterval(Record):
    """A mean over images with its interval."""

    value: float | None
    low: float | None
    high: float | None


class MaxBoxAccRow(MeanWithInterval, total=False):
    """The share of correct images at one IoU, and the best threshold (absent where there is no image)."""

    threshold: Fraction


class MaxBoxAcc(Record):
    """MaxBoxAccV2 of one map: an oracle over thresholds."""

    oracle: Literal[True]
    images: Count
    rows: ByIou[MaxBoxAccRow]
    mean: MeanWithInterval
