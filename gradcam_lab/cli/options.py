"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Argument, Option

from gradcam_lab.limits import MAX_COUNT

SplitName = Literal["train", "val", "test"]

DATA_HELP = (
    "Data: toyvoc, voc2007, voc2007-segmentation, imagenette, imagenette-160px, imagenette-320px, imagenette-full, "
    "pets, or a folder."
)
Json = Annotated[bool, Option("--json", help="Print JSON and nothing else.")]
DataRoot = Annotated[Path | None, Option(help="Folder where a named data set lies already.", show_default="a download")]
SkipBad = Annotated[bool, Option("--skip-bad", help="Skip images that cannot be used, and name them.")]
Limit = Annotated[
    int | None, Option(min=1, max=MAX_COUNT, help="Number of images to use of each split.", show_default="all")
]
Pdf = Annotated[bool, Option(help="Also make the PDF.")]
RunFolder = Annotated[Path, Option(help="Folder of a finished run.")]
TaskArgument = Annotated[str, Argument(help="Number of a task, such as 2.3.")]
AP_HELP = "Average precision: area below all points, or VOC2007's mean of eleven."
Ap = Literal["area", "11point"]
ApOption = Annotated[Ap, Option(help=AP_HELP)]
Images = Annotated[
    list[str],
    Argument(
        metavar="IMAGE...",
        help="Images: files, folders, patterns, or - for a list on stdin (JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF).",
    ),
]


def iou(default: str) -> Any:
    """Return the option of the IoU thresholds; `default` says what is used without it."""
    return Option(min=0, max=1, help="IoU threshold: a match needs more. Repeatable.", show_default=default)
