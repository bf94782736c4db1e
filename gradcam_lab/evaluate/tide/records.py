"""What TIDE finds, as it stands in JSON. AP and dAP are fractions."""

from typing import Literal, TypedDict

TideKind = Literal["classification", "localisation", "both", "duplicate", "background", "missed"]
TideTotal = Literal["false positive", "false negative"]
TideName = TideKind | TideTotal


class TideCost(TypedDict):
    """How many errors there are of one kind, and how much AP grows once these are mended."""

    count: int
    dap: float


class TideClass(TypedDict):
    """One class: its objects, its AP (None without an object or a detection), and the number of errors of each kind.

    An error counts for the class of the detection, a missed object for its own.
    """

    objects: int
    ap: float | None
    counts: dict[TideKind, int]


class TideErrors(TypedDict):
    """The errors of a detector.

    Attributes:
        foreground_iou: a detection finds an object from this IoU on.
        background_iou: up to this IoU it has nothing to do with one.
        ap: mean AP of the classes, by TIDE's definition.
        kinds: each kind of error, mended alone.
        totals: all false positives, and all false negatives, mended alone.
        classes: by name.
    """

    foreground_iou: float
    background_iou: float
    ap: float
    kinds: dict[TideKind, TideCost]
    totals: dict[TideTotal, TideCost]
    classes: dict[str, TideClass]
