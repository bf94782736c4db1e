"""Data and machine: downloads, conversions, and whether all that the lab needs is there."""

from pathlib import Path
from typing import Annotated, Literal

from typer import Argument, Exit, Option, Typer

from gradcam_lab.cli.options import DataRoot, Json
from gradcam_lab.cli.output import resumable

app = Typer()


@app.command()
def fetch(
    data: Annotated[
        str,
        Argument(
            help="Data set: voc2007, voc2007-segmentation, imagenette, imagenette-160px, imagenette-320px, "
            "imagenette-full or pets."
        ),
    ],
    data_root: DataRoot = None,
) -> None:
    """Download a data set from its official place, or go on with an interrupted download; prints its folder."""
    from gradcam_lab.data.registry import open_data

    with resumable():
        print(open_data(data, data_root).root)


@app.command()
def api(out: Annotated[Path, Option(help="File of the page.")] = Path("gradcam-lab-api.html")) -> None:
    """Write a page about what a script can use: the functions of import gradcam_lab."""
    from gradcam_lab.report.api_page import write_api_page

    write_api_page(out)
    print(out)


@app.command()
def convert(
    source: Annotated[
        Path,
        Argument(help="Annotations or detections: a file or a folder."),
    ],
    start: Annotated[Literal["voc", "coco", "yolo"], Option("--from", help="Format of the source.")],
    end: Annotated[Literal["voc", "coco", "yolo"], Option("--to", help="Format to write.")],
    out: Annotated[Path, Option(help="Output folder, new or empty.")],
    boxes: Annotated[
        Literal["voc", "coco", "zero-based", "relative"] | None,
        Option(help="How the source states its boxes.", show_default="the format's own way"),
    ] = None,
    classes: Annotated[
        str | None,
        Option(help="Class names: a file, a data.yaml, or with commas between them.", show_default="the source's"),
    ] = None,
    images: Annotated[Path | None, Option(help="Folder of the images.", show_default="the usual place")] = None,
    split: Annotated[
        str | None, Option(help="Split to convert, or the name of the only one.", show_default="all")
    ] = None,
    ground_truth: Annotated[
        Path | None, Option(help="COCO annotations whose images and classes the detections are of.")
    ] = None,
    copy_images: Annotated[bool, Option("--copy-images", help="Copy the images beside the annotations.")] = False,
) -> None:
    """Convert annotations or detections between VOC, COCO and YOLO; prints the folder.

    VOC: XML with or without ImageSets, or comp4_det_SPLIT_CLASS.txt.

    COCO: instances_SPLIT.json, or results with --ground-truth.

    YOLO: a data.yaml, or a folder of labels.
    """
    from gradcam_lab.cli.output import print_converted
    from gradcam_lab.data.convert import convert as conversion
    from gradcam_lab.data.convert.image_boxes import Source
    from gradcam_lab.data.convert.read_coco import read_reference
    from gradcam_lab.data.layouts.yolo_text import read_names
    from gradcam_lab.models.class_list import read_classes

    names = None
    if classes is not None:
        names = read_names(Path(classes)) if classes.endswith((".yaml", ".yml")) else read_classes(classes)
    reference = read_reference(ground_truth) if ground_truth else None
    what = Source(source, boxes=boxes, names=names, images=images, split=split, reference=reference)
    print_converted(conversion.convert(what, start, end, out, copy_images=copy_images), out)


@app.command()
def doctor(json: Json = False) -> None:
    """Look for what could go wrong on this machine, and say what to do about it."""
    from gradcam_lab.doctor import as_json, as_table, examine

    findings = examine()
    print(as_json(findings) if json else as_table(findings))
    if not all(finding.ok for finding in findings):
        raise Exit(1)
