"""The records of the tests of the heatmaps; see `evaluate.records`, whose base they share."""

from typing import TypeVar

from gradcam_lab.evaluate.records import AtLeastOne, Count, MaxBoxAcc, MeanWithInterval, Name, Record

T = TypeVar("T")

GRADCAM_MAP, CENTRE_MAP, RANDOM_MAP = "Grad-CAM", "centre map", "random map"
BASELINES = (CENTRE_MAP, RANDOM_MAP)
MAPS = (GRADCAM_MAP, *BASELINES)
"""The maps that step 6 tests: ours, and two that know nothing of the image."""

ByMap = dict[str, T]
"""By the name of a map, one of `MAPS`; where heat is measured, also "area"."""


class FaithfulnessTest(Record):
    """The means of the maps, the differences to the baselines (ours less theirs), and whether the test is passed."""

    rows: ByMap[MeanWithInterval]
    gains: ByMap[MeanWithInterval]
    passed: bool


class PointingGame(FaithfulnessTest):
    """The share of images whose hottest pixel lies on the target."""

    images: Count
    tolerance: Count
    """Pixels around the box."""


class ReplacementTest(FaithfulnessTest):
    """The area under the curve of deletion or of insertion, and the mean curves."""

    curves: ByMap[list[float]]


class Replacement(Record):
    """The probability of the target while pixels are exchanged, the hottest first."""

    images: Count
    steps: AtLeastOne
    deletion: ReplacementTest
    insertion: ReplacementTest


class Randomisation(Record):
    """Rank correlation with the maps of networks whose weights are random from the last layer down to each stage."""

    images: Count
    seeds: AtLeastOne
    stages: list[Name]
    curve: list[MeanWithInterval]
    by_seed: list[list[float]]
    no_evidence: list[float]
    baselines: ByMap[MeanWithInterval]
    gains: ByMap[MeanWithInterval]
    passed: bool


class ClassLeak(FaithfulnessTest):
    """The share of a class's heat on another class's objects, beside the share of the area that they cover."""

    images: Count


class ClassPair(ClassLeak):
    """The same of one pair: the class of the map, and the class on whose objects it is measured."""

    map: Name
    on: Name


class TwoClasses(Record):
    """The two-class test, in both directions and by pair."""

    target_on_others: ClassLeak
    others_on_target: ClassLeak
    pairs: list[ClassPair]
    passed: bool


class Faithfulness(Record):
    """The tests of step 6."""

    target: Name
    pointing: PointingGame
    replacement: Replacement
    randomisation: Randomisation
    two_classes: TwoClasses
    max_box_acc: ByMap[MaxBoxAcc]
