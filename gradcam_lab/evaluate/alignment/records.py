"""The records of the alignment; see `evaluate.records`, whose base they share."""

from typing import Literal

from gradcam_lab.evaluate.records import AtLeastOne, Count, Fraction, MeanWithInterval, Name, NonEmpty, Record


class ShiftAlong(MeanWithInterval):
    """The shift along one side of the maps, in pixels of the network's input: above 0 to the right, or down."""

    cells: float | None
    """The same in cells of the layer's grid."""
    large: bool
    """Whether the whole interval lies beyond a quarter of a cell."""


class MeasuredShift(Record):
    """How far the maps of one method lie beside what the network means."""

    images: Count
    right: ShiftAlong
    down: ShiftAlong
    """By mirrors held below the images, which are strange pictures: less to be believed."""


class TriedSize(Record):
    """The shift to the right at another size of the network's input."""

    size: AtLeastOne
    right: ShiftAlong


class PointingPair(Record):
    """The share of the images of test whose hottest pixel lies on the target, without any tolerance."""

    map: Name
    images: Count
    before: MeanWithInterval
    after: MeanWithInterval
    """Once the shift is taken out; the same where there is none."""


class BoxChoice(Record):
    """What val says of boxes in the moved maps: mean AP over the IoUs, at the best threshold of each."""

    before: Fraction
    after: Fraction
    threshold: Fraction | None
    """Of the moved maps; null where each image has its own."""
    moved: bool
    """Whether boxes are found in the moved maps."""


class Alignment(Record):
    """The shift of the maps, measured on val, and what comes of taking it out."""

    mode: Literal["auto", "off"]  # experiment.Align, whose module loads torch, which no page needs
    input_size: AtLeastOne
    gradcam: MeasuredShift
    method: MeasuredShift | None
    """Of the method that finds the boxes; null where that is Grad-CAM, or Grad-CAM has no shift."""
    sizes: list[TriedSize]
    """None where there is no shift to the right."""
    pointing: NonEmpty[PointingPair]
    boxes: BoxChoice | None
    """Null where the maps of the boxes have no shift."""
