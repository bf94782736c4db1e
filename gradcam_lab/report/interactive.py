"""What the report's script moves: `figures/interactive.json`, which `figures.interactive` writes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from gradcam_lab.evaluate.records import ThresholdCurve
from gradcam_lab.files import read_json

FILE = "interactive.json"
"""Its name in the folder of figures."""


class InteractiveObject(TypedDict):
    """An annotated box and VOC's flag."""

    box: list[float]
    difficult: bool


class InteractivePhoto(TypedDict):
    """One photo: `map` is an `EmbeddedMap`; `boxes` holds rows of five numbers, the surest first, at each threshold."""

    name: str
    size: tuple[int, int]
    probability: float
    jpeg: str
    map: dict[str, Any]
    objects: list[InteractiveObject]
    boxes: list[list[list[float]]]


class Claims(TypedDict):
    """All boxes of test: `outcomes` says by IoU whether each found an object (1), none (0), or a difficult one (-1)."""

    scores: list[float]
    outcomes: dict[str, list[int]]
    objects: int


class Interactive(TypedDict):
    """Everything that the script needs: `groups` are the rows of photos, by the name of their figure.

    `cut` says whether a map is cut at the threshold itself, `shift` what is taken out of it over a photo; `test` has AP
    and recall of all images along the thresholds.
    """

    target: str
    thresholds: list[float]
    chosen: float
    cut: bool
    shift: tuple[float, float]
    eleven: bool
    photos: list[InteractivePhoto]
    groups: dict[str, list[int]]
    test: ThresholdCurve
    claims: Claims


def read_interactive(run: Path) -> Interactive | None:
    """Read what the page's script moves; None where the run is older than that, and the page then has no script.

    Raises:
        LabError: the file is damaged.
    """
    path = run / "figures" / FILE
    return read_json(path) if path.exists() else None


def without_pictures(data: Interactive) -> Mapping[str, Any]:
    """What the script reads from the page: the photos themselves stand in it as pictures."""
    return {**data, "photos": [{**photo, "jpeg": None} for photo in data["photos"]]}
