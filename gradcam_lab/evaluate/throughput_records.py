"""The records that `throughput.measure` returns, as types: what they hold is written to `results.json` as it stands."""

from typing import Annotated, Literal

from pydantic import Field

from gradcam_lab.evaluate.records import AtLeastOne, Difference, Fraction, Name, NonEmpty, Record

Way = Literal["batch", "one by one", "threads", "bf16", "int8", "gpu"]
"""Ways to compute the same maps, see `throughput.measure`."""


class ThroughputRow(Record):
    """One way to compute the maps: what it costs, and how far its maps are from those of the first way."""

    way: Way
    milliseconds: Annotated[float, Field(gt=0)]
    """An image, from the network's input to its map, on the clock."""
    cost: Annotated[float, Field(gt=0)]
    """Relative to a batch in float32 on one thread."""
    cosine: Difference | None
    """The mean over the images that have a map with evidence."""
    box_iou: Fraction | None
    """The mean IoU of an image's surest box with that of the first way; 0 where only one of the two finds a box."""


class Throughput(Record):
    """Plain Grad-CAM of a few images of test in several ways; the first is a batch in float32 on one thread."""

    rows: NonEmpty[ThroughputRow]
    images: AtLeastOne
    """Whose maps are compared."""
    timed: AtLeastOne
    """Images of the batch whose time is measured."""
    threads: AtLeastOne
    """Of the row "threads", which is there where this is more than one."""
    gpu: Name | None
    """Its name; null where there is none, and then it has no row."""
    float32_bytes: AtLeastOne
    """Of the network's weights."""
    int8_bytes: AtLeastOne | None
    """The same after quantisation up to the target layer; null where that was not possible."""
    int8_problem: Name | None
    """Why it was not."""
