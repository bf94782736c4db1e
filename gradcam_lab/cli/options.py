"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any, Literal

from typer import Argument, Option

from gradcam_lab.limits import MAX_COUNT, MAX_SEED

SplitName = Literal["train", "val", "test"]

DATA_HELP = (
    "Data: toyvoc, voc2007, voc2007-segmentation, imagenette, imagenette-160px, imagenette-320px, imagenette-full, "
    "pets, or a folder (VOC, images and XML, COCO, YOLO, Oxford-IIIT Pet, a folder for each class), a JSON in COCO's "
    "format, or a data.yaml."
)
Json = Annotated[bool, Option("--json", help="Print JSON and nothing else.")]
DataRoot = Annotated[Path | None, Option(help="Folder where a named data set lies already.", show_default="a download")]
ImageFolder = Annotated[
    Path | None, Option("--images", help="Instead of --data: folder of images, with --annotations.")
]
Annotations = Annotated[Path | None, Option(help="Folder of VOC's XML, or JSON in COCO's format, of these images.")]
Boxes = Annotated[
    Literal["voc", "coco", "zero-based", "relative"] | None,
    Option(
        help="How the data state boxes: voc (corners from 1), zero-based (corners from 0), coco (x, y, width, height) "
        "or relative (centre and sides as shares).",
        show_default="the layout's own",
    ),
]
ValSize = Annotated[
    float | None,
    Option(
        help="Data without val: share of the images for val, and for test where that is missing too; from 1 on their "
        "number.",
        show_default="0.2",
    ),
]
SplitSeed = Annotated[
    int | None,
    Option(min=0, max=MAX_SEED, help="Random seed of this choice.", show_default="0; of labelled folders --seed"),
]
SkipBad = Annotated[bool, Option("--skip-bad", help="Skip images that cannot be used, and name them.")]
Limit = Annotated[
    int | None, Option(min=1, max=MAX_COUNT, help="Number of images to use of each split.", show_default="all")
]
Pdf = Annotated[bool, Option(help="Also make the PDF.")]
RunFolder = Annotated[Path, Option(help="Folder of a finished run.")]
CourseOption = Annotated[
    Path | None,
    Option(
        "--course", metavar="DIR", help="Folder of a course of your own, with its course.toml.", show_default="ours"
    ),
]
TaskArgument = Annotated[str, Argument(help="Number of a task, such as 2.3.")]
AP_HELP = "Average precision: area below all points, or VOC2007's mean of eleven."
Ap = Literal["area", "11point"]
ApOption = Annotated[Ap, Option(help=AP_HELP)]
AlignOption = Annotated[
    Literal["auto", "off"],
    Option(help="Whether heatmaps that mirrors show to lie aside are moved back: auto, or off."),
]
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
